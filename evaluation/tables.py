"""A result as tables that fit 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rich.console import Group, RenderableType

from self_instruct.evaluation.contamination import Contamination
from self_instruct.evaluation.intervals import Interval
from self_instruct.evaluation.readings import Reading
from self_instruct.evaluation.results import NAMES, Comparison, Difference, Result
from self_instruct.evaluation.scores import Figures, Likelihood, Summary
from self_instruct.reports.seeds.overlap import GIVES_AWAY
from self_instruct.reports.terminal.tables import headline, table
from self_instruct.reports.text import NOTHING, counted, number, share, shortened

MOST_TASKS = 20
MOST_IDS = 10
_READINGS = {Reading.RAW: "raw (official)", Reading.CUT: "cut at the task's end", Reading.FIRST_LINE: "first line"}


def result_tables(result: Result, comparison: Comparison | None = None) -> RenderableType:
    """Return a result as tables, with another beside it if there is one."""
    found = result.summary()
    parts = [_likelihood(found.likelihood)] if found.likelihood else []
    parts += [_readings(found), _answers(found)]
    for title, groups in (("By category", found.categories), ("By task", found.tasks)):
        if 1 < len(groups) <= MOST_TASKS and len(groups) < found.figures.instances:
            parts.append(_groups(title, groups))
    if comparison:
        parts.append(_comparison(comparison))
    return Group(*parts)


def remarks(result: Result) -> Iterator[str]:
    """Yield what is to be said of predictions that do not fit their references, the first ids by name."""
    for ids, what in (
        (result.missing, "without a prediction, counted as empty"),
        (result.doubled, "with several predictions, of which the last counts"),
        (result.unknown, "of no reference, left out"),
    ):
        if ids:
            more = f" and {number(len(ids) - MOST_IDS)} more" if len(ids) > MOST_IDS else ""
            yield f"{number(len(ids))} {'id' if len(ids) == 1 else 'ids'} {what}: {', '.join(ids[:MOST_IDS])}{more}"


def contamination_table(found: Contamination) -> RenderableType:
    """Return what of a training file is near to the task set."""
    parts: list[RenderableType] = []
    for name, overlap in (("instructions", found.instructions), ("inputs", found.inputs)):
        if overlap is None:
            continue
        rows = [
            (f"{near.score:.2f}", near.id, str(near.line), shortened(near.training_text, 60))
            for near in overlap.near[:MOST_TASKS]
        ]
        title = (
            f"Contamination, {name}: {number(len(overlap.near))} of {number(overlap.tasks)} have one at ROUGE-L"
            f" {GIVES_AWAY} or nearer; mean of the nearest {overlap.mean:.4f}"
        )
        parts += [headline(title), table("", ("ROUGE-L", "task", "row", "training text"), rows, numbers=(0, 2))]
    return Group(*parts)


def _readings(found: Summary) -> RenderableType:
    rows = []
    for reading, said in _READINGS.items():
        figures = found.readings[reading]
        means = [getattr(figures, name) for name in NAMES]
        rows.append((said, f"{means[0]:.4f}", _between(figures.intervals["rouge_l"]), f"{means[1]:.4f}", f"{means[2]:.4f}"))
    title = f"{counted(found.figures.instances, 'instance')} of {counted(len(found.tasks), 'task')}"
    return table(title, ("", "ROUGE-L", "95 %", "exact", "Unicode"), rows, numbers=(1, 2, 3, 4))


def _likelihood(found: Likelihood) -> RenderableType:
    rows = [
        ("whole reference", f"{found.nll.mean:.4f}", _between(found.nll.interval)),
        ("without its first token", f"{found.after_first.mean:.4f}", _between(found.after_first.interval)),
        ("a token", f"{found.per_token:.4f}", ""),
    ]
    title = f"Negative log-likelihood of {number(found.instances)} references, in nats"
    return table(title, ("", "mean", "95 %"), rows, numbers=(1, 2))


def _answers(found: Summary) -> RenderableType:
    total, limit = found.figures.instances, found.at_token_limit
    rows = [
        ("mean length, words", f"{found.words:.1f}"),
        ("empty", f"{number(found.empty)} ({share(found.empty, total)})"),
        ("refused", number(found.refused)),
        ("at the token limit", NOTHING if limit is None else f"{number(limit)} ({share(limit, total)})"),
    ]
    return table("Answers", ("", ""), rows, numbers=(1,))


def _groups(title: str, groups: Mapping[str, Figures]) -> RenderableType:
    rows = [
        (
            name,
            number(each.instances),
            f"{each.rouge_l:.4f}",
            _between(each.intervals.get("rouge_l")),
            f"{each.exact_match:.4f}",
        )
        for name, each in sorted(groups.items())
    ]
    return table(title, ("", "instances", "ROUGE-L", "95 %", "exact"), rows, numbers=(1, 2, 3, 4))


def _comparison(comparison: Comparison) -> RenderableType:
    rows = [
        (each.name, f"{each.left:.2f}", f"{each.right:.2f}", f"{each.mean:+.2f}", _verdict(each))
        for each in comparison.differences
    ]
    alone = [f"{number(count)} only in {side} one" for side, count in _alone(comparison) if count]
    title = "; ".join([f"Side by side, {counted(comparison.instances, 'instance')} paired", *alone])
    return table(title, ("", "other", "this", "difference", "95 %"), rows, numbers=(1, 2, 3, 4))


def _alone(comparison: Comparison) -> Iterable[tuple[str, int]]:
    return (("the other", comparison.only_left), ("this", comparison.only_right))


def _verdict(each: Difference) -> str:
    return _between(each.interval) + (" (not 0)" if each.interval and each.interval.excludes_zero else "")


def _between(interval: Interval | None) -> str:
    return NOTHING if interval is None else f"{interval.low:.2f} – {interval.high:.2f}"
