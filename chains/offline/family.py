"""A family of tasks: its phrasings, the slots in them, and how its instances are written.

A phrasing is fixed text with named slots, "Sort the {numbers} {order}". Filling the slots gives an instruction; matching an
instruction gives the slots back, whatever the loop did to its casing and white space. Each slot has a closed set of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from random import Random
from string import Formatter

from self_instruct.records.tasks import Instance

Slots = Mapping[str, str]
"""What was put into each slot, by the slot's name, in the grammar's own spelling."""

Writer = Callable[[Slots, Random], list[Instance]]
"""Writes the instances of one task: a single one without input, or one to five different ones."""


class Kind(StrEnum):
    """What can be said of a family's outputs."""

    OPEN = "open"  # well formed and on topic
    CLOSED = "closed"  # computed, so right or wrong
    CLASSIFICATION = "classification"  # closed, and a choice from the labels the instruction names


@dataclass(frozen=True)
class Family:
    """Tasks that are worked the same way. `slots` names every slot of the phrasings, each with all its texts."""

    name: str
    kind: Kind
    phrasings: tuple[str, ...]
    slots: Mapping[str, Collection[str]]
    instances: Writer

    @cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The phrasings, ready to be filled and matched."""
        return tuple(Pattern.of(phrasing, self.slots) for phrasing in self.phrasings)

    def instruction(self, rng: Random) -> str:
        """Return a new instruction of this family."""
        return rng.choice(self.patterns).filled(rng)


@dataclass(frozen=True)
class _Literal:
    folded: str


@dataclass(frozen=True)
class _Slot:
    name: str
    texts: tuple[str, ...]

    @cached_property
    def options(self) -> tuple[tuple[str, str], ...]:
        """The texts as (folded, own spelling), the longest first so that "10" is tried before "1"."""
        return _options(self.texts)


@dataclass(frozen=True)
class Pattern:
    """One phrasing of a family."""

    phrasing: str
    slots: tuple[_Slot, ...]
    pieces: tuple[_Literal | _Slot, ...]

    @classmethod
    def of(cls, phrasing: str, slots: Mapping[str, Collection[str]]) -> Pattern:
        """Read a phrasing. KeyError for a slot that `slots` lacks."""
        pieces: list[_Literal | _Slot] = []
        for literal, name, _, _ in Formatter().parse(phrasing.rstrip(".?")):
            if literal:
                pieces.append(_Literal(literal.lower()))
            if name:
                pieces.append(_Slot(name, tuple(slots[name])))
        return cls(phrasing, tuple(piece for piece in pieces if isinstance(piece, _Slot)), tuple(pieces))

    def filled(self, rng: Random) -> str:
        """Return the phrasing with a text drawn for each slot."""
        return raised(self.phrasing.format_map({slot.name: rng.choice(slot.texts) for slot in self.slots}))

    def matched(self, folded_text: str) -> Slots | None:
        """Return the slots of an instruction given as `folded`, or None where it is not of this phrasing."""
        found: dict[str, str] = {}
        return found if _match(self.pieces, folded_text, found) else None

    @cached_property
    def first_words(self) -> frozenset[str]:
        """The words, folded, that an instruction of this phrasing can begin with."""
        first = self.pieces[0]
        starts = (first.folded,) if isinstance(first, _Literal) else tuple(folded for folded, _ in first.options)
        return frozenset(start.split()[0] for start in starts)


def folded(instruction: str) -> str:
    """Return an instruction without what the loop may change in it: casing and white space."""
    return " ".join(instruction.split()).lower()


def raised(text: str) -> str:
    """Return the text with its first letter in upper case.

    >>> raised("sort the NASA list")
    'Sort the NASA list'
    """
    return text[:1].upper() + text[1:]


def _match(pieces: Sequence[_Literal | _Slot], text: str, found: dict[str, str], piece: int = 0, at: int = 0) -> bool:
    """Say whether pieces[piece:] match text[at:] to its end, and put their slots into `found`. Tries every option in turn."""
    if piece == len(pieces):
        return not text[at:].strip(".?!: ")  # an end mark may have been changed or taken away
    head = pieces[piece]
    if isinstance(head, _Literal):
        return text.startswith(head.folded, at) and _match(pieces, text, found, piece + 1, at + len(head.folded))
    for option, spelling in head.options:
        if text.startswith(option, at) and _match(pieces, text, found, piece + 1, at + len(option)):
            found[head.name] = spelling
            return True
    return False


@cache
def _options(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(((text.lower(), text) for text in texts), key=lambda option: (-len(option[0]), option[0])))


def alone(output: Callable[[Slots, Random], str]) -> Writer:
    """Return the writer of a task that needs no input and has this one output."""
    return lambda slots, rng: [Instance("", output(slots, rng))]


def fixed(output: Callable[[Slots], str]) -> Writer:
    """Return the writer of a task that needs no input and whose output its slots settle."""
    return lambda slots, _: [Instance("", output(slots))]


def several(pair: Callable[[Slots, Random], tuple[str, str]]) -> Writer:
    """Return the writer of a task with input: two to four pairs, none with an input seen before or equal to its output."""

    def write(slots: Slots, rng: Random) -> list[Instance]:
        found: dict[str, str] = {}
        for _ in range(rng.randint(2, 4)):
            given, answer = pair(slots, rng)
            if given != answer:
                found[given] = answer
        return [Instance(given, answer) for given, answer in found.items()] or write(slots, rng)

    return write


def by_label(labels: Callable[[Slots], Sequence[str]], text: Callable[[str, Slots, Random], str]) -> Writer:
    """Return the writer of a classification task: for each label, in a drawn order, one input that it fits."""

    def write(slots: Slots, rng: Random) -> list[Instance]:
        names = labels(slots)
        return [Instance(text(name, slots, rng), name) for name in rng.sample(names, len(names))]

    return write
