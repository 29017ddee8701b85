"""The instruction requests of a run: which is asked next, and which is decided next.

Between the ledger and the loop. A reply that holds no task is asked for once more (`instructions.attempts`): whether it is, the
stored replies alone say, so that a kill between the two attempts loses and repeats nothing. Each reply is read once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.proposing import Proposing
from self_instruct.chains.runs.reading_ahead import Decide, decide_now
from self_instruct.chains.stages.registry import RunStages
from self_instruct.chains.stages.stage import Step
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.errors import LedgerError
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import PROPOSING


@dataclass(frozen=True, slots=True)
class ReadReply:
    """The reply that counts of an instruction request, read by its stage.

    `begin` is its offset among all the request's replies, laid end to end: items are counted from there, so that a task of the
    second reply is never taken for one of the first.
    """

    step: Step
    stage: str
    attempt: int
    begin: int


class InstructionRequests:
    """What is known of the instruction requests from number `first` on, whether asked, answered or neither.

    `lost` says of those that were sent when the run was killed how often they were; all others are asked before them.
    """

    def __init__(
        self,
        ledger: Ledger,
        stages: RunStages,
        proposing: Proposing,
        first: int,
        lost: Mapping[RequestId, int],
        *,
        may_ask: bool,
        decide: Decide = decide_now,
    ) -> None:
        self._ledger = ledger
        self._stages = stages
        self._proposing = proposing
        self._decide = decide
        self._may_ask = may_ask
        self._stored = ledger.instruction_attempts_from(first)  # the last attempt of each number that is answered
        self._read: dict[int, ReadReply] = {}
        self._lost = lost
        self._again: set[RequestId] = set()  # asked before, or second attempts: a window's worth at most
        self._wrong: dict[int, str | None] = {}
        self._next_new = first
        if may_ask:  # which of them are to be asked again must be known; without asking, each is read when its turn comes
            for number in self._stored:
                self._load(number)
            self._again |= {one for one in lost if one.stage in PROPOSING and one.attempt == 1 and one.request >= first}
            self._again -= {one for one in self._again if one.attempt == 1 and one.request in self._stored}

    def take(self, number: int) -> ReadReply | None:
        """Return what was read of a request, to be decided; None while it is not answered."""
        if number not in self._read and number in self._stored and not self._may_ask:
            self._load(number)
        return self._read.get(number)

    def discard(self, number: int) -> None:
        """Forget a request that is decided."""
        self._read.pop(number, None)
        self._stored.pop(number, None)
        self._next_new = max(self._next_new, number + 1)

    @property
    def ahead(self) -> int:
        """How many requests are answered and not decided yet."""
        return len(self._read)

    def next(self, may_be_asked: Callable[[int], bool]) -> RequestId | None:
        """Return the request that is to be asked next, of those whose numbers may be; None where there is none.

        Those lost least often come first, and of these the lowest number.
        """
        while self._next_new in self._stored or self._proposing.request(self._next_new) in self._again:
            self._next_new += 1
        new = self._proposing.request(self._next_new)
        open_ = [one for one in (*self._again, *([new] if new else ())) if may_be_asked(one.request)]
        return min(open_, key=lambda one: (self._lost.get(one, 0), one.request), default=None)

    def take_out(self, request: RequestId) -> None:
        """Count a request as asked."""
        if request in self._again:
            self._again.remove(request)
        else:
            self._next_new = request.request + 1

    def put_back(self, request: RequestId) -> None:
        """Let a request that brought no reply be asked again."""
        self._again.add(request)

    def wrong(self, request: RequestId) -> str | None:
        """Return why a second attempt is made; None for a first."""
        return self._wrong.get(request.request) if request.attempt > 1 else None

    def add(self, request: RequestId, reply: Reply | Refusal) -> None:
        """Read a reply that is stored now."""
        self._stored[request.request] = request.attempt
        stage = self._stages[request.stage]
        step = self._decide(stage, request, self._proposing.shown(request), reply)
        if step.again is not None and self._may_ask:
            self._wrong[request.request] = step.wrong
            self._again.add(step.again)
        else:
            self._wrong.pop(request.request, None)
            brought = stage.bringing(request)
            self._read[request.request] = ReadReply(step, stage.name, brought.attempt, self._begin(brought))

    def _load(self, number: int) -> None:
        first = self._proposing.request(number)
        if first is None:
            raise LedgerError(f"{self._ledger.path}: has a reply to request {number}, which is nobody's; restore a copy.")
        request = replace(first, attempt=min(self._stored[number], self._stages[first.stage].attempts))
        self.add(request, self._ledger.stored_reply(request))

    def _begin(self, request: RequestId) -> int:
        before = (
            self._ledger.stored_reply(RequestId(request.stage, request.request, attempt=attempt))
            for attempt in range(1, request.attempt)
        )
        return sum(len(reply.text if isinstance(reply, Reply) else reply.words) + 1 for reply in before)


def is_drawn(question: Question) -> bool:
    """Return whether a question's prompt is kept with its reply: it shows what was drawn, which nothing else tells."""
    return question.id.stage in PROPOSING
