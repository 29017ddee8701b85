"""What a run has spent, by stage and model: as a table, as lines, as JSON. What nobody counted is unknown, never 0."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import reduce
from typing import Any

from rich.console import RenderableType

from self_instruct.chains.budgets.meter import price_in
from self_instruct.chains.budgets.prices import cost
from self_instruct.ledger import Ledger, Spent
from self_instruct.records.tasks import Stage
from self_instruct.reports.terminal.tables import number, table
from self_instruct.settings.settings import Settings

NO_MODEL = "(imported)"


@dataclass(frozen=True, slots=True)
class Spending:
    """What a stage has spent on a model. `model` is None for imported replies, `cost` (US dollars) where it is not known.

    `spent.unreported` of the requests are in neither the tokens nor the cost.
    """

    stage: Stage
    model: str | None
    spent: Spent
    cost: Decimal | None


def spending(ledger: Ledger, settings: Settings) -> tuple[Spending, ...]:
    """Return what a run has spent, in the order of the stages, at today's prices."""
    by_stage = sorted(ledger.spending().items(), key=lambda each: list(Stage).index(each[0][0]))
    return tuple(Spending(stage, model, spent, _cost(model, spent, settings)) for (stage, model), spent in by_stage)


def _cost(model: str | None, spent: Spent, settings: Settings) -> Decimal | None:
    return None if model is None else cost(price_in(settings, model), spent.usage)


def in_all(rows: Sequence[Spending]) -> tuple[Spent, Decimal | None]:
    """Return the sum of what was spent; its cost is None where that of one row is not known."""
    costs = [row.cost for row in rows]
    known = [each for each in costs if each is not None]
    return reduce(Spent.plus, (row.spent for row in rows), Spent()), sum(known, Decimal(0)) if len(known) == len(
        costs
    ) else None


def lines(rows: Sequence[Spending]) -> list[str]:
    """Return a line for each stage and model, and one for all together where there are several."""
    said = [_line(f"{row.stage}, {row.model or NO_MODEL}", row.spent, row.cost) for row in rows]
    return [*said, _line("in all", *in_all(rows))] if len(rows) > 1 else said


def _line(what: str, spent: Spent, price: Decimal | None) -> str:
    usage = spent.usage
    cached = f" ({number(usage.cached_tokens)} cached)" if usage.cached_tokens else ""
    reasoning = f" ({number(usage.reasoning_tokens)} reasoning)" if usage.reasoning_tokens else ""
    unreported = f", {number(spent.unreported)} of them with unknown tokens" if spent.unreported else ""
    requests = f"{number(spent.requests)} request{'' if spent.requests == 1 else 's'}"
    return (
        f"{what}: {requests}{unreported}; tokens: {number(usage.input_tokens)} in{cached},"
        f" {number(usage.output_tokens)} out{reasoning}; cost: {dollars(price, spent.unreported)}"
    )


def dollars(amount: Decimal | None, unreported: int = 0) -> str:
    """Return US dollars as they are read; None is an amount that nobody knows, and `unreported` requests are not in it.

    >>> dollars(Decimal("1.23456"))
    '$1.2346'
    """
    if amount is None:
        return "unknown"
    return f"{'at least ' if unreported and amount else ''}${amount:.{4 if amount else 0}f}"


def spending_table(rows: Sequence[Spending]) -> RenderableType:
    """Return the table of what was spent: a column for each stage and model, and one for all together."""
    columns = [_column(row.stage.value, row.model or NO_MODEL, row.spent, row.cost) for row in rows]
    if len(rows) > 1:
        columns.append(_column("in all", "", *in_all(rows)))
    names = ["model", "requests", "- not counted", "tokens in", "- cached", "tokens out", "- reasoning", "cost"]
    headings = ["", *(column[0] for column in columns)]
    cells = zip(names, *(column[1:] for column in columns), strict=True)
    return table("Spent", headings, list(cells), numbers=range(1, len(headings)))


def _column(stage: str, model: str, spent: Spent, price: Decimal | None) -> list[str]:
    usage = spent.usage
    tokens = (usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.reasoning_tokens)
    counts = (spent.requests, spent.unreported, *tokens)
    return [stage, model, *map(number, counts), dollars(price, spent.unreported)]


def spending_fields(rows: Sequence[Spending]) -> dict[str, Any]:
    """Return what was spent as JSON values."""
    spent, price = in_all(rows)
    each = [{"stage": row.stage.value, "model": row.model, **_fields(row.spent, row.cost)} for row in rows]
    return {"by_stage_and_model": each, "in_all": _fields(spent, price)}


def _fields(spent: Spent, price: Decimal | None) -> dict[str, Any]:
    counts = {"requests": spent.requests, "unreported_requests": spent.unreported, **asdict(spent.usage)}
    return {**counts, "cost_usd": None if price is None else float(price)}
