"""Read instances from a reply that is JSON or a table; below `prompts.instance_sections`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from self_instruct.prompts.reading.instance_values import input_of, label_of
from self_instruct.prompts.reading.json_and_tables import as_text, json_entries, table_rows
from self_instruct.records.tasks import Instance, Reason

_INPUTS = ("input", "text", "question", "example", "sentence", "entrada", "eingabe", "entrée", "输入", "入力", "вход", "ввод")
_OUTPUTS = (
    "output", "answer", "response", "expected_output", "expected output", "salida", "ausgabe", "sortie", "输出", "出力",
    "вывод",
)  # fmt: skip
_LABELS = ("class_label", "class label", "label", "class", "category")
_NO_INPUT = frozenset({
    *_OUTPUTS, *_LABELS, "instruction", "task", "explanation", "reason", "reasoning", "rationale", "justification",
    "confidence", "id", "index", "anweisung", "aufgabe", "begründung",
})  # fmt: skip
_COUNTS = frozenset({"#", "no", "no.", "nr", "nr.", "number"})  # of the rows, where a row has more than that
_LINE_BREAK = re.compile(r"<br[ ]?/?>", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """The raw text that should be one instance, and what it was read as: the instance, or why it is none.

    `is_closed` says that its end is certain, even in a reply that was cut off.
    """

    raw: str
    read: Instance | Reason
    is_closed: bool = False


def structured_instances(text: str) -> list[Piece]:
    """Return a piece for each record; none where no record has an output."""
    for pieces in (_from_json(text), _from_table(text)):
        found = list(pieces)
        if any(isinstance(piece.read, Instance) for piece in found):
            return found
    return []


def _from_json(text: str) -> Iterator[Piece]:
    for entry in json_entries(text):
        if entry.value is None:
            yield Piece(text[entry.start : entry.end], Reason.UNREADABLE)
        elif not isinstance(entry.value, str):
            yield Piece(text[entry.start : entry.end], _nested(entry.fields), is_closed=True)


def _nested(fields: Mapping[str, object]) -> Instance | Reason:
    try:
        return _instance(fields)
    except RecursionError:  # nested as deep as could just be read, but not be written again
        return Reason.UNREADABLE


def _from_table(text: str) -> Iterator[Piece]:
    for row in table_rows(text):
        cells = {name: _LINE_BREAK.sub("\n", cell) for name, cell in row.fields.items()}
        yield Piece(text[row.start : row.end], _instance(cells), is_closed=True)


def _instance(fields: Mapping[str, object]) -> Instance | Reason:
    named = {name.strip().casefold(): value for name, value in fields.items()}
    label = next((as_text(named[key]) for key in _LABELS if key in named), None)
    output = next((as_text(named[key]) for key in _OUTPUTS if key in named), None)
    known = next((as_text(named[key]) for key in _INPUTS if key in named), None)
    given = input_of([_other_fields(fields) if known is None else known])
    if output is not None:
        return Instance(given, output)
    return Reason.UNREADABLE if label is None else Instance(given, label_of(label))


def _other_fields(fields: Mapping[str, object]) -> str:
    """Return the fields that are neither answer nor remark nor number: one alone by itself, several as "Name: value" lines."""
    others = {name.strip(): as_text(value) for name, value in fields.items() if name.strip().casefold() not in _NO_INPUT}
    said = {name: text for name, text in others.items() if text and not (len(others) > 1 and name.casefold() in _COUNTS)}
    if len(said) == 1:
        return next(iter(said.values()))
    return "\n".join(f"{name[:1].upper()}{name[1:].replace('_', ' ')}: {text}" for name, text in said.items())
