"""Five ways to find the highest ROUGE-L of a candidate with a pool, where it is above the threshold.

All follow the published code's rule (`> 0.7`, tokens of `rouge-score`), so that all but the one that may miss must agree.
"""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any, Protocol
from zlib import crc32

import faiss
import numpy as np
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist
from rouge_score import rouge_scorer

from self_instruct.retrievers.novelty import NoveltyIndex
from self_instruct.retrievers.rouge import rouge_l, tokens
from self_instruct.settings.sections import NoveltySettings

RULES = NoveltySettings(refuse=">", tokens="ascii")
THRESHOLD = float(RULES.threshold)
PROCESSES = 4  # as the published code has it
CHUNK = 8192  # texts embedded together


class Way(Protocol):
    """A pool, and how it is asked."""

    def highest(self, text: str) -> float | None:
        """Return the highest ROUGE-L with a row, or None where it is not above the threshold."""
        ...


class Ours:
    """FAISS codes first, exact ROUGE-L after; one candidate at a time."""

    def __init__(self, pool: Sequence[str]) -> None:
        self.index = NoveltyIndex(RULES)
        self.index.add_all(pool)

    def highest(self, text: str) -> float | None:
        """Return it exactly."""
        nearest = self.index.nearest_too_similar(text)
        return nearest.score if nearest else None


class EveryPair:
    """rapidfuzz over the whole pool, tokens numbered beforehand, in one call a candidate."""

    def __init__(self, pool: Sequence[str]) -> None:
        self._numbers: dict[str, int] = {}
        self._words = [self._word(text) for text in pool]
        self._lengths = np.array([max(len(word), 1) for word in self._words])

    def highest(self, text: str) -> float | None:
        """Return it exactly."""
        word = self._word(text)
        common = cdist([word], self._words, scorer=LCSseq.similarity, dtype=np.int32)[0]
        precision, recall = common / self._lengths, common / len(word)
        total = np.maximum(precision + recall, np.finfo(float).tiny)
        return above(float(np.max(2 * precision * recall / total)))

    def _word(self, text: str) -> str:
        return "".join(chr(self._numbers.setdefault(token, len(self._numbers))) for token in tokens(text, "ascii"))


class FloatTopK:
    """What one would write first: float vectors in an inner-product FAISS index, ROUGE-L with the ten nearest; it may miss."""

    K, DIMENSIONS = 10, 256

    def __init__(self, pool: Sequence[str]) -> None:
        self._pool = pool
        self._index: Any = faiss.IndexFlatIP(self.DIMENSIONS)
        for start in range(0, len(pool), CHUNK):
            self._index.add(self._vectors(pool[start : start + CHUNK]))

    def highest(self, text: str) -> float | None:
        """Return the highest with the ten nearest."""
        _, rows = self._index.search(self._vectors([text]), self.K)
        return above(max(rouge_l(text, self._pool[row], "ascii") for row in rows[0] if row >= 0))

    def _vectors(self, texts: Sequence[str]) -> np.ndarray[Any, np.dtype[np.float32]]:
        """Return a vector for each text: every token, told apart by how often it stood before, adds to one dimension."""
        vectors = np.zeros((len(texts), self.DIMENSIONS), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            occurrences: Counter[str] = Counter()
            for token in tokens(text, "ascii"):
                vector[crc32(token.encode(), occurrences[token]) % self.DIMENSIONS] += 1
                occurrences[token] += 1
        faiss.normalize_L2(vectors)
        return vectors


class OverProcesses:
    """The published code's way: each candidate's scores with all rows, over a new process pool."""

    def __init__(self, pool: Sequence[Any], read: Callable[[str], Any], score: Callable[[Any, Any], float]) -> None:
        self._pool, self._read, self._score = pool, read, score

    def highest(self, text: str) -> float | None:
        """Return it exactly."""
        with get_context("fork").Pool(PROCESSES) as processes:
            scores = processes.map(partial(self._score, self._read(text)), self._pool)
            processes.close()
            processes.join()
        return above(max(scores))


_SCORER = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)


def original(pool: Sequence[str]) -> OverProcesses:
    """Return the published code's way: `rouge-score` on texts."""
    return OverProcesses(pool, str, _score_texts)


def pretokenised(pool: Sequence[str]) -> OverProcesses:
    """Return the same with the tokens read beforehand."""
    return OverProcesses([tokens(text, "ascii") for text in pool], partial(tokens, kind="ascii"), _score_tokens)


def _score_texts(one: str, other: str) -> float:
    return float(_SCORER.score(one, other)["rougeL"].fmeasure)


def _score_tokens(one: list[str], other: list[str]) -> float:
    return float(rouge_scorer._score_lcs(one, other).fmeasure)  # noqa: SLF001 (what people call who pre-tokenise)


def above(score: float) -> float | None:
    """Return the score, or None where it is not above the threshold."""
    return score if score > THRESHOLD else None


@dataclass(frozen=True, slots=True)
class Seconds:
    """CPU time of this process and of its children, and time on the clock."""

    cpu: float
    wall: float

    @classmethod
    def now(cls) -> Seconds:
        """Return the times up to now."""
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return cls(time.process_time() + children.ru_utime + children.ru_stime, time.perf_counter())

    def since(self, before: Seconds) -> Seconds:
        """Return the time between the two."""
        return Seconds(self.cpu - before.cpu, self.wall - before.wall)


def timed(way: Way, candidates: Iterable[str]) -> tuple[list[float | None], Seconds]:
    """Return a way's answers, and the seconds all of them took together."""
    before = Seconds.now()
    answers = [way.highest(text) for text in candidates]
    return answers, Seconds.now().since(before)
