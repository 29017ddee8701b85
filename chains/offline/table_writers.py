"""Closed tasks about small tables and lists: other formats, questions about a table, what two lists have in common."""

import json
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import partial

from self_instruct.chains.offline.composing import shortest
from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import Pair, Slots, Table

Row = tuple[str, str, int]


def _rows(table: Table, draws: Draws) -> list[Row]:
    """Return four to six rows of different names and numbers, with both groups among the first two."""
    names = draws.several(table["names"], draws.whole(4, 6))
    numbers = draws.several(range(table["low"], table["high"] + 1), len(names))
    groups = [*draws.shuffled(table["groups"]), *(draws.one(table["groups"]) for _ in names[2:])]
    return list(zip(names, groups, numbers, strict=True))


def _heads(table: Table) -> tuple[str, str, str]:
    return table["name"], table["group"], table["number"]


def _separated(table: Table, rows: Sequence[Row], by: str = ",") -> str:
    return "\n".join(by.join(map(str, line)) for line in (_heads(table), *rows))


def _as_json(table: Table, rows: Sequence[Row]) -> str:
    return json.dumps([dict(zip(_heads(table), row, strict=True)) for row in rows])


def _as_markdown(table: Table, rows: Sequence[Row]) -> str:
    lines = [_heads(table), ("---", "---", "---:"), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _as_yaml(table: Table, rows: Sequence[Row]) -> str:
    heads = _heads(table)
    return "\n".join("- " + "\n  ".join(f"{head}: {cell}" for head, cell in zip(heads, row, strict=True)) for row in rows)


def _as_html(_: Table, rows: Sequence[Row]) -> str:
    return "<ul>\n" + "\n".join(f"  <li>{name} ({group}): {number}</li>" for name, group, number in rows) + "\n</ul>"


FORMATS: Mapping[str, Callable[[Table, Sequence[Row]], str]] = {
    "json": _as_json, "markdown": _as_markdown, "yaml": _as_yaml, "html": _as_html, "tabs": partial(_separated, by="\t"),
}  # fmt: skip
ORDERS: Mapping[str, Callable[[list[Row]], list[Row]]] = {
    "": list,
    "name": lambda rows: sorted(rows, key=lambda row: row[0].lower()),
    "number": lambda rows: sorted(rows, key=lambda row: row[2]),
    "-number": lambda rows: sorted(rows, key=lambda row: -row[2]),
}


def _formatted(slots: Slots, draws: Draws) -> tuple[str, str]:
    table = slots.known("table")
    rows = _rows(table, draws)
    ordered = ORDERS[slots.known("order") if "order" in slots else ""](rows)
    return _separated(table, rows), FORMATS[slots.known("format")](table, ordered)


def _answered(slots: Slots, draws: Draws) -> tuple[str, str]:
    asked = slots.known("question")
    rows = _rows(asked, draws)
    numbers = [number for _, _, number in rows]
    answers: Mapping[str, Callable[[], str]] = {
        "most": lambda: max(rows, key=lambda row: row[2])[0],
        "fewest": lambda: min(rows, key=lambda row: row[2])[0],
        "total": lambda: str(sum(numbers)),
        "above": lambda: str(sum(number > asked["middle"] for number in numbers)),
        "average": lambda: shortest(Fraction(sum(numbers), len(numbers))),
        "group": lambda: ", ".join(name for name, group, _ in rows if group == asked["value"]),
    }
    return _separated(asked, rows), answers[asked["ask"]]()


COMPARISONS: Mapping[str, Callable[[list[str], list[str]], list[str]]] = {
    "both": lambda left, right: [item for item in left if item in right],
    "first": lambda left, right: [item for item in left if item not in right],
    "second": lambda left, right: [item for item in right if item not in left],
    "one": lambda left, right: [item for item in left + right if (item in left) != (item in right)],
    "all": lambda left, right: list(dict.fromkeys(left + right)),
}


def _compared(slots: Slots, draws: Draws) -> tuple[str, str]:
    things = slots.known("things")
    left, right = draws.several(things, 4), draws.several(things, 4)
    found = COMPARISONS[slots.known("which") if "which" in slots else "both"](left, right)
    if not found:
        return _compared(slots, draws)
    if "order" in slots and slots.known("order"):
        found = sorted(found, key=str.lower)
    join = slots.known("separator").join if "separator" in slots else ", ".join
    return f"List 1: {', '.join(left)}\nList 2: {', '.join(right)}", join(found)


PAIRS: Mapping[str, Pair] = {"table formats": _formatted, "table questions": _answered, "list comparison": _compared}
