"""What a run has asked of models: requests, tokens and cost by stage and model, as records. What nobody counted is None."""

from __future__ import annotations

from dataclasses import dataclass

from self_instruct.ledger import Ledger
from self_instruct.records.tasks import Stage
from self_instruct.reports.terminal.spending import Spending, spending
from self_instruct.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class SpentRow:
    """What a stage has asked of a model (None: imported replies, of which nobody knows).

    Tokens are None where the provider counted none; `uncounted` of the requests are not in them. Cached tokens are among those
    that went in, reasoning tokens among those that came out. `cost`, in US dollars, is None where it is not known.
    """

    stage: Stage
    model: str | None
    requests: int
    uncounted: int
    input_tokens: int | None
    output_tokens: int | None
    cached_tokens: int | None
    reasoning_tokens: int | None
    cost: float | None


def spent_rows(ledger: Ledger, settings: Settings) -> tuple[SpentRow, ...]:
    """Return what a run has asked of its models, in the order of the stages, at today's prices."""
    return tuple(map(_row, spending(ledger, settings)))


def _row(one: Spending) -> SpentRow:
    usage = one.spent.usage
    return SpentRow(
        stage=one.stage,
        model=one.model,
        requests=one.spent.requests,
        uncounted=one.spent.unreported,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cached_tokens=usage.cached_tokens,
        reasoning_tokens=usage.reasoning_tokens,
        cost=None if one.cost is None else float(one.cost),
    )
