"""The tasks that wait to be asked about, in the order that loses least when a run is killed again and again."""

from collections import deque
from collections.abc import Iterator, Mapping

from self_instruct.ledger import RequestId, StoredTask


class WaitingTasks:
    """A queue of tasks: those whose question was lost least often come first, and of these those that came first.

    `lost` says how often a request was sent when the run was killed; no other was.
    """

    def __init__(self, lost: Mapping[RequestId, int]) -> None:
        self._lost = lost
        self._queues: dict[int, deque[tuple[StoredTask, str | None]]] = {}

    def __len__(self) -> int:
        """Return how many tasks wait."""
        return sum(map(len, self._queues.values()))

    def __iter__(self) -> Iterator[StoredTask]:
        """Yield the tasks, in no order that counts."""
        return (task for queue in self._queues.values() for task, _ in queue)

    @property
    def times_lost(self) -> int | None:
        """How often the question of the next one was lost; None where none waits."""
        return min(self._queues, default=None)

    def add(self, task: StoredTask, wrong: str | None = None) -> None:
        """Let a task wait; `wrong` says why it is asked about again."""
        self._queue(task).append((task, wrong))

    def put_back(self, task: StoredTask) -> None:
        """Let a task whose question brought no reply wait, before those lost as often."""
        self._queue(task).appendleft((task, None))

    def pop(self) -> tuple[StoredTask, str | None]:
        """Return the next one, with why it is asked about again."""
        times = min(self._queues)
        first = self._queues[times].popleft()
        if not self._queues[times]:
            del self._queues[times]
        return first

    def _queue(self, task: StoredTask) -> deque[tuple[StoredTask, str | None]]:
        times = 0 if task.awaits is None else self._lost.get(task.awaits, 0)
        return self._queues.setdefault(times, deque())
