"""How texts are put together: templates of the data filled in, lists laid out, numbers and answers written as asked for.

A template is a format string over the slots: `{dish}` is the slot's text, `{dish.minutes}` and `{skill.steps.0}` what the data
knows of it, `{turn.note}` all that it knows; of a list one entry is drawn. What follows a colon says how to write it:
`{skill.needs:and}` as "a, b and c", `:-` and `:1` as a list with dashes or of numbered sentences, `:fill` as a template itself,
`:A` with its first letter raised, `:a` lowered, `:the` with "the" for "a".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from string import Formatter
from typing import Any

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import SPELLINGS, Slots, Table, raised


class _Filling(Formatter):
    """Fills one template."""

    def __init__(self, slots: Slots, draws: Draws) -> None:
        self._slots = slots
        self._draws = draws

    def get_field(self, field_name: str, _args: Sequence[Any], _kwargs: Mapping[str, Any]) -> Any:
        name, *facts = field_name.split(".")
        value: Any = self._slots.known(name) if facts else self._slots[name]
        for fact in facts if facts != ["note"] else ():
            value = value[int(fact) if fact.isdigit() else fact]
        return value, name

    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, list):
            if format_spec == "and":
                return listed(value)
            if format_spec == "-":
                return "\n".join(f"- {item}" for item in value)
            if format_spec == "1":
                return laid_out("1", value)
            value = self._draws.one(value)
        if format_spec == "fill":
            return self.format(value)
        return SPELLINGS[format_spec](str(value))


def filled(template: str, slots: Slots, draws: Draws) -> str:
    """Return a template with its fields filled in."""
    return _Filling(slots, draws).format(template)


@dataclass(frozen=True)
class Templates:
    """The templates of a family, one of each drawn for a pair: its input, if it has any, and its output.

    An output that is a list is laid out as the slot `shape` asks, or else as `layout` says. `drawn` are tables of which a text
    is drawn for each pair where the instruction has no such slot.
    """

    inputs: Sequence[str]
    outputs: Sequence[str | list[str]]
    drawn: Mapping[str, Table]
    layout: str = "1"

    def pair(self, slots: Slots, draws: Draws) -> tuple[str, str]:
        """Return an input, empty where the task needs none, and its output."""
        whole = with_drawn(slots, self.drawn, draws)
        entry = filled(draws.one(self.inputs), whole, draws) if self.inputs else ""
        output = draws.one(self.outputs)
        if isinstance(output, str):
            return entry, filled(output, whole, draws).strip()
        shape = slots.known("shape") if "shape" in slots else self.layout
        return entry, laid_out(shape, [filled(point, whole, draws) for point in output])


def with_drawn(slots: Slots, drawn: Mapping[str, Table], draws: Draws) -> Slots:
    """Return the slots and, beside them, a text drawn from each of these tables that is none of theirs."""
    more = {name: table for name, table in drawn.items() if name not in slots}
    texts = {name: draws.one(tuple(table)) for name, table in more.items()}
    return Slots({**slots.texts, **texts}, {**slots.tables, **more})


def laid_out(shape: str, points: Sequence[str]) -> str:
    r"""Return points as sentences: " " as one paragraph, "1" and "-" as a list with numbers or dashes, "\n" a line each."""
    sentences = [sentence(point) for point in points]
    if shape == "1":
        return "\n".join(f"{number}. {each}" for number, each in enumerate(sentences, 1))
    return "\n".join(f"- {each}" for each in sentences) if shape == "-" else shape.join(sentences)


def sentence(text: str) -> str:
    """Return the text as a sentence: its first letter raised, an end mark added where it has none.

    >>> sentence("the kettle is hot")
    'The kettle is hot.'
    """
    return raised(text) if text.endswith((".", "!", "?", '."', '!"', '?"')) else raised(text) + "."


def listed(items: Sequence[str], last: str = "and") -> str:
    """Return the items as one phrase.

    >>> listed(["oil", "salt", "rice"])
    'oil, salt and rice'
    """
    return f" {last} ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)


def rounded(value: Fraction | int, places: int = 0) -> str:
    """Return an exact value as a decimal, halves rounded away from zero.

    >>> rounded(Fraction(5, 2)), rounded(Fraction(-1, 3), 2)
    ('3', '-0.33')
    """
    scaled = Fraction(abs(value) * 10**places)
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    digits = str(whole).rjust(places + 1, "0")
    sign = "-" if value < 0 and whole else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


def shortest(value: Fraction | int) -> str:
    """Return a value without needless digits, with two decimals at most.

    >>> shortest(Fraction(25, 2)), shortest(Fraction(12)), shortest(Fraction(1, 3))
    ('12.5', '12', '0.33')
    """
    digits = rounded(value, 2)
    return digits.rstrip("0").rstrip(".")


@dataclass(frozen=True)
class Result:
    """A result in the three forms an instruction may ask for: bare, in a sentence, and with the way to it."""

    bare: str
    sentence: str
    working: str

    def as_asked(self, slots: Slots) -> str:
        """Return the form that the slot `reply` asks for; the sentence where the instruction has no such slot."""
        return str(getattr(self, slots.known("reply"))) if "reply" in slots else self.sentence
