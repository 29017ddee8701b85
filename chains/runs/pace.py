"""How long requests take, and how many are under way at once: what the time to the target is told from."""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from self_instruct.ledger import RequestId


@dataclass(frozen=True, slots=True)
class Times:
    """The seconds that one request of each stage takes, where that is known, and how many are under way at once."""

    each: Mapping[str, float]
    parallel: float | None


class Pace:
    """The requests under way and those that arrived, by the clock; `clock` gives seconds.

    Those under way count with their age, or else the slow ones would be missing in the first minutes: what is under way
    and what arrived, over the number that arrived, is the mean time of a request where nothing is known of its end.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent: dict[RequestId, float] = {}
        self._begun: float | None = None
        self._took: Counter[str] = Counter()  # seconds of those that arrived, by stage
        self._arrived: Counter[str] = Counter()

    def sent(self, request: RequestId) -> None:
        """Note that a request is on its way."""
        self._sent[request] = now = self._clock()
        self._begun = now if self._begun is None else self._begun

    def ended(self, request: RequestId, *, is_answered: bool) -> None:
        """Note that a request is no longer under way."""
        sent = self._sent.pop(request)
        if is_answered:
            self._took[request.stage] += self._clock() - sent  # type: ignore[assignment]
            self._arrived[request.stage] += 1

    @property
    def oldest_s(self) -> float:
        """The age of the oldest request under way; 0 where none is."""
        return self._clock() - next(iter(self._sent.values())) if self._sent else 0.0

    def times(self) -> Times:
        """Return what requests take, by those since this pace began."""
        now, busy = self._clock(), Counter(self._took)
        for request, sent in self._sent.items():
            busy[request.stage] += now - sent  # type: ignore[assignment]
        each = {stage: busy[stage] / count for stage, count in self._arrived.items()}
        elapsed = 0 if self._begun is None else now - self._begun
        return Times(each, sum(busy.values()) / elapsed if elapsed > 0 else None)


def times_of(spans: Iterable[tuple[str, float, float]]) -> Times:
    """Return what requests took, by stage, beginning and seconds of each; time in which none was under way does not count.

    >>> times_of([("a", 0.0, 2.0), ("a", 0.0, 4.0), ("b", 100.0, 6.0)])
    Times(each={'a': 3.0, 'b': 6.0}, parallel=1.2)
    """
    took: Counter[str] = Counter()
    count: Counter[str] = Counter()
    busy = until = 0.0
    for stage, begun, seconds in sorted(spans, key=lambda span: span[1]):
        took[stage] += seconds  # type: ignore[assignment]
        count[stage] += 1
        busy += max(0.0, begun + seconds - max(begun, until))
        until = max(until, begun + seconds)
    return Times({stage: took[stage] / count[stage] for stage in count}, sum(took.values()) / busy if busy else None)
