"""Read instances from a reply that is JSON or a table; below `prompts.instance_sections`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from self_instruct.prompts.reading.instance_values import input_of, label_of
from self_instruct.prompts.reading.json_and_tables import as_text, json_entries, table_rows
from self_instruct.records.tasks import Instance, Reason

_INPUTS = ("input", "text", "question", "example", "sentence", "entrada", "eingabe", "entrée", "输入", "入力", "вход", "ввод")
_OUTPUTS = (
    "output", "answer", "response", "expected_output", "expected output", "salida", "ausgabe", "sortie", "输出", "出力",
    "вывод",
)  # fmt: skip
_LABELS = ("class_label", "class label", "label", "class", "category")
_LINE_BREAK = re.compile(r"<br[ ]?/?>", re.IGNORECASE)


def structured_instances(text: str) -> list[tuple[str, Instance | Reason, bool]]:
    """Return each record's raw text, the instance or why it is none, and whether its end is certain.

    Nothing where no record has an output.
    """
    for found in (list(_from_json(text)), list(_from_table(text))):
        if any(isinstance(read, Instance) for _, read, _ in found):
            return found
    return []


def _from_json(text: str) -> Iterator[tuple[str, Instance | Reason, bool]]:
    for entry in json_entries(text):
        raw = text[entry.start : entry.end]
        if entry.value is None:
            yield raw, Reason.UNREADABLE, False
        elif isinstance(entry.value, Mapping):
            yield raw, _instance(entry.value), True


def _from_table(text: str) -> Iterator[tuple[str, Instance | Reason, bool]]:
    for row in table_rows(text):
        cells = {name: _LINE_BREAK.sub("\n", cell) for name, cell in row.cells.items()}
        yield text[row.start : row.end], _instance(cells), True


def _instance(fields: Mapping[str, object]) -> Instance | Reason:
    named = {name.strip().casefold(): value for name, value in fields.items()}
    label = next((as_text(named[key]) for key in _LABELS if key in named), None)
    output = next((as_text(named[key]) for key in _OUTPUTS if key in named), None)
    given = input_of([next((as_text(named[key]) for key in _INPUTS if key in named), "")])
    if output is not None:
        return Instance(given, output)
    return Reason.UNREADABLE if label is None else Instance(given, label_of(label))
