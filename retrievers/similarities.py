"""The similarity record of every kept task, as the published code keeps it: its ten most similar instructions and the mean.

A record needs the ROUGE-L with every instruction that was in the pool before, so it is no part of the decision (`novelty`): it
is computed afterwards, in batches, or not at all.
Source: the published code of Wang et al. 2023, arXiv:2212.10560; `most_similar` and `avg_similarity_score` in its output file.
"""

import sys
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist

from self_instruct.retrievers.rouge import TokenKind, tokens

Floats = np.ndarray[Any, np.dtype[np.float64]]
Integers = np.ndarray[Any, np.dtype[np.int64]]
Counts = np.ndarray[Any, np.dtype[np.int32]]
Characters = np.ndarray[Any, np.dtype[np.uint32]]

MOST_SIMILAR = 10
_BATCH = 16  # records computed together: large enough to spread what a call costs, of few enough different tokens
_STEP = 8192  # rows of the pool that a batch is compared with at once
_FOREIGN, _END = 0, 1  # characters: a token that no text of the batch has, and the end of a row


@dataclass(frozen=True, slots=True)
class SimilarityRecord:
    """How similar a kept instruction was to the pool before it.

    `most_similar`: the most similar instructions and their ROUGE-L, best first, ten at most (fewer where the pool holds a text
    twice or is smaller). `average`: the mean ROUGE-L over the pool, a text that is in it twice counted twice; 0.0 for no pool.
    """

    most_similar: Mapping[str, float]
    average: float


def similarity_records(seeds: Iterable[str], kept: Iterable[str], kind: TokenKind = "unicode") -> Iterator[SimilarityRecord]:
    """Yield one record for each kept instruction, in order: that of `kept[k]` is against `seeds` and `kept[:k]`.

    Scores and means are those of the published code, bit for bit. Of equal scores, the instruction that is older in the pool
    comes first; there, which of them is named depends on the processor.
    """
    pool = SimilarityPool(kind)
    pool.add(seeds)
    yield from pool.records(kept)


class SimilarityPool:
    """A pool of instructions, and the records of those that are added to it. Not safe for threads.

    >>> pool = SimilarityPool()
    >>> pool.add(["Write a poem.", "List birds."])
    >>> list(pool.records(["Write a poem!"]))
    [SimilarityRecord(most_similar={'Write a poem.': 1.0, 'List birds.': 0.0}, average=0.5)]
    """

    def __init__(self, kind: TokenKind = "unicode") -> None:
        self._kind: TokenKind = kind
        self._texts: list[str] = []
        self._lengths = array("d")  # in tokens; 1 for none, which spares a division by it
        self._numbers: dict[str, int] = {}  # of every distinct token, from 1, so that none is taken for another by its hash
        self._tokens = array("i")  # the numbers of all rows, one row after the other, each closed by a 0
        self._ends = array("q", [0])  # where they end there; row r begins at the r-th of these

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, texts: Iterable[str]) -> None:
        """Add texts in their order, without records; a thousand take 5 to 10 ms."""
        for text in texts:
            own = [self._numbers.setdefault(token, len(self._numbers) + 1) for token in tokens(text, self._kind)]
            self._texts.append(text)
            self._lengths.append(max(len(own), 1))
            self._tokens.extend([*own, 0])
            self._ends.append(len(self._tokens))

    def records(self, texts: Iterable[str]) -> Iterator[SimilarityRecord]:
        """Add texts in their order and yield the record of each."""
        remaining = iter(texts)
        while batch := list(islice(remaining, _BATCH)):
            first, stop = len(self), len(self) + len(batch)
            self.add(batch)
            characters = self._characters(first, stop)
            asked = self._rows(characters, first, stop)
            common = np.empty((len(batch), stop), dtype=np.int32)
            for start in range(0, stop, _STEP):
                rows = self._rows(characters, start, min(start + _STEP, stop))
                common[:, start : start + _STEP] = cdist(asked, rows, scorer=LCSseq.similarity, dtype=np.int32)
            for row, counts in enumerate(common, first):
                yield self._record(counts[:row])

    def _characters(self, first: int, stop: int) -> Characters:
        """Return which character stands for each number while rows from `first` to `stop` are compared with all.

        Only the tokens of these rows count. rapidfuzz looks characters below 256 up in a table and others in a hash map, which
        takes five times as long, and the rows of a batch seldom have more different tokens than that.
        """
        characters = np.full(len(self._numbers) + 1, _FOREIGN, dtype="<u4")
        own = sorted({*self._tokens[self._ends[first] : self._ends[stop]]} - {0})
        characters[own] = range(_END + 1, _END + 1 + len(own))
        characters[0] = _END
        return characters

    def _rows(self, characters: Characters, start: int, stop: int) -> list[str]:
        numbers = np.frombuffer(self._tokens, dtype=np.int32)[self._ends[start] : self._ends[stop]]
        return characters[numbers].tobytes().decode("utf-32-le", "surrogatepass").split(chr(_END))[:-1]

    def _record(self, common: Counts) -> SimilarityRecord:
        """Return the record of the row after those it has these tokens in common with."""
        row = len(common)
        scores = f_measures(common, self._lengths[row], np.frombuffer(self._lengths)[:row])
        return SimilarityRecord(
            most_similar={self._texts[other]: float(scores[other]) for other in best(scores, MOST_SIMILAR).tolist()},
            average=float(np.mean(scores)) if row else 0.0,
        )


def f_measures(common: Counts | Integers, m: float, n: Floats | Integers) -> Floats:
    """Return `rouge.f_measure` of a text of m tokens with many, by the same float steps in the same order; no length is 0."""
    precision, recall = common / n, common / m
    scores: Floats = 2 * precision * recall
    scores /= np.maximum(precision + recall, sys.float_info.min)  # where both are 0: 0 / 0 is to be 0
    return scores


def best(scores: Floats, k: int) -> Integers:
    """Return the places of the `k` highest scores, the highest first, of equal ones the first first."""
    # Sorting or partitioning them all would cost more than scoring them. Take the highest of every 64: the k-th of these is no
    # higher than the k-th of all, so that the k are among the few that reach it.
    highest = scores[: len(scores) // 64 * 64].reshape(64, -1).max(axis=0)
    least = np.partition(highest, -k)[-k] if len(highest) >= k else 0.0
    contenders = np.flatnonzero(scores >= least)
    return contenders[np.argsort(-scores[contenders], kind="stable")][:k]
