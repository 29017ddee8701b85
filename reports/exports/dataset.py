"""The dataset of a run: its finished tasks with the instances that an export shows.

Between the ledger, which keeps every valid instance, and the formats, which all write this same choice of them.
Source: Wang et al. 2023, arXiv:2212.10560: the published code takes at most five instances of a task, at random.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from random import Random

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.stages.instance_rules import draw_instances
from self_instruct.ledger import Ledger, TaskId
from self_instruct.records.tasks import Instance


@dataclass(frozen=True, slots=True)
class DatasetTask:
    """A finished task as the dataset has it, with at least one instance."""

    id: TaskId
    instruction: str
    is_classification: bool
    instances: tuple[Instance, ...]

    @property
    def name(self) -> str:
        """The task's identity as text: what is drawn for it depends on this alone."""
        return f"{self.id.request}:{self.id.item}"


def dataset(ledger: Ledger, plan: RunPlan, max_instances: int | None = None) -> Iterator[DatasetTask]:
    """Yield the finished tasks that have instances, in the order of the pool, one at a time.

    A task with more than `instances.max_per_task` shows a sample; one with more than `max_instances`, where that is given.
    It is drawn with `Random(f"{run seed}:{request}:{item}")`, so it depends on this task alone: a run that goes on draws the
    same again.
    """
    by_task = groupby(ledger.instances(), key=itemgetter(0))
    task_id, found = next(by_task, (None, iter(())))
    for task in ledger.tasks():
        if task.id != task_id:
            continue
        random = Random(f"{plan.settings.seed}:{task.id.request}:{task.id.item}")
        kind = bool(task.is_classification)
        drawn = draw_instances([one for _, one in found], plan.settings.instances, kind, random, max_instances)
        yield DatasetTask(task.id, task.instruction, kind, tuple(drawn))
        task_id, found = next(by_task, (None, iter(())))
