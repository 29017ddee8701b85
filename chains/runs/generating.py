"""Run the loop to its end: with models (`generate`), or with stored replies alone (`decide_stored`)."""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace

from langchain_core.runnables import RunnableConfig

from self_instruct.chains.models.asking import Asker, ModelAsker
from self_instruct.chains.models.refused_parameters import LeftOut
from self_instruct.chains.models.retrying import RetryingAsker
from self_instruct.chains.runs.journal import Journal
from self_instruct.chains.runs.loop import Loop, Outcome, Snapshot
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger

_log = logging.getLogger(__name__)


def generate(
    ledger: Ledger,
    plan: RunPlan,
    on_progress: Callable[[Snapshot], None] | None = None,
    on_stop: Callable[[], None] | None = None,
    on_warning: Callable[[str], None] = _log.warning,
    config: RunnableConfig | None = None,
) -> Outcome:
    """Return how the run ended that goes on from where its ledger stands, asking its models for what is missing.

    `config` is LangChain's: its callbacks see every request, with `stage`, `request`, `item` and `attempt` as metadata.
    `on_warning` is given a sentence where a model refuses a parameter, which is then left out.
    The first SIGINT (Ctrl-C) or SIGTERM lets what is in flight arrive and be stored, ends all waiting for another try, and
    calls `on_stop`; a second raises KeyboardInterrupt at once. Raises `SettingsError` or `ModelDeniedError` where a model
    cannot be used, `LedgerError` where nothing can be stored.
    """
    asker = ModelAsker(plan.prompts(), plan.models(), plan.settings, LeftOut.of(ledger, on_warning), config)
    return asyncio.run(_run(ledger, plan, asker, on_progress, on_stop))


def decide_stored(ledger: Ledger, plan: RunPlan) -> Outcome:
    """Return how far the replies already in the ledger carry the run; no model is asked."""
    return asyncio.run(Loop(ledger, plan, None).run())


async def _run(
    ledger: Ledger,
    plan: RunPlan,
    models: Asker,
    on_progress: Callable[[Snapshot], None] | None,
    on_stop: Callable[[], None] | None,
) -> Outcome:
    def report(snapshot: Snapshot) -> None:
        if on_progress:
            on_progress(replace(snapshot, weather=asker.weather()))

    def stop() -> None:
        asker.stop()
        if on_stop:
            on_stop()

    asker = RetryingAsker(models, plan.settings, on_change=lambda: loop.report())
    loop = Loop(ledger, plan, asker, report)
    journal = Journal(str(ledger.path.parent))
    asyncio.get_running_loop().set_default_executor(_Threads(plan.settings.concurrency))
    with journal.of_run(plan.settings), _stopped_by_signals(loop, stop):
        outcome = await loop.run()
    journal.stopped(outcome.ending.value, outcome.sentence, loop.snapshot().kept, loop.snapshot().spent.requests)
    return outcome


class _Threads(ThreadPoolExecutor):
    """The threads in which models without an async client answer; nobody waits for them when the run stops at once."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: ARG002
        """Let those that still answer go on by themselves."""
        super().shutdown(wait=False, cancel_futures=True)


@contextmanager
def _stopped_by_signals(loop: Loop, on_stop: Callable[[], None]) -> Iterator[None]:
    """Let the first signal stop the loop gently, and restore the second one's usual effect."""
    is_main = threading.current_thread() is threading.main_thread()  # elsewhere Python takes no signals
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM) if is_main}
    running = asyncio.get_running_loop()

    def stop(*_: object) -> None:
        restore()
        loop.stop()
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
