"""A family of tasks: its phrasings, the slots in them, and how its instances are written.

A phrasing is fixed text with named slots, "Sort the {numbers} {order}". Filling the slots gives an instruction; matching an
instruction gives the slots back, whatever the loop did to its casing and white space. Each slot has a closed table of texts,
and what is known of each text. A digit after a name asks for another text of the same table: "{country} and {country2}".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from string import Formatter
from typing import Any

from self_instruct.chains.offline.draws import Draws
from self_instruct.records.tasks import Instance

Table = Mapping[str, Any]
"""The texts of a slot, each with what is known of it, as the data has it."""


class Kind(StrEnum):
    """What can be said of a family's outputs."""

    OPEN = "open"  # well formed and on topic
    CLOSED = "closed"  # computed or looked up, so right or wrong
    CLASSIFICATION = "classification"  # closed, and a choice from the labels the instruction names


@dataclass(frozen=True)
class Slots:
    """What stands in the slots of an instruction: `slots["order"]` is a text in the data's spelling."""

    texts: Mapping[str, str]
    tables: Mapping[str, Table]

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def __contains__(self, name: str) -> bool:
        return name in self.texts

    def known(self, name: str) -> Any:
        """Return what the data knows of a slot's text."""
        return self.tables[table_name(name)][self.texts[name]]

    def number(self, name: str) -> int:
        """Return a slot's text as a whole number."""
        return int(self.texts[name])

    def numbers(self, name: str) -> list[int]:
        """Return the whole numbers of `name`, `name2`, `name3` ..., as many as there are."""
        return [self.number(each) for each in self.alike(name)]

    def alike(self, name: str) -> list[str]:
        """Return those of `name`, `name2`, `name3` ... that the instruction has, in this order."""
        return [each for each in (name, *(f"{name}{number}" for number in range(2, 6))) if each in self]


Writer = Callable[[Slots, Draws], list[Instance]]
"""Writes the instances of one task: a single one without input, or one to five different ones."""

Pair = Callable[[Slots, Draws], tuple[str, str]]
"""Writes one input, empty where the task needs none, and its output."""

Answer = Callable[[Slots, str], str]
"""Returns the one right output for an input."""

Fitting = Callable[[int, str, Slots, Draws], str]
"""Writes an input that a label fits; the label is given with its place among those that the instruction names."""


@dataclass(frozen=True)
class Family:
    """Tasks that are worked the same way. `tables` has a table for each slot of the phrasings."""

    name: str
    kind: Kind
    phrasings: tuple[str, ...]
    tables: Mapping[str, Table]
    write: Writer
    weight: float = 1.0

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The phrasings, ready to be filled and matched."""
        return tuple(Pattern(phrasing, self.tables) for phrasing in self.phrasings)

    def instruction(self, draws: Draws) -> str:
        """Return a new instruction of this family."""
        return draws.one(self.patterns).filled(draws)


class Pattern:
    """One phrasing of a family. KeyError for a slot without a table."""

    def __init__(self, phrasing: str, tables: Mapping[str, Table]) -> None:
        self.tables = tables
        self._pieces = tuple((literal, name, spec) for literal, name, spec, _ in Formatter().parse(phrasing))
        self._options: dict[str, tuple[tuple[str, str], ...]] = {}

    def filled(self, draws: Draws) -> str:
        """Return the phrasing with a text drawn for each slot, no text twice."""
        left: dict[str, list[str]] = {}
        parts: list[str] = []
        for literal, name, spec in self._pieces:
            parts.append(literal)
            if name:
                texts = left.setdefault(table_name(name), list(self.tables[table_name(name)]))
                parts.append(SPELLINGS[spec or ""](texts.pop(draws.whole(0, len(texts) - 1))))
        return raised("".join(parts))

    def matched(self, folded_text: str) -> Slots | None:
        """Return the slots of an instruction given as `folded`, or None where it is not of this phrasing."""
        found: dict[str, str] = {}
        return Slots(found, self.tables) if self._match(folded_text, found, 0, 0) else None

    def _match(self, text: str, found: dict[str, str], piece: int, at: int) -> bool:
        """Say whether the pieces from `piece` on match `text[at:]` to its end; put their slots into `found`."""
        if piece == len(self._pieces):
            return not text[at:].strip(".?!: ")  # an end mark may have been changed or taken away
        literal, name, _ = self._pieces[piece]
        is_last = piece == len(self._pieces) - 1 and not name
        literal = literal.lower().rstrip(".?!") if is_last else literal.lower()
        if not text.startswith(literal, at):
            return False
        at += len(literal)
        if not name:
            return self._match(text, found, piece + 1, at)
        for option, spelling in self._options_of(name):
            if text.startswith(option, at) and self._match(text, found, piece + 1, at + len(option)):
                found[name] = spelling
                return True
        return False

    def _options_of(self, name: str) -> tuple[tuple[str, str], ...]:
        """Return a slot's texts as (folded, own spelling), the longest first so that "10" is tried before "1"."""
        table = table_name(name)
        if table not in self._options:
            options = ((text.lower(), text) for text in self.tables[table])
            self._options[table] = tuple(sorted(options, key=lambda option: (-len(option[0]), option[0])))
        return self._options[table]

    @cached_property
    def first_words(self) -> frozenset[str]:
        """The words, folded, that an instruction of this phrasing can begin with."""
        literal, name, _ = self._pieces[0]
        starts = [literal] if literal or not name else list(self.tables[table_name(name)])
        return frozenset(start.lower().split()[0] for start in starts)


