"""What a ledger holds, as records: requests and replies by their identity, kept tasks, and how far a run is."""

from __future__ import annotations

from dataclasses import dataclass

from self_instruct.records.replies import UNCOUNTED, Reply, Usage
from self_instruct.records.tasks import Stage


@dataclass(frozen=True, slots=True, order=True)
class TaskId:
    """A task's identity and its place in the pool: the instruction request, and the item's offset in that reply."""

    request: int
    item: int


@dataclass(frozen=True, slots=True)
class RequestId:
    """A request's identity; equal identities are never paid for twice."""

    stage: Stage
    request: int
    item: int = 0
    attempt: int = 1

    @property
    def task(self) -> TaskId:
        """The task it is about, for the stages after instruction generation."""
        return TaskId(self.request, self.item)


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A reply with the request it answers; `prompt` is kept for instruction requests, whose demonstrations are drawn.

    `at_most` is the usage that was reserved for the request before it was sent; where the provider counts no tokens, budgets
    count these.
    """

    request: RequestId
    reply: Reply
    prompt: str | None
    at_most: Usage = UNCOUNTED


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A kept task as the ledger knows it. `awaits` is the request it waits for; None when it is finished."""

    id: TaskId
    instruction: str
    is_classification: bool | None
    awaits: RequestId | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far instruction replies are decided: all before `request`, and `position` records of that one's reply."""

    request: int
    position: int
    last_kept: int
    granted_from: int


@dataclass(frozen=True, slots=True)
class Spent:
    """What replies have cost: requests answered, and tokens as far as the provider counted them.

    It did not count those of `unreported` requests; `at_most` is what was reserved for those.
    """

    requests: int = 0
    unreported: int = 0
    usage: Usage = UNCOUNTED
    at_most: Usage = UNCOUNTED

    def plus(self, other: Spent) -> Spent:
        """Return the sum."""
        return Spent(
            self.requests + other.requests,
            self.unreported + other.unreported,
            self.usage.plus(other.usage),
            self.at_most.plus(other.at_most),
        )

    @classmethod
    def on(cls, usage: Usage, at_most: Usage = UNCOUNTED) -> Spent:
        """Return what one request has cost, for which `at_most` was reserved."""
        return cls(1, 0, usage) if usage.is_reported else cls(1, 1, usage, at_most)
