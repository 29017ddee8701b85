"""The bootstrapping loop: ask, store, decide, and ask again from the grown pool, until the target is reached.

One decision path for all: `generate` gives it an asker, `replay` and `import` give it none, so that it goes as far as stored
replies allow. What arrives when only paces the run: instruction replies are decided in request order, and each prompt is drawn
from the pool of a fixed number of requests before it (`Pool`).
Source: Wang et al. 2023, arXiv:2212.10560, section 2.2; the order of decisions is DESIGN's ("The ledger's promise", point 3).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from math import ceil
from typing import Any

from self_instruct.chains.budgets.meter import Meter
from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.runs.advice import Tally
from self_instruct.chains.runs.batching import Batching
from self_instruct.chains.runs.deciding import Decider
from self_instruct.chains.runs.forecast import Standing, awaiting
from self_instruct.chains.runs.in_flight import Arrival, InFlight
from self_instruct.chains.runs.instruction_requests import InstructionRequests, is_drawn
from self_instruct.chains.runs.journal import Journal
from self_instruct.chains.runs.outcome import Ending, Outcome, Snapshot
from self_instruct.chains.runs.outlook import LATEST
from self_instruct.chains.runs.pace import Times
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.pool import Pool
from self_instruct.chains.runs.proposing import Proposing
from self_instruct.chains.runs.prospects import Prospects
from self_instruct.chains.runs.reading_ahead import ReadingAhead, decide_now
from self_instruct.chains.runs.target import Target
from self_instruct.chains.runs.waiting_tasks import WaitingTasks
from self_instruct.chains.stages.instructions import expected_yield
from self_instruct.chains.stages.stage import Stage
from self_instruct.ledger import Ledger, RequestId, StoredTask
from self_instruct.records.errors import LedgerError, ModelUnavailableError, TemplateError
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Reason

FRUITLESS_REQUESTS = 20  # in a row, before the run stops and says so; those of `min_yield`, too


class Loop:
    """One run of a ledger, from where it stands to where it must stop; `run` it once.

    `asker` answers what is not stored yet; None decides only what is. `on_progress` is called after every batch of replies,
    `on_kept` with each task that is kept, `on_fault` where what is under way should arrive soon or fail. `later` takes what is
    asked in batches: where it took any the run ends as `BATCHED`, to go on once they are answered.
    """

    def __init__(
        self,
        ledger: Ledger,
        plan: RunPlan,
        asker: Asker | None,
        on_progress: Callable[[Snapshot], None] | None = None,
        on_kept: Callable[[StoredTask], None] | None = None,
        on_fault: Callable[[], None] = lambda: None,
        later: Batching | None = None,
    ) -> None:
        self._ledger = ledger
        self._plan, self._settings = plan, plan.settings
        self._on_progress, self._on_kept, self._on_fault = on_progress, on_kept, on_fault
        self._stages = plan.stages()
        self._stages.learn(plan.seeds, ledger.reply)
        self._pool = Pool(plan.seeds, plan.settings, plan.draw, plan.taxonomy, len(plan.texts))
        self._target = Target(plan.settings, ledger)
        self._progress = ledger.progress
        self._stored = ledger.reply if ledger.has_replies else lambda _: None  # a new run has none but those that arrive
        self._meter = Meter(plan.settings, ledger.spending())
        self._journal = Journal(str(ledger.path.parent))
        self._later = () if later is None else later
        self._in_flight = InFlight(ledger, asker, self._meter, is_drawn, later) if asker else None
        self._ahead = ReadingAhead(self._in_flight, self._whose) if self._in_flight is not None else None
        decide = self._ahead.decide if self._ahead is not None else decide_now
        self._decider = Decider(ledger, self._pool, self._stages, plan.settings.judging, decide)
        self._lost = lost = Counter(sent.request for sent in ledger.sent()) if asker else Counter[RequestId]()
        self._proposing = Proposing(plan, self._stages, self._pool, ledger)
        self._requests = InstructionRequests(
            ledger, self._stages, self._proposing, self._progress.request, lost, may_ask=self._target.may_ask, decide=decide
        )
        self._waiting = WaitingTasks(lost)
        self._kept: list[StoredTask] = []  # and not told yet
        self._asked: dict[RequestId, StoredTask] = {}  # the tasks whose questions are under way
        self._fault: Exception | None = None
        self._prospects = Prospects(plan, self._stages.all)
        self._newest, self._finished = "", 0
        self._is_stopping = self._is_fruitless = self._is_poor = False

    async def run(self) -> Outcome:
        """Return how the run ended, once all that was asked is answered and stored.

        Raises `ModelDeniedError` where the provider refuses the key or the model, and `LedgerError` where nothing can be stored
        any more. A fault of the program is raised too, once what is under way has arrived and is stored.
        """
        self._restore()
        try:
            arrivals: Sequence[Arrival] = ()
            while True:
                self._advance(arrivals)
                self.report()
                if self._ahead is None or not self._under_way:
                    return self._outcome()
                arrivals = await self._ahead.arrived()
        except LedgerError:
            raise  # nothing that arrives could be stored
        except Exception:
            await self._let_arrive()
            raise
        finally:
            if self._in_flight is not None:
                self._in_flight.cancel()
            if self._ahead is not None:
                self._ahead.cancel()

    def decide(self) -> Outcome:
        """Return how far the stored replies carry the run, once they are decided; nobody is asked."""
        with self._ledger.transaction():
            self._restore()
            self._decide_instructions()
        return self._outcome()

    def stop(self) -> None:
        """Send no more requests; `run` returns when those in flight are answered and stored."""
        self._is_stopping = True

    def report(self) -> None:
        """Call `on_progress` with where the run stands."""
        if self._on_progress:
            self._on_progress(self.snapshot())

    def snapshot(self) -> Snapshot:
        """Return where the run stands."""
        outlook, advice = self._prospects.look(self._standing, self._tally)
        return Snapshot(
            kept=len(self._pool),
            target=self._settings.num_instructions,
            finished=self._finished,
            spent=self._meter.spent,
            in_flight=self._under_way,
            rejected=self._decider.rejected,
            cost=self._meter.cost,
            oldest_s=self._in_flight.pace.oldest_s if self._in_flight is not None else 0.0,
            newest=self._newest,
            outlook=outlook,
            advice=advice,
            accepted=self._target.accepted,
            accept=self._target.accept,
        )

    def _standing(self) -> Standing:
        decided = self._progress.request
        return Standing(
            kept=len(self._pool),
            target=self._target.kept_expected(len(self._pool), self._finished),
            latest=self._pool.brought(max(0, decided - LATEST), decided),
            ahead=self._requests.ahead,
            awaiting=awaiting([*self._waiting, *self._asked.values()]),
            spent=self._meter.by_stage,
            times=self._in_flight.pace.times() if self._in_flight is not None else Times({}, None),
        )

    def _tally(self) -> Tally:
        return Tally(
            decided=self._progress.request,
            kept=len(self._pool),
            rejected=self._decider.rejected,
            kinds=self._decider.kinds,
            copies=self._decider.copies,
            is_classification_only=self._settings.instructions.classification_only,
            expected=expected_yield(self._settings),
        )

    def wake(self) -> None:
        """Let the run look about and report, though nothing may have arrived."""
        if self._in_flight is not None:
            self._in_flight.wake()

    def _restore(self) -> None:
        tasks = list(self._ledger.tasks())
        self._decider.restore(tasks)
        with self._ledger.transaction():
            for task in tasks:
                self._follow_up(task)

    def _advance(self, arrivals: Iterable[Arrival]) -> None:
        """Decide what has arrived, and note what goes out next: one write for both."""
        with self._ledger.transaction():
            for arrival in arrivals:
                self._receive(arrival)
            self._decide_instructions()
            self._send()
        kept, self._kept = self._kept, []
        if self._on_kept:
            for task in kept:
                self._on_kept(task)

    # deciding what is stored

    def _decide_instructions(self) -> None:
        while self._instructions_are_open and (reply := self._requests.take(self._progress.request)):
            number = self._progress.request
            self._progress, kept = self._decider.instructions(reply, self._progress, self._kept_at_most)
            if self._progress.request > number:
                self._requests.discard(number)
            self._kept += kept
            for task in kept:
                self._newest = task.instruction
                self._follow_up(task)
            self._journal.decided(number, len(kept), len(self._pool), self._decider.rejected)
            self._is_fruitless = self._in_flight is not None and self._fruitless_requests() >= FRUITLESS_REQUESTS
            self._is_poor = self._in_flight is not None and self._brings_too_little()

    def _brings_too_little(self) -> bool:
        """Return whether the latest requests brought fewer tasks than `min_yield` asks for."""
        first, wanted = self._progress.request - FRUITLESS_REQUESTS, self._settings.min_yield * FRUITLESS_REQUESTS
        brought = self._pool.brought(first, self._progress.request)
        return wanted > 0 and first >= self._progress.granted_from and sum(brought) < wanted

    def _fruitless_requests(self) -> int:
        """Return how many requests in a row, up to the last that is decided with all its tasks, brought nothing that counts."""
        last, end = self._progress.last_kept, self._progress.request
        if self._target.accept is not None:
            last = self._target.last_accepted
            open_tasks = [*self._waiting, *self._asked.values()]
            end = min([end, *(task.id.request for task in open_tasks)])
        return end - max(last + 1, self._progress.granted_from)

    @property
    def _kept_at_most(self) -> int | None:
        return self._target.kept_at_most(len(self._pool), self._finished)

    @property
    def _instructions_are_open(self) -> bool:
        most = self._kept_at_most
        return not (self._is_fruitless or self._is_poor) and (most is None or len(self._pool) < most)

    def _follow_up(self, task: StoredTask, reply: Reply | Refusal | None = None) -> None:
        """Decide what a task awaits as far as it is answered, and let what is not wait for its turn."""
        wrong: str | None = None
        while task.awaits and (reply := reply or self._stored(task.awaits)):
            task, wrong = self._decider.follow_up(task, reply)
            reply = None
        if task.awaits:
            self._waiting.add(task, wrong)
        else:
            self._finish(task)

    def _finish(self, task: StoredTask) -> None:
        self._finished += 1
        self._target.finished(task)

    # asking for what is not

    def _send(self) -> None:
        while self._may_send() and (question := self._next_question()):
            assert self._in_flight is not None  # noqa: S101  for the type checker
            if not self._in_flight.send(question):
                self._put_back(question)
                return

    def _may_send(self) -> bool:
        if self._in_flight is None or self._is_stopping or self._failure or self._decider.unread.is_too_large:
            return False
        return self._under_way < self._settings.concurrency

    @property
    def _under_way(self) -> int:
        """How many questions are asked and not answered, or answered and still being read."""
        return len(self._in_flight or ()) + len(self._ahead or ())

    @property
    def _failure(self) -> Exception | None:
        return self._fault or (self._in_flight.failure if self._in_flight is not None else None)

    def _next_question(self) -> Question | None:
        """Return the next question: one whose reply was never lost before one whose was, which may be lost again.

        Of those lost as often: one for instructions, unless enough tasks wait to fill every slot.
        """
        request = self._next_instructions()
        if request and self._goes_first(request):
            return self._instruction_question(request)
        while self._waiting:
            task, wrong = self._waiting.pop()
            if question := self._task_question(task, wrong):
                self._asked[question.id] = task
                return question
        return None

    def _goes_first(self, request: RequestId) -> bool:
        """Return whether an instruction request goes before the tasks that wait."""
        lost, others = self._lost[request], self._waiting.times_lost
        return others is None or lost < others or (lost == others and len(self._waiting) < self._settings.concurrency)

    def _next_instructions(self) -> RequestId | None:
        if not self._instructions_are_open or not self._target.may_ask:
            return None
        end = self._progress.request + min(self._settings.window, self._requests_expected())
        return self._requests.next(lambda number: number < end and self._pool.may_be_drawn(number, self._progress.request))

    def _instruction_question(self, request: RequestId) -> Question | None:
        self._requests.take_out(request)
        about = self._proposing.about(request)
        try:
            return self._plan.with_image(self._stages[request.stage].question(request, about, self._requests.wrong(request)))
        except TemplateError as error:  # no request of this run can be asked
            self._fault = error
            self._requests.put_back(request)
            return None

    def _task_question(self, task: StoredTask, wrong: str | None) -> Question | None:
        """Return a task's question; None where its prompt cannot be rendered, which refuses the task."""
        assert task.awaits is not None  # noqa: S101  for the type checker
        stage = self._stages[task.awaits.stage]
        try:
            why = wrong or self._decider.wrong(task)
            return self._plan.with_image(stage.question(task.awaits, self._decider.about(task), why))
        except TemplateError as error:
            self._decider.refuse(task, Reason.PROMPT_FAILED, str(error))
            self._finish(task)
            return None

    def _requests_expected(self) -> int:
        """Return how many more instruction requests the target is likely to take, so that few are sent in vain."""
        decided = self._progress.request
        kept_each = max(1.0, len(self._pool) / decided if decided else expected_yield(self._settings))
        return max(1, ceil(self._target.still_to_keep(len(self._pool), self._finished) / kept_each))

    def _receive(self, arrival: Arrival) -> None:
        request, reply = arrival.question.id, arrival.reply
        if reply is None:
            self._put_back(arrival.question)
        elif task := self._asked.pop(request, None):
            self._follow_up(task, reply)
        else:
            self._requests.add(request, reply)

    def _put_back(self, question: Question) -> None:
        task = self._asked.pop(question.id, None)
        if task is None:
            self._requests.put_back(question.id)
        else:
            self._waiting.put_back(task)

    def _whose(self, question: Question) -> tuple[Stage[Any], Any]:
        """Return the stage that decides the reply to a question, and what the question is about."""
        task = self._asked.get(question.id)
        about = self._proposing.shown(question.id) if task is None else self._decider.about(task)
        return self._stages[question.id.stage], about

    async def _let_arrive(self) -> None:
        """Let what is under way arrive and be stored: it is paid for."""
        if self._in_flight is not None:
            self._on_fault()
            await self._in_flight.drain()

    def _outcome(self) -> Outcome:
        if self._failure and not isinstance(self._failure, ModelUnavailableError):
            raise self._failure
        if self._later and not (self._is_stopping or self._failure):
            return Outcome(Ending.BATCHED, f"{len(self._later)} questions wait for a batch")
        reached = self._reached()
        if reached.ending is Ending.DONE:  # whatever became of a request too many
            return reached
        if self._is_stopping:
            return Outcome(Ending.INTERRUPTED, "interrupted")
        if self._failure:
            return Outcome(Ending.UNAVAILABLE, f"the model could not answer: {self._failure}")
        if self._decider.unread.is_too_large and self._in_flight is not None:
            return Outcome(Ending.UNREAD, self._decider.unread.sentence())
        if self._is_fruitless:
            self._grant_more()
            what = "new" if self._target.accept is None else "that was accepted"
            return Outcome(Ending.FRUITLESS, f"{FRUITLESS_REQUESTS} requests in a row brought nothing {what}")
        if self._is_poor:
            self._grant_more()
            wanted = f"min_yield = {self._settings.min_yield:g}"
            return Outcome(Ending.POOR, f"the last {FRUITLESS_REQUESTS} requests brought fewer tasks each than {wanted}")
        return reached

    def _reached(self) -> Outcome:
        kept = len(self._pool)
        if not self._waiting and self._target.is_reached(kept):
            return Outcome(Ending.DONE, self._target.sentence(kept))
        if self._in_flight is None:
            return Outcome(Ending.UNANSWERED, f"{len(self._waiting)} of {kept} kept tasks have no stored reply yet")
        if self._proposing.request(self._progress.request) is None:
            return Outcome(Ending.USED_UP, f"all texts are used, and {self._target.sentence(kept)}")
        left = self._target.left(kept, self._finished, self._meter.spent.requests)
        return Outcome(Ending.BUDGET, self._meter.shortage() + left, self._meter.short_of)

    def _grant_more(self) -> None:
        """Count fruitless requests afresh from here, so that starting again grants as many more."""
        self._progress = replace(self._progress, granted_from=self._progress.request)
        self._ledger.set_progress(self._progress)
