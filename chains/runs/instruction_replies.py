"""The instruction replies that are stored and not decided yet, and what is still to be asked before they can be.

Between the ledger and the loop. A reply that holds no task is asked for once more (`instructions.attempts`): whether it is, the
stored replies alone say, so that a kill between the two attempts loses and repeats nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from self_instruct.chains.stages.task import why_unread
from self_instruct.ledger import Ledger, RequestId, TaskId
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Stage
from self_instruct.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class InstructionReply:
    """The reply that counts of a request. `begin` is its offset among all the request's replies, laid end to end.

    Items are counted from there, so that a task read from the second reply is never taken for one of the first.
    """

    reply: Reply
    begin: int


def attempt_of(ledger: Ledger, task: TaskId) -> int:
    """Return which of the attempts at its instruction request brought a task."""
    first = ledger.reply(RequestId(Stage.INSTRUCTIONS, task.request))
    second = ledger.reply(RequestId(Stage.INSTRUCTIONS, task.request, attempt=2))
    return 2 if first and second and task.item > len(first.text) else 1


class InstructionReplies:
    """What is stored of the instruction requests from `first` on. A run without a target asks none of them again."""

    def __init__(self, ledger: Ledger, settings: Settings, first: int) -> None:
        self._ledger = ledger
        self._settings = settings
        self._attempts = settings.instructions.attempts
        self._last = {number: min(last, self._attempts) for number, last in ledger.instruction_attempts_from(first).items()}
        self._unread: dict[int, bool] = {}

    def add(self, request: RequestId) -> None:
        """Note that the reply to a request is stored."""
        self._last[request.request] = request.attempt
        self._unread.pop(request.request, None)

    def discard(self, number: int) -> None:
        """Forget a request that is decided."""
        self._last.pop(number, None)
        self._unread.pop(number, None)

    def missing(self, number: int) -> RequestId | None:
        """Return what is still to be asked before a request can be decided, or None."""
        last = self._last.get(number)
        if last is None:
            return RequestId(Stage.INSTRUCTIONS, number)
        if last >= self._attempts or self._settings.num_instructions is None or not self._is_unread(number, last):
            return None
        return RequestId(Stage.INSTRUCTIONS, number, attempt=last + 1)

    def get(self, number: int) -> InstructionReply | None:
        """Return the reply to be decided, or None while it is missing."""
        if self.missing(number):
            return None
        *before, last = (self._stored(number, attempt) for attempt in range(1, self._last[number] + 1))
        return InstructionReply(last, sum(len(each.text) + 1 for each in before))

    def _is_unread(self, number: int, attempt: int) -> bool:
        if number not in self._unread:
            reply = self._stored(number, attempt)
            self._unread[number] = why_unread(Stage.INSTRUCTIONS, reply, self._settings) is not None
        return self._unread[number]

    def _stored(self, number: int, attempt: int) -> Reply:
        return self._ledger.stored_reply(RequestId(Stage.INSTRUCTIONS, number, attempt=attempt))
