"""ROUGE-L of many instructions with many: the pairs of one set that are alike, and the nearest of one set to each of another.

Every pair is compared, so the time does not depend on what is in the texts: 10,000 instructions with one another are 50 million
pairs and take about 6 s of one core. For a pool that grows by one at a time, see `retrievers.novelty`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist

from self_instruct.retrievers.rouge import TokenKind, tokens

GIVES_AWAY = 0.5  # half of an evaluation task's words, in order
_ROWS, _SCORES = 64, 1 << 22  # compared at once, at most: 32 MB of scores
_Scores = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts by their places, and their ROUGE-L."""

    left: int
    right: int
    score: float


def similar_pairs(texts: Sequence[str], at_least: float, limit: int, kind: TokenKind = "unicode") -> tuple[list[Pair], int]:
    """Return the most similar pairs, best first and `limit` at most, and how many there are; `left < right` in each."""
    numbered = _numbered(texts, kind=kind)
    best: list[Pair] = []
    count = 0
    for block in _blocks(len(texts), len(texts)):
        start = block.start
        scores = _rouge_l(numbered[block], numbered[start:])
        rows, columns = np.nonzero(np.triu(scores >= at_least, k=1))  # k=1: each pair once, and no text with itself
        found = scores[rows, columns]
        count += len(found)
        most = np.argsort(-found, kind="stable")[:limit]
        best += [Pair(start + int(rows[at]), start + int(columns[at]), float(found[at])) for at in most]
        best = sorted(best, key=lambda pair: (-pair.score, pair.left, pair.right))[:limit]
    return best, count


def nearest_pairs(texts: Sequence[str], pool: Sequence[str], kind: TokenKind = "unicode") -> Iterator[Pair]:
    """Yield for each text, in order, its place and that of the most similar text of the pool, the first of equals.

    The pool must not be empty.
    """
    numbered = _numbered(texts, pool, kind=kind)
    columns = numbered[len(texts) :]
    for block in _blocks(len(texts), len(pool)):
        scores = _rouge_l(numbered[block], columns)
        for row, nearest in enumerate(scores.argmax(axis=1)):
            yield Pair(block.start + row, int(nearest), float(scores[row, nearest]))


def nearest_before(
    texts: Sequence[str], places: Sequence[int], pool: Sequence[str] = (), kind: TokenKind = "unicode"
) -> Iterator[float]:
    """Yield for each of these places, ascending, the highest ROUGE-L of the text there with `pool` or any text before it.

    It is 0.0 where there is none.
    """
    numbered = _numbered(pool, texts[: max(places, default=-1) + 1], kind=kind)
    for block in _blocks(len(places), len(numbered)):
        rows = [len(pool) + place for place in places[block]]
        scores = _rouge_l([numbered[row] for row in rows], numbered[: rows[-1]])
        for row, found in zip(rows, scores, strict=True):
            yield float(found[:row].max(initial=0.0))


def evaluation_pairs(texts: Sequence[str], evaluation: Sequence[str], kind: TokenKind = "unicode") -> tuple[list[Pair], int]:
    """Return each evaluation task (`left`) with the most similar text, best first, and how many texts give any task away.

    Neither may be empty.
    """
    pairs = sorted(nearest_pairs(evaluation, texts, kind), key=lambda pair: -pair.score)
    return pairs, sum(pair.score >= GIVES_AWAY for pair in nearest_pairs(texts, evaluation, kind))


def _blocks(rows: int, columns: int) -> Iterator[slice]:
    """Yield the rows from 0 on, as many at once as leave the scores small."""
    step = max(1, min(_ROWS, _SCORES // max(columns, 1)))
    return (slice(start, min(start + step, rows)) for start in range(0, rows, step))


def _rouge_l(rows: Sequence[Sequence[int]], columns: Sequence[Sequence[int]]) -> _Scores:
    """Return the F-measure of each row with each column, rounded once, so that a true tie with a threshold is a tie here."""
    common = cdist(rows, columns, scorer=LCSseq.similarity, dtype=np.int32, workers=-1)
    lengths = np.add.outer([len(one) for one in rows], [len(one) for one in columns])
    scores: _Scores = 2 * common / np.maximum(lengths, 1)
    return scores


def _numbered(*groups: Sequence[str], kind: TokenKind) -> list[list[int]]:
    """Return the tokens of all texts as numbers, each distinct token its own."""
    numbers: dict[str, int] = {}
    return [[numbers.setdefault(token, len(numbers)) for token in tokens(text, kind)] for texts in groups for text in texts]
