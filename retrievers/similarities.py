"""The similarity record of every kept task, as the published code keeps it: its ten most similar instructions and the mean.

A record needs the ROUGE-L with every instruction that was in the pool before, so it is no part of the decision (`novelty`); it
is computed afterwards, in batches.
Source: the published code of Wang et al. 2023, arXiv:2212.10560; `most_similar` and `avg_similarity_score` in its output file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist

from self_instruct.retrievers.rouge import TokenKind, tokens

Floats = np.ndarray[Any, np.dtype[np.float64]]
Counts = np.ndarray[Any, np.dtype[np.int32]]

MOST_SIMILAR = 10
_BATCH = 32  # large enough to spread what a call costs, small enough that 32 x 52,000 counts are 7 MB


@dataclass(frozen=True, slots=True)
class SimilarityRecord:
    """How similar a kept instruction was to the pool before it.

    `most_similar`: the most similar instructions and their ROUGE-L, best first, ten at most (fewer where the pool holds a text
    twice or is smaller). `average`: the mean ROUGE-L over the pool, a text that is in it twice counted twice; 0.0 for no pool.
    """

    most_similar: Mapping[str, float]
    average: float


def similarity_records(seeds: Sequence[str], kept: Sequence[str], kind: TokenKind = "unicode") -> Iterator[SimilarityRecord]:
    """Yield one record for each kept instruction, in order: that of `kept[k]` is against `seeds` and `kept[:k]`.

    Scores and means are those of the published code, bit for bit. Of equal scores, the instruction that is older in the pool
    comes first; there, which of them is named depends on the processor.
    """
    pool = [*seeds, *kept]
    token_lists = [tokens(text, kind) for text in pool]
    lengths = np.array([len(own) for own in token_lists], dtype=np.int64)
    numbered = _numbered(token_lists)
    for start in range(len(seeds), len(pool), _BATCH):
        stop = min(start + _BATCH, len(pool))
        common = cdist(numbered[start:stop], numbered[:stop], scorer=LCSseq.similarity, dtype=np.int32)
        for row, counts in enumerate(common, start):
            scores = _f_measures(counts[:row], int(lengths[row]), lengths[:row])
            yield _record(pool, scores)


def _record(pool: Sequence[str], scores: Floats) -> SimilarityRecord:
    best = np.argsort(-scores, kind="stable")[:MOST_SIMILAR]  # numpy's default order of equal scores varies with the processor
    return SimilarityRecord(
        most_similar={pool[row]: float(scores[row]) for row in best},
        average=float(np.mean(scores)) if len(scores) else 0.0,
    )


def _f_measures(common: Counts, m: int, n: np.ndarray[Any, np.dtype[np.int64]]) -> Floats:
    """Return `rouge.f_measure` of a text of m tokens with many, by the same float steps in the same order."""
    precision, recall = common / np.maximum(n, 1), common / max(m, 1)
    total = precision + recall
    scores: Floats = np.divide(2 * precision * recall, total, out=np.zeros_like(total), where=total > 0)
    return scores


def _numbered(token_lists: Sequence[Sequence[str]]) -> list[list[int]]:
    """Return the texts with a number for every distinct token, so that none is taken for another by its hash."""
    numbers: dict[str, int] = {}
    return [[numbers.setdefault(token, len(numbers)) for token in own] for own in token_lists]
