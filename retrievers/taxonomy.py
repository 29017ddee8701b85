"""What people ask for, as a grid of cells: told of an instruction by its words alone, at no cost and always the same.

A taxonomy has axes with entries (topics, kinds of task); an entry of every axis together is a *cell*. Ours is
`data/taxonomy.yaml`; a user's file has the same form, with whichever axes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Self, TypeAlias

from self_instruct.records.errors import InputError
from self_instruct.records.tasks import Instance
from self_instruct.retrievers.lexicon import Lexicon

Cell: TypeAlias = tuple[str, ...]
"""The names of an entry of each axis, in the order of the axes."""
MOST_CELLS = 10_000
IN_INSTRUCTION = 2
"""What a word of an instruction counts, beside one of an input or output."""
_LOOKED_AT = 1_000  # characters of an input or output
_FIELDS = frozenset({"wanted", "words", "subjects", "share"})


class TaxonomyError(InputError):
    """A taxonomy that cannot be used; the message names the file and the entry."""


@dataclass(frozen=True)
class Entry:
    """An entry of an axis: the words that tell it (`lexicon`), and what a prompt says that wants it.

    `subjects` are what tasks of it may be about; `share` is its weight among the entries of its axis.
    """

    name: str
    words: tuple[str, ...]
    wanted: str
    subjects: tuple[str, ...] = ()
    share: float = 1.0


@dataclass(frozen=True)
class Axis:
    """An axis of the grid."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its entries, in order."""
        return tuple(entry.name for entry in self.entries)

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon([entry.words for entry in self.entries])

    def entry_of(self, instruction: str, rest: str = "") -> str | None:
        """Return the name of the entry that `told_by` has; None where that has none."""
        name, _ = self.told_by(instruction, rest)
        return name or None

    def told_by(self, instruction: str, rest: str = "") -> tuple[str, frozenset[str]]:
        """Return the name of the entry with most words in a task, the first of equals, and these words; "" where none has any.

        Words of the instruction count twice; a single one in the `rest` tells nothing.
        """
        points, words = Counter[int](), defaultdict[int, set[str]](set)
        for text, weight in ((instruction, IN_INSTRUCTION), (rest, 1)):
            for number, word in self._lexicon.found(text):
                points[number] += weight
                words[number].add(word)
        best = min(points, key=lambda number: (-points[number], number), default=None)
        if best is None or points[best] < IN_INSTRUCTION:
            return "", frozenset()
        return self.entries[best].name, frozenset(words[best])


@dataclass(frozen=True)
class Taxonomy:
    """A grid of cells."""

    axes: tuple[Axis, ...]

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every cell, in the order of the file."""
        return tuple(product(*([entry.name for entry in axis.entries] for axis in self.axes)))

    @cached_property
    def shares(self) -> Mapping[Cell, float]:
        """The share of all tasks that each cell is to have; they add up to 1."""
        weights = {cell: prod(entry.share for entry in self.entries(cell)) for cell in self.cells}
        whole = sum(weights.values())
        return {cell: weight / whole for cell, weight in weights.items()}

    def cell_of(self, instruction: str) -> Cell | None:
        """Return the cell of an instruction; None where an axis does not know it.

        >>> shipped_taxonomy().cell_of("Write a poem about the sea.")
        ('nature', 'write')
        """
        found = [axis.entry_of(instruction) for axis in self.axes]
        return None if None in found else tuple(map(str, found))

    def entries(self, cell: Cell) -> tuple[Entry, ...]:
        """Return the entries of a cell."""
        return tuple(self._by_name[at][name] for at, name in enumerate(cell))

    @cached_property
    def subject_axis(self) -> int | None:
        """Return which axis says what tasks are about: the first whose entries all have subjects."""
        return next((at for at, axis in enumerate(self.axes) if all(entry.subjects for entry in axis.entries)), None)

    @property
    def topics(self) -> Axis:
        """The axis that says what tasks are about; the first one where none has subjects."""
        return self.axes[self.subject_axis or 0]

    def wanted(self, cell: Cell) -> str:
        """Return what a prompt says that wants tasks of a cell, but for their subject, which it names."""
        return ", ".join(entry.wanted for at, entry in enumerate(self.entries(cell)) if at != self.subject_axis)

    def subjects(self, cell: Cell) -> tuple[str, ...]:
        """Return what tasks of a cell may be about; none where no axis says that."""
        return () if self.subject_axis is None else self.entries(cell)[self.subject_axis].subjects

    @cached_property
    def _by_name(self) -> tuple[dict[str, Entry], ...]:
        return tuple({entry.name: entry for entry in axis.entries} for axis in self.axes)

    def to_fields(self) -> dict[str, Any]:
        """Return the taxonomy as its file has it."""
        return {axis.name: {entry.name: _fields(entry) for entry in axis.entries} for axis in self.axes}

    @classmethod
    def from_fields(cls, given: object, source: str = "taxonomy") -> Self:
        """Return the taxonomy that a file's fields mean; raises `TaxonomyError` that names the entry."""
        if not isinstance(given, Mapping) or not given:
            raise TaxonomyError(f"{source}: expected axes, each with entries, as our taxonomy.yaml has them.")
        axes = tuple(Axis(str(name), tuple(_entries(name, entries, source))) for name, entries in given.items())
        if prod(len(axis.entries) for axis in axes) > MOST_CELLS:
            raise TaxonomyError(f"{source}: has more than {MOST_CELLS:,} cells; leave out axes or entries.")
        return cls(axes)


