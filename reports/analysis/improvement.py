"""What improving a run came to: what was tried, kept and lost, how flags and scores changed, what a point gained has cost."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import fsum, sqrt
from typing import Any

from self_instruct.chains.runs.improvement_plan import ImprovementPlan
from self_instruct.ledger import Ledger, TaskId, tasks_with_instances
from self_instruct.records.judgements import JUDGING, judgement, vote_of
from self_instruct.records.revisions import IMPROVING, Operator, Result, Revision, revision_in
from self_instruct.records.tasks import VERIFIERS, Verdict, flags_in
from self_instruct.reports.analysis.spending import Spending, in_all, spending
from self_instruct.reports.dataset_tasks import task_name
from self_instruct.reports.review.figures import Figure, wilson

SHARE_95 = 1.96  # standard errors on either side


@dataclass(frozen=True, slots=True)
class Trajectory:
    """An instance that something was tried on: its task, its position there, and the revisions in their order."""

    task: str
    position: int
    instruction: str
    input: str
    revisions: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class Gain:
    """How a score changed from before to after, over `count` instances, with the 95 % interval of the mean change.

    The interval takes tasks, not instances, for what was drawn; None where there are fewer than two.
    """

    count: int
    before: float
    after: float
    low: float | None
    high: float | None

    @property
    def points(self) -> float:
        """The sum of all changes."""
        return self.count * (self.after - self.before)

    @property
    def is_plain(self) -> bool:
        """Whether the interval is above zero."""
        return self.low is not None and self.low > 0


@dataclass(frozen=True, slots=True)
class Improvement:
    """What improving a run came to, as far as it is.

    `tried` counts the revisions by operator and result, `decided` those that were kept or lost by who decided. `replaced` of
    the `instances` have another output now, `rewritten` tasks another instruction and instances of their own. `flags` have for
    each rule how many instances it flagged before and after. `gain` is that of the judge's scores, None where none could be
    read; of `unread` outputs that stand none could. `spent` is what it has cost in all. `is_judged` unless no judge was asked.
    """

    instances: int
    replaced: int
    rewritten: int
    tried: Mapping[str, Mapping[str, int]]
    decided: Mapping[str, int]
    flags: Mapping[str, tuple[int, int]]
    flagged: tuple[int, int]
    gain: Gain | None
    unread: int
    spent: Spending
    is_judged: bool = True

    @property
    def tokens(self) -> int | None:
        """The tokens it took, in and out; None where they were not counted."""
        read, written = self.spent.input_tokens, self.spent.output_tokens
        return None if read is None or written is None else read + written

    @property
    def preferred(self) -> Figure:
        """The share of the judge's decisions for one output that were for the new one: a half, where both are as good."""
        wins, losses = (self.decided.get(f"judge: {result}", 0) for result in (Result.WIN, Result.LOSS))
        return wilson(wins, wins + losses)

    @property
    def pays(self) -> bool:
        """Whether scores have risen, and new outputs won more often than they lost, both beyond what chance alone brings.

        Scores alone do not say it: an output is revised because its score is low, and low scores rise again by themselves.
        """
        interval = self.preferred.interval
        is_preferred = interval is not None and interval[0] > 1 / 2
        return self.gain is not None and self.gain.is_plain and is_preferred

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        points = self.gain.points if self.gain else 0.0
        cost = self.spent.cost
        return {
            "instances": self.instances, "replaced": self.replaced, "rewritten": self.rewritten,
            "tried": {one: dict(of) for one, of in self.tried.items()},
            "decided_by": dict(self.decided),
            "preferred": {"share": self.preferred.value, "interval": self.preferred.interval},
            "flags": {rule: list(pair) for rule, pair in self.flags.items()},
            "flagged": list(self.flagged), "score": asdict(self.gain) if self.gain else None, "points_gained": points,
            "unread": self.unread, "is_judged": self.is_judged,
            "requests": self.spent.requests, "tokens": self.tokens, "cost_usd": cost, "pays": self.pays,
            "tokens_per_point": self.tokens / points if self.tokens is not None and points > 0 else None,
            "cost_per_point": cost / points if cost is not None and points > 0 else None,
        }  # fmt: skip


