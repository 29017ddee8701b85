"""What is drawn at random, the same under every version of Python: it rests on a hash, and on no generator that may change.

A run goes on with the draw it began with: runs begun under ledger version 2 and before drew with Python's own generator.
"""

from collections.abc import Sequence
from hashlib import blake2b
from random import Random
from typing import TypeAlias, TypeVar

DRAW = 3
"""The draw of new runs, by the ledger version that brought it."""
_PYTHONS_OWN = 2
T = TypeVar("T")


class HashDraws:
    """A sequence of draws that depends on a text alone.

    >>> HashDraws("7:0").sample("abcdefgh", 4)
    ['e', 'g', 'a', 'b']
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._count = 0

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """Return so many of the items in random order, none from the same place twice; the items are not copied."""
        moved: dict[int, int] = {}  # a shuffle from the front, of which only what was touched is kept (Fisher and Yates)
        drawn = []
        for place in range(count):
            at = place + self._below(len(items) - place)
            drawn.append(items[moved.get(at, at)])
            moved[at] = moved.get(place, place)
        return drawn

    def shuffle(self, items: list[T]) -> None:
        """Put items in random order."""
        items[:] = self.sample(items, len(items))

    def choice(self, items: Sequence[T]) -> T:
        """Return one of the items."""
        return items[self._below(len(items))]

    def random(self) -> float:
        """Return a number from 0.0 up to, but not, 1.0."""
        return self._below(2**53) / 2**53

    def _below(self, size: int) -> int:
        """Return a whole number from 0 up to, but not, `size`."""
        self._count += 1
        drawn = blake2b(f"{self._text}:{self._count}".encode(), digest_size=16).digest()
        return int.from_bytes(drawn) * size >> 128


Draws: TypeAlias = HashDraws | Random


def draws(draw: int, *key: object) -> Draws:
    """Return what a run whose draw is `draw` draws by for `key`: its seed, and what is drawn for."""
    text = ":".join(map(str, key))
    return Random(text) if draw <= _PYTHONS_OWN else HashDraws(text)
