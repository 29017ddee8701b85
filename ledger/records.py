"""What a ledger holds, as records: requests and replies by their identity, kept tasks, and how far a run is."""

from __future__ import annotations

from dataclasses import dataclass

from self_instruct.seeds.records import Reply, Stage, Usage


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
    """A reply with the request it answers; `prompt` is kept for instruction requests, whose demonstrations are drawn."""

    request: RequestId
    reply: Reply
    prompt: str | None


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
    """What a run has spent over its life: requests answered, and tokens as far as the provider counted them."""

    requests: int
    input_tokens: int
    output_tokens: int

    def plus(self, usage: Usage) -> Spent:
        """Return the sum with one more request."""
        return Spent(
            self.requests + 1,
            self.input_tokens + (usage.input_tokens or 0),
            self.output_tokens + (usage.output_tokens or 0),
        )
