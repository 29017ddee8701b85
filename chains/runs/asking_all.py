"""Ask a plain list of questions: no pool and no window, but the same store, resume, budgets and retries as a run.

For whatever asks about what is there already: rating, evaluating, replaying with a model. Each question is asked once over all
starts; one that has a stored reply is not sent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from self_instruct.chains.budgets.meter import Meter
from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.runs.batching import Batching
from self_instruct.chains.runs.in_flight import Arrival, InFlight
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.ledger import Ledger
from self_instruct.records.errors import LedgerError, ModelUnavailableError


class AskingAll:
    """The questions of a list, `concurrency` of them under way at once; iterate over it once for the answers as they come.

    The list may grow: an iterator that had none left is asked again when an answer has come, before the iteration ends.
    What is stored comes first, in the order asked; what was lost when a run was killed is asked last. Where the provider fails
    or the budget ends, what is under way still arrives, and the iteration ends with what is left unanswered in `unanswered`;
    `failure` says why, None where the budget ended. What `later` takes is in `waiting` then.
    """

    def __init__(
        self,
        ledger: Ledger,
        questions: Iterable[Question],
        asker: Asker | None,
        meter: Meter,
        concurrency: int,
        *,
        keeps_prompts: bool = False,
        later: Batching | None = None,
    ) -> None:
        self._ledger = ledger
        self._questions = iter(questions)
        self._meter = meter
        self._concurrency = concurrency
        self._in_flight = InFlight(ledger, asker, meter, lambda _: keeps_prompts, later) if asker else None
        self._lost: list[Question] = []
        self._is_stopping = False
        self._later = later
        self.unanswered: list[Question] = []
        self.waiting: list[Question] = []

    def __len__(self) -> int:
        """Return how many questions are under way."""
        return len(self._in_flight or ())

    def stop(self) -> None:
        """Send no more questions; the iteration ends when those under way are answered and stored."""
        self._is_stopping = True

    @property
    def failure(self) -> Exception | None:
        """Why the provider could not answer, if it could not."""
        return self._in_flight.failure if self._in_flight is not None else None

    def stopped(self) -> Outcome | None:
        """Return why it ended early, if it did; call it once the iteration has ended. Raises what is a fault of the program."""
        if self.failure is not None and not isinstance(self.failure, ModelUnavailableError):
            raise self.failure
        if self._is_stopping:
            return Outcome(Ending.INTERRUPTED, "interrupted")
        if self.failure is not None:
            return Outcome(Ending.UNAVAILABLE, f"the model could not answer: {self.failure}")
        if self.unanswered:
            return Outcome(Ending.BUDGET, self._meter.shortage(), self._meter.short_of)
        return None

    async def __aiter__(self) -> AsyncIterator[Arrival]:
        """Yield each question with its reply, stored. Raises `LedgerError` where nothing can be stored."""
        try:
            async for arrival in self._answered():
                yield arrival
        except LedgerError:
            raise
        except BaseException:
            if self._in_flight is not None:
                self._in_flight.cancel()
            raise
        self.unanswered += [*self._questions, *self._lost]

    def _next(self) -> Question | None:
        """Return the next question, those that were lost least often first; None where there is none left."""
        for question in self._questions:
            if self._in_flight is None or not self._in_flight.times_lost(question.id) or self._ledger.reply(question.id):
                return question
            self._lost.append(question)
        return self._pop_lost()

    def _pop_lost(self) -> Question | None:
        if self._in_flight is None or not self._lost:
            return None
        times_lost = self._in_flight.times_lost
        first = min(range(len(self._lost)), key=lambda at: times_lost(self._lost[at].id))
        return self._lost.pop(first)

    async def _answered(self) -> AsyncIterator[Arrival]:
        is_open = True
        while True:
            while is_open and not self._is_stopping and len(self) < self._concurrency:
                question = self._next()
                if question is None:
                    break  # an answer may bring another
                if reply := self._ledger.reply(question.id):
                    yield Arrival(question, reply)
                elif self._in_flight is None or not self._in_flight.send(question):
                    self.unanswered.append(question)
                    is_open = self._in_flight is None
                elif self._later is not None and self._later.takes(question):
                    self.waiting.append(question)
            if not self._in_flight:
                return
            for arrival in await self._in_flight.arrived():
                if arrival.reply is None:
                    self.unanswered.append(arrival.question)
                    is_open = False
                else:
                    yield arrival
