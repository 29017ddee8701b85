"""Run the loop to its end: with models (`generate`, `agenerate`), or with stored replies alone (`decide_stored`)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace

from self_instruct.chains.budgets.context import ContextAsker, context_lengths
from self_instruct.chains.models.families import same_family
from self_instruct.chains.models.replies import Model
from self_instruct.chains.models.retrying import REPORTED_EVERY_S
from self_instruct.chains.runs.advice import Cause
from self_instruct.chains.runs.askers import asker_of, batching_of, paced, retrying
from self_instruct.chains.runs.batching import in_rounds
from self_instruct.chains.runs.calibrating import Calibrating
from self_instruct.chains.runs.journal import Journal
from self_instruct.chains.runs.listener import NOBODY, Listener
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.outcome import Outcome, Snapshot
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.signals import AnsweringThreads, stopped_by_signals
from self_instruct.chains.stages.classification import CALIBRATION
from self_instruct.ledger import Ledger
from self_instruct.records.judgements import JUDGING
from self_instruct.records.tasks import StageName


def generate(ledger: Ledger, plan: RunPlan, models: Mapping[str, Model] | None = None, listener: Listener = NOBODY) -> Outcome:
    """Return how the run ended that goes on from where its ledger stands, asking its models for what is missing.

    `models` are by stage; without them the plan's are loaded. The first SIGINT (Ctrl-C) or SIGTERM lets what is in flight
    arrive and be stored, and ends all waiting for another try; a second raises KeyboardInterrupt at once. Raises
    `SettingsError` or `ModelDeniedError` where a model cannot be used, `LedgerError` where nothing can be stored.
    """
    return asyncio.run(_alone(ledger, plan, models, listener))


async def agenerate(
    ledger: Ledger,
    plan: RunPlan,
    models: Mapping[str, Model] | None = None,
    listener: Listener = NOBODY,
    stopping: Callable[[Callable[[], None]], None] = lambda _: None,
) -> Outcome:
    """Return what `generate` does, in the event loop that runs already: signals stay the caller's.

    `stopping` is given, before anything is asked, the function that stops the run as a first signal would.
    """
    return await _Generating(ledger, plan, models, listener).run(stopping=stopping)


def decide_stored(ledger: Ledger, plan: RunPlan) -> Outcome:
    """Return how far the replies already in the ledger carry the run; no model is asked."""
    loop = Loop(ledger, plan, None)
    return loop.decide()


async def _alone(ledger: Ledger, plan: RunPlan, models: Mapping[str, Model] | None, listener: Listener) -> Outcome:
    asyncio.get_running_loop().set_default_executor(AnsweringThreads(plan.settings.concurrency))
    return await _Generating(ledger, plan, models, listener).run(takes_signals=True)


class _Generating:
    """A loop with a model behind each stage, and retries between them."""

    def __init__(self, ledger: Ledger, plan: RunPlan, models: Mapping[str, Model] | None, listener: Listener) -> None:
        models = models or plan.models()
        plan = replace(plan, settings=paced(plan.settings, models))
        self._ledger = ledger
        self._plan = plan
        self._listener = listener
        self._advised: set[Cause] = set()
        self._has_begun = False
        self._closing = ExitStack()
        answering = models and {**models, CALIBRATION: models[StageName.CLASSIFICATION]}
        choices = {**plan.settings.choices, CALIBRATION: plan.settings.choice(StageName.CLASSIFICATION)}
        asker = self._closing.enter_context(asker_of(ledger, plan.settings, choices, answering, listener))
        self._loop: Loop
        batched = plan.settings.batched_stages
        self._batching = batching_of(ledger, plan.settings, plan.settings.choices, models, batched, listener)
        self._contexts: dict[str, int] = {}  # by stage, once the servers were asked
        fitting = ContextAsker(asker, self._contexts, listener.on_warning)
        self._asker = retrying(fitting, plan.settings, on_change=lambda: self._loop.report())
        self._calibrating = Calibrating(ledger, plan, self._asker, listener.on_news)
        self._loop = self._new_loop()

    def _new_loop(self) -> Loop:
        return Loop(
            self._ledger,
            self._plan,
            self._asker,
            self._report,
            on_kept=self._listener.on_kept,
            on_fault=self._asker.stop,
            later=self._batching,
        )

    def _warn(self) -> None:
        settings = self._plan.settings
        if settings.judges and (warning := same_family(settings.model_of(StageName.INSTANCES), settings.model_of(JUDGING))):
            self._listener.on_warning(warning)

    async def run(
        self, *, takes_signals: bool = False, stopping: Callable[[Callable[[], None]], None] = lambda _: None
    ) -> Outcome:
        journal = Journal(str(self._ledger.path.parent))
        self._warn()
        stopping(self._stop)
        signals = stopped_by_signals(self._stop_asking, self._stop) if takes_signals else nullcontext()
        with self._closing, journal.of_run(self._plan.settings), signals, _every(REPORTED_EVERY_S, lambda: self._loop.wake()):
            self._contexts |= await context_lengths(self._plan.settings)
            outcome = await self._calibrated() or await in_rounds(self._batching, self._one_pass)
        stands = self._loop.snapshot()
        journal.stopped(outcome.ending.value, outcome.sentence, stands.kept, stands.spent.requests)
        return outcome

    async def _calibrated(self) -> Outcome | None:
        """Return why the run ends before it has begun; None where its stages have learned what they can."""
        if not self._calibrating.is_needed:
            return None
        self._has_begun = True  # the loop is made anew, with what was learned
        return await self._calibrating.run()

    async def _one_pass(self) -> Outcome:
        """Return how the loop ended, from where the ledger stands now."""
        if self._has_begun:
            self._loop = self._new_loop()
        self._has_begun = True
        return await self._loop.run()

    def _report(self, snapshot: Snapshot) -> None:
        for each in snapshot.advice:
            if each.cause not in self._advised:
                self._advised.add(each.cause)
                self._listener.on_warning(each.sentence)
        if self._listener.on_progress:
            self._listener.on_progress(replace(snapshot, asking=self._asker.state()))

    def _stop_asking(self) -> None:
        self._calibrating.stop()
        self._loop.stop()

    def _stop(self) -> None:
        self._stop_asking()
        self._asker.stop()
        if self._batching is not None:
            self._batching.stop()
        self._listener.on_stop()


@contextmanager
def _every(seconds: float, call: Callable[[], None]) -> Iterator[None]:
    """Call a function again and again while the block runs."""
    running, timers = asyncio.get_running_loop(), deque[asyncio.TimerHandle](maxlen=1)

    def again() -> None:
        timers.append(running.call_later(seconds, again))
        call()

    timers.append(running.call_later(seconds, again))
    try:
        yield
    finally:
        timers[0].cancel()
