"""Find the pool's instructions that may be too similar to a new one, with FAISS, and miss none of them.

Every row is kept as a signature, one 16-bit character a token, and as a code of bits made from it; rows of like length stand
in one band. A query goes to the bands in reach: FAISS counts in how many bits each code differs from its own, and the rows
where that is little enough are compared by their signatures. `novelty` checks exactly what is left. In a large band of texts
of up to 64 tokens, FAISS looks at the rows alone that share a rare token with the query (`rare_tokens`, with its proof).

Why nothing is missed. Two texts of m and n tokens, of which the longest common subsequence has l, are too similar if
F = 2 l / (m + n) reaches t.

1. Bands. l <= min(m, n), so t is reached only where t m / (2 - t) <= n <= (2 - t) m / t.
2. Codes. The features of a text are its characters, each with the number of its occurrence: the second "the" is another
   feature than the first. Two texts share at least l features, so at most m + n - 2 l belong to one text only. Every feature
   sets one bit. Where two codes differ, one text has a feature there that the other lacks, and different bits come from
   different features, so they differ in at most m + n - 2 l bits; where t is reached, in at most (1 - t)(m + n).
   Further bits make that limit independent of n: of the K of its band a row sets K - ceil((1 - t) n) and a query none, so
   that t is reached only within K + (1 - t) m bits. K is enough for the longest row of the band.
3. Signatures. A token is always the same character, so what two texts have in common, in order, their signatures have too.

Two tokens with one character and two features on one bit only make texts look more alike: that costs time and never a miss.
The threshold t enters as a fraction, so there is no epsilon anywhere. Rows of over 512 tokens have no code; 1 and 3 find them.
"""

from __future__ import annotations

import os
import sys
from array import array
from codecs import utf_16_le_decode
from collections.abc import Iterable, Sequence
from fractions import Fraction
from functools import lru_cache
from importlib import import_module
from math import inf
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from rapidfuzz.distance import LCSseq

from self_instruct.retrievers.rare_tokens import CHARACTERS, Characters, Codes, Integers, RareTokenLists, Reach
from self_instruct.retrievers.rouge import f_measure

FEATURE_BITS = 256
_MOST_BITS = 2048
_STEP = 977  # from the bit of an occurrence to that of the next
_BIT = tuple(1 << place for place in range(_MOST_BITS))

_FIRST_BAND = 32  # tokens: the first band holds texts of up to so many, each further one of up to twice as many
_BANDS = 5
_BITS_PER_TOKEN = 4  # with 2, far more rows survive; with 8, there is more to read than that saves
FAISS_BYTES = 384 << 20  # of address space: 351 MiB were measured
_AT_ONCE = 1 << 16  # distances: 256 KiB, which a core's own cache holds
_FIRST_LISTED_BYTES = 1 << 20  # of codes in a band: below, it is as quick to read them all
_UNLISTED_BYTES = 1 << 17  # of codes that were added since, which are read until they are so many
_LISTED_AT_ONCE = 8192  # rows: some 15 ms
_LONGEST_LISTED = 2 * _FIRST_BAND  # tokens; a row takes 250 bytes in the lists of the first band, 1 KiB in those of the second


def signature(tokens: Iterable[str]) -> str:
    """Return a text of one character below U+D800 for each token; the same in every process.

    >>> len(signature(["write", "a", "short", "poem"]))
    4
    """
    return "".join(map(_character, tokens))


@lru_cache(maxsize=8192)  # a few words make up most of what is written, so this need not grow with the vocabulary
def _character(token: str) -> str:
    return chr(crc32(token.encode()) % CHARACTERS)  # Python's own hash of a text is another in every process


def feature_bits(tokens: Iterable[str], bits: int = FEATURE_BITS) -> int:
    """Return the bits that the features of a text set among `bits` (2048 at most), as a number; the same in every process."""
    return _feature_bits(signature(tokens), bits)


def _feature_bits(own: str, bits: int) -> int:
    occurrences: dict[int, int] = {}
    code = 0
    for number in map(ord, own):
        occurrence = occurrences[number] = occurrences.get(number, -1) + 1
        code |= _BIT[(number + occurrence * _STEP) % bits]  # any fixed function of the two would do
    return code


