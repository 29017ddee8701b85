"""Find the pool's instructions that may be too similar to a new one, with FAISS, and miss none of them.

An instruction is written as 256 bits such that a ROUGE-L at the threshold bounds the number of bits in which two codes differ.
One range search then returns every row that can be too similar, with a few that are not; `novelty` checks those exactly.

Why nothing is missed. The features of an instruction are its tokens, each with the number of its occurrence: the second "the"
is another feature than the first. Two texts of m and n tokens whose longest common subsequence has l tokens share at least l
features, so at most m + n - 2 l features belong to one text only. Every feature sets one of 192 bits. Where two codes
differ, one text has a feature there that the other lacks, and different bits come from different features, so the codes
differ in at most m + n - 2 l bits. With F = 2 l / (m + n) >= t that is at most (1 - t)(m + n). Two features on one bit
only make the codes more alike: that costs time and never a miss.

The other 64 bits make the search radius independent of n: a row carries 64 - ceil((1 - t) n) further ones, a query none, so
that t is reached only within 64 + (1 - t) m bits. Rows for which 64 do not suffice (over 213 tokens at t = 0.7) are also
kept in a list, and looked up there by length. The threshold t enters as a fraction, so there is no epsilon anywhere.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any
from zlib import crc32

import numpy as np

FEATURE_BITS = 192
LENGTH_BITS = 64
CODE_BITS = FEATURE_BITS + LENGTH_BITS
_CODE_BYTES = CODE_BITS // 8
_BIT = tuple(1 << position for position in range(FEATURE_BITS))


def feature_bits(tokens: Sequence[str]) -> int:
    """Return the bits that the features of a text set, as a number below 2 ** 192; the same in every process."""
    occurrences: dict[str, int] = {}
    bits = 0
    for token in tokens:
        occurrence = occurrences[token] = occurrences.get(token, -1) + 1
        # Any fixed function of the two would do. Python's own hash of a text is another in every process.
        bits |= _BIT[crc32(token.encode(), occurrence) % FEATURE_BITS]
    return bits


class LexicalStore:
    """The codes of a pool's rows, numbered from 0 as they are added. Not safe for threads: `NoveltyIndex` locks it."""

    def __init__(self, threshold: Fraction) -> None:
        import faiss  # 0.1 to 0.3 s, which importing this package should not cost

        self._faiss: Any = faiss
        self._codes: Any = faiss.IndexBinaryFlat(CODE_BITS)
        self._long_rows: list[tuple[int, ...]] = []  # (tokens, row), sorted
        self._t, self._one = threshold.numerator, threshold.denominator  # the threshold as two integers: exact, and fast

    def __len__(self) -> int:
        return int(self._codes.ntotal)

    def add_all(self, rows: Iterable[Sequence[str]]) -> None:
        """Add rows, each given by its tokens; all of them or, if reading them fails, none."""
        codes: list[bytes] = []
        long_rows: list[tuple[int, ...]] = []
        for row, tokens in enumerate(rows, start=len(self)):
            codes.append(self._row_code(tokens))
            if self._spent_length_bits(len(tokens)) > LENGTH_BITS:
                long_rows.append((len(tokens), row))
        self._codes.add(_matrix(b"".join(codes)))
        for long_row in long_rows:
            insort(self._long_rows, long_row)

    def may_reach(self, tokens: Sequence[str]) -> list[int]:
        """Return the rows whose ROUGE-L with these tokens may reach the threshold: all that do, and a few that do not.

        The order is of no meaning, a row may be named twice, and a row with no tokens may be among them.
        """
        shortest, longest = self._lengths_in_reach(len(tokens))
        first, last = bisect_left(self._long_rows, (shortest,)), bisect_left(self._long_rows, (longest + 1,))
        rows = [row for _, row in self._long_rows[first:last]]
        if self._spent_length_bits(shortest) <= LENGTH_BITS:
            rows += self._search(tokens)
        return rows

    def _search(self, tokens: Sequence[str]) -> list[int]:
        query = _matrix(feature_bits(tokens).to_bytes(_CODE_BYTES, "little"))
        radius = LENGTH_BITS + (self._one - self._t) * len(tokens) // self._one + 1  # FAISS wants the distance below it
        # Two threads cost a single query up to 100 times more CPU under load. The number of threads is a setting of the
        # calling thread (OpenMP, "nthreads-var"), shared with whatever else the host does with FAISS there: so it is set
        # around each search, not once at import, and put back. The two calls take 0.3 us.
        threads = self._faiss.omp_get_max_threads()
        self._faiss.omp_set_num_threads(1)
        try:
            _, _, rows = self._codes.range_search(query, radius)
        finally:
            self._faiss.omp_set_num_threads(threads)
        return rows.tolist()  # type: ignore[no-any-return]

    def _row_code(self, tokens: Sequence[str]) -> bytes:
        ones = max(0, LENGTH_BITS - self._spent_length_bits(len(tokens)))
        return (feature_bits(tokens) | ((1 << ones) - 1) << FEATURE_BITS).to_bytes(_CODE_BYTES, "little")

    def _spent_length_bits(self, n: int) -> int:
        """Return ceil((1 - t) n)."""
        return -(-(self._one - self._t) * n // self._one)

    def _lengths_in_reach(self, m: int) -> tuple[int, int]:
        """Return the fewest and the most tokens of a row that can reach t: 2 min(m, n) / (m + n) >= t, solved for n."""
        rest = 2 * self._one - self._t
        return -(-m * self._t // rest), m * rest // self._t


def _matrix(codes: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(codes, dtype=np.uint8).reshape(-1, _CODE_BYTES)
