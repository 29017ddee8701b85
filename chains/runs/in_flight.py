"""Questions under way: what is sent is paid for within the budget, and what arrives is durable before anybody sees it.

Between an asker and the ledger, for everything that asks: the loop, and a plain list of questions. Time and memory grow with
the questions under way, not with their square: each tells when it is answered, and nobody looks at the others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from self_instruct.chains.budgets.meter import Meter
from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.runs.journal import Journal
from self_instruct.chains.runs.pace import Pace
from self_instruct.ledger import Ledger, Spent
from self_instruct.records.errors import SelfInstructError
from self_instruct.records.replies import UNCOUNTED, Refusal, Reply, Usage


@dataclass(frozen=True, slots=True)
class Arrival:
    """A question that is no longer under way; `reply` is None where it brought none, and may be asked again another time."""

    question: Question
    reply: Reply | Refusal | None


class InFlight:
    """The questions of one run that are under way.

    `failure` is the first reason why a question brought no reply: one of ours where the provider failed, else a fault of the
    program, which whoever asks must raise once what is under way has arrived. `keeps_prompt` says of which questions the prompt
    is stored with the reply.
    """

    def __init__(self, ledger: Ledger, asker: Asker, meter: Meter, keeps_prompt: Callable[[Question], bool]) -> None:
        self._ledger = ledger
        self._asker = asker
        self._meter = meter
        self._keeps_prompt = keeps_prompt
        self._journal = Journal(str(ledger.path.parent))
        self._tasks: dict[asyncio.Task[Reply | Refusal], tuple[Question, Usage]] = {}
        self._done: deque[asyncio.Task[Reply | Refusal]] = deque()
        self._something_is_done = asyncio.Event()
        self.failure: Exception | None = None
        self.pace = Pace()

    def __len__(self) -> int:
        """Return how many questions are under way."""
        return len(self._tasks)

    def send(self, question: Question) -> bool:
        """Send a question; False where it does not fit into the budget, and nothing was sent."""
        at_most = self._meter.reserve(question)
        if at_most is None:
            return False
        self._journal.sent(question.id, question.model)
        self.pace.sent(question.id)
        task = asyncio.ensure_future(self._asker(question))
        self._tasks[task] = (question, at_most)
        task.add_done_callback(self._note)
        return True

    async def arrived(self) -> list[Arrival]:
        """Return what has arrived since the last call, stored; waits until there is something, or `wake` is called."""
        await self._something_is_done.wait()
        self._something_is_done.clear()
        return list(self._received())

    def wake(self) -> None:
        """Let `arrived` return, though nothing may have arrived."""
        self._something_is_done.set()

    async def drain(self) -> None:
        """Wait until nothing is under way, and store what arrives."""
        while self._tasks:
            await self.arrived()

    def cancel(self) -> None:
        """Give up what is under way: nobody waits for it any more."""
        for task in self._tasks:
            task.cancel()

    def _note(self, task: asyncio.Task[Reply | Refusal]) -> None:
        self._done.append(task)
        self._something_is_done.set()

    def _received(self) -> Iterator[Arrival]:
        while self._done:
            task = self._done.popleft()
            question, at_most = self._tasks.pop(task)
            self.pace.ended(question.id, is_answered=not task.cancelled() and task.exception() is None)
            if task.cancelled():
                self._meter.release(question.id)
            elif error := task.exception():
                self._fail(question, error)
                yield Arrival(question, None)
            else:
                yield Arrival(question, self._store(question, task.result(), at_most))

    def _fail(self, question: Question, error: BaseException) -> None:
        if not isinstance(error, Exception):
            raise error
        is_ours = isinstance(error, SelfInstructError)
        if self.failure is None or (isinstance(self.failure, SelfInstructError) and not is_ours):
            self.failure = error
        self._journal.failed(question.id, error)
        self._meter.release(question.id)

    def _store(self, question: Question, reply: Reply | Refusal, at_most: Usage) -> Reply | Refusal:
        reply = replace(reply, model=question.model)
        usage = reply.usage if isinstance(reply, Reply) else UNCOUNTED
        prompt = question.prompt.to_string() if self._keeps_prompt(question) else None
        price = self._meter.price(question.model)
        self._ledger.store_reply(question.id, reply, prompt=prompt, at_most=at_most, price=price)
        self._meter.settle(question, Spent.on(usage, at_most))
        self._journal.stored(question.id, reply)
        return reply
