"""What a run has spent, as lines under a run and as a table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TypeAlias

from rich.console import Group, RenderableType

from self_instruct.reports.analysis.spending import IN_ALL, Spending, in_all
from self_instruct.reports.terminal.tables import plain, table
from self_instruct.reports.text import dollars, number

NO_MODEL = "(imported)"
Cells: TypeAlias = tuple[str, ...]


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
    """Return the table of what was spent, by stage and model, and all together where there are several.

    What is to be said of a part, such as requests without a reply, stands in a row below, unless there are none.
    """
    stages = [(row.stage, row.model or NO_MODEL, _cells(row.stage, row)) for row in rows]
    return stage_table("Spent", stages, _cells(IN_ALL, in_all(rows)) if len(rows) > 1 else ())


def _cells(name: str, row: Spending) -> list[Cells]:
    counts = (row.requests, row.input_tokens, row.output_tokens)
    below = (
        (row.uncounted, ("- not counted", number(row.uncounted), "", "", "")),
        (row.unanswered, ("- no reply", number(row.unanswered), "", "", "")),
        (row.cached_tokens, ("- cached", "", number(row.cached_tokens), "", "")),
        (row.reasoning_tokens, ("- reasoning", "", "", number(row.reasoning_tokens), "")),
    )
    return [(name, *map(number, counts), dollars(row.cost, row.uncounted)), *(cells for count, cells in below if count)]


def stage_table(
    title: str, stages: Sequence[tuple[str, str, Sequence[Cells]]], all_together: Sequence[Cells]
) -> RenderableType:
    """Return a table of what stages ask: each with its model and its rows, of which the first begins with its name.

    A model that answers all is in the title, of several a line below names the stages of each.
    """
    names = [stage for stage, _, _ in stages]
    by_model: defaultdict[str, list[str]] = defaultdict(list)
    rows: list[Cells] = []
    for at, (stage, model, [(_, *cells), *below]) in enumerate(stages):
        name = f"{stage} {names[: at + 1].count(stage)}" if names.count(stage) > 1 else stage
        by_model[model].append(name)
        rows += [(name, *cells), *below]
    of = f", by {next(iter(by_model))}" if len(by_model) == 1 else ""
    made = table(f"{title}{of}", ("", "requests", "tokens in", "tokens out", "cost"), [*rows, *all_together], (1, 2, 3, 4))
    models = "".join(f"{model}: {', '.join(own)}\n" for model, own in by_model.items())
    return Group(made, plain(models)) if len(by_model) > 1 else made