class LexicalText:
    """A text as a store needs it, to look for it and to add it: its tokens, its signature, and its features' bits."""

    __slots__ = ("_bits", "_code", "signature", "tokens")

    def __init__(self, tokens: Sequence[str]) -> None:
        self.tokens = tokens
        self.signature = signature(tokens)
        self._bits = self._code = 0

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def characters(self) -> Characters:
        """The characters of the signature, as numbers."""
        return np.frombuffer(self.signature.encode("utf-16-le"), dtype=np.uint16)

    def feature_bits(self, bits: int) -> int:
        """Return `feature_bits` of the tokens; quick when it was asked for a multiple of `bits` before."""
        if self._bits < bits or self._bits % bits:
            self._bits, self._code = bits, _feature_bits(self.signature, bits)
        code = self._code
        while further := code >> bits:
            code = code & (1 << bits) - 1 | further
        return code


class LexicalStore:
    """The codes of a pool's rows, numbered from 0 as they are added. Not safe for threads: `NoveltyIndex` locks it."""

    def __init__(self, threshold: Fraction) -> None:
        self._faiss: Any = _loaded_faiss()
        self._reach = Reach(threshold)
        spare = self._reach.different_at_least(_FIRST_BAND)
        self._bands = [_Band(self._faiss, _FIRST_BAND << number, spare << number) for number in range(_BANDS)]
        self._long_rows, self._long_lengths = array("q"), array("q")
        self._signatures = bytearray()  # all of them, one after the other, two bytes a token
        self._ends = array("q", [0])  # where they end there; row r begins at the r-th of these
        self._distances = np.empty(_AT_ONCE, dtype=np.int32)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def add(self, text: LexicalText) -> None:
        """Add a row."""
        row, number = len(self), _band_number(len(text))
        if number < _BANDS:
            self._bands[number].add(row, text, self._reach.different_at_least(len(text)))
        else:
            self._long_rows.append(row)
            self._long_lengths.append(len(text))
        self._signatures += text.signature.encode("utf-16-le")
        self._ends.append(len(self._signatures))

    def may_reach(self, text: LexicalText) -> list[tuple[float, int]]:
        """Return the rows whose ROUGE-L with a text may reach the threshold: all that do, and hardly one that does not.

        Each is (a ROUGE-L that it does not exceed, row): the highest first, and of equal ones the row that was added first.
        """
        shortest, longest = self._reach.lengths(len(text))
        rows = self._long_between(shortest, longest)
        # The widest codes come first: the text's narrower ones are made from them.
        for band in reversed(self._bands[_band_number(shortest) : _band_number(longest) + 1]):
            if band.rows:
                rows += self._near(band, text)
        return self._compared(text, rows) if rows else []

    def _near(self, band: _Band, text: LexicalText) -> list[int]:
        """Return the rows of a band whose codes differ little enough from the text's."""
        if len(band.rows) >= band.listed_at:
            self._list(band)
        query, limit = band.query_code(text), band.spare + self._reach.different_at_most(len(text))
        places = list(band.lists.near(query, text.characters, limit)) if band.lists else []
        codes = band.row_codes()
        for start in range(len(band.lists or ()), len(codes), len(self._distances)):
            is_near = self._count_differences(query, codes[start : start + len(self._distances)]) <= limit
            places += (is_near.nonzero()[0] + start).tolist()
        return [band.rows[place] for place in places]

    def _list(self, band: _Band) -> None:
        """Put a band's rows into lists by their rare tokens: the new ones, or all if they have doubled since that was done."""
        rows = len(band.rows)
        if not band.lists or rows >= 2 * band.ordered:
            band.lists = None  # frees the old ones
            band.lists = RareTokenLists(self._faiss, self._reach, band.lengths, 8 * band.size, self._signatures)
            band.ordered, band.listed_at = rows, 2 * rows
        for start in range(len(band.lists), rows, _LISTED_AT_ONCE):
            texts = self._characters(band.rows[start : start + _LISTED_AT_ONCE])
            band.lists.add(band.row_codes()[start : start + _LISTED_AT_ONCE], *texts)
            if not start and not band.lists.are_worth_it(*texts):
                band.lists = None
                return
        band.listed_at = rows + _UNLISTED_BYTES // band.size

    def _characters(self, rows: array[int]) -> tuple[Characters, Integers]:
        """Return the characters of some rows' signatures, one row after the other, and where each row ends there."""
        ends = self._ends
        own = [self._signatures[ends[row] : ends[row + 1]] for row in rows]
        return np.frombuffer(b"".join(own), dtype=np.uint16), np.cumsum([len(one) // 2 for one in own])

    def _count_differences(self, query: Codes, codes: Codes) -> np.ndarray[Any, np.dtype[np.int32]]:
        """Return in how many bits the query differs from each code, until the next call; they are no more than fit.

        The range search of an `IndexBinaryFlat` takes two to three times as long for the same.
        """
        distances, pointer = self._distances[: len(codes)], self._faiss.swig_ptr
        self._faiss.hammings(pointer(query), pointer(codes), 1, len(distances), query.size, pointer(distances))
        return distances

    def _compared(self, text: LexicalText, rows: Iterable[int]) -> list[tuple[float, int]]:
        """Return `may_reach` of a text, given the rows that are near."""
        reaching: list[tuple[float, int]] = []
        own, m, signatures, ends = text.signature, len(text), self._signatures, self._ends
        for row in rows:
            other, _ = utf_16_le_decode(signatures[ends[row] : ends[row + 1]])
            common = LCSseq.similarity(own, other, score_cutoff=self._reach.common(m, len(other)))
            if common:
                reaching.append((-f_measure(common, m, len(other)), row))
        return [(-score, row) for score, row in sorted(reaching)]

    def _long_between(self, shortest: int, longest: int) -> list[int]:
        """Return the rows without a code that have so many tokens."""
        if not self._long_rows:
            return []
        lengths = np.frombuffer(self._long_lengths, dtype=np.int64)
        return [self._long_rows[place] for place in np.flatnonzero((shortest <= lengths) & (lengths <= longest)).tolist()]


def _loaded_faiss() -> Any:
    """Return FAISS, which is imported only now: that takes 0.1 to 0.3 s.

    Raises `MemoryError` where the process may not have the memory for it (`ulimit -v`): it would die of a segmentation fault.
    """
    if "faiss" not in sys.modules and (room := _address_space_left()) < FAISS_BYTES:
        raise MemoryError(
            f"FAISS takes {FAISS_BYTES >> 20} MiB of address space, of which the limit leaves {int(room) >> 20} MiB"
        )
    return import_module("faiss")


def _address_space_left() -> float:
    """Return how many bytes more this process may map; infinite where nothing limits it, or nobody can say."""
    try:
        from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit

        limit, _ = getrlimit(RLIMIT_AS)
        if limit == RLIM_INFINITY:
            return inf
        return limit - int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (ImportError, OSError):  # another system
        return inf


class _Band:
    """Rows of similar length: their codes, in a FAISS index, and whose they are; and in which lists, where there are many."""

    def __init__(self, faiss: Any, longest: int, spare: int) -> None:
        self._faiss = faiss
        self.lengths = range(longest // 2 + 1 if longest > _FIRST_BAND else 1, longest + 1)
        self.size = longest * _BITS_PER_TOKEN // 8  # bytes of a code
        self._codes = faiss.IndexBinaryFlat(8 * self.size)
        self._feature_bits = 8 * self.size - spare
        self.spare = spare  # the bits of a code that are not for features: K in the docstring of the module
        self.rows = array("q")
        self.lists: RareTokenLists | None = None
        self.ordered = 0  # how many rows there were when the lists were begun
        self.listed_at = _FIRST_LISTED_BYTES // self.size if longest <= _LONGEST_LISTED else inf  # how many are to be listed

    def add(self, row: int, text: LexicalText, spent: int) -> None:
        ones = (1 << self.spare - spent) - 1
        self._codes.add(self._matrix(self._features(text) | ones << self._feature_bits))
        self.rows.append(row)

    def query_code(self, text: LexicalText) -> Codes:
        """Return the code of a text that is looked for: a matrix of one row."""
        return self._matrix(self._features(text))

    def row_codes(self) -> Codes:
        """Return the codes where FAISS keeps them, one a row of the matrix: good until a row is added."""
        stored = self._codes.xb
        codes: Codes = self._faiss.rev_swig_ptr(stored.data(), stored.size())
        return codes.reshape(-1, self.size)

    def _features(self, text: LexicalText) -> int:
        return text.feature_bits(self._feature_bits)

    def _matrix(self, code: int) -> Codes:
        return np.frombuffer(code.to_bytes(self.size, "little"), dtype=np.uint8).reshape(1, self.size)


def _band_number(n: int) -> int:
    return ((n - 1) // _FIRST_BAND).bit_length() if n else 0
