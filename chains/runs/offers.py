"""Whether instructions that were written again are novel: decided in the order of the pool, whatever order they come in.

An instruction is compared with the seeds, with all tasks of the old run but the one that it is to replace, and with those that
were found novel for earlier tasks, whether they won afterwards or not. So a decision waits only until all tasks before have
offered one or nothing, never for what becomes of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from self_instruct.ledger import Ledger, TaskId
from self_instruct.records.revisions import Operator, revision_in
from self_instruct.retrievers import Neighbour, NoveltyIndex
from self_instruct.settings.sections import NoveltySettings

REFUSED_BY = ("rules", "novelty")


class OffersInOrder:
    """The instructions offered for the tasks of a pool; `before` has what tasks that are through have offered."""

    def __init__(
        self,
        seeds: Sequence[str],
        pool: Sequence[tuple[TaskId, str]],
        rules: NoveltySettings,
        before: Mapping[TaskId, str | None],
    ) -> None:
        self._index = NoveltyIndex(rules)
        self._index.add_all([*seeds, *(instruction for _, instruction in pool)])
        self._rows = {task: row for row, (task, _) in enumerate(pool, start=len(seeds))}
        self._order = deque(task for task, _ in pool)
        self._before = before
        self._said: dict[TaskId, str | None] = {}

    def say(self, task: TaskId, instruction: str | None) -> Iterator[tuple[TaskId, Neighbour | None]]:
        """Note what a task offers, None for nothing; yield each offer decided by that, with what it is too similar to."""
        self._said[task] = instruction
        while self._order and (self._order[0] in self._said or self._order[0] in self._before):
            first = self._order.popleft()
            if first in self._before:
                self._add(self._before[first])
            elif (offered := self._said.pop(first)) is not None:
                nearest = self._index.nearest_too_similar(offered, but=self._rows[first])
                self._add(offered if nearest is None else None)
                yield first, nearest

    def _add(self, instruction: str | None) -> None:
        if instruction is not None:
            self._index.add(instruction)


def offered_before(ledger: Ledger) -> dict[TaskId, str | None]:
    """Return what the tasks that are in an improved run have offered and was found novel; None where they offered nothing."""
    found: dict[TaskId, str | None] = {kept.id: None for kept in ledger.tasks()}
    for task, verdict in ledger.verdicts():
        revision = revision_in(verdict)
        if revision and revision.operator is Operator.REWRITE and revision.decided_by not in REFUSED_BY:
            found[task] = revision.after
    return found
