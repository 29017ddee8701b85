"""What a run has spent, as lines under a run and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from self_instruct.reports.analysis.spending import IN_ALL, Spending, in_all
from self_instruct.reports.terminal.tables import table_of_columns
from self_instruct.reports.text import dollars, number

NO_MODEL = "(imported)"


def spending_lines(rows: Sequence[Spending]) -> list[str]:
    """Return a line for each stage and model, and one for all together where there are several."""
    said = [_line(f"{row.stage}, {row.model or NO_MODEL}", row) for row in rows]
    return [*said, _line(IN_ALL, in_all(rows))] if len(rows) > 1 else said


def _line(what: str, row: Spending) -> str:
    cached = f" ({number(row.cached_tokens)} cached)" if row.cached_tokens else ""
    reasoning = f" ({number(row.reasoning_tokens)} reasoning)" if row.reasoning_tokens else ""
    uncounted = f", {number(row.uncounted)} of them with unknown tokens" if row.uncounted else ""
    uncounted += f" ({number(row.unanswered)} lost in flight)" if row.unanswered else ""
    requests = f"{number(row.requests)} request{'' if row.requests == 1 else 's'}"
    return (
        f"{what}: {requests}{uncounted}; tokens: {number(row.input_tokens)} in{cached},"
        f" {number(row.output_tokens)} out{reasoning}; cost: {dollars(row.cost, row.uncounted)}"
    )


def spending_table(rows: Sequence[Spending]) -> RenderableType:
    """Return the table of what was spent: a column for each stage and model, and one for all together."""
    columns = [_column(row, row.model or NO_MODEL) for row in rows]
    if len(rows) > 1:
        columns.append(_column(in_all(rows), ""))
    names = ["model", "requests", "- not counted", "- no reply", "tokens in", "- cached", "tokens out", "- reasoning", "cost"]
    return table_of_columns("Spent", names, columns)


def _column(row: Spending, model: str) -> list[str]:
    tokens = (row.input_tokens, row.cached_tokens, row.output_tokens, row.reasoning_tokens)
    return [
        row.stage,
        model,
        *map(number, (row.requests, row.uncounted, row.unanswered, *tokens)),
        dollars(row.cost, row.uncounted),
    ]
