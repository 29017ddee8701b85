"""The families of tasks, read from `data/`: a file that is a list has families, one that is an object the tables they share.

A family there has a name, a kind, phrasings, and a table for each of their slots; and, where they are not computed, templates
of its inputs and outputs. What has to be computed is in the `*_writers` modules, under the family's name.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from typing import Any

from self_instruct.chains.offline import code_writers, number_writers, table_writers, text_writers
from self_instruct.chains.offline.composing import Templates, filled, with_drawn
from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import Answer, Family, Fitting, Kind, Pair, Slots, Table, Writer, by_label, several

PAIRS: Mapping[str, Pair] = {
    **number_writers.PAIRS, **text_writers.PAIRS, **table_writers.PAIRS, **code_writers.PAIRS,
}  # fmt: skip
"""What writes the inputs and outputs of a closed family."""

ANSWERS: Mapping[str, Answer] = text_writers.ANSWERS
"""What writes the outputs of a closed family whose inputs are templates."""


def families() -> list[Family]:
    """Return all families, in the order of the files' names and within a file in its own."""
    folder = files(__package__) / "data"
    texts = sorted((file.name, file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name.endswith(".json"))
    data = [json.loads(text) for _, text in texts]
    shared = {name: _table(each, {}) for tables in data if isinstance(tables, dict) for name, each in tables.items()}
    return [_family(each, shared) for listed in data if isinstance(listed, list) for each in listed]


def _family(written: Mapping[str, Any], shared: Mapping[str, Table]) -> Family:
    kind = Kind(written["kind"])
    tables = {name: _table(each, shared) for name, each in written["slots"].items()}
    drawn = {name: tables[name] if each is None else _table(each, shared) for name, each in written.get("drawn", {}).items()}
    write = _writer(written, kind, drawn)
    return Family(written["name"], kind, tuple(written["phrasings"]), tables, write, written.get("weight", 1.0))


def _table(written: Any, shared: Mapping[str, Table]) -> Table:
    """Return a table from its data: a shared one by its name, texts alone, texts with what is known of them, numbers.

    {"from": 1, "to": 9} are the numbers from 1 to 9; {"each": name, "texts": ...} are these texts filled in for each row of a
    shared table, `{it}` being the row's own text, with what is known of the row.
    """
    if isinstance(written, str):
        return shared[written]
    if isinstance(written, list):
        return dict.fromkeys(written)
    if "from" in written:
        return dict.fromkeys(map(str, range(written["from"], written["to"] + 1)))
    return dict(_for_each(written["texts"], shared[written["each"]])) if "each" in written else written


def _for_each(texts: Table, rows: Table) -> Iterator[tuple[str, Any]]:
    for row, known in rows.items():
        for text, more in texts.items():
            yield text.format(it=row, **known), {**known, **more}


def _writer(written: Mapping[str, Any], kind: Kind, drawn: Mapping[str, Table]) -> Writer:
    name, inputs = written["name"], written.get("inputs", ())
    if kind is Kind.CLASSIFICATION:
        return by_label(_from_bank(inputs, drawn) if inputs else number_writers.reading)
    if kind is Kind.OPEN:
        return several(Templates(inputs, written["outputs"], drawn, written.get("layout", "1")).pair)
    return several(_answered(inputs, drawn, ANSWERS[name]) if inputs else PAIRS[name])


def _answered(inputs: Sequence[str], drawn: Mapping[str, Table], answer: Answer) -> Pair:
    def pair(slots: Slots, draws: Draws) -> tuple[str, str]:
        entry = filled(draws.one(inputs), with_drawn(slots, drawn, draws), draws)
        return entry, answer(slots, entry)

    return pair


def _from_bank(inputs: Any, drawn: Mapping[str, Table]) -> Fitting:
    """Return what draws an input that a label fits, from texts by label or, for labels of many names, by the label's place."""

    def text(place: int, label: str, slots: Slots, draws: Draws) -> str:
        texts = inputs[label] if isinstance(inputs, dict) else inputs[place]
        return filled(draws.one(texts), with_drawn(slots, drawn, draws), draws)

    return text