def table_name(slot: str) -> str:
    """Return the name of a slot's table: "country" for "country2"."""
    return slot.rstrip("0123456789")


def folded(instruction: str) -> str:
    """Return an instruction without what the loop may change in it: casing and white space."""
    return " ".join(instruction.split()).lower()


def raised(text: str) -> str:
    """Return the text with its first letter in upper case.

    >>> raised("sort the NASA list")
    'Sort the NASA list'
    """
    return text[:1].upper() + text[1:]


def lowered(text: str) -> str:
    """Return the text with its first letter in lower case."""
    return text[:1].lower() + text[1:]


def definite(text: str) -> str:
    """Return how a text refers again to somebody brought in with an article: "the shy tuner" for "a shy tuner"."""
    article, _, rest = text.partition(" ")
    return f"the {rest}" if article in ("a", "an") else text


SPELLINGS: Mapping[str, Callable[[str], str]] = {"": str, "A": raised, "a": lowered, "the": definite}
"""How a slot's text may be written, by what follows the colon in "{dish:A}"."""


def several(pair: Pair) -> Writer:
    """Return the writer of a single pair without input, or of two to four with different inputs, none equal to its output."""

    def write(slots: Slots, draws: Draws) -> list[Instance]:
        found: dict[str, str] = {}
        for _ in range(draws.whole(2, 4)):
            entry, output = pair(slots, draws)
            if not entry:
                return [Instance("", output)]
            if entry != output:
                found[entry] = output
        return [Instance(entry, output) for entry, output in found.items()] or write(slots, draws)

    return write


def by_label(fitting: Fitting) -> Writer:
    """Return the writer of a classification task: for each label, in a drawn order, one input that it fits."""

    def write(slots: Slots, draws: Draws) -> list[Instance]:
        labels = draws.shuffled(tuple(enumerate(labels_in(slots))))
        return [Instance(fitting(place, label, slots, draws), label) for place, label in labels]

    return write


def labels_in(slots: Slots) -> Sequence[str]:
    """Return the labels that the slot `labels` names, in its order: what the data says they are, or else its words.

    >>> labels_in(Slots({"labels": "red, amber or green"}, {"labels": {"red, amber or green": None}}))
    ['red', 'amber', 'green']
    """
    told = slots.known("labels")
    return told if told is not None else slots["labels"].replace(" or ", ", ").replace("/", ", ").replace('"', "").split(", ")
