"""Steer what is asked for next to the cells and the aspects that the pool lacks.

What a request wants rests on what was decided before it (the window and all), on what the requests before it wanted,
and on nothing else: a run that is killed and goes on asks the same. The thinnest cell comes first, and with it the thinnest of
those that differ from it in what they are about. A request that is still open counts for what it may bring, so that a window
does not run after the same cells. A cell that brings nothing is given up. Beside its cells, a request wants the entry of an
aspect that is furthest below its share.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from self_instruct.retrievers.taxonomy import Cell, Entries, Taxonomy

TRIES = 4  # requests that a cell, or an entry of an aspect, gets; where they all bring nothing into it, it is given up
Aspect: TypeAlias = tuple[int, str]
"""An aspect, by its place among all axes of a taxonomy, and the name of its entry."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request wants: `cells` in which only the subject differs, and an entry of an aspect that all are to have.

    No cells: nothing.
    """

    cells: tuple[Cell, ...] = ()
    aspect: Aspect | None = None

    @property
    def goals(self) -> tuple[Cell | Aspect, ...]:
        """All of it."""
        return (*self.cells, *([self.aspect] if self.aspect else ()))

    def has_aspect(self, entries: Entries) -> bool:
        """Return whether a task that is told by these entries has the aspect that is wanted, if one is."""
        return self.aspect is None or entries[self.aspect[0]] == self.aspect[1]

    def words(self, taxonomy: Taxonomy) -> str:
        """Return what a prompt says that wants it, but for the subjects."""
        return taxonomy.wanted(self.cells[0], taxonomy.entry(*self.aspect) if self.aspect else None)


class Steering:
    """What each request of a run wants: `width` cells at most.

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
        self._kept: list[tuple[int, Entries]] = []  # the request that brought each task, and what tells it
        self._places: dict[Cell, list[int]] = {}  # of the tasks of each cell
        self._wanted: list[Wanted] = []  # by request
        self._seen = 0  # so many requests are counted as decided
        self._counted = 0  # and so many tasks
        self._counts: Counter[Cell | Aspect] = Counter()
        self._in_vain: Counter[Cell | Aspect] = Counter()  # requests since one last got a task

    def add(self, request: int, instruction: str) -> None:
        """Count a task that is kept; requests must not descend."""
        self._kept.append((request, self.taxonomy.entries_of(instruction)))
        self._place(len(self._kept) - 1)

    def tell(self, place: int, told: Entries) -> None:
        """Say what a kept task is, by its place, where its words did not tell; before it is counted."""
        request, by_words = self._kept[place]
        was_placed = self.taxonomy.cell(by_words) is not None
        self._kept[place] = request, tuple(word or more for word, more in zip(by_words, told, strict=True))
        if not was_placed:
            self._place(place)

    def _place(self, place: int) -> None:
        cell = self.taxonomy.cell(self._kept[place][1])
        if cell is not None:
            insort(self._places.setdefault(cell, []), place)

    def places(self, cell: Cell, end: int) -> Sequence[int]:
        """Return the places, before `end`, of the kept tasks of a cell."""
        found = self._places.get(cell, [])
        return found[: bisect_left(found, end)]

    def entries(self, place: int) -> Entries:
        """Return what tells the kept task at a place."""
        return self._kept[place][1]

    def near(self, cells: Sequence[Cell]) -> list[Cell]:
        """Return the cells that share an entry with one of these."""
        wanted = [set(names) for names in zip(*cells, strict=True)]
        return [one for one in self.taxonomy.cells if any(name in names for name, names in zip(one, wanted, strict=True))]

    def wanted(self, request: int) -> Wanted:
        """Return what a request wants, nothing where all cells are given up; what it is drawn from must be decided."""
        while len(self._wanted) <= request:
            number = len(self._wanted)
            self._look_at(self._requests_before(number))
            cells = self._thinnest() if self._is_steered(number) else ()
            self._wanted.append(Wanted(cells, self._thinnest_aspect(cells) if cells else None))
        return self._wanted[request]

    def _look_at(self, decided: int) -> None:
        """Count what the requests before `decided` brought."""
        while self._seen < decided:
            brought = set[Cell | Aspect]()
            while self._counted < len(self._kept) and self._kept[self._counted][0] <= self._seen:
                for goal in self._goals_of(self._kept[self._counted][1]):
                    self._counts[goal] += 1
                    brought.add(goal)
                self._counted += 1
            self._in_vain.update(set(self._wanted[self._seen].goals) - brought)
            for goal in brought:
                del self._in_vain[goal]  # of a Counter: no fault where it is not there
            self._seen += 1

    def _goals_of(self, entries: Entries) -> Iterator[Cell | Aspect]:
        cell = self.taxonomy.cell(entries)
        if cell is not None:
            yield cell
        yield from ((at, name) for at, name in enumerate(entries) if name is not None and at >= len(self.taxonomy.axes))

    def _thinnest(self) -> tuple[Cell, ...]:
        pending = Counter(cell for wanted in self._wanted[self._seen :] for cell in wanted.cells)
        shares = self.taxonomy.shares
        open_ = [cell for cell in self.taxonomy.cells if self._in_vain[cell] < TRIES]
        open_.sort(key=lambda cell: (self._counts[cell] + pending[cell]) / shares[cell])
        free = self.taxonomy.subject_axis
        if not open_ or free is None:
            return tuple(open_[:1])
        alike = [cell for cell in open_ if _without(cell, free) == _without(open_[0], free)]
        return tuple(alike[: self._width])

    def _thinnest_aspect(self, cells: Sequence[Cell]) -> Aspect | None:
        """Return the entry of an aspect that is furthest below its share of what is told, of those that go with the cells."""
        pending = Counter(wanted.aspect for wanted in self._wanted[self._seen :] if wanted.aspect)
        names = {name for cell in cells for name in cell}
        lack = dict[Aspect, float]()
        for at, axis in enumerate(self.taxonomy.aspects, len(self.taxonomy.axes)):
            counts = [self._counts[at, entry.name] + self._width * pending[at, entry.name] for entry in axis.entries]
            a_share = max(1, sum(counts)) / sum(entry.share for entry in axis.entries)
            for entry, count in zip(axis.entries, counts, strict=True):
                if self._in_vain[at, entry.name] < TRIES and names.isdisjoint(entry.not_with):
                    lack[at, entry.name] = count / (a_share * entry.share)
        thinnest = min(lack, key=lack.__getitem__, default=None)
        return thinnest if thinnest and lack[thinnest] < 1 else None


def _without(cell: Cell, axis: int) -> Cell:
    return cell[:axis] + cell[axis + 1 :]
