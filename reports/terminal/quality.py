"""The statement on a run's quality as tables that fit 80 columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Group, RenderableType

from self_instruct.ledger import Ledger
from self_instruct.reports.review.instances import ReviewedInstance
from self_instruct.reports.review.quality import Quality, quality
from self_instruct.reports.review.quality_tables import parts_tables
from self_instruct.reports.review.shares import NAMES, Basis, reasons, share_rows
from self_instruct.reports.terminal.printing import show
from self_instruct.reports.terminal.tables import drawn, plain, table
from self_instruct.reports.text import NOTHING, number, shortened

_WIDTH = 46


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
    rows = [(row.name, *row.cells) for row in share_rows(found.shares)]
    yield table(title, ("", "share", "95 %", "rests on", "paper"), rows, (1, 4))
    yield plain("".join(f"{each}\n" for each in reasons(found.shares)))
    if any(each.basis is Basis.BOTH for each in found.shares):
        alone = [(NAMES[each.question], each.people.with_percents, each.judge.with_percents) for each in found.shares]
        yield table("Alone", ("", "people (Wilson)", "the judge (an opinion)"), alone, (1, 2))
    if not found.says_nothing:
        yield from map(drawn, parts_tables(found))
    for name, each in (("Best", found.best), ("Worst", found.worst), ("Judge and people differ", found.differing)):
        if each:
            yield _examples(name, each)


def _examples(name: str, instances: Sequence[ReviewedInstance]) -> RenderableType:
    rows = [
        (each.name, _score(each), "".join(sorted(mark.grade for mark in each.marks.values())) or NOTHING,
         f"{shortened(each.instruction, _WIDTH)} → {shortened(each.instance.output, _WIDTH)}")
        for each in instances
    ]  # fmt: skip
    return table(name, ("", "score", "grades", ""), rows, (1,))


def _score(each: ReviewedInstance) -> str:
    return NOTHING if each.judgement is None or each.judgement.score is None else f"{each.judgement.score:g}"
