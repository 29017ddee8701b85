"""Random draws that are the same in every process, on every machine and under every version of Python.

Of `random.Random` only `random()` is used: its numbers for a given whole seed are promised, those of `choice`, `sample` and
`shuffle` are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """Draws made from a source of fractions, 0.0 to just under 1.0."""

    def __init__(self, fraction: Callable[[], float]) -> None:
        self.fraction = fraction

    @classmethod
    def keyed(cls, *key: str | int) -> Draws:
        """Return draws that depend on the key alone. `hash` would depend on the process."""
        text = "\0".join(map(str, key))
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        return cls(Random(int.from_bytes(digest)).random)

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return low + int(self.fraction() * (high - low + 1))

    def one(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return options[self.whole(0, len(options) - 1)]

    def several(self, options: Sequence[T], count: int) -> list[T]:
        """Return `count` of the options, each place at most once, in a drawn order."""
        left = list(options)
        return [left.pop(self.whole(0, len(left) - 1)) for _ in range(count)]

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return the options in a drawn order."""
        return self.several(options, len(options))
