"""The bootstrapping loop: ask, store, decide, and ask again from the grown pool, until the target is reached.

One decision path for all: `generate` gives it a model, `replay` and `import` give it none, so that it goes as far as stored
replies allow. What arrives when only paces the run: instruction replies are decided in request order, and each prompt is drawn
from the pool of a fixed number of requests before it (`Pool`).
Source: Wang et al. 2023, arXiv:2212.10560, section 2.2; the order of decisions is DESIGN's ("The ledger's promise", point 3).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import ceil
from typing import Any

from self_instruct.chains.budgets.budget import Limit
from self_instruct.chains.budgets.meter import Meter
from self_instruct.chains.models.asking import Asker
from self_instruct.chains.models.retrying import Weather
from self_instruct.chains.runs.deciding import Decider
from self_instruct.chains.runs.instruction_replies import InstructionReplies
from self_instruct.chains.runs.journal import Journal
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.pool import Pool
from self_instruct.ledger import Ledger, RequestId, Spent, StoredTask
from self_instruct.records.errors import ModelUnavailableError, SelfInstructError
from self_instruct.records.replies import Reply, Usage
from self_instruct.records.tasks import Reason, Stage

FRUITLESS_REQUESTS = 20  # in a row, before the run stops and says so
EXPECTED_YIELD = 8  # tasks a request brings, until there is experience


class Ending(StrEnum):
    """Why a run stopped."""

    DONE = "done"
    UNANSWERED = "unanswered"
    BUDGET = "budget"
    FRUITLESS = "fruitless"
    UNAVAILABLE = "unavailable"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Sent:
    """A request under way: the task it is about, or the prompt of an instruction request; and what is reserved for it."""

    request: RequestId
    task: StoredTask | None
    prompt: str | None
    at_most: Usage


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and a sentence that says it. `short_of` is the budget that ended it, if one did."""

    ending: Ending
    sentence: str
    short_of: Limit | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a run stands: counts over its whole life, and what is under way now. `weather` is known where models are asked."""

    kept: int
    target: int | None
    finished: int
    spent: Spent
    in_flight: int
    rejected: Mapping[tuple[Stage, Reason], int]
    weather: Weather | None = None


class Loop:
    """One run of a ledger, from where it stands to where it must stop; `run` it once.

    `asker` answers what is not stored yet; None decides only what is. `on_progress` is called after every batch of replies.
    """

    def __init__(
        self, ledger: Ledger, plan: RunPlan, asker: Asker | None, on_progress: Callable[[Snapshot], None] | None = None
    ) -> None:
        self._ledger = ledger
        self._settings = plan.settings
        self._asker = asker
        self._on_progress = on_progress
        self._prompts = plan.prompts()
        self._pool = Pool(plan.seeds, plan.settings)
        self._decider = Decider(ledger, self._pool, plan.settings)
        self._progress = ledger.progress
        self._meter = Meter(self._prompts, plan.settings, ledger.spending())
        self._journal = Journal(str(ledger.path.parent))
        self._finished = 0
        self._replies = InstructionReplies(ledger, plan.settings, self._progress.request)
        self._waiting: deque[tuple[RequestId, StoredTask]] = deque()
        self._in_flight: dict[asyncio.Future[Reply], Sent] = {}
        self._failure: SelfInstructError | None = None
        self._is_stopping = False
        self._is_fruitless = False

    async def run(self) -> Outcome:
        """Return how the run ended, once all that was asked is answered and stored.

        Raises `ModelDeniedError` where the provider refuses the key or the model, and `LedgerError` where nothing can be
        stored any more.
        """
        self._restore()
        try:
            while True:
                self._decide_instructions()
                self._send()
                self.report()
                if not self._in_flight:
                    return self._outcome()
                await self._receive()
        finally:
            for task in self._in_flight:
                task.cancel()

    def stop(self) -> None:
        """Send no more requests; `run` returns when those in flight are answered and stored."""
        self._is_stopping = True

    def report(self) -> None:
        """Call `on_progress` with where the run stands."""
        if self._on_progress:
            self._on_progress(self.snapshot())

    def snapshot(self) -> Snapshot:
        """Return where the run stands."""
        return Snapshot(
            kept=len(self._pool),
            target=self._settings.num_instructions,
            finished=self._finished,
            spent=self._meter.spent,
            in_flight=len(self._in_flight),
            rejected=self._decider.rejected,
        )

    def _restore(self) -> None:
        tasks = list(self._ledger.tasks())
        self._pool.restore((task.id, task.instruction) for task in tasks)
        for task in tasks:
            self._follow_up(task)

    # deciding what is stored

    def _decide_instructions(self) -> None:
        while self._instructions_are_open and (reply := self._replies.get(self._progress.request)):
            number = self._progress.request
            self._progress, kept = self._decider.instructions(reply, self._progress, self._settings.num_instructions)
            if self._progress.request > number:
                self._replies.discard(number)
            for task in kept:
                self._follow_up(task)
            self._journal.decided(number, len(kept), len(self._pool), self._decider.rejected)
            first_fruitless = max(self._progress.last_kept + 1, self._progress.granted_from)
            self._is_fruitless = self._asker is not None and self._progress.request - first_fruitless >= FRUITLESS_REQUESTS

    @property
    def _instructions_are_open(self) -> bool:
        target = self._settings.num_instructions
        return not self._is_fruitless and (target is None or len(self._pool) < target)

    def _follow_up(self, task: StoredTask) -> None:
        while task.awaits and (reply := self._ledger.reply(task.awaits)):
            task = self._decider.follow_up(task, reply)
        if task.awaits:
            self._waiting.append((task.awaits, task))
        else:
            self._finished += 1

    # asking for what is not

    def _send(self) -> None:
        while self._asker and self._may_send() and (chosen := self._next_request()):
            request, task = chosen
            given = self._variables(request, task)
            at_most = self._meter.reserve(request, given)
            if at_most is None:
                self._put_back(request, task)
                return
            prompt = self._prompts.of(request.stage, request.attempt).format(**given) if task is None else None
            self._journal.sent(request, self._settings.model_of(request.stage))
            self._in_flight[asyncio.ensure_future(self._asker(request, given))] = Sent(request, task, prompt, at_most)

    def _put_back(self, request: RequestId, task: StoredTask | None) -> None:
        if task:
            self._waiting.appendleft((request, task))

    def _may_send(self) -> bool:
        if self._is_stopping or self._failure:
            return False
        return len(self._in_flight) < self._settings.concurrency

    def _next_request(self) -> tuple[RequestId, StoredTask | None] | None:
        """Return the next request to send: an instruction request, unless enough tasks wait to fill every slot."""
        if len(self._waiting) < self._settings.concurrency and (request := self._next_instruction_request()):
            return request, None
        return self._waiting.popleft() if self._waiting else None

    def _next_instruction_request(self) -> RequestId | None:
        if not self._instructions_are_open or self._settings.num_instructions is None:
            return None
        under_way = {sent.request.request for sent in self._in_flight.values() if sent.task is None}
        last = self._progress.request + min(self._settings.window, self._requests_expected())
        for request in range(self._progress.request, last):
            if self._pool.requests_before(request) > self._progress.request:
                return None
            if request not in under_way and (missing := self._replies.missing(request)):
                return missing
        return None

    def _requests_expected(self) -> int:
        """Return how many more instruction requests the target is likely to take, so that few are sent in vain."""
        decided = self._progress.request
        kept_each = max(1.0, len(self._pool) / decided if decided else EXPECTED_YIELD)
        return ceil(((self._settings.num_instructions or 0) - len(self._pool)) / kept_each)

    def _variables(self, request: RequestId, task: StoredTask | None) -> dict[str, Any]:
        wrong = {"wrong": self._decider.wrong(request, task)} if request.attempt > 1 else {}
        if task is None:
            return {"demonstrations": self._pool.demonstrations(request.request), **wrong}
        if request.stage is Stage.CLASSIFICATION:
            return {"instruction": task.instruction}
        return {"instruction": task.instruction, "is_classification": bool(task.is_classification), **wrong}

    async def _receive(self) -> None:
        done, _ = await asyncio.wait(self._in_flight, return_when=asyncio.FIRST_COMPLETED)
        for answer in done:
            sent = self._in_flight.pop(answer)
            try:
                reply = answer.result()
            except SelfInstructError as failure:
                self._failure = self._failure or failure
                self._journal.failed(sent.request, failure)
                self._meter.release(sent.request)
                self._put_back(sent.request, sent.task)
            else:
                self._store(sent, reply)

    def _store(self, sent: Sent, reply: Reply) -> None:
        reply = replace(reply, model=self._settings.model_of(sent.request.stage))
        self._ledger.store_reply(sent.request, reply, sent.prompt, sent.at_most)
        self._meter.settle(sent.request, Spent.on(reply.usage, sent.at_most))
        self._journal.stored(sent.request, reply)
        if sent.task is None:
            self._replies.add(sent.request)
        else:
            self._follow_up(sent.task)

    # the end

    def _outcome(self) -> Outcome:
        if self._failure and not isinstance(self._failure, ModelUnavailableError):
            raise self._failure
        reached = self._reached()
        if reached.ending is Ending.DONE:  # whatever became of a request too many
            return reached
        if self._is_stopping:
            return Outcome(Ending.INTERRUPTED, "interrupted")
        if self._failure:
            return Outcome(Ending.UNAVAILABLE, f"the model could not answer: {self._failure}")
        if self._is_fruitless:
            self._grant_more()
            return Outcome(Ending.FRUITLESS, f"{FRUITLESS_REQUESTS} requests in a row brought nothing new")
        return reached

    def _reached(self) -> Outcome:
        target, kept = self._settings.num_instructions, len(self._pool)
        if not self._waiting and (target is None or kept >= target):
            return Outcome(Ending.DONE, f"{kept} instructions kept")
        if self._asker is None:
            return Outcome(Ending.UNANSWERED, f"{len(self._waiting)} of {kept} kept tasks have no stored reply yet")
        return Outcome(Ending.BUDGET, self._meter.shortage(), self._meter.short_of)

    def _grant_more(self) -> None:
        """Count fruitless requests afresh from here, so that starting again grants as many more."""
        self._progress = replace(self._progress, granted_from=self._progress.request)
        self._ledger.set_progress(self._progress)
