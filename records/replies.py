"""What a model answered, and what that used: replies, refusals and token counts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache


class Ended(StrEnum):
    """Why a reply ended, whatever the provider calls it."""

    STOP = "stop"
    LENGTH = "length"
    FILTERED = "filtered"
    REFUSED = "refused"
    TOOL_CALL = "tool call"
    OTHER = "other"


_ENDINGS = {
    Ended.STOP: ("stop", "end_turn", "stop_sequence", "eos", "eos_token", "complete", "completed", "finished"),
    Ended.LENGTH: ("length", "max_tokens", "max_output_tokens", "model_length", "model_context_window_exceeded"),
    Ended.FILTERED: (
        "content_filter", "content_filtered", "safety", "recitation", "blocklist", "prohibited_content", "spii",
        "guardrail_intervened",
    ),
    Ended.REFUSED: ("refusal", "refused"),
    Ended.TOOL_CALL: ("tool_calls", "tool_use", "function_call", "malformed_function_call"),
}  # fmt: skip
_MEANINGS = {word: ended for ended, words in _ENDINGS.items() for word in words}


@lru_cache(maxsize=64)
def why_ended(finish_reason: str | None) -> Ended | None:
    """Return what a provider's word for the end of a reply means; None where it said nothing.

    >>> why_ended("FinishReason.MAX_TOKENS"), why_ended("end_turn"), why_ended("odd")
    (<Ended.LENGTH: 'length'>, <Ended.STOP: 'stop'>, <Ended.OTHER: 'other'>)
    """
    if not finish_reason:
        return None
    word = finish_reason.rpartition(".")[2]  # an enumeration prints as "FinishReason.MAX_TOKENS"
    return _MEANINGS.get(word.casefold(), Ended.OTHER)


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
class Served:
    """How an answer came about, as far as it is known.

    `model` is the name and version that the provider says answered, `request_id` its own identity of the request; `asked_at`
    is in seconds since 1970, `seconds` how long the answer took.
    """

    model: str | None = None
    request_id: str | None = None
    asked_at: float | None = None
    seconds: float | None = None


UNKNOWN = Served()


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer of a model. `finish_reason` is the provider's own word for why it ended: "stop", "max_tokens" ...

    `model` is its name as the run names it; None where no run asked for the reply (it was imported). `first_token` are the
    tokens that it could have begun with, each with the natural logarithm of its probability, where that was asked for.
    """

    text: str
    finish_reason: str | None = None
    usage: Usage = UNCOUNTED
    model: str | None = None
    served: Served = UNKNOWN
    first_token: tuple[tuple[str, float], ...] = ()

    @property
    def ended(self) -> Ended | None:
        """Why it ended, in our words; None where the provider did not say."""
        return why_ended(self.finish_reason)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The provider would not answer this one request (its content, its length), and would not if asked again.

    `words` are the provider's own.
    """

    words: str
    model: str | None = None
    served: Served = UNKNOWN
