"""What people ask for, as a grid of cells and aspects beside it: told by words and lengths, at no cost and always the same.

A taxonomy has axes with entries (topics, kinds of task); an entry of every axis together is a *cell*. Its *aspects* are axes
too, each looked at alone: crossed with the others they would make a grid that no run fills. Ours is `data/taxonomy.yaml`; a
user's file has the same form, with whichever axes.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from itertools import product
from math import prod
from pathlib import Path
from statistics import median_low
from typing import Annotated, Any, Self, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from self_instruct.records.errors import InputError
from self_instruct.records.tasks import Instance
from self_instruct.records.user_files import user_text
from self_instruct.retrievers.lexicon import Lexicon

Cell: TypeAlias = tuple[str, ...]
"""The names of an entry of each axis of the grid, in the order of the axes."""
Entries: TypeAlias = tuple[str | None, ...]
"""The name of an entry of each axis, of the grid and then of the aspects; None: not known."""
MOST_CELLS = 10_000
IN_INSTRUCTION = 2
"""What a word of an instruction counts, beside one of an input or output."""
_LOOKED_AT = 1_000  # characters of an input or output
_ASPECTS = "aspects"
_EXPECTED = "axes, each with entries, as our taxonomy.yaml has them"


class TaxonomyError(InputError):
    """A taxonomy that cannot be used; the message names the file and the entry."""


def _range(given: tuple[int, int | None]) -> tuple[int, int | None]:
    if given[1] is not None and given[1] < given[0]:
        raise ValueError
    return given


Line = Annotated[str, AfterValidator(lambda text: " ".join(text.split()))]
Words = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(description="a list of texts")]
Count = Annotated[int, Field(strict=True, ge=0)]
Range = Annotated[tuple[Count, Count | None], AfterValidator(_range)]


class Entry(BaseModel):
    """An entry of an axis: the words that tell it (`lexicon`), and what a prompt says that wants it.

    One without words is what no word tells. `subjects` are what tasks of it may be about; `share` is its weight among the
    entries of its axis. `has_input` and `output_words` tell it of a finished task, by its instances. `not_with` names entries
    of the grid with which it is never wanted. What a field is described as is what a message says that it must be.
    """

    model_config = ConfigDict(frozen=True)

    name: str = Field(exclude=True)
    wanted: Line = Field(pattern=r"\S", description="a text, which every entry has")
    words: Words = ()
    subjects: Words = ()
    share: float = Field(1.0, strict=True, gt=0, lt=1e6, description="a number above 0")
    has_input: bool | None = Field(None, strict=True, description="true or false")
    output_words: Range | None = Field(None, description="[from, to] in words, or [from, null]")
    not_with: Words = ()

    def to_fields(self) -> dict[str, Any]:
        """Return the entry as a file has it below its name."""
        return self.model_dump(mode="json", exclude_none=True, exclude=None if self.not_with else {"not_with"})

    def fits(self, instances: Sequence[Instance]) -> bool:
        """Return whether instances are such as the entry says; False where it says nothing of them.

        Any of them with an input (or an image) makes a task that has one; the words are those of the middle output.
        """
        if self.has_input is None and self.output_words is None:
            return False
        has_input = any(one.input or one.image for one in instances)
        first, last = self.output_words or (0, None)
        words = median_low([len(one.output.split()) for one in instances])
        return self.has_input in (None, has_input) and first <= words and (last is None or words <= last)


@dataclass(frozen=True)
class Axis:
    """An axis of the grid, or an aspect."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its entries, in order."""
        return tuple(entry.name for entry in self.entries)

    @cached_property
    def _lexicon(self) -> Lexicon:
        return Lexicon([entry.words for entry in self.entries])

    @cached_property
    def _rest(self) -> str:
        return next((entry.name for entry in self.entries if not entry.words), "")

    def entry_of(self, instruction: str) -> str | None:
        """Return the name of the entry that the words of an instruction tell; None where they tell none."""
        name, _ = self.told_by(instruction)
        return name or None

    def entry_of_instances(self, instances: Sequence[Instance]) -> str | None:
        """Return the name of the first entry that a task's instances fit; None where they fit none, or there are none."""
        return next((entry.name for entry in self.entries if entry.fits(instances)), None) if instances else None

    def told_by(self, instruction: str, rest: str = "") -> tuple[str, frozenset[str]]:
        """Return the name of the entry with most words in a task, the first of equals, and these words.

        Words of the instruction count twice; a single one in the `rest` tells nothing. Where no word tells, it is the entry
        without words, "" where the axis has none.
        """
        points, words = Counter[int](), defaultdict[int, set[str]](set)
        for text, weight in ((instruction, IN_INSTRUCTION), (rest, 1)):
            for number, word in self._lexicon.found(text):
                points[number] += weight
                words[number].add(word)
        best = min(points, key=lambda number: (-points[number], number), default=None)
        if best is None or points[best] < IN_INSTRUCTION:
            return self._rest, frozenset()
        return self.entries[best].name, frozenset(words[best])


