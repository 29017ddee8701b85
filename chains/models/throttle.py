"""How many requests a run may have under way at once: all its slots in fair weather, fewer after an overload.

Additive up, multiplicative down, as TCP does: an overload halves the slots, once for all that were sent before it showed, and
every round of answers adds one again. Time is the event loop's own.
Source: Chiu and Jain 1989, "Analysis of the increase and decrease algorithms for congestion avoidance in computer networks".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from self_instruct.records.errors import SelfInstructError


class Throttle:
    """A gate of at most `most` slots, never below one, which may be narrowed, paused, and closed for good."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._allowed = float(most)
        self._under_way = 0
        self._overloads = 0
        self._opens_at = float("-inf")
        self._changed = asyncio.Event()
        self._closed = asyncio.Event()
        self._closed_by: SelfInstructError | None = None

    @property
    def slots(self) -> int:
        """How many requests may be under way now."""
        return int(self._allowed)

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[int]:
        """Hold a slot as soon as one is free; gives how many overloads there were when it was taken.

        Raises what the gate is closed by.
        """
        await self._free_slot()
        self._under_way += 1
        try:
            yield self._overloads
        finally:
            self._under_way -= 1
            self._notify()

    async def sleep(self, seconds: float) -> None:
        """Let some time pass; raises what the gate is closed by, as soon as it is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closed.wait()
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

    def close(self, reason: SelfInstructError) -> None:
        """Let nobody in or sleep any more; those who hold a slot keep it. The first reason counts."""
        self._closed_by = self._closed_by or reason
        self._closed.set()
        self._notify()

    async def _free_slot(self) -> None:
        while True:
            self._raise_if_closed()
            pause_s = self._opens_at - asyncio.get_running_loop().time()
            if pause_s <= 0 and self._under_way < self.slots:
                return
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s if pause_s > 0 else None):
                    await self._changed.wait()

    def _notify(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def _raise_if_closed(self) -> None:
        if self._closed_by:
            raise self._closed_by
