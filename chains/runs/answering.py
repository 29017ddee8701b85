"""Have a list of questions answered, to its end or as far as provider and budget let it: with retries, signals and a listener.

For whoever asks about what is there already: evaluating, rating, improving. The answers are in the ledger, from where the
caller reads them; the same call asks what is missing and pays for nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from self_instruct.chains.budgets.meter import Meter
from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.models.replies import Model
from self_instruct.chains.runs.askers import asker_of, paced, retrying
from self_instruct.chains.runs.asking_all import AskingAll
from self_instruct.chains.runs.batching import Batching, in_rounds
from self_instruct.chains.runs.listener import NOBODY, Listener
from self_instruct.chains.runs.outcome import AskingSnapshot, Ending, Outcome
from self_instruct.chains.runs.signals import AnsweringThreads, stopped_by_signals
from self_instruct.ledger import Ledger
from self_instruct.records.replies import Refusal, Reply
from self_instruct.settings.sections import ModelChoice
from self_instruct.settings.settings import Settings


class Work(Protocol):
    """Questions, and whoever takes the answers: an answer may bring further questions.

    `done` of its `total` parts are finished; with no question left, and none under way, all of them are.
    """

    @property
    def done(self) -> int:
        """How many parts are finished."""

    @property
    def total(self) -> int:
        """How many parts there are."""

    @property
    def trouble(self) -> Outcome | None:
        """Why no more is to be asked, as it ends the asking; None where nothing stands against it."""

    def __iter__(self) -> Iterator[Question]:
        """Return itself."""

    def __next__(self) -> Question:
        """Return a question that may be asked now; `StopIteration` where there is none until an answer comes."""

    def take(self, question: Question, reply: Reply | Refusal) -> None:
        """Take an answer; it is stored."""


class ListWork:
    """A plain list of questions."""

    trouble = None

    def __init__(self, questions: Sequence[Question]) -> None:
        self.done = 0
        self.total = len(questions)
        self._questions = iter(questions)

    def __iter__(self) -> Iterator[Question]:
        return self

    def __next__(self) -> Question:
        return next(self._questions)

    def take(self, question: Question, reply: Reply | Refusal) -> None:
        """Count it: the caller reads it from the ledger."""
        del question, reply
        self.done += 1


def answer_all(
    ledger: Ledger,
    questions: Sequence[Question],
    asker: Asker,
    settings: Settings,
    listener: Listener = NOBODY,
    batching: Batching | None = None,
) -> Outcome:
    """Return how it ended to have each question answered once; see `do_all`."""
    return do_all(ledger, ListWork(questions), asker, settings, listener, batching)


def do_all(
    ledger: Ledger,
    work: Work,
    asker: Asker,
    settings: Settings,
    listener: Listener = NOBODY,
    batching: Batching | None = None,
) -> Outcome:
    """Return how it ended to have all questions of some work answered; `asker` has the retries and slots of the settings.

    `batching` takes what is asked in batches. The first SIGINT (Ctrl-C) or SIGTERM lets what is in flight arrive and be stored;
    a second raises KeyboardInterrupt at once. Raises `SettingsError` or `ModelDeniedError` where a model cannot be used,
    `LedgerError` where nothing can be stored.
    """
    return asyncio.run(_Answering(ledger, work, asker, settings, listener, batching).run())


def do_with(
    ledger: Ledger,
    work: Work,
    settings: Settings,
    choices: Mapping[str, ModelChoice],
    models: Mapping[str, Model],
    listener: Listener = NOBODY,
    batching: Batching | None = None,
) -> Outcome:
    """Return how it ended to have some work's questions answered by `models`, or by actors that load the `choices`.

    They are asked at the pace that they allow; see `do_all`.
    """
    with asker_of(ledger, settings, choices, models, listener) as asker:
        return do_all(ledger, work, asker, paced(settings, models), listener, batching)


class _Answering:
    def __init__(
        self,
        ledger: Ledger,
        work: Work,
        asker: Asker,
        settings: Settings,
        listener: Listener,
        batching: Batching | None,
    ) -> None:
        self._ledger = ledger
        self._work = work
        self._settings = settings
        self._asker = retrying(asker, settings, on_change=self._report)
        self._batching = batching
        self._listener = listener
        self._waited: list[Question] = []
        self._is_stopping = False
        self._begin()

    def _begin(self) -> None:
        """Begin a pass with what the one before left: what waited for a batch, and what its budget had no room for."""
        self._meter = Meter(self._settings, self._ledger.spending())
        questions = _Questions(self._waited, self._work)
        slots = self._settings.concurrency
        self._asking = AskingAll(self._ledger, questions, self._asker, self._meter, slots, later=self._batching)
        if self._is_stopping:
            self._asking.stop()

    async def run(self) -> Outcome:
        asyncio.get_running_loop().set_default_executor(AnsweringThreads(self._settings.concurrency))
        with stopped_by_signals(self._stop_asking, self._stop):
            return await in_rounds(self._batching, self._one_pass)

    async def _one_pass(self) -> Outcome:
        if self._work.trouble:
            return self._work.trouble
        self._begin()
        async for arrival in self._asking:
            if arrival.reply is not None:
                self._work.take(arrival.question, arrival.reply)
            if self._work.trouble:
                self._asking.stop()
            self._report()
        self._waited = self._asking.waiting
        return self._outcome()

    def _outcome(self) -> Outcome:
        work, stopped = self._work, self._asking.stopped()
        if work.trouble:
            return work.trouble
        if not (self._asking.unanswered or self._waited):
            return Outcome(Ending.DONE, f"{work.done} answers")
        if stopped is None or (self._waited and stopped.ending is Ending.BUDGET):
            outcome = Outcome(Ending.BATCHED, f"{len(self._waited)} questions wait for a batch")
            self._waited = [*self._waited, *self._asking.unanswered]
            return outcome
        return stopped

    def _report(self) -> None:
        if self._listener.on_progress:
            done, total, state = self._work.done, self._work.total, self._asker.state()
            self._listener.on_progress(AskingSnapshot(done, total, self._meter.spent, len(self._asking), state))

    def _stop_asking(self) -> None:
        self._is_stopping = True
        self._asking.stop()

    def _stop(self) -> None:
        self._asker.stop()
        if self._batching is not None:
            self._batching.stop()
        self._listener.on_stop()


class _Questions:
    """What waited for a batch, and then the questions of the work, which may have more after it had none."""

    def __init__(self, waited: Sequence[Question], work: Work) -> None:
        self._waited = iter(waited)
        self._work = work

    def __iter__(self) -> Iterator[Question]:
        return self

    def __next__(self) -> Question:
        waited = next(self._waited, None)
        return next(self._work) if waited is None else waited
