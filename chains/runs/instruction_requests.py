"""The instruction requests of a run: which is asked next, and which is decided next.

Between the ledger and the loop. A reply that holds no task is asked for once more (`instructions.attempts`): whether it is, the
stored replies alone say, so that a kill between the two attempts loses and repeats nothing. Each reply is read once.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

from self_instruct.chains.stages.instructions import InstructionStage
from self_instruct.chains.stages.stage import Step
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import StageName


@dataclass(frozen=True, slots=True)
class ReadReply:
    """The reply that counts of an instruction request, read.

    `begin` is its offset among all the request's replies, laid end to end: items are counted from there, so that a task of the
    second reply is never taken for one of the first.
    """

    step: Step
    attempt: int
    begin: int


class InstructionRequests:
    """What is known of the instruction requests from number `first` on, whether asked, answered or neither."""

    def __init__(self, ledger: Ledger, stage: InstructionStage, first: int, *, may_ask: bool) -> None:
        self._ledger = ledger
        self._stage = stage
        self._may_ask = may_ask
        self._stored = ledger.instruction_attempts_from(first)  # the last attempt of each number that is answered
        self._read: dict[int, ReadReply] = {}
        self._again: list[tuple[int, int]] = []  # a heap of (number, attempt) to be asked before any new one
        self._wrong: dict[int, str | None] = {}
        self._next_new = first
        if may_ask:  # which of them are to be asked again must be known; without asking, each is read when its turn comes
            for number in self._stored:
                self._load(number)

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

    def first(self) -> int:
        """Return the number of the request that is to be asked next."""
        if self._again:
            return self._again[0][0]
        while self._next_new in self._stored:
            self._next_new += 1
        return self._next_new

    def pop(self) -> RequestId:
        """Return the request that is to be asked next, and count it as asked."""
        if self._again:
            number, attempt = heappop(self._again)
            return RequestId(StageName.INSTRUCTIONS, number, attempt=attempt)
        number = self.first()
        self._next_new = number + 1
        return RequestId(StageName.INSTRUCTIONS, number)

    def put_back(self, request: RequestId) -> None:
        """Let a request that brought no reply be asked again."""
        heappush(self._again, (request.request, request.attempt))

    def wrong(self, request: RequestId) -> str | None:
        """Return why a second attempt is made; None for a first."""
        return self._wrong.get(request.request) if request.attempt > 1 else None

    def add(self, request: RequestId, reply: Reply | Refusal) -> None:
        """Read a reply that is stored now."""
        self._stored[request.request] = request.attempt
        step = self._stage.decide(request, self._shown(request), reply)
        if step.again is not None and self._may_ask:
            self._wrong[request.request] = step.wrong
            heappush(self._again, (request.request, step.again.attempt))
        else:
            self._wrong.pop(request.request, None)
            self._read[request.request] = ReadReply(step, request.attempt, self._begin(request))

    def _load(self, number: int) -> None:
        attempt = min(self._stored[number], self._stage.attempts)
        request = RequestId(StageName.INSTRUCTIONS, number, attempt=attempt)
        self.add(request, self._ledger.stored_reply(request))

    def _shown(self, request: RequestId) -> tuple[str, ...]:
        """Return the lines of a request's prompt, where what they show decides: also those of a replay are not redrawn."""
        prompt = self._ledger.prompt(request.request, request.attempt) if self._stage.refuses_copies else None
        return tuple(prompt.splitlines()) if prompt else ()

    def _begin(self, request: RequestId) -> int:
        before = (
            self._ledger.stored_reply(RequestId(request.stage, request.request, attempt=attempt))
            for attempt in range(1, request.attempt)
        )
        return sum(len(reply.text if isinstance(reply, Reply) else reply.words) + 1 for reply in before)
