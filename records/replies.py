"""What a model answered, and what that used: replies and their token counts."""

from __future__ import annotations

from dataclasses import dataclass


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
