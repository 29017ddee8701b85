"""What a run has spent, as lines under a run and as a table."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType

from self_instruct.reports.analysis.spending import IN_ALL, Spending, in_all
from self_instruct.reports.terminal.tables import table
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
    """Return the table of what was spent: a row for each stage and model, and one for all together where there are several.

    What no row has anything of, such as requests without a reply, is no column; a model that answered all is in the title.
    """
    models = {row.model or NO_MODEL for row in rows}
    shown = [*rows, in_all(rows)] if len(rows) > 1 else list(rows)
    texts = [("", [row.stage for row in shown])]
    if len(models) > 1:
        texts.append(("model", ["" if row.stage == IN_ALL else row.model or NO_MODEL for row in shown]))
    columns = [*texts, *((heading, cells) for heading, cells in _numbers(shown).items() if cells)]
    return table(
        f"Spent on {models.pop()}" if len(models) == 1 else "Spent",
        [heading for heading, _ in columns],
        zip(*(cells for _, cells in columns), strict=True),
        numbers=range(len(texts), len(columns)),
    )


def _numbers(rows: Sequence[Spending]) -> dict[str, list[str]]:
    return {
        "requests": [number(row.requests) for row in rows],
        "not counted": _where_any([row.uncounted for row in rows]),
        "no reply": _where_any([row.unanswered for row in rows]),
        "tokens in": [number(row.input_tokens) for row in rows],
        "cached": _where_any([row.cached_tokens for row in rows]),
        "tokens out": [number(row.output_tokens) for row in rows],
        "reasoning": _where_any([row.reasoning_tokens for row in rows]),
        "cost": [dollars(row.cost, row.uncounted) for row in rows],
    }


def _where_any(counts: Sequence[int | None]) -> list[str]:
    """Return counts as they are read, or nothing where all of them are zero or unknown."""
    return [number(count) for count in counts] if any(counts) else []
