"""Who brought the tasks of a run, and what each one's tasks cost: for a run with others than the paper's proposer.

Everything that was asked for a task counts as its proposer's, the request that brought it and the questions about it alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from typing import Any

from self_instruct.chains.budgets.meter import price_in
from self_instruct.chains.budgets.prices import cost
from self_instruct.chains.runs.accepting import AcceptRule, why_not_accepted
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.tasks import Proposer, StageName
from self_instruct.reports.analysis.refusals import UNREAD
from self_instruct.reports.text import Row, Table, dollars, mean, number


@dataclass(frozen=True, slots=True)
class ProposerRow:
    """What one proposer has brought: `candidates` were read, `kept` of them, `accepted` by the run's rule of these.

    `asked` are its requests for instructions, `requests` all that were answered for its tasks. Tokens that the provider did not
    count are those reserved. `cost` is in US dollars, None where a price is not known.
    """

    proposer: str
    asked: int
    candidates: int
    kept: int
    accepted: int
    requests: int
    tokens: int
    cost: float | None

    @property
    def per_1000_requests(self) -> float | None:
        """How many tasks are accepted per 1,000 requests; None where there was none."""
        return 1000 * self.accepted / self.requests if self.requests else None

    @property
    def per_1000_tokens(self) -> float | None:
        """How many tasks are accepted per 1,000 tokens; None where there was none."""
        return 1000 * self.accepted / self.tokens if self.tokens else None

    @property
    def per_dollar(self) -> float | None:
        """How many tasks are accepted per US dollar; None where that is not known, or nothing was paid."""
        return self.accepted / self.cost if self.cost else None

    def to_fields(self) -> dict[str, Any]:
        """Return it as JSON values."""
        rates = ("per_1000_requests", "per_1000_tokens", "per_dollar")
        found = asdict(self)
        paid = found.pop("cost")
        return {**found, "cost_usd": paid, **{f"accepted_{name}": getattr(self, name) for name in rates}}


def proposer_rows(ledger: Ledger, plan: RunPlan) -> tuple[ProposerRow, ...]:
    """Return a row for each proposer of a run, none where the paper's is the only one; read within one `Ledger.snapshot`."""
    if set(plan.settings.shares) == {Proposer.SELF_INSTRUCT}:
        return ()
    stages = {lineage.request: lineage.stage for lineage in ledger.lineages()}
    kept, accepted = Counter[str](), Counter[str]()
    for task, why in why_not_accepted(ledger, AcceptRule.of(ledger, plan.settings)):
        stage = stages.get(task.id.request, StageName.INSTRUCTIONS.value)
        kept[stage] += 1
        accepted[stage] += why is None
    refused, asked = Counter[str](), Counter[str]()
    for (stage, reason), count in ledger.count_rejections().items():
        refused[stage] += count if reason not in UNREAD else 0
    for (stage, *_), spent in ledger.spending().items():
        asked[stage] += spent.requests
    return tuple(
        ProposerRow(
            proposer.value,
            asked[stage],
            candidates=kept[stage] + refused[stage],
            kept=kept[stage],
            accepted=accepted[stage],
            **_paid(ledger, plan, stage),
        )
        for proposer in plan.settings.shares
        if (stage := proposer.stage)
    )


def _paid(ledger: Ledger, plan: RunPlan, stage: str) -> dict[str, Any]:
    """Return the requests, tokens and dollars of the tasks that a proposing stage brought."""
    requests, tokens, costs = 0, 0, list[Decimal | None]()
    for (own, model, price), spent in ledger.spending(by_proposer=True).items():
        if own == stage:
            counted = spent.usage.plus(spent.at_most)
            requests += spent.requests
            tokens += (counted.input_tokens or 0) + (counted.output_tokens or 0)
            costs.append(cost(price or price_in(plan.settings, model), counted))
    known = [each for each in costs if each is not None]
    return {"requests": requests, "tokens": tokens, "cost": float(sum(known)) if len(known) == len(costs) else None}


def proposers_table(rows: Sequence[ProposerRow]) -> Table:
    """Return a column for each proposer, of which a run has few, and each has ten figures."""
    lines = (Row(name, tuple(map(figure, rows))) for name, figure in _FIGURES.items())
    return Table("Who brought the tasks", tuple(row.proposer for row in rows), tuple(lines) if rows else ())


_FIGURES: dict[str, Callable[[ProposerRow], str]] = {
    "requests for instructions": lambda row: number(row.asked),
    "candidates": lambda row: number(row.candidates),
    "kept": lambda row: number(row.kept),
    "accepted": lambda row: number(row.accepted),
    "requests in all": lambda row: number(row.requests),
    "tokens": lambda row: number(row.tokens),
    "cost": lambda row: dollars(row.cost),
    "accepted per 1,000 requests": lambda row: mean(row.per_1000_requests, 0),
    "accepted per 1,000 tokens": lambda row: mean(row.per_1000_tokens, 2),
    "accepted per $": lambda row: mean(row.per_dollar, 0),
}
