"""The statement on a run's quality as tables that fit 80 columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Group, RenderableType

from self_instruct.ledger import Ledger
from self_instruct.records.judgements import Concern
from self_instruct.reports.review.concerns import GroupConcerns
from self_instruct.reports.review.instances import ReviewedInstance
from self_instruct.reports.review.quality import Part, Quality, Threshold, quality
from self_instruct.reports.review.shares import NAMES, Basis, Share, reasons
from self_instruct.reports.terminal.printing import show
from self_instruct.reports.terminal.tables import plain, table
from self_instruct.reports.text import NOTHING, number, share, shortened

_WIDTH = 46
MOST_TOPICS = 8  # of those that concern the judge most; the page has all


def show_quality(run: Path, judge: str | None, *, as_json: bool) -> None:
    """Print how good a run's data is; of several judges by the one that is named."""
    with Ledger.open(run, read_only=True) as ledger:
        found = quality(ledger, judge)
    if as_json:
        print(found.to_json())  # noqa: T201  for programs, not for a terminal
    else:
        show(quality_tables(found))


def quality_tables(found: Quality) -> RenderableType:
    """Return the statement: the shares and what they rest on, then parts, agreement, thresholds and examples."""
    return Group(*_parts(found))


def _parts(found: Quality) -> Iterator[RenderableType]:
    title = f"{number(found.instances)} instances: {found.looked_at}"
    yield table(title, ("", "share", "95 %", "rests on", "paper"), [_share_row(each) for each in found.shares], (1, 4))
    yield plain("".join(f"{each}\n" for each in reasons(found.shares)))
    if any(each.basis is Basis.BOTH for each in found.shares):
        rows = [(NAMES[each.question], each.people.with_percents, each.judge.with_percents) for each in found.shares]
        yield table("Alone", ("", "people (Wilson)", "the judge (an opinion)"), rows, (1, 2))
    if found.judged or found.marked:
        yield _part_table("By kind of task: all three yes", found.kinds)
        yield _part_table("By the judge's score: all three yes", found.bands)
    if found.concerns:
        yield _concern_table("Instructions that concern the judge (an opinion)", found.concerns.kinds)
        yield _concern_table("The same by topic", found.concerns.topics[:MOST_TOPICS])
    yield from _agreements(found)
    if found.thresholds:
        yield _threshold_table(found.thresholds, found.suggested)
    for name, each in (("Best", found.best), ("Worst", found.worst), ("Judge and people differ", found.differing)):
        if each:
            yield _examples(name, each)


def _share_row(each: Share) -> tuple[str, ...]:
    return NAMES[each.question], each.figure.percent, each.figure.percents, each.basis.value, each.paper.percent


def _part_table(title: str, parts: Sequence[Part]) -> RenderableType:
    rows = [
        (one.name, *map(number, (one.instances, one.judged)), one.judge.percent, number(one.marked), one.people.with_percents)
        for one in parts
    ]
    return table(title, ("", "in all", "judged", "judge", "marked", "people"), rows, (1, 2, 3, 4, 5))


def _concern_table(title: str, groups: Sequence[GroupConcerns]) -> RenderableType:
    rows = [
        (each.name, number(each.tasks), *(f"{number(count)} ({share(count, each.tasks)})" for count in each.counts.values()))
        for each in groups
    ]
    names = [concern.value for concern in Concern]
    return table(title, ("", "tasks", *names), rows, (1, 2, 3, 4))


def _agreements(found: Quality) -> Iterator[RenderableType]:
    if found.agreement:
        pairs = [(name, each.pairs[0]) for name, each in found.agreement.items()]
        rows = [(NAMES[name], number(pair.items), pair.raw.with_percents, pair.kappa.with_bounds) for name, pair in pairs]
        yield table("Judge against people", ("", "items", "agreement", "Cohen's kappa"), rows, (1, 2, 3))
    if found.among_people:
        rows = [
            (NAMES[name], number(each.items), each.raw.with_percents, each.krippendorff_alpha.with_bounds)
            for name, each in found.among_people.items()
        ]
        yield table("People among themselves", ("", "items", "agreement", "Krippendorff's alpha"), rows, (1, 2, 3))


def _threshold_table(thresholds: Sequence[Threshold], suggested: float | None) -> RenderableType:
    advice = "too few are both judged and marked to suggest one" if suggested is None else f"best F1 at {suggested:g}"
    rows = [(f"{each.score:g}", each.precision.with_percents, each.recall.with_percents) for each in thresholds]
    return table(f"Least score: {advice}", ("", "precision", "recall"), rows, (0, 1, 2))


def _examples(name: str, instances: Sequence[ReviewedInstance]) -> RenderableType:
    rows = [
        (each.name, _score(each), "".join(sorted(mark.grade for mark in each.marks.values())) or NOTHING,
         f"{shortened(each.instruction, _WIDTH)} → {shortened(each.instance.output, _WIDTH)}")
        for each in instances
    ]  # fmt: skip
    return table(name, ("", "score", "grades", ""), rows, (1,))


def _score(each: ReviewedInstance) -> str:
    return NOTHING if each.judgement is None or each.judgement.score is None else f"{each.judgement.score:g}"
