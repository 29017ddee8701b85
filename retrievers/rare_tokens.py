"""Which rows of a large pool share a rare token with a text: no other row need be looked at.

Beneath `lexical_code`, whose rows, signatures and codes these are. Each row stands, with its code, in one of FAISS's inverted
lists for each of its rarest characters; a text is compared with the rows in the lists of its own.

Why nothing is missed. Two texts of m and n characters reach t only if they have o(m, n) = ceil(t (m + n) / 2) characters in
common, repetitions counted. Let each character have a rank, whatever it be, and of those that both texts have take the one of
the lowest rank. What comes before it in a text, by rank, is not in the other: at most m - o characters of one and n - o of the
other. So it is among the first m - o + 1 of one and the first n - o + 1 of the other.

A row does not know m. Its fewest, where it is in reach, is t n / (2 - t), and o only grows with m: the row stands in the
lists of its first n - o + 1 characters for that m. A text knows the lengths it asks for: lists are those of a character and
a class of lengths, and of each class it looks into the lists of its first m - o + 1 characters for the shortest row of it.
Two of these may be one list: that, and a rank that is no longer that of rarity, cost time and never a miss.
Source: prefix filtering, Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

Codes = np.ndarray[Any, np.dtype[np.uint8]]
Characters = np.ndarray[Any, np.dtype[np.uint16]]
Integers = np.ndarray[Any, np.dtype[np.int64]]

CHARACTERS = 0xD800  # those below the surrogates, which no codec takes
_LISTS = 1 << 16
_CLASS_STEP = 9973  # from a character's list for one class of lengths to that for the next
_COUNTED = 1 << 23  # characters, from which it is seen well enough how rare each is
_SAMPLED = 200  # texts from which it is seen how much of the lists is read
_MOST_READ = 1 / 8  # of the rows, above which reading all of them is no slower


class Reach:
    """Which lengths and how many common tokens reach a threshold, as integers: exact, and fast."""

    def __init__(self, threshold: Fraction) -> None:
        self._t, self._one = threshold.numerator, threshold.denominator

    def lengths(self, m: int) -> tuple[int, int]:
        """Return the fewest and the most tokens of a text that can reach t: 2 min(m, n) / (m + n) >= t, solved for n."""
        rest = 2 * self._one - self._t
        return -(-m * self._t // rest), m * rest // self._t

    def common(self, m: int, n: int) -> int:
        """Return ceil(t (m + n) / 2)."""
        return -(-self._t * (m + n) // (2 * self._one))

    def different_at_most(self, m: int) -> int:
        """Return floor((1 - t) m)."""
        return (self._one - self._t) * m // self._one

    def different_at_least(self, n: int) -> int:
        """Return ceil((1 - t) n)."""
        return -(-(self._one - self._t) * n // self._one)


class RareTokenLists:
    """Rows of some lengths, numbered from 0 as they are added, in lists of FAISS. Not safe for threads."""

    def __init__(self, faiss: Any, reach: Reach, lengths: range, code_bits: int, signatures: bytearray) -> None:
        """`signatures` are those from which it is seen how rare a character is; of those not in them, none is rarer."""
        self._faiss, self._reach, self._lengths = faiss, reach, lengths
        self._inverted = faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(code_bits), code_bits, _LISTS)
        self._inverted.is_trained = True  # which list a row is in is said with each
        written = np.frombuffer(signatures, dtype=np.uint16)
        counts = np.bincount(written[:: 1 + len(written) // _COUNTED], minlength=CHARACTERS)
        self._rank = np.empty(CHARACTERS, dtype=np.uint16)
        self._rank[np.argsort(counts, kind="stable")] = np.arange(CHARACTERS)
        self._places = [n - reach.common(reach.lengths(n)[0], n) + 1 for n in range(lengths.stop)]
        self._asked: dict[int, tuple[Integers, Integers]] = {}
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def add(self, codes: Codes, characters: Characters, ends: Integers) -> None:
        """Add rows: their codes, the characters of all, and where those of each end."""
        lists, rows = self._listed(characters, ends)
        numbers, repeated, pointer = rows + self._rows, codes[rows], self._faiss.swig_ptr
        self._inverted.add_core(len(rows), pointer(repeated), pointer(numbers), pointer(lists))
        self._rows += len(codes)

    def are_worth_it(self, characters: Characters, ends: Integers) -> bool:
        """Whether these texts would be compared with so few rows that lists are quicker than reading all."""
        texts, size_of = np.split(characters, ends[:_SAMPLED])[:-1], self._inverted.invlists.list_size
        read = sum(size_of(number) for text in texts for number in self._lists_of(text).tolist())
        return bool(read <= _MOST_READ * len(self) * len(texts))

    def near(self, query: Codes, characters: Characters, limit: int) -> set[int]:
        """Return the rows in a text's lists whose codes differ from its own in no more bits than that."""
        lists = self._lists_of(characters)
        if not len(lists):
            return set()
        faiss = self._faiss
        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)  # others would be woken for nothing: one text is one thread's work
        try:
            self._inverted.nprobe = len(lists)
            _, _, found = self._inverted.range_search_preassigned(query, limit + 1, lists[np.newaxis], None)
        finally:
            faiss.omp_set_num_threads(threads)
        return set(found.tolist())

    def _listed(self, characters: Characters, ends: Integers) -> tuple[Integers, Integers]:
        """Return each list that rows stand in, and the row."""
        lengths = np.diff(ends, prepend=0)
        row_of = np.repeat(np.arange(len(ends)), lengths)
        ranked = np.sort(row_of << 16 | self._rank[characters])  # by row, then by rank
        place = np.arange(len(ranked)) - (ends - lengths)[row_of]
        is_listed = place < np.array(self._places)[lengths][row_of]
        is_listed[1:] &= ranked[1:] != ranked[:-1]
        rows, ranks = row_of[is_listed], ranked[is_listed] & 0xFFFF
        return (ranks + _LENGTH_CLASS[lengths[rows]] * _CLASS_STEP) % _LISTS, rows

    def _lists_of(self, characters: Characters) -> Integers:
        """Return the lists that a text looks into."""
        places, steps = self._asked.get(len(characters)) or self._remembered(len(characters))
        lists = (np.sort(self._rank[characters])[places] + steps) % _LISTS
        return lists if len(lists) < _LISTS else np.unique(lists)  # FAISS passes over what is more than there are

    def _remembered(self, m: int) -> tuple[Integers, Integers]:
        """Return which of a text's ranks, in order, it looks for, and for which class of lengths, as a step between lists."""
        shortest, longest = self._reach.lengths(m)
        in_reach = range(max(shortest, self._lengths.start), min(longest + 1, self._lengths.stop))
        shortest_of = {int(_LENGTH_CLASS[n]): n for n in reversed(in_reach)}
        counts = {number: m - self._reach.common(m, n) + 1 for number, n in shortest_of.items()} if m else {}
        places = [place for count in counts.values() for place in range(count)]
        steps = [number * _CLASS_STEP for number, count in counts.items() for _ in range(count)]
        self._asked[m] = np.array(places, dtype=np.int64), np.array(steps, dtype=np.int64)
        return self._asked[m]


_LENGTH_CLASS = np.array([(n * n).bit_length() for n in range(1 << 10)])  # a new one wherever n has grown by the root of 2
