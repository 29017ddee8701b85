"""How far a run's tasks cover what people ask for: each cell of a taxonomy with the tasks it should have and has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

from self_instruct.chains.stages.tagging import By, Tag, cell_of
from self_instruct.retrievers.taxonomy import Cell, Taxonomy

FIFTH = 5
_WEAKEST = (By.NOT_ASKED, By.UNREAD, By.NO_ENTRY, By.MODEL, By.WORDS)
"""What says where a task belongs, that which leaves most open first: it counts for the whole task."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the `instructions` are in each cell, and how many would be if all were as the taxonomy shares them.

    `told` counts them by what says where they belong, a model where it said a part of it, or why nothing does; `untold` are in
    no cell. `entropy` is in bits, of `most` that are possible. `emptiest` is how
    many are in the fifth of the cells that has fewest.
    """

    instructions: int
    told: Mapping[By, int]
    counts: Mapping[Cell, int]
    targets: Mapping[Cell, float]
    entropy: float
    most: float
    emptiest: int

    @property
    def untold(self) -> int:
        """How many are in no cell."""
        return self.instructions - self.told.get(By.WORDS, 0) - self.told.get(By.MODEL, 0)

    def by_axis(self, axis: int) -> dict[str, tuple[int, float]]:
        """Return the count and the target of each entry of an axis."""
        found: dict[str, tuple[int, float]] = {}
        for cell, target in self.targets.items():
            count, whole = found.get(cell[axis], (0, 0.0))
            found[cell[axis]] = (count + self.counts[cell], whole + target)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        cells = [{"cell": list(cell), "count": self.counts[cell], "target": self.targets[cell]} for cell in self.targets]
        told = {by.value: count for by, count in self.told.items()}
        return {
            "instructions": self.instructions, "untold": self.untold, "told_by": told, "entropy_bits": self.entropy,
            "most_bits": self.most, "empty_cells": sum(not count for count in self.counts.values()),
            "in_emptiest_fifth": self.emptiest, "cells": cells,
        }  # fmt: skip


def coverage(instructions: Iterable[Sequence[Tag]], taxonomy: Taxonomy) -> Coverage:
    """Return how instructions cover a taxonomy, by the tag that each has on every axis."""
    tagged = [(cell_of(tags), _told_by(tags)) for tags in instructions]
    found = Counter(cell for cell, _ in tagged if cell is not None)
    told, shares = found.total(), taxonomy.shares
    counts = {cell: found[cell] for cell in taxonomy.cells}
    return Coverage(
        len(tagged),
        Counter(by for _, by in tagged),
        counts,
        {cell: told * shares[cell] for cell in taxonomy.cells},
        sum(-count / told * log2(count / told) for count in counts.values() if count),
        log2(len(counts)),
        sum(sorted(counts.values())[: len(counts) // FIFTH]),
    )


def _told_by(tags: Sequence[Tag]) -> By:
    return min((tag.by for tag in tags), key=_WEAKEST.index)
