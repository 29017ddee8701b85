"""Questions under way: what is sent is durable before it goes out, and what arrives before anybody sees it.

Between an asker and the ledger, for everything that asks: the loop, and a plain list of questions. A question that went out
counts against the budget until its reply is stored, also where the run is killed in between. Time and memory grow with the
questions under way, not with their square: each tells when it is answered, and nobody looks at the others.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, replace

from self_instruct.chains.budgets.meter import WHOLE, Meter
from self_instruct.chains.budgets.prices import discounted
from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.runs.batching import Batching
from self_instruct.chains.runs.journal import Journal
from self_instruct.chains.runs.pace import Pace
from self_instruct.ledger import Ledger, RequestId, SentRequest, Spent
from self_instruct.prompts.stage_prompt import as_sent
from self_instruct.records.errors import LedgerError, ModelUnavailableError, SelfInstructError
from self_instruct.records.replies import UNCOUNTED, Refusal, Reply

ROUNDS_OF_A_MOMENT = 3  # of the event loop, in which a client reads what lies there already


@dataclass(frozen=True, slots=True)
class Arrival:
    """A question that is no longer under way; `reply` is None where it brought none, and may be asked again another time."""

    question: Question
    reply: Reply | Refusal | None


class InFlight:
    """The questions of one run that are under way.

    `failure` is the first reason why a question brought no reply: one of ours where the provider failed, else a fault of the
    program, which whoever asks must raise once what is under way has arrived. `keeps_prompt` says of which questions the prompt
    is stored with the reply. A question that `later` takes is neither sent nor under way: it waits there for a batch.
    """

    def __init__(
        self,
        ledger: Ledger,
        asker: Asker,
        meter: Meter,
        keeps_prompt: Callable[[Question], bool],
        later: Batching | None = None,
    ) -> None:
        self._ledger = ledger
        self._asker = asker
        self._meter = meter
        self._keeps_prompt = keeps_prompt
        self._later = later
        self._journal = Journal(str(ledger.path.parent))
        self._lost = Counter(sent.request for sent in ledger.sent())
        self._next: list[tuple[Question, SentRequest]] = []
        self._tasks: dict[asyncio.Task[Reply | Refusal], tuple[Question, SentRequest]] = {}
        self._done: deque[asyncio.Task[Reply | Refusal]] = deque()
        self._something_is_done = asyncio.Event()
        self._exit: BaseException | None = None
        self.failure: Exception | None = None
        self.pace = Pace()

    def __len__(self) -> int:
        """Return how many questions are under way."""
        return len(self._tasks) + len(self._next)

    def times_lost(self, request: RequestId) -> int:
        """Return how often a request was sent when the run was killed, and its reply lost."""
        return self._lost[request]

    def send(self, question: Question) -> bool:
        """Send a question with the group that goes out at the next `arrived`; False where it does not fit into the budget.

        It is noted in the ledger now; a transaction around a whole group must end before that goes out.
        """
        later = self._later if self._later is not None and self._later.takes(question) else None
        share = WHOLE if later is None else later.price_share
        at_most = self._meter.reserve(question, share)
        if at_most is None:
            return False
        price = discounted(self._meter.price(question.model), share)
        sent = SentRequest(question.id, self._lost[question.id] + 1, question.model, at_most, price)
        if later is not None:
            later.add(question, sent, self._prompt(question))
        else:
            self._ledger.add_sent(sent)
            self._next.append((question, sent))
        return True

    async def arrived(self) -> list[Arrival]:
        """Let the next group go out; return what has arrived since the last call, stored.

        It waits until there is something, or `wake` is called. What comes in the same moment comes along: one write for all.
        """
        self._go_out()
        await self._something_is_done.wait()
        for _ in range(ROUNDS_OF_A_MOMENT):
            await asyncio.sleep(0)
        self._something_is_done.clear()
        return self._received()

    def wake(self) -> None:
        """Let `arrived` return, though nothing may have arrived."""
        self._something_is_done.set()

    async def drain(self) -> None:
        """Wait until nothing is under way, and store what arrives; what has not gone out does not."""
        self._next.clear()
        while self._tasks:
            await self.arrived()

    def cancel(self) -> None:
        """Give up what is under way: nobody waits for it any more."""
        for task in self._tasks:
            task.cancel()

    def _go_out(self) -> None:
        for question, sent in self._next:
            self._journal.sent(question.id, question.model)
            self.pace.sent(question.id)
            task = asyncio.ensure_future(self._asker(question))
            self._tasks[task] = (question, sent)
            task.add_done_callback(self._note)
        self._next.clear()

    def _note(self, task: asyncio.Task[Reply | Refusal]) -> None:
        self._done.append(task)
        self._something_is_done.set()

    def _received(self) -> list[Arrival]:
        """Return what is done, stored in one transaction: what arrives together costs one write."""
        arrivals: list[Arrival] = []
        with self._ledger.transaction():
            while self._done:
                task = self._done.popleft()
                question, sent = self._tasks.pop(task)
                self.pace.ended(question.id, is_answered=not task.cancelled() and task.exception() is None)
                arrivals.append(Arrival(question, self._result(task, question, sent)))
        for arrival in arrivals:
            if arrival.reply is not None:
                self._journal.stored(arrival.question.id, arrival.reply)
        if self._exit:
            raise self._exit
        return arrivals

    def _result(self, task: asyncio.Task[Reply | Refusal], question: Question, sent: SentRequest) -> Reply | Refusal | None:
        if task.cancelled():  # by whoever asked; it may have been answered, and paid for, all the same
            self._fail(question, ModelUnavailableError("a request was called off while it was under way", kind="called off"))
            self._meter.settle(question, Spent.without_reply(sent.at_most))
            return None
        error = task.exception()
        if error is None:
            try:
                return self._store(question, sent, task.result())
            except LedgerError:
                raise
            except Exception as fault:  # noqa: BLE001  raised by whoever asks, once what came with it is stored
                self._fail(question, fault)
                return None
        self._ledger.forget_sent(sent)
        self._meter.release(question.id)
        if isinstance(error, Exception):
            self._fail(question, error)
        else:
            self._exit = self._exit or error
        return None

    def _fail(self, question: Question, error: Exception) -> None:
        is_ours = isinstance(error, SelfInstructError)
        if self.failure is None or (isinstance(self.failure, SelfInstructError) and not is_ours):
            self.failure = error
        self._journal.failed(question.id, error)

    def _store(self, question: Question, sent: SentRequest, reply: Reply | Refusal) -> Reply | Refusal:
        if reply.model != question.model:
            reply = replace(reply, model=question.model)
        usage = reply.usage if isinstance(reply, Reply) else UNCOUNTED
        self._ledger.store_reply(question.id, reply, prompt=self._prompt(question), at_most=sent.at_most, price=sent.price)
        self._ledger.forget_sent(sent)
        self._meter.settle(question, Spent.on(usage, sent.at_most))
        return reply

    def _prompt(self, question: Question) -> str | None:
        return as_sent(question.prompt) if self._keeps_prompt(question) else None
