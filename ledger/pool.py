"""Kept tasks together with what other tables have of them, read in step and one at a time, in the order of the pool."""

from collections.abc import Iterator
from itertools import groupby
from operator import itemgetter
from typing import Generic, TypeVar

from self_instruct.ledger.ledger import Ledger
from self_instruct.ledger.records import StoredTask, TaskId
from self_instruct.records.tasks import Instance

T = TypeVar("T")


def tasks_with_instances(ledger: Ledger) -> Iterator[tuple[StoredTask, tuple[Instance, ...]]]:
    """Yield every kept task with all its valid instances."""
    instances = InStep(ledger.instances())
    for task in ledger.tasks():
        yield task, instances.of(task.id)


def finished_with_instances(ledger: Ledger) -> Iterator[tuple[StoredTask, tuple[Instance, ...]]]:
    """Yield the tasks that await nothing and have instances; the others are the run's own to finish."""
    return (each for each in tasks_with_instances(ledger) if each[0].awaits is None and each[1])


class InStep(Generic[T]):
    """Rows in the order of the pool, for somebody who goes through its tasks in that order."""

    def __init__(self, rows: Iterator[tuple[TaskId, T]]) -> None:
        self._groups = groupby(rows, key=itemgetter(0))
        self._next = next(self._groups, None)

    def of(self, task: TaskId) -> tuple[T, ...]:
        """Return the rows of a task; those before it are passed over."""
        while self._next is not None and self._next[0] < task:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != task:
            return ()
        return tuple(row for _, row in self._next[1])