@dataclass(frozen=True)
class Taxonomy:
    """A grid of cells, and aspects."""

    axes: tuple[Axis, ...]
    aspects: tuple[Axis, ...] = ()

    @property
    def all_axes(self) -> tuple[Axis, ...]:
        """The axes of the grid and the aspects behind them: what a task is tagged by."""
        return self.axes + self.aspects

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

    def entries_of(self, instruction: str) -> Entries:
        """Return what the words of an instruction tell on each axis, the aspects too."""
        return tuple(axis.entry_of(instruction) for axis in self.all_axes)

    def cell(self, entries: Entries) -> Cell | None:
        """Return the cell of a task that is told by these entries; None where one of the grid is not known."""
        found = entries[: len(self.axes)]
        return None if None in found else tuple(map(str, found))

    def entries(self, cell: Cell) -> tuple[Entry, ...]:
        """Return the entries of a cell."""
        return tuple(self.entry(at, name) for at, name in enumerate(cell))

    def entry(self, axis: int, name: str) -> Entry:
        """Return an entry of an axis, which is counted over `all_axes`."""
        return self._by_name[axis][name]

    @cached_property
    def subject_axis(self) -> int | None:
        """Return which axis says what tasks are about: the first whose entries all have subjects."""
        return next((at for at, axis in enumerate(self.axes) if all(entry.subjects for entry in axis.entries)), None)

    @property
    def topics(self) -> Axis:
        """The axis that says what tasks are about; the first one where none has subjects."""
        return self.axes[self.subject_axis or 0]

    def wanted(self, cell: Cell, aspect: Entry | None = None) -> str:
        """Return what a prompt says that wants tasks of a cell, and of an aspect, but for their subject, which it names."""
        of_cell = [entry.wanted for at, entry in enumerate(self.entries(cell)) if at != self.subject_axis]
        return ", ".join([*of_cell, *([aspect.wanted] if aspect else ())])

    def subjects(self, cell: Cell) -> tuple[str, ...]:
        """Return what tasks of a cell may be about; none where no axis says that."""
        return () if self.subject_axis is None else self.entries(cell)[self.subject_axis].subjects

    @property
    def all_subjects(self) -> frozenset[str]:
        """What tasks of any cell may be about."""
        return frozenset(subject for axis in self.axes for entry in axis.entries for subject in entry.subjects)

    @cached_property
    def _by_name(self) -> tuple[dict[str, Entry], ...]:
        return tuple({entry.name: entry for entry in axis.entries} for axis in self.all_axes)

    def to_fields(self) -> dict[str, Any]:
        """Return the taxonomy as its file has it."""
        aspects = {_ASPECTS: _axis_fields(self.aspects)} if self.aspects else {}
        return {**_axis_fields(self.axes), **aspects}

    @classmethod
    def from_fields(cls, given: object, source: str = "taxonomy") -> Self:
        """Return the taxonomy that a file's fields mean; raises `TaxonomyError` that names the entry."""
        if not isinstance(given, Mapping) or not set(given) - {_ASPECTS}:
            raise TaxonomyError(f"{source}: expected {_EXPECTED}.")
        axes = _axes({name: entries for name, entries in given.items() if name != _ASPECTS}, source)
        if prod(len(axis.entries) for axis in axes) > MOST_CELLS:
            raise TaxonomyError(
                f"{source}: has more than {MOST_CELLS:,} cells; leave out axes or entries, or make aspects of them."
            )
        aspects = given.get(_ASPECTS, {})
        if not isinstance(aspects, Mapping):
            raise TaxonomyError(f"{source}: {_ASPECTS}: expected axes, each with entries.")
        beside = _axes(aspects, f"{source}: {_ASPECTS}")
        if with_subjects := next((f"{axis.name}.{one.name}" for axis in beside for one in axis.entries if one.subjects), None):
            raise TaxonomyError(f"{source}: {_ASPECTS}: {with_subjects}.subjects: only an entry of the grid has that.")
        _check_not_with(axes, frozenset(), source, "only an aspect has that")
        of_grid = frozenset(name for axis in axes for name in axis.names)
        _check_not_with(beside, of_grid, f"{source}: {_ASPECTS}", "that is no entry of the grid")
        return cls(axes, beside)


