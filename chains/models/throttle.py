"""How many requests a run may have under way at once: all its slots while all goes well, fewer after an overload.

Additive up, multiplicative down, as TCP does: an overload halves the slots, once for all that were sent before it showed, and
every round of answers adds one again. Who waits is let in in the order of coming, and woken only then. Time is the event loop's
own.
Source: Chiu and Jain 1989, "Analysis of the increase and decrease algorithms for congestion avoidance in computer networks".
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType


class Throttle:
    """A gate of at most `most` slots, never below one, which may be narrowed, paused, and closed for good."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._allowed = float(most)
        self._under_way = 0
        self._overloads = 0
        self._opens_at = float("-inf")
        self._queue: deque[asyncio.Future[bool]] = deque()
        self._asleep: set[asyncio.Future[bool]] = set()
        self._reopening: asyncio.TimerHandle | None = None
        self._closed_by: Exception | None = None
        self._traceback: TracebackType | None = None

    @property
    def slots(self) -> int:
        """How many requests may be under way now."""
        return int(self._allowed)

    @property
    def is_closed(self) -> bool:
        """Whether nobody is let in any more."""
        return self._closed_by is not None

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Hold a slot as soon as one is free; gives how many overloads there were when it was taken.

        Raises what the gate is closed by.
        """
        await self._enter()
        try:
            yield self._overloads
        finally:
            self._leave()

    async def sleep(self, seconds: float) -> None:
        """Let some time pass; raises what the gate is closed by, as soon as it is."""
        self._raise_if_closed()
        loop = asyncio.get_running_loop()
        nap = loop.create_future()
        self._asleep.add(nap)
        timer = loop.call_later(seconds, _end, nap, True)
        try:
            await nap
        finally:
            timer.cancel()
            self._asleep.discard(nap)
        self._raise_if_closed()

    def widen(self) -> None:
        """Note an answer: as many as there are slots add one."""
        self._allowed = min(float(self.most), self._allowed + 1 / self._allowed)

    def narrow(self, taken: int, pause_s: float = 0) -> None:
        """Note that the request whose slot gave `taken` met an overload, and let nothing be sent for `pause_s`."""
        self._opens_at = max(self._opens_at, asyncio.get_running_loop().time() + pause_s)
        if taken == self._overloads:
            self._overloads += 1
            self._allowed = max(1.0, self._allowed / 2)

    def close(self, reason: Exception) -> None:
        """Let nobody in or sleep any more; those who hold a slot keep it. The first reason counts, and is what all raise."""
        if self._closed_by is None:
            self._closed_by, self._traceback = reason, reason.__traceback__
        for turn in self._queue:
            _end(turn, False)
        for nap in self._asleep:
            _end(nap, False)

    async def _enter(self) -> None:
        """Return when a slot is taken; raises what the gate is closed by."""
        self._raise_if_closed()
        loop = asyncio.get_running_loop()
        if not self._queue and self._under_way < self.slots and self._opens_at <= loop.time():
            self._under_way += 1
            return
        turn = loop.create_future()
        self._queue.append(turn)
        self._let_in()
        try:
            is_let_in = turn.result() if turn.done() else await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.result():  # let in, and called off before it knew
                self._leave()
            raise
        if self._closed_by and is_let_in:
            self._leave()
        self._raise_if_closed()

    def _leave(self) -> None:
        self._under_way -= 1
        self._let_in()

    def _let_in(self) -> None:
        if self._closed_by or not self._queue:
            return
        loop = asyncio.get_running_loop()
        if self._opens_at > loop.time():
            self._reopening = self._reopening or loop.call_at(self._opens_at, self._reopen)
            return
        while self._queue and self._under_way < self.slots:
            self._under_way += _end(self._queue.popleft(), True)

    def _reopen(self) -> None:
        self._reopening = None
        self._let_in()

    def _raise_if_closed(self) -> None:
        if self._closed_by:
            raise self._closed_by.with_traceback(self._traceback)  # where it arose, not where all who waited heard of it


def _end(waiting: asyncio.Future[bool], result: bool) -> bool:
    """Wake who waits, with `result`, and return whether it was still waiting."""
    if waiting.done():
        return False
    waiting.set_result(result)
    return True
