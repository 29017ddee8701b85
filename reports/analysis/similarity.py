"""How near instructions come to one another: to the seeds, among themselves, and to an evaluation set. All by ROUGE-L.

Source: Wang et al. 2023, arXiv:2212.10560, section 3.2, figure 4 (the highest ROUGE-L with any seed).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from self_instruct.reports.seeds.overlap import GIVES_AWAY, Pair, evaluation_pairs, nearest_pairs, similar_pairs
from self_instruct.retrievers import NoveltyIndex
from self_instruct.retrievers.rouge import TokenKind
from self_instruct.settings.sections import NoveltySettings

BINS = 20
PAIRS = 10
ALL_COMPARED = 3_000  # instructions up to which every pair is compared, in under a second
_FROM = ("0.68", "0.6")  # beyond, pairs are looked for from here on, and lower where too few are found; 0.7 was refused


@dataclass(frozen=True, slots=True)
class SimilarityBin:
    """How many instructions have a highest ROUGE-L of `least` up to, not including, `below`; 1.0 is in the last bin."""

    least: float
    below: float
    count: int


@dataclass(frozen=True, slots=True)
class SeedSimilarity:
    """The highest ROUGE-L of each kept instruction with any seed: mean, median (None without instructions) and histogram."""

    mean: float | None
    median: float | None
    bins: tuple[SimilarityBin, ...]


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two instructions and their ROUGE-L. `left` was kept before `right`; or `left` is kept and `right` an evaluation task."""

    score: float
    left: str
    right: str


@dataclass(frozen=True, slots=True)
class EvaluationOverlap:
    """How near the kept instructions come to an evaluation set.

    Of its `tasks`, `near` have a kept instruction with a ROUGE-L of 0.5 or more, `identical` one of 1.0; `mean` is that of
    each task's highest. `kept_near` counts the kept instructions with 0.5 or more; `pairs` are the nearest, best first.
    """

    tasks: int
    near: int
    identical: int
    kept_near: int
    mean: float
    pairs: tuple[NearPair, ...]


def seed_similarity(instructions: Sequence[str], seeds: Sequence[str], kind: TokenKind = "unicode") -> SeedSimilarity:
    """Return how near instructions come to the seeds."""
    scores = [pair.score for pair in nearest_pairs(instructions, seeds, kind)] if seeds else []
    counts = [0] * BINS
    for score in scores:
        counts[min(int(score * BINS + 1e-9), BINS - 1)] += 1
    bins = (SimilarityBin(place / BINS, (place + 1) / BINS, count) for place, count in enumerate(counts))
    return SeedSimilarity(fmean(scores) if scores else None, median(scores) if scores else None, tuple(bins))


def nearest_kept(instructions: Sequence[str], kind: TokenKind = "unicode", limit: int = PAIRS) -> tuple[NearPair, ...]:
    """Return the most similar instructions, best first.

    Up to 3,000 instructions all pairs are compared. Of more, each is held against those before it in a novelty index, and only
    its nearest is a candidate, from a ROUGE-L of 0.6 on; so there may be fewer than `limit`.
    """
    if len(instructions) <= ALL_COMPARED:
        pairs, _ = similar_pairs(instructions, at_least=0.05, limit=limit, kind=kind)
    else:
        pairs = _nearest_of_many(instructions, kind, limit)
    return tuple(NearPair(pair.score, instructions[pair.left], instructions[pair.right]) for pair in pairs)


def _nearest_of_many(instructions: Sequence[str], kind: TokenKind, limit: int) -> list[Pair]:
    found: list[Pair] = []
    for least in _FROM:
        found = list(_near_earlier(instructions, NoveltySettings(threshold=least, tokens=kind)))
        if len(found) >= limit:
            break
    return sorted(found, key=lambda pair: (-pair.score, pair.right))[:limit]


def _near_earlier(instructions: Sequence[str], rules: NoveltySettings) -> Iterator[Pair]:
    index = NoveltyIndex(rules)
    for row, instruction in enumerate(instructions):
        near = index.nearest_too_similar(instruction)
        if near:
            yield Pair(near.row, row, near.score)
        index.add(instruction)


def evaluation_overlap(
    instructions: Sequence[str], evaluation: Sequence[str], kind: TokenKind = "unicode", limit: int = PAIRS
) -> EvaluationOverlap | None:
    """Return how near instructions come to an evaluation set, or None where either is empty."""
    if not instructions or not evaluation:
        return None
    pairs, kept_near = evaluation_pairs(instructions, evaluation, kind)
    return EvaluationOverlap(
        tasks=len(evaluation),
        near=sum(pair.score >= GIVES_AWAY for pair in pairs),
        identical=sum(pair.score == 1.0 for pair in pairs),
        kept_near=kept_near,
        mean=fmean(pair.score for pair in pairs),
        pairs=tuple(NearPair(pair.score, instructions[pair.right], evaluation[pair.left]) for pair in pairs[:limit]),
    )
