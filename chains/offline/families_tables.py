"""Closed families about small tables and lists: filtering, grouping, other formats, comparing, removing duplicates."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from random import Random
from typing import NamedTuple

from self_instruct.chains.offline.composing import SEPARATORS, listed
from self_instruct.chains.offline.family import Family, Kind, Slots, several
from self_instruct.chains.offline.vocabulary import NAMES, PURPOSES


class Table(NamedTuple):
    """What a table can hold: the heads of its three columns, names, groups, and the range of the whole numbers."""

    heads: tuple[str, str, str]
    names: tuple[str, ...]
    groups: tuple[str, ...]
    low: int
    high: int


TABLES: Mapping[str, Table] = {
    "the stock list of a garden centre": Table(
        ("plant", "section", "pieces"), ("lavender", "ivy", "thyme", "box", "fern", "sage", "heather"), ("herbs", "shrubs"), 4,
        90),
    "the loans of a school library": Table(
        ("title", "shelf", "loans"), ("Tides", "Owl Hill", "The Atlas", "Salt", "North", "Two Moons", "Gravel"), ("novel",
        "science"), 1, 40),
    "the results of a sports day": Table(
        ("runner", "team", "points"), ("Ada", "Ben", "Clara", "Hugo", "Mina", "Noah", "Rosa"), ("red", "blue"), 5, 60),
    "the takings of a village fair": Table(
        ("stall", "row", "euros"), ("waffles", "raffle", "pottery", "books", "cider", "toys", "soap"), ("north", "south"), 30,
        400),
    "the fleet of a bicycle hire": Table(
        ("bicycle", "kind", "kilometres"), ("B1", "B2", "B3", "B4", "B5", "B6", "B7"), ("city", "touring"), 80, 900),
    "the members of a chess club": Table(
        ("member", "group", "rating"), ("Elif", "Farid", "Greta", "Jonas", "Olga", "Pedro", "Vera"), ("junior", "senior"), 900,
        2100),
    "the rooms of a youth hostel": Table(
        ("room", "floor", "beds"), ("Robin", "Wren", "Finch", "Heron", "Kite", "Lark", "Swift"), ("first", "second"), 2, 12),
    "the catch of two fishing boats": Table(
        ("fish", "boat", "kilograms"), ("cod", "herring", "plaice", "sole", "mackerel", "hake", "sprat"), ("Anna", "Gull"), 10,
        300),
    "the energy use of an office": Table(
        ("device", "side", "watts"), ("kettle", "printer", "server", "lamp", "screen", "fan", "heater"), ("east", "west"), 9,
        1800),
    "the songs of a radio show": Table(
        ("song", "hour", "seconds"), ("Harbour", "Ember", "Slow Train", "Paper", "Lantern", "Rye", "Blue Hour"), ("first",
        "second"), 120, 420),
}  # fmt: skip

Row = tuple[str, str, int]


def _rows(table: Table, rng: Random) -> list[Row]:
    names = rng.sample(table.names, rng.randint(4, 6))
    numbers = rng.sample(range(table.low, table.high + 1), len(names))
    groups = [*table.groups, *(rng.choice(table.groups) for _ in names[2:])]
    rng.shuffle(groups)
    return list(zip(names, groups, numbers, strict=True))


def _csv(table: Table, rows: list[Row]) -> str:
    return "\n".join([",".join(table.heads), *(f"{name},{group},{number}" for name, group, number in rows)])


PICKS: Mapping[str, Callable[[list[Row]], list[Row]]] = {
    "the two rows with the highest numbers": lambda rows: sorted(rows, key=lambda row: -row[2])[:2],
    "the two rows with the lowest numbers": lambda rows: sorted(rows, key=lambda row: row[2])[:2],
    "the rows above the average number": lambda rows: [
        row for row in rows if row[2] * len(rows) > sum(each[2] for each in rows)
    ],
    "the rows below the average number": lambda rows: [
        row for row in rows if row[2] * len(rows) < sum(each[2] for each in rows)
    ],
    "the rows that share their group with the first row": lambda rows: [row for row in rows if row[1] == rows[0][1]],
    "the rows that are not in the group of the first row": lambda rows: [row for row in rows if row[1] != rows[0][1]],
    "all rows sorted by the name": lambda rows: sorted(rows, key=lambda row: row[0].lower()),
    "all rows from the highest number to the lowest": lambda rows: sorted(rows, key=lambda row: -row[2]),
}
ROW_STYLES: Mapping[str, Callable[[Row], str]] = {
    "as name and number": lambda row: f"{row[0]} {row[2]}",
    "with the names only": lambda row: row[0],
    "as name (group)": lambda row: f"{row[0]} ({row[1]})",
    "in the form name=number": lambda row: f"{row[0]}={row[2]}",
}


def _picked(slots: Slots, rng: Random) -> tuple[str, str]:
    table = TABLES[slots["table"]]
    rows = _rows(table, rng)
    picked = map(ROW_STYLES[slots["style"]], PICKS[slots["pick"]](rows))
    return _csv(table, rows), SEPARATORS[slots["separator"]].join(picked)


AGGREGATES: Mapping[str, Callable[[list[int]], int]] = {
    "the total": sum, "the highest number": max, "the lowest number": min, "the count of rows": len,
    "the range of the numbers": lambda numbers: max(numbers) - min(numbers),
}  # fmt: skip
GROUP_STYLES: Mapping[str, str] = {
    "in the form group: number": "{}: {}", "as group = number": "{} = {}", "in the form number in group": "{1} in {0}",
    "as group (number)": "{} ({})",
}  # fmt: skip


def _grouped(slots: Slots, rng: Random) -> tuple[str, str]:
    table = TABLES[slots["table"]]
    rows = _rows(table, rng)
    groups = dict.fromkeys(row[1] for row in rows)
    values = {group: AGGREGATES[slots["aggregate"]]([row[2] for row in rows if row[1] == group]) for group in groups}
    style = GROUP_STYLES[slots["style"]]
    return _csv(table, rows), SEPARATORS[slots["separator"]].join(style.format(*value) for value in values.items())


def _as_json(table: Table, rows: list[Row]) -> str:
    return json.dumps([dict(zip(table.heads, row, strict=True)) for row in rows])


def _as_markdown(table: Table, rows: list[Row]) -> str:
    lines = [table.heads, ("---",) * 3, *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def _as_yaml(table: Table, rows: list[Row]) -> str:
    return "\n".join(
        f"- {table.heads[0]}: {row[0]}\n  {table.heads[1]}: {row[1]}\n  {table.heads[2]}: {row[2]}" for row in rows
    )


def _as_html(_: Table, rows: list[Row]) -> str:
    return "<ul>\n" + "\n".join(f"  <li>{name} ({group}): {number}</li>" for name, group, number in rows) + "\n</ul>"


def _as_tabs(table: Table, rows: list[Row]) -> str:
    return "\n".join("\t".join(map(str, line)) for line in (table.heads, *rows))


FORMATS: Mapping[str, Callable[[Table, list[Row]], str]] = {
    "a JSON list of objects": _as_json,
    "a Markdown table": _as_markdown,
    "a YAML list of mappings": _as_yaml,
    "an HTML list of the form name (group): number": _as_html,
    "lines with tabs between the cells": _as_tabs,
}
SORTINGS: Mapping[str, Callable[[list[Row]], list[Row]]] = {
    "sorted by the first column": PICKS["all rows sorted by the name"],
    "sorted by the number, the smallest first": lambda rows: sorted(rows, key=lambda row: row[2]),
    "sorted by the number, the largest first": PICKS["all rows from the highest number to the lowest"],
    "with the rows in their given order": list,
}


def _formatted(slots: Slots, rng: Random) -> tuple[str, str]:
    table = TABLES[slots["table"]]
    rows = _rows(table, rng)
    return _csv(table, rows), FORMATS[slots["format"]](table, SORTINGS[slots["sorting"]](rows))


LISTS: Mapping[str, tuple[str, ...]] = {
    "the guest lists of two parties": NAMES[:12],
    "the shopping lists of two flatmates": ("salt", "rice", "tea", "eggs", "soap", "milk", "oil", "bread", "pears", "yeast"),
    "the packing lists of two hikers": (
        "tent",
        "rope",
        "stove",
        "torch",
        "knife",
        "gloves",
        "compass",
        "soup",
        "socks",
        "whistle",
    ),
    "the song lists of two choirs": ("Ember", "Harbour", "Lantern", "Rye", "Paper", "Slow Train", "Tides", "Swift", "North"),
    "the plant lists of two gardeners": ("sage", "thyme", "ivy", "fern", "mint", "dill", "heather", "lavender", "chives"),
    "the tool lists of two workshops": ("saw", "plane", "vice", "drill", "rasp", "clamp", "level", "mallet", "chisel"),
    "the reading lists of two classes": ("Gravel", "Salt", "Owl Hill", "Two Moons", "The Atlas", "Blue Hour", "Kite", "Wren"),
    "the timetables of two buses": ("7:10", "7:40", "8:10", "8:25", "9:05", "9:50", "10:30", "11:15", "12:00"),
}
COMPARISONS: Mapping[str, Callable[[list[str], list[str]], list[str]]] = {
    "what stands on both": lambda left, right: [item for item in left if item in right],
    "what only the first has": lambda left, right: [item for item in left if item not in right],
    "what only the second has": lambda left, right: [item for item in right if item not in left],
    "what stands on just one of them": lambda left, right: [item for item in left + right if (item in left) != (item in right)],
    "everything without repeating anything": lambda left, right: list(dict.fromkeys(left + right)),
}
LIST_ORDERS: Mapping[str, bool] = {
    "in the given order": False,
    "in alphabetical order": True,
    "as the lists have it": False,
    "sorted from A to Z": True,
}


def _compared(slots: Slots, rng: Random) -> tuple[str, str]:
    things = LISTS[slots["lists"]]
    left, right = rng.sample(things, 4), rng.sample(things, 4)
    found = COMPARISONS[slots["comparison"]](left, right)
    if not found:
        return _compared(slots, rng)
    ordered = sorted(found, key=str.lower) if LIST_ORDERS[slots["order"]] else found
    return f"first: {', '.join(left)}\nsecond: {', '.join(right)}", SEPARATORS[slots["separator"]].join(ordered)


ENTRIES: Mapping[str, tuple[str, ...]] = dict(
    zip(
        ("a guest list for the party", "a shopping list from the fridge", "a packing list for a hike",
        "a song list for the choir",
         "a plant list for spring", "a tool list from the workshop", "a reading list for a class", "a list of bus departures"),
        LISTS.values(), strict=True,
    )
)  # fmt: skip
"""One list each of the same things."""

KEEPS: Mapping[str, bool] = {"keep the first of equal entries": True, "keep the last of equal entries": False}
COUNTS_SHOWN: Mapping[str, bool] = {"and add how often each occurred": True, "and say nothing about the repeats": False}


def _unique(slots: Slots, rng: Random) -> tuple[str, str]:
    things = rng.sample(ENTRIES[slots["entries"]], 4)
    entries = things + rng.sample(things, 2)
    rng.shuffle(entries)
    unique = list(dict.fromkeys(entries)) if KEEPS[slots["keep"]] else list(dict.fromkeys(reversed(entries)))[::-1]
    shown = [f"{entry} ({entries.count(entry)})" if COUNTS_SHOWN[slots["shown"]] else entry for entry in unique]
    return ", ".join(entries), SEPARATORS[slots["separator"]].join(shown)


OPENERS: Mapping[str, str] = {
    "begin with 'We need'": "We need", "begin with 'On the table are'": "On the table are",
    "start with the words 'Do not forget'": "Do not forget", "begin with 'There will be'": "There will be",
    "start with 'Missing so far are'": "Missing so far are",
}  # fmt: skip
LAST_WORDS: Mapping[str, str] = {
    "with 'and' before the last item": "and",
    "with 'or' before the last item": "or",
    "joined at the end by 'as well as'": "as well as",
}


def _joined(slots: Slots, rng: Random) -> tuple[str, str]:
    items = rng.sample(ENTRIES[slots["entries"]], rng.randint(3, 5))
    return "; ".join(items), f"{OPENERS[slots['opener']]} {listed(items, LAST_WORDS[slots['last']])}."


FAMILIES = (
    Family(
        "picked rows",
        Kind.CLOSED,
        (
            "From {table}, given as CSV, choose {pick} and write them {style}, {separator}.",
            "Look at {table} and report {pick}, {style}, {separator}, {purpose}.",
        ),
        {"table": TABLES, "pick": PICKS, "style": ROW_STYLES, "separator": SEPARATORS, "purpose": PURPOSES},
        several(_picked),
    ),
    Family(
        "grouped table",
        Kind.CLOSED,
        (
            "Find {aggregate} per value of the middle column in {table}, {style}, {separator}, {purpose}.",
            "Group {table} by the middle column and give {aggregate} of each group {style}, {separator}.",
        ),
        {"table": TABLES, "aggregate": AGGREGATES, "style": GROUP_STYLES, "separator": SEPARATORS, "purpose": PURPOSES},
        several(_grouped),
    ),
    Family(
        "other format",
        Kind.CLOSED,
        ("Turn {table} from CSV into {format}, {sorting}, {purpose}.", "{purpose}, reformat {table} as {format}, {sorting}."),
        {"table": TABLES, "format": FORMATS, "sorting": SORTINGS, "purpose": PURPOSES},
        several(_formatted),
    ),
    Family(
        "compared lists",
        Kind.CLOSED,
        (
            "Compare {lists} and name {comparison}, {order}, {separator}.",
            "Set {lists} side by side {purpose} and write down {comparison}, {order}, {separator}.",
        ),
        {"lists": LISTS, "comparison": COMPARISONS, "order": LIST_ORDERS, "separator": SEPARATORS, "purpose": PURPOSES},
        several(_compared),
    ),
    Family(
        "unique entries",
        Kind.CLOSED,
        (
            "Strike out the repeats in {entries} {purpose}: {keep}, {separator}, {shown}.",
            "Remove duplicates from {entries} {purpose}; {keep} {shown}, {separator}.",
        ),
        {"entries": ENTRIES, "keep": KEEPS, "separator": SEPARATORS, "shown": COUNTS_SHOWN, "purpose": PURPOSES},
        several(_unique),
    ),
    Family(
        "joined list",
        Kind.CLOSED,
        (
            "Make one sentence of {entries}: {opener} and separate the items by commas, {last}, {purpose}.",
            "String {entries} together {purpose}, {last}; {opener}.",
        ),
        {"entries": ENTRIES, "opener": OPENERS, "last": LAST_WORDS, "purpose": PURPOSES},
        several(_joined),
    ),
)
