"""What a run has spent, by stage and model: requests, tokens and cost. What nobody counted is unknown, never 0."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import reduce
from math import fsum
from typing import Any

from self_instruct.chains.budgets.meter import price_in
from self_instruct.chains.budgets.prices import cost
from self_instruct.ledger import Ledger, Spent
from self_instruct.records.replies import UNCOUNTED
from self_instruct.reports.analysis.stage_order import in_stage_order
from self_instruct.settings.settings import Settings

IN_ALL = "in all"


@dataclass(frozen=True, slots=True)
class Spending:
    """What a stage has asked of a model (None: imported replies, of which nobody knows).

    Tokens are None where the provider counted none; `uncounted` of the requests are in neither them nor the cost, among them
    the `unanswered`, which have no reply: they are in flight, or were when the run was killed. Cached tokens are among those
    that went in, reasoning tokens among those that came out. `cost`, in US dollars, is None where it is not known.
    """

    stage: str
    model: str | None
    requests: int
    uncounted: int
    unanswered: int
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    cost: float | None


def spending(ledger: Ledger, settings: Settings) -> tuple[Spending, ...]:
    """Return what a run has spent, in the order of the stages, at the prices it was paid at, or else at today's."""
    found: dict[tuple[str, str | None], list[tuple[Spent, Decimal | None]]] = {}
    for (stage, model, paid), spent in ledger.spending().items():
        price = paid or price_in(settings, model)
        found.setdefault((stage, model), []).append((spent, cost(price, spent.usage)))
    order = in_stage_order(stage for stage, _ in found)
    return tuple(_row(*key, found[key]) for key in sorted(found, key=lambda key: order.index(key[0])))


def _row(stage: str, model: str | None, parts: Sequence[tuple[Spent, Decimal | None]]) -> Spending:
    spent = reduce(Spent.plus, (each for each, _ in parts))
    costs = [each for _, each in parts if each is not None]
    whole = float(sum(costs)) if len(costs) == len(parts) else None
    return Spending(stage, model, spent.requests, spent.unreported, spent.unanswered, **asdict(spent.usage), cost=whole)


def in_all(rows: Sequence[Spending]) -> Spending:
    """Return the sum of what was spent; its cost is None where that of one row is not known."""
    requests, uncounted = sum(row.requests for row in rows), sum(row.uncounted for row in rows)
    unanswered = sum(row.unanswered for row in rows)
    tokens = {name: _sum(getattr(row, name) for row in rows) for name in asdict(UNCOUNTED)}
    costs = [row.cost for row in rows if row.cost is not None]
    total = fsum(costs) if len(costs) == len(rows) else None
    return Spending(IN_ALL, None, requests, uncounted, unanswered, **tokens, cost=total)


def spending_fields(rows: Sequence[Spending]) -> dict[str, Any]:
    """Return what was spent as JSON values."""
    by_stage = [{"stage": row.stage, "model": row.model, **_fields(row)} for row in rows]
    return {"by_stage_and_model": by_stage, "in_all": _fields(in_all(rows))}


def _fields(row: Spending) -> dict[str, Any]:
    tokens = {key: value for key, value in asdict(row).items() if key.endswith("_tokens")}
    requests = {"requests": row.requests, "unreported_requests": row.uncounted, "unanswered_requests": row.unanswered}
    return {**requests, **tokens, "cost_usd": row.cost}


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
