"""What a ledger holds, as records: requests and replies by their identity, kept tasks, and how far a run is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from self_instruct.records.replies import UNCOUNTED, Refusal, Reply, Usage
from self_instruct.settings.sections import Price


@dataclass(frozen=True, slots=True, order=True)
class TaskId:
    """A task's identity and its place in the pool: the instruction request, and the item's offset in that reply."""

    request: int
    item: int


@dataclass(frozen=True, slots=True)
class RequestId:
    """A request's identity; equal identities are never paid for twice.

    `stage` is the stage's name. `instance` is the position of the instance that a question is about; 0 where it is about a
    task, or about none.
    """

    stage: str
    request: int
    item: int = 0
    attempt: int = 1
    instance: int = 0

    @property
    def task(self) -> TaskId:
        """The task it is about, for the stages after instruction generation."""
        return TaskId(self.request, self.item)


@dataclass(frozen=True, slots=True)
class StoredReply:
    """A reply, or a refusal, with the request it answers.

    `prompt` is kept for instruction requests, whose demonstrations are drawn. `at_most` is the usage that was reserved for the
    request before it was sent; where the provider counts no tokens, budgets count these. `price` is what the model cost when it
    was asked; None where that was not known.
    """

    request: RequestId
    reply: Reply | Refusal
    prompt: str | None = None
    at_most: Usage = UNCOUNTED
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Lineage:
    """What an instruction request goes out from, where that is one text and no list of demonstrations; its tasks come from it.

    `operator` says what is done to the `text`. `parent` is the kept task whose instruction that is; `source` the place of the
    seed task, or of a user's text, from 0, where it is one. `depth` counts the evolutions since one that nobody evolved.
    """

    request: int
    stage: str
    operator: str
    depth: int = 0
    text: str = ""
    parent: TaskId | None = None
    source: int | None = None


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request that went out: the `sending`-th time it did, counted from 1; its other fields as those of `StoredReply`.

    `batch` is the tag of the batch that it is in, and `line` its line there, from 0; None where it was sent by itself.
    """

    request: RequestId
    sending: int = 1
    model: str | None = None
    at_most: Usage = UNCOUNTED
    price: Price | None = None
    batch: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A provider's batch as the ledger knows it: written down before it is made, and from then on until it has ended.

    `tag` is ours, by which the provider's is found again; `batch_id` the provider's, None while nobody knows whether it was
    made. `stage` is one of those whose questions are in it, `model` what its model is called and how it is reached (name,
    base_url, options). `said` is what the provider said of it last.
    """

    tag: str
    stage: str
    model: Mapping[str, Any]
    lines: int
    written_at: float
    batch_id: str | None = None
    said: str = ""
    is_ended: bool = False


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A kept task as the ledger knows it. `awaits` is the request it waits for; None when it is finished.

    `attempt` is which of the attempts at its instruction request brought it.
    """

    id: TaskId
    instruction: str
    is_classification: bool | None
    awaits: RequestId | None
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Progress:
    """How far instruction replies are decided: all requests before `request`, and of that one's replies all before `offset`.

    `offset` counts characters of the request's replies laid end to end, as a task's `item` does. `position` stands for it where
    a version before 3 stopped within a reply: so many of the records read from it are decided.
    """

    request: int
    offset: int
    last_kept: int
    granted_from: int
    position: int | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What requests have cost, and tokens as far as the provider counted them.

    It did not count those of `unreported` requests; `at_most` is what was reserved for those. `unanswered` of these brought no
    reply that is known: they are under way, or were when the run was killed.
    """

    requests: int = 0
    unreported: int = 0
    usage: Usage = UNCOUNTED
    at_most: Usage = UNCOUNTED
    unanswered: int = 0

    def plus(self, other: Spent) -> Spent:
        """Return the sum."""
        return Spent(
            self.requests + other.requests,
            self.unreported + other.unreported,
            self.usage.plus(other.usage),
            self.at_most.plus(other.at_most),
            self.unanswered + other.unanswered,
        )

    @classmethod
    def on(cls, usage: Usage, at_most: Usage = UNCOUNTED) -> Spent:
        """Return what one request has cost, for which `at_most` was reserved."""
        return cls(1, 0, usage) if usage.is_reported else cls(1, 1, usage, at_most)

    @classmethod
    def without_reply(cls, at_most: Usage) -> Spent:
        """Return what one request may have cost whose reply nobody knows."""
        return cls(1, 1, UNCOUNTED, at_most, 1)
