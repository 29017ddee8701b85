"""An event loop whose time passes only when nothing else can happen: what waits for an hour is done at once, in order."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Its `time` begins at 0 and jumps to the next timer; waiting for nothing at all is an error, not a hang."""

    def __init__(self) -> None:
        self._passed_s = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._passed_s

    def jump(self, seconds: float) -> None:
        self._passed_s += seconds


class _JumpingSelector(selectors.SelectSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            raise RuntimeError("everything waits, and no timer will end it")
        if not ready and timeout:
            self._loop.jump(timeout)
        return ready


def run_virtually(work: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """Return the result of some asyncio work, and how many seconds of virtual time it took."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        result = runner.run(work)
        return result, runner.get_loop().time()
