"""How far a run's tasks cover what people ask for: the cells and aspects of a taxonomy, target against actual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any

from self_instruct.chains.stages.tagging import By, Tag, entries_of
from self_instruct.retrievers.taxonomy import Axis, Cell, Taxonomy

FIFTH = 5
_WEAKEST = (By.NOT_ASKED, By.UNREAD, By.NO_ENTRY, By.MODEL, By.WORDS, By.INSTANCES)
"""What says where a task belongs, that which leaves most open first: it counts for the whole task."""


@dataclass(frozen=True, slots=True)
class AspectCoverage:
    """How many tasks have each entry of an aspect, and how many of those that are told should; what told it of all of them."""

    name: str
    counts: Mapping[str, int]
    targets: Mapping[str, float]
    told: Mapping[By, int]

    @property
    def entries(self) -> dict[str, tuple[int, float]]:
        """The count and the target of each entry."""
        return {name: (count, self.targets[name]) for name, count in self.counts.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        entries = [{"entry": name, "count": count, "target": target} for name, (count, target) in self.entries.items()]
        return {"name": self.name, "told_by": {by.value: count for by, count in self.told.items()}, "entries": entries}


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the `instructions` are in each cell, and how many would be if all were as the taxonomy shares them.

    `told` counts them by what says where they belong, a model where it said a part of it, or why nothing does; `untold` are in
    no cell. `entropy` is in bits, of `most` that are possible. `emptiest` is how
    many are in the fifth of the cells that has fewest. `aspects` stand beside the cells, each alone.
    """

    instructions: int
    told: Mapping[By, int]
    counts: Mapping[Cell, int]
    targets: Mapping[Cell, float]
    entropy: float
    most: float
    emptiest: int
    aspects: tuple[AspectCoverage, ...] = ()

    @property
    def untold(self) -> int:
        """How many are in no cell."""
        return self.instructions - sum(self.told.get(by, 0) for by in (By.INSTANCES, By.WORDS, By.MODEL))

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
            "aspects": [aspect.to_dict() for aspect in self.aspects],
        }  # fmt: skip


def coverage(instructions: Iterable[Sequence[Tag]], taxonomy: Taxonomy) -> Coverage:
    """Return how instructions cover a taxonomy, by the tag that each has on every axis."""
    tagged, width = list(instructions), len(taxonomy.axes)
    cells = (taxonomy.cell(entries_of(tags)) for tags in tagged)
    found = Counter(cell for cell in cells if cell is not None)
    told, shares = found.total(), taxonomy.shares
    counts = {cell: found[cell] for cell in taxonomy.cells}
    return Coverage(
        len(tagged),
        Counter(_told_by(tags[:width]) for tags in tagged),
        counts,
        {cell: told * shares[cell] for cell in taxonomy.cells},
        sum(-count / told * log2(count / told) for count in counts.values() if count),
        log2(len(counts)),
        sum(sorted(counts.values())[: len(counts) // FIFTH]),
        tuple(_aspect(axis, [tags[width + at] for tags in tagged]) for at, axis in enumerate(taxonomy.aspects)),
    )


def _aspect(axis: Axis, tags: Sequence[Tag]) -> AspectCoverage:
    found = Counter(tag.entry for tag in tags if tag.entry is not None)
    a_share = found.total() / sum(entry.share for entry in axis.entries)
    targets = {entry.name: entry.share * a_share for entry in axis.entries}
    return AspectCoverage(axis.name, {name: found[name] for name in axis.names}, targets, Counter(tag.by for tag in tags))


def _told_by(tags: Sequence[Tag]) -> By:
    return min((tag.by for tag in tags), key=_WEAKEST.index)