def load_taxonomy(path: Path | None) -> Taxonomy:
    """Return the taxonomy of a YAML file, or ours; raises `TaxonomyError`."""
    return shipped_taxonomy() if path is None else _parsed(user_text(path, _EXPECTED, TaxonomyError), str(path))


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


def _parsed(text: str, source: str) -> Taxonomy:
    import yaml

    try:
        given = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise TaxonomyError(f"{source}: is not YAML: {' '.join(str(error).split())}.") from None
    return Taxonomy.from_fields(given, source)


def _axes(given: Mapping[Any, object], source: str) -> tuple[Axis, ...]:
    return tuple(Axis(str(name), tuple(_entries(name, entries, source))) for name, entries in given.items())


def _check_not_with(axes: Sequence[Axis], known: frozenset[str], source: str, fault: str) -> None:
    for axis in axes:
        for entry in axis.entries:
            if unknown := set(entry.not_with) - known:
                raise TaxonomyError(f"{source}: {axis.name}.{entry.name}.not_with: {min(unknown)!r}: {fault}.")


def _entries(axis: object, given: object, source: str) -> list[Entry]:
    if not isinstance(given, Mapping) or not given:
        raise TaxonomyError(f"{source}: {axis}: expected entries, each with its words.")
    found = [_entry(str(name), fields, f"{source}: {axis}.{name}") for name, fields in given.items()]
    wordless = [entry.name for entry in found if not entry.words]
    if len(wordless) > 1:
        raise TaxonomyError(
            f"{source}: {axis}.{wordless[1]}: has no 'words'; one entry of an axis may be without, {wordless[0]} is."
        )
    return found


def _entry(name: str, given: object, place: str) -> Entry:
    known = sorted(set(Entry.model_fields) - {"name"})
    if not isinstance(given, Mapping) or not set(known).issuperset(given):
        raise TaxonomyError(f"{place}: expected {', '.join(known)}, and no other field.")
    try:
        return Entry(name=name, **given)
    except ValidationError as error:
        field = str(error.errors(include_url=False)[0]["loc"][0])
        raise TaxonomyError(f"{place}.{field}: expected {Entry.model_fields[field].description}.") from None


def _axis_fields(axes: Sequence[Axis]) -> dict[str, Any]:
    return {axis.name: {entry.name: entry.to_fields() for entry in axis.entries} for axis in axes}
