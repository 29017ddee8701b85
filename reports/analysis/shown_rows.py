"""Rows of a run to read one by one: instances with what was said of them, or what was refused; searched, or drawn by seed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, Lineage, TaskId, tasks_with_instances
from self_instruct.records.errors import InputError
from self_instruct.records.judgements import JUDGING, judgement, vote_of
from self_instruct.records.revisions import IMPROVING, revision_in
from self_instruct.records.tasks import Proposer, Verdict, flags_in
from self_instruct.reports.dataset_tasks import task_name
from self_instruct.retrievers.draws import Draws

FIRST = 20  # rows shown where nothing is said about how many
_KINDS = {True: "classification", False: "", None: "kind not known"}


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row: its task's name, short remarks on it, and its texts by their names, in order."""

    task: str
    remarks: tuple[str, ...]
    texts: Mapping[str, str]

    def holds(self, text: str) -> bool:
        """Return whether one of its texts holds another, in any case."""
        return any(text.casefold() in own.casefold() for own in self.texts.values())


@dataclass(frozen=True, slots=True)
class ShownRows:
    """The rows to show, in the order of the pool, and how many there are of which they were taken."""

    rows: tuple[ShownRow, ...]
    found: int


def shown_rows(ledger: Ledger, *, grep: str = "", refused: str | None = None, random: int | None = None) -> ShownRows:
    """Return the instances of a run, or what was `refused` for a reason; only those that hold a text, if `grep` is one.

    They are all that hold the text or were refused, else the first twenty; with `random`, so many of them drawn by the run's
    seed. Raises `InputError` where nothing was refused for that reason.
    """
    with ledger.snapshot():
        plan = RunPlan.of(ledger)
        rows = _instances(ledger, plan) if refused is None else _refused(ledger, refused)
        matching = (row for row in rows if row.holds(grep))
        if random is not None:
            return _drawn(matching, random, plan.draws("show"))
        found = list(matching)
    return ShownRows(tuple(found if grep or refused else found[:FIRST]), len(found))


def _instances(ledger: Ledger, plan: RunPlan) -> Iterator[ShownRow]:
    verdicts: defaultdict[tuple[TaskId, int], list[Verdict]] = defaultdict(list)
    for task, verdict in ledger.verdicts():
        verdicts[task, verdict.instance].append(verdict)
    lineages = {lineage.request: lineage for lineage in ledger.lineages()}
    for kept, instances in tasks_with_instances(ledger):
        whence, source = _source(lineages.get(kept.id.request))
        for position, one in enumerate(instances):
            remarks = (whence, _KINDS[kept.is_classification], *_said(verdicts.get((kept.id, position), ())))
            tried = dict(_tried(verdicts.get((kept.id, position), ())))
            image = plan.image(kept.id.request)
            shown = {"image": image.name} if image else {}
            texts = {"instruction": kept.instruction, **shown, "input": one.input, "output": one.output, **tried, **source}
            yield ShownRow(task_name(kept.id), tuple(filter(None, remarks)), texts)


def _source(lineage: Lineage | None) -> tuple[str, dict[str, str]]:
    """Return who brought a task and how, and what it came from; nothing of one brought in the paper's way."""
    if lineage is None:
        return "", {}
    names = {Proposer.EVOLVE: "parent", Proposer.MAGPIE: "subject"}  # a text that an instruction was found for is the output
    name = next((name for proposer, name in names.items() if proposer.stage == lineage.stage), None)
    return f"{lineage.stage}: {lineage.operator}, depth {lineage.depth}", {name: lineage.text} if name else {}


def _said(verdicts: Iterable[Verdict]) -> Iterator[str]:
    """Yield what was said of an instance: each flag, and each judge's score and concerns."""
    votes: defaultdict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        yield from (flag.rule for flag in flags_in(verdict))
        if verdict.stage.startswith(JUDGING):
            votes[verdict.stage].append(verdict)
    for judge, own in votes.items():
        said = judgement(map(vote_of, own))
        yield f"{judge}: {'unread' if said.score is None else f'score {said.score:g}'}"
        yield from (f"{judge}: {concern}" for concern in said.concerns or ())


def _tried(verdicts: Iterable[Verdict]) -> Iterator[tuple[str, str]]:
    """Yield what was tried to replace an instance's output, in order; of what stands or was not written, the old output."""
    for number, verdict in enumerate((one for one in verdicts if one.stage == IMPROVING), start=1):
        revision = revision_in(verdict)
        if revision is not None:
            name = f"try {number}, {revision.operator}: {revision.result} by {revision.decided_by}"
            yield name, f"(in its place before: {revision.before})" if revision.is_kept else revision.after or revision.why


def _refused(ledger: Ledger, reason: str) -> Iterator[ShownRow]:
    reasons = sorted({str(why) for _, why in ledger.count_rejections()})
    if reason not in reasons:
        there = f"the reasons are {', '.join(map(repr, reasons))}" if reasons else "nothing was"
        raise InputError(f"`refused` {reason}: nothing was refused for that in {ledger.path.parent}; {there}.")
    for task, one in ledger.rejections():
        if one.reason == reason:
            because = {name: _said_of(value) for name, value in one.evidence.items()}
            yield ShownRow(task_name(task), (str(one.stage), str(one.reason)), {"refused": one.text, **because})


def _said_of(evidence: str | float) -> str:
    return f"{evidence:.3f}" if isinstance(evidence, float) else str(evidence)


def _drawn(rows: Iterable[ShownRow], wanted: int, random: Draws) -> ShownRows:
    """Return a fair sample, in order, with no more than that in memory (Vitter 1985, algorithm R)."""
    drawn: list[tuple[int, ShownRow]] = []
    found = 0
    for found, row in enumerate(rows, start=1):
        if len(drawn) < wanted:
            drawn.append((found, row))
        elif (place := random.choice(range(found))) < wanted:
            drawn[place] = (found, row)
    return ShownRows(tuple(row for _, row in sorted(drawn, key=lambda each: each[0])), found)
