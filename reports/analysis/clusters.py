"""What a run's tasks are about without a list of topics: instructions in clusters by their meaning, as embeddings have it.

Spherical k-means of FAISS, from a fixed seed. A cluster is named by the instruction nearest to its centre, and by the words
that set it apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import log2, sqrt
from typing import Any

import faiss
import numpy as np
from numpy.typing import NDArray

from self_instruct.chains.stages.elimination import FUNCTION_WORDS
from self_instruct.retrievers.rouge import tokens

SEED, ROUNDS, STARTS = 0, 50, 5
WORDS_EACH = 5
FEW = 4  # instructions, of which no clusters are made


@dataclass(frozen=True, slots=True)
class Cluster:
    """Instructions that mean much the same: how many, the one nearest to their centre, and the words that set them apart.

    `likeness` is their mean cosine to the centre.
    """

    tasks: int
    nearest: str
    words: tuple[str, ...]
    likeness: float


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of a run, the largest first, and the entropy of their sizes in bits, of `most` that are possible."""

    clusters: tuple[Cluster, ...]
    entropy: float
    most: float

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        clusters = [{**asdict(one), "words": list(one.words)} for one in self.clusters]
        return {"entropy_bits": self.entropy, "most_bits": self.most, "clusters": clusters}


def usual_count(instructions: int) -> int:
    """Return how many clusters are made where nobody says: so many that each has about twice as many tasks.

    >>> [usual_count(size) for size in (3, 50, 1000)]
    [1, 5, 22]
    """
    return 1 if instructions < FEW else max(2, round(sqrt(instructions / 2)))


def clusters(instructions: Sequence[str], vectors: NDArray[np.float32], count: int) -> Clusters:
    """Return `count` clusters of instructions, at most as many as there are different vectors; fewer where some stay empty.

    `vectors` has a row of length 1 for each.
    """
    count = max(1, min(count, len(np.unique(vectors, axis=0))))
    kmeans = faiss.Kmeans(
        vectors.shape[1], count, niter=ROUNDS, nredo=STARTS, seed=SEED, spherical=True, min_points_per_centroid=1,
        max_points_per_centroid=len(vectors),
    )  # fmt: skip
    kmeans.train(np.ascontiguousarray(vectors))
    likeness = vectors @ np.asarray(kmeans.centroids).T
    assigned = likeness.argmax(axis=1)
    spread = Counter(word for each in instructions for word in _words(each))
    found = [_cluster(instructions, np.flatnonzero(assigned == one), likeness[:, one], spread) for one in range(count)]
    ordered = tuple(sorted((one for one in found if one), key=lambda one: (-one.tasks, one.nearest)))
    shares = [one.tasks / len(instructions) for one in ordered]
    return Clusters(ordered, sum(-share * log2(share) for share in shares), log2(count))


def _cluster(
    instructions: Sequence[str], members: NDArray[np.intp], likeness: NDArray[np.float32], spread: Counter[str]
) -> Cluster | None:
    if not len(members):
        return None
    own = Counter(word for at in members for word in _words(instructions[at]))
    nearest = instructions[members[likeness[members].argmax()]]
    return Cluster(
        len(members), nearest, _distinctive(own, len(members), spread, len(instructions)), float(likeness[members].mean())
    )


def _distinctive(own: Counter[str], members: int, spread: Counter[str], whole: int) -> tuple[str, ...]:
    """Return the words that tell most of a cluster: those of many of its instructions, and of few others."""

    def tells(word: str) -> float:
        share = own[word] / members
        return share * log2(share / (spread[word] / whole))

    telling = sorted((word for word in own if tells(word) > 0), key=lambda word: (-tells(word), word))
    return tuple(telling[:WORDS_EACH])


def _words(instruction: str) -> set[str]:
    return {word for word in tokens(instruction) if len(word) > 1} - FUNCTION_WORDS
