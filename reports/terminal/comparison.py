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

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from self_instruct.ledger import Ledger, Progress, StoredTask, TaskId
from self_instruct.records.tasks import Instance, Reason, Rejection, Stage
from self_instruct.reports.terminal.status import unanswered
from self_instruct.reports.terminal.tables import described, number, shortened, table

EXAMPLES = 3
UNREAD = frozenset({Reason.REFUSED_BY_PROVIDER, Reason.CUT_OFF, Reason.EMPTY, Reason.UNREADABLE})
"""Reasons for which a whole reply is refused, or a piece of it as it came."""


class Otherwise(StrEnum):
    """Why something is in one run alone, where no rule refused it in the other."""

    NOT_READ = "read differently"
    NOT_REACHED = "not decided"
    TASK_KEPT = "of a task newly kept"
    TASK_REFUSED = "of a task newly refused"


Why: TypeAlias = Reason | Otherwise
Evidence: TypeAlias = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Example:
    """One of the things that changed: its text, and what the decision about it rests on."""

    text: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Change:
    """How many things changed for one reason, with up to three of them, the first in the order of the pool."""

    why: Why
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
    unanswered: Mapping[Stage, int]

    def __rich__(self) -> RenderableType:
        return render(self)


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
        self.tasks: dict[TaskId, StoredTask] = {task.id: task for task in ledger.tasks()}
        self.progress: Progress = ledger.progress
        self.instances: dict[TaskId, list[Instance]] = defaultdict(list)
        for task, instance in ledger.instances():
            self.instances[task].append(instance)
        self.rejections: dict[tuple[Stage, TaskId], list[Rejection]] = defaultdict(list)
        for task, rejection in ledger.rejections():
            self.rejections[rejection.stage, task].append(rejection)

    def count_instances(self) -> int:
        return sum(map(len, self.instances.values()))

    def why_no_task(self, task: TaskId) -> tuple[Why, Evidence]:
        """Return why this run did not keep what the other did."""
        for refused in self.rejections.get((Stage.INSTRUCTIONS, task), ()):
            return refused.reason, refused.evidence
        for refused in self.rejections.get((Stage.INSTRUCTIONS, TaskId(task.request, 0)), ()):
            if refused.reason in UNREAD:
                return refused.reason, {}
        return (Otherwise.NOT_REACHED if task.request >= self.progress.request else Otherwise.NOT_READ), {}

    def why_no_instance(self, task: TaskId, instance: Instance) -> tuple[Why, Evidence]:
        """Return why this run has no such instance, of a task that it kept."""
        if self.tasks[task].awaits:
            return Otherwise.NOT_REACHED, {}
        for refused in self.rejections.get((Stage.CLASSIFICATION, task), ()):
            return refused.reason, {}
        for refused in self.rejections.get((Stage.INSTANCES, task), ()):
            if _is_about(refused, instance):
                return refused.reason, refused.evidence
        return Otherwise.NOT_READ, {}


def _is_about(refused: Rejection, instance: Instance) -> bool:
    """Return whether an instance was refused: by a rule, or with the piece of the reply that it was not read from."""
    if refused.reason in UNREAD:
        return instance.output in refused.text
    return refused.text == instance.output and refused.evidence.get("input", "") == instance.input


_Found: TypeAlias = Iterator[tuple[Why, Example]]


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
                why, evidence = other.why_no_instance(task, instance)
            else:
                why, evidence = without_task, {}
            yield why, Example(instance.output, {"input": instance.input, **evidence})


def _grouped(found: Iterable[tuple[Why, Example]]) -> tuple[Change, ...]:
    counts: Counter[Why] = Counter()
    examples: dict[Why, list[Example]] = defaultdict(list)
    for why, example in found:
        counts[why] += 1
        if len(examples[why]) < EXAMPLES:
            examples[why].append(example)
    return tuple(Change(why, count, tuple(examples[why])) for why, count in counts.most_common())


def render(comparison: Comparison) -> RenderableType:
    """Return a comparison as tables that fit 80 columns."""
    said = "Prompts were not redrawn: this is what the same replies give under other rules, no more."
    parts: list[RenderableType] = [Padding(Text(said), (0, 1)), _totals(comparison)]
    for title, changes in (
        ("Tasks newly kept; before, they were", comparison.newly_kept),
        ("Tasks newly refused; now, they are", comparison.newly_refused),
        ("Instances gained; before, they were", comparison.instances_gained),
        ("Instances lost; now, they are", comparison.instances_lost),
    ):
        if changes:
            parts.append(_changes(title, changes))
    return Group(*parts)


def _totals(comparison: Comparison) -> RenderableType:
    rows = [
        ("tasks kept", number(comparison.kept_before), number(comparison.kept_after)),
        ("  in both", "", number(comparison.kept_in_both)),
        ("  of another kind than before", "", number(comparison.changed_kind)),
        *((f"  awaiting {stage}", "", number(count)) for stage, count in comparison.unanswered.items()),
        ("instances", number(comparison.instances_before), number(comparison.instances_after)),
    ]
    return table("Replay", ("", "before", "after"), rows, numbers=(1, 2))


def _changes(title: str, changes: Iterable[Change]) -> RenderableType:
    rows = [(each.why, number(each.count), "\n".join(map(_shown, each.examples))) for each in changes]
    return table(title, ("reason", "number", "for example"), rows, numbers=(1,))


def _shown(example: Example) -> str:
    evidence = described(example.evidence)
    return f"{shortened(example.text)} ({evidence})" if evidence else shortened(example.text)
