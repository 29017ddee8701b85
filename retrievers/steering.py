"""Steer what is asked for next to the cells that the pool lacks.

Which cells a request wants rests on what was decided before it (the window and all), on what the requests before it wanted,
and on nothing else: a run that is killed and goes on asks the same. The thinnest cell comes first, and with it the thinnest of
those that differ from it in what they are about. A request that is still open counts for what it may bring, so that a window
does not run after the same cells. A cell that brings nothing is given up.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Sequence

from self_instruct.retrievers.taxonomy import Cell, Taxonomy

TRIES = 4  # requests that a cell gets; where they all bring nothing into it, it is given up


class Steering:
    """Which cells each request of a run wants: `width` at most, in which only the subject differs.

    `requests_before` says how many requests must be decided before one is drawn; `is_steered` which of them want anything.
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        requests_before: Callable[[int], int],
        width: int,
        is_steered: Callable[[int], bool] = lambda _: True,
    ) -> None:
        self.taxonomy = taxonomy
        self._requests_before = requests_before
        self._is_steered = is_steered
        self._width = width
        self._kept: list[tuple[int, Cell | None]] = []  # the request that brought each task, and its cell
        self._places: dict[Cell, list[int]] = {}  # of the tasks of each cell
        self._wanted: list[tuple[Cell, ...]] = []  # by request
        self._seen = 0  # so many requests are counted as decided
        self._counted = 0  # and so many tasks
        self._counts: Counter[Cell] = Counter()
        self._in_vain: Counter[Cell] = Counter()  # requests since a cell last got a task

    def add(self, request: int, instruction: str) -> None:
        """Count a task that is kept; requests must not descend."""
        cell = self.taxonomy.cell_of(instruction)
        if cell is not None:
            self._places.setdefault(cell, []).append(len(self._kept))
        self._kept.append((request, cell))

    def tell(self, place: int, cell: Cell) -> None:
        """Say the cell of a kept task, by its place, where its words did not; before it is counted."""
        if self._kept[place][1] is not None:
            return
        self._kept[place] = (self._kept[place][0], cell)
        insort(self._places.setdefault(cell, []), place)

    def places(self, cell: Cell, end: int) -> Sequence[int]:
        """Return the places, before `end`, of the kept tasks of a cell."""
        found = self._places.get(cell, [])
        return found[: bisect_left(found, end)]

    def near(self, cells: Sequence[Cell]) -> list[Cell]:
        """Return the cells that share an entry with one of these."""
        wanted = [set(names) for names in zip(*cells, strict=True)]
        return [one for one in self.taxonomy.cells if any(name in names for name, names in zip(one, wanted, strict=True))]

    def wanted(self, request: int) -> tuple[Cell, ...]:
        """Return the cells that a request wants, none where all are given up; what it is drawn from must be decided."""
        while len(self._wanted) <= request:
            number = len(self._wanted)
            self._look_at(self._requests_before(number))
            self._wanted.append(self._thinnest() if self._is_steered(number) else ())
        return self._wanted[request]

    def _look_at(self, decided: int) -> None:
        """Count what the requests before `decided` brought."""
        while self._seen < decided:
            brought = set[Cell]()
            while self._counted < len(self._kept) and self._kept[self._counted][0] <= self._seen:
                cell = self._kept[self._counted][1]
                self._counted += 1
                if cell is not None:
                    self._counts[cell] += 1
                    brought.add(cell)
            for cell in self._wanted[self._seen]:
                self._in_vain[cell] = 0 if cell in brought else self._in_vain[cell] + 1
            self._seen += 1

    def _thinnest(self) -> tuple[Cell, ...]:
        pending = Counter(cell for cells in self._wanted[self._seen :] for cell in cells)
        shares = self.taxonomy.shares
        open_ = [cell for cell in self.taxonomy.cells if self._in_vain[cell] < TRIES]
        open_.sort(key=lambda cell: (self._counts[cell] + pending[cell]) / shares[cell])
        free = self.taxonomy.subject_axis
        if not open_ or free is None:
            return tuple(open_[:1])
        alike = [cell for cell in open_ if _without(cell, free) == _without(open_[0], free)]
        return tuple(alike[: self._width])


def _without(cell: Cell, axis: int) -> Cell:
    return cell[:axis] + cell[axis + 1 :]
