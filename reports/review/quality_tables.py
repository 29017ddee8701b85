"""The tables that say how good a run's data is, and what that rests on: an opinion of a judge is called one."""

from collections.abc import Iterator, Sequence

from self_instruct.records.judgements import Concern
from self_instruct.reports.review.concerns import GroupConcerns
from self_instruct.reports.review.quality import Part, Quality
from self_instruct.reports.review.shares import NAMES, QUESTIONS, Basis, reasons, share_rows
from self_instruct.reports.text import NOTHING, Row, Table, number, share

_OPINION = "A model’s opinion is no measure of quality: how often it is wrong can only be told where people mark some (review)."


def statement_table(found: Sequence[tuple[str, Quality | None]]) -> Table | None:
    """Return the statement of one run, or of two by name, beside what the paper found; None where there is none."""
    shares = [own.shares if own else None for _, own in found]
    known = next((own for own in shares if own), None)
    if known is None:
        return None
    paper = "the paper’s data"
    if len(shares) == 1:
        return Table("How good it is", ("share", "95 %", "rests on", paper), tuple(share_rows(known)))
    rows = [
        Row(NAMES[question], (*(own[at].figure.with_percents if own else NOTHING for own in shares), known[at].paper.percent))
        for at, question in enumerate(QUESTIONS)
    ]
    return Table("How good it is", (*(name for name, _ in found), paper), tuple(rows))


def sentences(found: Quality) -> list[str]:
    """Return who has looked at how many, and what the shares rest on."""
    opinion = [_OPINION] if any(each.basis is Basis.JUDGE for each in found.shares) else []
    return [f"{number(found.instances)} instances: {found.looked_at}.", *reasons(found.shares), *opinion]


def parts_tables(found: Quality) -> Iterator[Table]:
    """Yield what lies behind the statement: by kind of task, by score, concerns by kind and topic, agreement, thresholds."""
    yield _parts("By kind of task: all three yes", found.kinds)
    yield _parts("By the judge’s score: all three yes", found.bands)
    if found.concerns:
        yield _concerning("Instructions that concern the judge (its opinion)", found.concerns.kinds)
        yield _concerning("The same by topic, the most first", found.concerns.topics)
    if found.agreement:
        pairs = [(NAMES[name], each.pairs[0]) for name, each in found.agreement.items()]
        rows = (Row(name, (number(pair.items), pair.raw.with_percents, pair.kappa.with_bounds)) for name, pair in pairs)
        yield Table("Judge against people", ("items", "agreement", "Cohen’s kappa"), tuple(rows))
    if found.among_people:
        rows = (
            Row(NAMES[name], (number(each.items), each.raw.with_percents, each.krippendorff_alpha.with_bounds))
            for name, each in found.among_people.items()
        )
        yield Table("People among themselves", ("items", "agreement", "Krippendorff’s alpha"), tuple(rows))
    if found.thresholds:
        rows = (
            Row(f"{each.score:g} or more", (each.precision.with_percents, each.recall.with_percents))
            for each in found.thresholds
        )
        few = "too few are both judged and marked to suggest one"
        best = few if found.suggested is None else f"best F1 at {found.suggested:g}"
        yield Table(f"Least score of the judge: {best}", ("precision", "recall"), tuple(rows))


def _parts(caption: str, parts: Sequence[Part]) -> Table:
    rows = (
        Row(
            each.name,
            (number(each.instances), _of(each.judge.percent, each.judged), _of(each.people.with_percents, each.marked)),
        )
        for each in parts
    )
    return Table(caption, ("instances", "the judge", "people"), tuple(rows))


def _concerning(caption: str, groups: Sequence[GroupConcerns]) -> Table:
    rows = (
        Row(each.name, (number(each.tasks), *(share(each.counts[one.value], each.tasks) for one in Concern))) for each in groups
    )
    return Table(caption, ("tasks", *(one.value for one in Concern)), tuple(rows))


def _of(said: str, looked_at: int) -> str:
    return f"{said} of {number(looked_at)}" if looked_at else NOTHING