def load_taxonomy(path: Path | None) -> Taxonomy:
    """Return the taxonomy of a YAML file, or ours; raises `TaxonomyError`."""
    return shipped_taxonomy() if path is None else _parsed(_read(path), str(path))


def topic_of(instruction: str, one: Instance | None = None) -> tuple[str, frozenset[str]]:
    """Return what a task is about, by our topics and an instance of it, and the words that tell it; "" where that is not known.

    >>> topic_of("Suggest a soup for a cold day, and the bread that goes with it.")[0], topic_of("Say it again.")[0]
    ('food', '')
    """
    rest = f"{one.input[:_LOOKED_AT]}\n{one.output[:_LOOKED_AT]}" if one else ""
    return shipped_taxonomy().topics.told_by(instruction, rest)


@cache
def shipped_taxonomy() -> Taxonomy:
    """Return the taxonomy that ships with us."""
    return _parsed((files(__package__) / "data" / "taxonomy.yaml").read_text(encoding="utf-8"), "taxonomy.yaml")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"{path}: cannot be read: {error}.") from None


def _parsed(text: str, source: str) -> Taxonomy:
    import yaml

    try:
        given = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise TaxonomyError(f"{source}: is not YAML: {' '.join(str(error).split())}.") from None
    return Taxonomy.from_fields(given, source)


def _entries(axis: object, given: object, source: str) -> Iterator[Entry]:
    if not isinstance(given, Mapping) or not given:
        raise TaxonomyError(f"{source}: {axis}: expected entries, each with its words.")
    for name, fields in given.items():
        yield _entry(str(name), fields, f"{source}: {axis}.{name}")


def _entry(name: str, fields: object, place: str) -> Entry:
    if not isinstance(fields, Mapping) or not _FIELDS.issuperset(fields):
        raise TaxonomyError(f"{place}: expected {', '.join(sorted(_FIELDS))}, and no other field.")
    words, subjects = (_texts(fields.get(field, ()), f"{place}.{field}") for field in ("words", "subjects"))
    wanted, share = fields.get("wanted"), fields.get("share", 1.0)
    if not words or not isinstance(wanted, str) or not wanted.strip():
        raise TaxonomyError(f"{place}: 'words' and 'wanted' must be given.")
    if not isinstance(share, int | float) or isinstance(share, bool) or not 0 < share < 1e6:
        raise TaxonomyError(f"{place}: 'share' is {share!r}; it must be a number above 0.")
    return Entry(name, words, " ".join(wanted.split()), subjects, float(share))


def _texts(given: object, place: str) -> tuple[str, ...]:
    if not isinstance(given, Sequence) or isinstance(given, str) or not all(isinstance(one, str) and one for one in given):
        raise TaxonomyError(f"{place}: expected a list of texts.")
    return tuple(given)


def _fields(entry: Entry) -> dict[str, Any]:
    return {"wanted": entry.wanted, "words": list(entry.words), "subjects": list(entry.subjects), "share": entry.share}
