"""The records that travel through the house, and the closed sets they name.

Everything here is frozen and holds plain values, so a record can be stored, compared and printed as it is.
Words as in docs/how-it-works.md: *candidate* -> *task* -> *instance*; whatever is refused becomes a *rejection*.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Stage(StrEnum):
    """The three stages that ask a model (Wang et al. 2023, section 2.2)."""

    INSTRUCTIONS = "instructions"
    CLASSIFICATION = "classification"
    INSTANCES = "instances"


class Reason(StrEnum):
    """Why something was refused."""

    REFUSED_BY_PROVIDER = "refused by the provider"
    CUT_OFF = "cut off"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    TOO_MANY = "too many"
    # candidates
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    BANNED_WORD = "banned word"
    BANNED_START = "banned start"
    TOO_SIMILAR = "too similar"
    # classification
    NEITHER_YES_NOR_NO = "neither yes nor no"
    # instances
    INPUT_EQUALS_OUTPUT = "input equals output"
    EMPTY_OUTPUT = "empty output"
    TRAILING_COLON = "trailing colon"
    DUPLICATE = "duplicate"
    CONFLICTING_OUTPUTS = "same input, different outputs"
    NOT_A_LABEL = "not a class label"


@dataclass(frozen=True, slots=True)
class Instance:
    """One input/output pair. A task that needs no input has `input == ""`."""

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class SeedTask:
    """One human-written task: the file format of the paper's `seed_tasks.jsonl`, plus an optional domain."""

    id: str
    name: str
    instruction: str
    instances: tuple[Instance, ...]
    is_classification: bool
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An instruction just read from a reply.

    `item` is the offset, in characters, at which the numbered item begins in the reply (its number included; 0 for the item
    that continues the prompt's own number). The same item has the same offset under every profile, so a task keeps its
    identity when replies are decided again under other rules.
    """

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """What was refused, at which stage, for which reason, with the evidence.

    `text` is the refused text itself. `evidence` names what the decision rests on, in plain values: for novelty
    `{"nearest": ..., "score": ...}`, for a banned word `{"word": ...}`, for an instance `{"input": ...}`, for all that a
    reply holds beyond its first thousand records `{"count": ...}`.
    """

    stage: Stage
    reason: Reason
    text: str
    item: int = 0
    evidence: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Classification:
    """The answer to "is this a classification task with a small, fixed set of labels?"."""

    is_classification: bool


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; None where it did not say.

    `cached_tokens` are those of the input that it had in its cache, `reasoning_tokens` those of the output that only it sees.
    """

    input_tokens: int | None = None
    output_tokens: int | None = None
    cached_tokens: int | None = None
    reasoning_tokens: int | None = None

    @property
    def is_reported(self) -> bool:
        """Return whether the provider counted both what went in and what came out."""
        return self.input_tokens is not None and self.output_tokens is not None

    def plus(self, other: Usage) -> Usage:
        """Return the sum, as far as it was counted.

        >>> Usage(10, 2).plus(Usage(5, None, 4))
        Usage(input_tokens=15, output_tokens=2, cached_tokens=4, reasoning_tokens=None)
        """
        return Usage(
            _sum(self.input_tokens, other.input_tokens),
            _sum(self.output_tokens, other.output_tokens),
            _sum(self.cached_tokens, other.cached_tokens),
            _sum(self.reasoning_tokens, other.reasoning_tokens),
        )


UNCOUNTED = Usage()


def _sum(left: int | None, right: int | None) -> int | None:
    return right if left is None else left if right is None else left + right


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a model. `finish_reason` is the provider's word: "stop", "length", "content_filter" ...

    `model` is its name as the run names it; None where no run asked for the reply (it was imported).
    """

    text: str
    finish_reason: str | None = None
    usage: Usage = UNCOUNTED
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """A finished task: a kept instruction, what kind it is, its instances, and what was refused on the way.

    `is_classification` is None where the model never said yes or no; such a task has no instances.
    """

    instruction: str
    is_classification: bool | None
    instances: tuple[Instance, ...] = ()
    rejections: tuple[Rejection, ...] = ()