@dataclass(slots=True)
class _Instance:
    """What is known of one instance."""

    task: TaskId
    verdicts: list[Verdict]

    @property
    def revisions(self) -> list[Revision]:
        return [one for verdict in self.verdicts if (one := revision_in(verdict))]

    @property
    def is_rewritten(self) -> bool:
        """Whether it is the first of a task whose instruction was written again, which stands for the old task's first."""
        return any(one.operator is Operator.REWRITE and one.is_kept for one in self.revisions)

    @property
    def flags(self) -> tuple[set[str], set[str]]:
        """The flags before and after."""
        after = {flag.rule for verdict in self.verdicts for flag in flags_in(verdict)}
        return set(self.revisions[0].flags) if self.revisions else after, after

    @property
    def is_read(self) -> bool:
        """Whether the judge's verdict on the output that stands could be read."""
        return judgement(vote_of(each) for each in self.verdicts if each.stage == JUDGING).is_read

    @property
    def scores(self) -> tuple[float, float] | None:
        """The score before and after; None where one was not read."""
        after = judgement(vote_of(each) for each in self.verdicts if each.stage == JUDGING).score
        before = self.revisions[0].score if self.revisions else after
        return None if before is None or after is None else (before, after)


def improvement(ledger: Ledger) -> Improvement:
    """Return what improving a run came to; raises `LedgerError` where the run was not made by improving another."""
    with ledger.snapshot():
        plan = ImprovementPlan.of(ledger)
        every = _instances(ledger)
        spent = in_all(spending(ledger, plan.settings))
    found = [each for (task, position), each in every.items() if not position or not every[task, 0].is_rewritten]
    revisions = [one for each in found for one in each.revisions]
    pairs = [each.flags for each in found]
    rules = sorted(set().union(*(before | after for before, after in pairs)))
    return Improvement(
        len(found),
        sum(any(one.is_kept for one in each.revisions) for each in found),
        sum(each.is_rewritten for each in found),
        {operator.value: _results(revisions, operator) for operator in Operator},
        Counter(f"{one.decided_by}: {one.result}" for one in revisions if one.result in (Result.WIN, Result.LOSS)),
        {rule: (sum(rule in one for one, _ in pairs), sum(rule in one for _, one in pairs)) for rule in rules},
        (sum(bool(before) for before, _ in pairs), sum(bool(after) for _, after in pairs)),
        _gain((each.task, *scores) for each in found if (scores := each.scores)),
        sum(not each.is_read for each in found) if plan.rules.compares else 0,
        spent,
        plan.rules.compares,
    )


def trajectories(ledger: Ledger) -> list[Trajectory]:
    """Return what was tried on each instance, in the order of the pool; those that were let be are left out."""
    texts = {kept.id: kept.instruction for kept in ledger.tasks()}
    inputs = {key: one.input for key, one in _positions(ledger)}
    return [
        Trajectory(task_name(task), position, texts[task], inputs[task, position], tuple(each.revisions))
        for (task, position), each in _instances(ledger).items()
        if each.revisions
    ]


def _instances(ledger: Ledger) -> dict[tuple[TaskId, int], _Instance]:
    found = {key: _Instance(key[0], []) for key, _ in _positions(ledger)}
    for task, verdict in ledger.verdicts():
        if verdict.stage in (IMPROVING, JUDGING, VERIFIERS):
            found[task, verdict.instance].verdicts.append(verdict)
    return found


def _positions(ledger: Ledger) -> Iterable[tuple[tuple[TaskId, int], Any]]:
    for task, instances in tasks_with_instances(ledger):
        for position, one in enumerate(instances):
            yield (task.id, position), one


def _results(revisions: Sequence[Revision], operator: Operator) -> dict[str, int]:
    counts = Counter(one.result for one in revisions if one.operator is operator)
    return {result.value: counts[result] for result in Result if counts[result]}


def _gain(scored: Iterable[tuple[TaskId, float, float]]) -> Gain | None:
    rows = list(scored)
    if not rows:
        return None
    count = len(rows)
    before, after = fsum(first for _, first, _ in rows) / count, fsum(last for _, _, last in rows) / count
    mean = after - before
    by_task: defaultdict[TaskId, float] = defaultdict(float)
    for task, first, last in rows:
        by_task[task] += last - first - mean
    if len(by_task) < 2:
        return Gain(count, before, after, None, None)
    error = sqrt(fsum(each**2 for each in by_task.values()) * len(by_task) / (len(by_task) - 1)) / count
    return Gain(count, before, after, mean - SHARE_95 * error, mean + SHARE_95 * error)
