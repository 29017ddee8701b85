"""Compare two runs that hold the same replies and were decided under different rules: what changed, and why.

Tasks are matched by (request, item), never by their text, since casing differs between profiles. Prompts are not redrawn: the
comparison shows what *these* replies give under other rules, not what other rules would have made the model write.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, StoredTask, TaskId, tasks_with_instances
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import PROPOSING, Instance, Rejection, StageName, Task
from self_instruct.reports.analysis.refusals import EXAMPLES, UNREAD, Evidence, Example
from self_instruct.reports.analysis.status import unanswered

Why: TypeAlias = tuple[str, Evidence]
"""A reason, or an `Otherwise`; and what the decision rests on."""


class Otherwise(StrEnum):
    """Why something is in one run alone, where no rule refused it in the other."""

    NOT_READ = "read differently"
    NOT_REACHED = "not decided"
    TASK_KEPT = "of a task newly kept"
    TASK_REFUSED = "of a task newly refused"


@dataclass(frozen=True, slots=True)
class Change:
    """How many things changed for one reason, with up to three of them, the first in the order of the pool."""

    why: str
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """What other rules make of the same replies; the most frequent reason comes first everywhere.

    `newly_kept` and `instances_gained` say why the run before had refused them, `newly_refused` and `instances_lost` why the
    run after does. `unanswered` counts tasks of the run after whose next reply is not stored.
    """

    kept_before: int
    kept_after: int
    kept_in_both: int
    newly_kept: tuple[Change, ...]
    newly_refused: tuple[Change, ...]
    changed_kind: int
    instances_before: int
    instances_after: int
    instances_gained: tuple[Change, ...]
    instances_lost: tuple[Change, ...]
    unanswered: Mapping[str, int]


def compare(before: Ledger, after: Ledger) -> Comparison:
    """Return what changed from one run to the other."""
    with before.snapshot(), after.snapshot():
        old, new = _Decisions(before), _Decisions(after)
    both = old.tasks.keys() & new.tasks.keys()
    return Comparison(
        kept_before=len(old.tasks),
        kept_after=len(new.tasks),
        kept_in_both=len(both),
        newly_kept=_grouped(_only_in(new, old)),
        newly_refused=_grouped(_only_in(old, new)),
        changed_kind=sum(old.tasks[task].is_classification != new.tasks[task].is_classification for task in both),
        instances_before=old.count_instances(),
        instances_after=new.count_instances(),
        instances_gained=_grouped(_instances_only_in(new, old, Otherwise.TASK_KEPT)),
        instances_lost=_grouped(_instances_only_in(old, new, Otherwise.TASK_REFUSED)),
        unanswered=unanswered(new.tasks.values()),
    )


class _Decisions:
    """All that one run decided, by task."""

    def __init__(self, ledger: Ledger) -> None:
        self._stage = RunPlan.of(ledger).stages()[StageName.INSTANCES]
        joined = list(tasks_with_instances(ledger))
        self.tasks: dict[TaskId, StoredTask] = {task.id: task for task, _ in joined}
        self.instances: dict[TaskId, tuple[Instance, ...]] = {task.id: instances for task, instances in joined}
        self.decided = ledger.progress.request
        self.refused_candidates: dict[int, list[Rejection]] = defaultdict(list)  # by request
        self.refused_answers: dict[tuple[str, TaskId], list[Rejection]] = defaultdict(list)
        for task, rejection in ledger.rejections():
            if rejection.stage in PROPOSING:
                self.refused_candidates[task.request].append(rejection)
            else:
                self.refused_answers[rejection.stage, task].append(rejection)

    def count_instances(self) -> int:
        return sum(map(len, self.instances.values()))

    def why_no_task(self, task: TaskId) -> Why:
        """Return why this run did not keep what the other did."""
        for refused in self.refused_candidates.get(task.request, ()):
            if refused.item == task.item:
                return refused.reason, refused.evidence
        for refused in self.refused_candidates.get(task.request, ()):
            if refused.reason in UNREAD and refused.item <= task.item < refused.item + len(refused.text):
                return refused.reason, {}
        return (Otherwise.NOT_REACHED if task.request >= self.decided else Otherwise.NOT_READ), {}

    def why_no_instance(self, task: TaskId, instance: Instance, other: _Decisions) -> Why:
        """Return why this run has no such instance, of a task that it kept; the `other` run has it."""
        if self.tasks[task].awaits:
            return Otherwise.NOT_REACHED, {}
        for refused in self.refused_answers.get((StageName.CLASSIFICATION, task), ()):
            return refused.reason, {}
        for refused in self.refused_answers.get((StageName.INSTANCES, task), ()):
            if refused.reason in UNREAD:
                is_it = instance in other.read_instances(task, refused.text)
            else:
                is_it = refused.text == instance.output and refused.evidence.get("input", "") == instance.input
            if is_it:
                return refused.reason, refused.evidence
        return Otherwise.NOT_READ, {}

    def read_instances(self, task: TaskId, text: str) -> Iterator[Instance | Rejection]:
        """Yield what this run reads in a reply, or in a piece of one: of a label's, the other may keep no marker."""
        is_classification = bool(self.tasks[task].is_classification)
        parser = self._stage.parser(Task("", is_classification))
        yield from parser.read(Reply(text))
        if is_classification:
            yield from parser.read(Reply(f"Class label: {text}"))


_Found: TypeAlias = Iterator[tuple[str, Example]]


def _only_in(one: _Decisions, other: _Decisions) -> _Found:
    for task in one.tasks.values():
        if task.id not in other.tasks:
            why, evidence = other.why_no_task(task.id)
            yield why, Example(task.instruction, evidence)


def _instances_only_in(one: _Decisions, other: _Decisions, without_task: Otherwise) -> _Found:
    for task, instances in one.instances.items():
        more = Counter(instances) - Counter(other.instances.get(task, ()))
        for instance in more.elements():
            if task in other.tasks:
                why, evidence = other.why_no_instance(task, instance, one)
            else:
                why, evidence = without_task, {}
            yield why, Example(instance.output, {"input": instance.input, **evidence})


def _grouped(found: Iterable[tuple[str, Example]]) -> tuple[Change, ...]:
    counts: Counter[str] = Counter()
    examples: dict[str, list[Example]] = defaultdict(list)
    for why, example in found:
        counts[why] += 1
        if len(examples[why]) < EXAMPLES:
            examples[why].append(example)
    return tuple(Change(why, count, tuple(examples[why])) for why, count in counts.most_common())
