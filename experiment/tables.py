"""An experiment's result as tables that fit 80 columns, and as Markdown for a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType

from self_instruct.evaluation.intervals import Interval
from self_instruct.experiment.conditions import SEEDS, VANILLA
from self_instruct.experiment.results import AFTER_FIRST, CUT, NLL, RAW, STOP_RULE, ExperimentResult, Figure, Line
from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import NOTHING, number

SHOWN = {
    NLL: "negative log-likelihood of the references, nats a token; less is better",
    AFTER_FIRST: "the same without each reference's first token",
    RAW: "ROUGE-L, answers as they came",
    CUT: "ROUGE-L, answers cut at the task's end",
}
_DIGITS = {NLL: 3, AFTER_FIRST: 3}
_HEADINGS = ("condition", "rows", "mean", "less vanilla", "less seeds alone")


def result_tables(result: ExperimentResult) -> RenderableType:
    """Return a result as a table for each task set and figure, behind one of what was trained."""
    trained = _trained(next(iter(result.task_sets.values())))
    found = [table(title, _HEADINGS, rows, numbers=(1, 2, 3, 4)) for title, rows in _titled(result, with_interval=False)]
    return Group(trained, *found)


def as_markdown(result: ExperimentResult) -> str:
    """Return a result as Markdown, a table for each task set and figure."""
    head = [_markdown(_HEADINGS), "|---|" + "---:|" * (len(_HEADINGS) - 1)]
    parts = ["\n".join([f"### {title}\n", *head, *map(_markdown, rows)]) for title, rows in _titled(result, with_interval=True)]
    return "\n\n".join(parts) + "\n"


def _titled(result: ExperimentResult, *, with_interval: bool) -> Iterator[tuple[str, list[tuple[str, ...]]]]:
    """Yield the title and the rows of each table, but for a figure that nobody has."""
    for named, lines in result.task_sets.items():
        for figure, said in SHOWN.items():
            digits = _DIGITS.get(figure, 2)
            rows = [
                _row(one, one.figures[figure], digits, with_interval=with_interval) for one in lines if figure in one.figures
            ]
            if rows:
                yield f"{named}: {said}", rows


def _trained(lines: Sequence[Line]) -> RenderableType:
    rows = [
        (
            one.condition, NOTHING if one.trained.instructions is None else number(one.trained.instructions),
            *map(number, (one.trained.rows, one.models, one.trained.steps, one.trained.tokens)), f"{one.words:.0f}",
        )
        for one in lines if one.models and one.condition != STOP_RULE
    ]  # fmt: skip
    headings = ("condition", "generated", "rows", "models", "steps", "tokens", "answer, words")
    return table("What was trained", headings, rows, numbers=range(1, 7))


def _row(line: Line, figure: Figure, digits: int, *, with_interval: bool) -> tuple[str, ...]:
    mean = f"{figure.mean:.{digits}f}" + (f" {_between(figure.interval, digits)}" if with_interval else "")
    more = [figure.more_than.get(other) for other in (VANILLA, SEEDS)]
    differences = [NOTHING if each is None else f"{each[0]:+.{digits}f} {_between(each[1], digits)}" for each in more]
    return (line.condition, number(line.trained.rows) if line.trained.rows else NOTHING, mean, *differences)


def _between(interval: Interval | None, digits: int) -> str:
    return "" if interval is None else f"[{interval.low:.{digits}f} {interval.high:.{digits}f}]"


def _markdown(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
