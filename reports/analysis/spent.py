"""What a run has asked of models: requests and tokens by stage and model. What no provider counted is unknown, never 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from self_instruct.ledger import Ledger
from self_instruct.seeds.records import Stage


@dataclass(frozen=True, slots=True)
class SpentRow:
    """What a stage has asked of a model (None: imported replies, of which nobody knows).

    Tokens are None where the provider counted none; `uncounted` of the requests are not in them. `cost`, in US dollars, is
    None where it is not known.
    """

    stage: Stage
    model: str | None
    requests: int
    uncounted: int
    input_tokens: int | None
    output_tokens: int | None
    cost: float | None


def spent_rows(ledger: Ledger, model: str | None) -> tuple[SpentRow, ...]:
    """Return what a run has asked of its model, in the order of the stages."""
    by_stage: dict[Stage, list[tuple[int | None, int | None]]] = {}
    for stored in ledger.replies():
        usage = stored.reply.usage
        by_stage.setdefault(stored.request.stage, []).append((usage.input_tokens, usage.output_tokens))
    return tuple(_row(stage, model, by_stage[stage]) for stage in Stage if stage in by_stage)


def _row(stage: Stage, model: str | None, counted: list[tuple[int | None, int | None]]) -> SpentRow:
    uncounted = sum(None in tokens for tokens in counted)
    inputs, outputs = zip(*counted, strict=True)
    return SpentRow(stage, model, len(counted), uncounted, _sum(inputs), _sum(outputs), None)


def _sum(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
