"""How far a run's tasks cover what people ask for: each cell of a taxonomy with the tasks it should have and has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import log2
from typing import Any

from self_instruct.retrievers.taxonomy import Cell, Taxonomy

FIFTH = 5


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of the `instructions` are in each cell, and how many would be if all were as the taxonomy shares them.

    `untold` are in no cell: no word of theirs is known. `entropy` is in bits, of `most` that are possible. `emptiest` is how
    many are in the fifth of the cells that has fewest.
    """

    instructions: int
    untold: int
    counts: Mapping[Cell, int]
    targets: Mapping[Cell, float]
    entropy: float
    most: float
    emptiest: int

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
        return {
            "instructions": self.instructions, "untold": self.untold, "entropy_bits": self.entropy, "most_bits": self.most,
            "empty_cells": sum(not count for count in self.counts.values()), "in_emptiest_fifth": self.emptiest, "cells": cells,
        }  # fmt: skip


def coverage(instructions: Iterable[str], taxonomy: Taxonomy) -> Coverage:
    """Return how instructions cover a taxonomy."""
    cells = [taxonomy.cell_of(each) for each in instructions]
    found = Counter(cell for cell in cells if cell is not None)
    told, shares = found.total(), taxonomy.shares
    counts = {cell: found[cell] for cell in taxonomy.cells}
    return Coverage(
        len(cells),
        len(cells) - told,
        counts,
        {cell: told * shares[cell] for cell in taxonomy.cells},
        sum(-count / told * log2(count / told) for count in counts.values() if count),
        log2(len(counts)),
        sum(sorted(counts.values())[: len(counts) // FIFTH]),
    )
