"""How work in an event loop ends early: the first signal lets what is under way arrive, and nobody waits for a thread."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


class AnsweringThreads(ThreadPoolExecutor):
    """The threads in which models without an async client answer; nobody waits for them when the run stops at once."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Let those that still answer go on by themselves."""
        super().shutdown(wait=False, cancel_futures=True)


@contextmanager
def stopped_by_signals(stop_asking: Callable[[], None], on_stop: Callable[[], None]) -> Iterator[None]:
    """Let the first SIGINT or SIGTERM stop gently, and restore the second one's usual effect.

    `stop_asking` is called at once, `on_stop` when the event loop has its turn.
    """
    is_main = threading.current_thread() is threading.main_thread()  # elsewhere Python takes no signals
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM) if is_main}
    running = asyncio.get_running_loop()

    def stop(*_: object) -> None:
        restore()
        stop_asking()
        running.call_soon_threadsafe(on_stop)  # not here: a signal may come in the middle of printing

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        restore()
