"""The answers of the table, puzzle and code families, worked out again by other means; code is run."""

import contextlib
import csv
import io
import itertools
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
import yaml

from self_instruct.chains.offline import families_code, families_logic, families_tables
from self_instruct.chains.offline.family import Family, Slots
from self_instruct.records.tasks import Instance

FAMILIES = (*families_tables.FAMILIES, *families_logic.FAMILIES, *families_code.FAMILIES)
SEPARATORS = {
    "with commas in between": ", ", "separated by semicolons": "; ", "with one entry on each line": "\n",
    "divided by slashes": " / ", "with a plus sign between neighbours": " + ", "split by vertical bars": " | ",
}  # fmt: skip
Rows = list[tuple[str, str, int]]


def rows_of(text: str) -> tuple[list[str], Rows]:
    head, *rows = csv.reader(io.StringIO(text))
    return head, [(name, group, int(number)) for name, group, number in rows]


def picked_rows(slots: Slots, given: str, answer: str) -> bool:
    rows, pick = rows_of(given)[1], slots["pick"]
    mean = sum(number for _, _, number in rows) / len(rows)
    down = sorted(rows, key=lambda row: row[2], reverse=True)
    expected = {
        "the two rows with the highest numbers": down[:2], "the two rows with the lowest numbers": down[::-1][:2],
        "the rows above the average number": [row for row in rows if row[2] > mean],
        "the rows below the average number": [row for row in rows if row[2] < mean],
        "the rows that share their group with the first row": [row for row in rows if row[1] == rows[0][1]],
        "the rows that are not in the group of the first row": [row for row in rows if row[1] != rows[0][1]],
        "all rows sorted by the name": sorted(rows, key=lambda row: row[0].casefold()),
        "all rows from the highest number to the lowest": down,
    }[pick]  # fmt: skip
    forms = {"as name and number": "%s %s", "as name (group)": "%s (%s)", "in the form name=number": "%s=%s"}
    shown = [
        name if "only" in slots["style"] else forms[slots["style"]] % (name, group if "group" in slots["style"] else number)
        for name, group, number in expected
    ]
    return answer == SEPARATORS[slots["separator"]].join(shown)


def grouped(slots: Slots, given: str, answer: str) -> bool:
    _, rows = rows_of(given)
    groups: dict[str, list[int]] = {}
    for _, group, number in rows:
        groups.setdefault(group, []).append(number)
    results = {"the total": sum, "the highest number": lambda n: sorted(n)[-1], "the lowest number": lambda n: sorted(n)[0],
               "the count of rows": lambda n: sum(1 for _ in n),
               "the range of the numbers": lambda n: sorted(n)[-1] - sorted(n)[0]}  # fmt: skip
    value = results[slots["aggregate"]]
    shapes = {
        "group: number": "{0}: {1}",
        "group = number": "{0} = {1}",
        "number in group": "{1} in {0}",
        "group (number)": "{0} ({1})",
    }
    shape = next(shape for words, shape in shapes.items() if slots["style"].endswith(words))
    return answer == SEPARATORS[slots["separator"]].join(
        shape.format(group, value(numbers)) for group, numbers in groups.items()
    )


def reformatted(slots: Slots, given: str, answer: str) -> bool:
    head, rows = rows_of(given)
    if "first column" in slots["sorting"]:
        rows.sort(key=lambda row: row[0].casefold())
    elif "number" in slots["sorting"]:
        rows.sort(key=lambda row: row[2], reverse="largest" in slots["sorting"])
    records = [dict(zip(head, row, strict=True)) for row in rows]
    if "JSON" in slots["format"]:
        return json.loads(answer) == records
    if "YAML" in slots["format"]:
        return yaml.safe_load(answer) == records
    if "HTML" in slots["format"]:
        return re.findall(r"<li>(.*) \((.*)\): (\d+)</li>", answer) == [
            (name, group, str(number)) for name, group, number in rows
        ]
    cut = (lambda line: line.split("\t")) if "tabs" in slots["format"] else lambda line: line.strip("| ").split(" | ")
    cells = [cut(line) for line in answer.split("\n") if "---" not in line]
    return cells == [head, *([name, group, str(number)] for name, group, number in rows)]


def compared(slots: Slots, given: str, answer: str) -> bool:
    left, right = (line.split(": ", 1)[1].split(", ") for line in given.split("\n"))
    sets = {
        "what stands on both": set(left) & set(right), "what only the first has": set(left) - set(right),
        "what only the second has": set(right) - set(left), "what stands on just one of them": set(left) ^ set(right),
        "everything without repeating anything": set(left) | set(right),
    }  # fmt: skip
    found = answer.split(SEPARATORS[slots["separator"]])
    is_sorted = re.search("alphabetical|A to Z", slots["order"])
    order = sorted(found, key=str.casefold) if is_sorted else sorted(found, key=[*left, *right].index)
    return set(found) == sets[slots["comparison"]] and len(found) == len(set(found)) and found == order


def unique(slots: Slots, given: str, answer: str) -> bool:
    entries = given.split(", ")
    find = entries.index if "first" in slots["keep"] else lambda entry: len(entries) - 1 - entries[::-1].index(entry)
    places = sorted({find(entry) for entry in entries})
    counts = Counter(entries)
    shown = [f"{entries[at]} ({counts[entries[at]]})" if "how often" in slots["shown"] else entries[at] for at in places]
    return answer == SEPARATORS[slots["separator"]].join(shown)


def joined(slots: Slots, given: str, answer: str) -> bool:
    items = given.split("; ")
    opener, last = (re.search("'(.*)'", slots[name])[1] for name in ("opener", "last"))  # type: ignore[index]
    return answer == f"{opener} {', '.join(items[:-1])} {last} {items[-1]}."


def ordering(slots: Slots, given: str, answer: str) -> bool:
    clues = re.findall(r"(\w+) is ([\w ]+) than (\w+)\.", given)
    low = ("slower", "younger", "shorter", "quieter", "less", "messier", "more careless")
    pairs = [(right, left) if how.startswith(low) else (left, right) for left, how, right in clues]
    names = {name for pair in pairs for name in pair}
    [order] = [order for order in itertools.permutations(names) if all(order.index(a) < order.index(b) for a, b in pairs)]
    if re.search("least|smallest", slots["end"]):
        order = order[::-1]
    styles = {"full": str, "initials": lambda name: name[0], "capital": str.upper}
    style = next(style for word, style in styles.items() if word in slots["style"])
    return answer == SEPARATORS[slots["separator"]].join(map(style, order))


def walk(slots: Slots, given: str, answer: str) -> bool:
    coordinates = re.findall(r"-?\d+", slots["corner"])
    words = {"at the origin": 0, "three squares east of the well": 3, "two squares north of the well": 2j}
    at = complex(*map(int, coordinates)) if coordinates else words[slots["corner"]]
    for direction, length in re.findall(r"(\w+) (\d+)", given):
        at += {"north": 1j, "south": -1j, "east": 1, "west": -1}[direction] * int(length)
    return [int(number) for number in re.findall(r"-?\d+", answer)] == [int(at.real), int(at.imag)]


def ballot(slots: Slots, given: str, answer: str) -> bool:
    votes = Counter(given.split(", "))
    tied = sorted((name for name, number in votes.items() if number == max(votes.values())), key=str.casefold)
    winner = tied[0] if re.search("first in|nearer to A", slots["tie"]) else tied[-1]
    return (
        winner in answer
        and re.findall(r"\d+", answer) == [str(votes[winner])]
        and not any(name in answer for name in votes if name != winner)
    )


def fewest(slots: Slots, given: str, answer: str) -> bool:
    kinds = [int(number) for number in re.findall(r"\d+", slots["coins"])]
    best = [0]
    for amount in range(1, int(given) + 1):
        best.append(1 + min(best[amount - kind] for kind in kinds if kind <= amount))
    numbers = [int(number) for number in re.findall(r"\d+", answer)]
    if "how many pieces" in slots["pieces"] or "number of pieces" in slots["pieces"]:
        counted, *numbers = numbers
        if counted != best[-1]:
            return False
    return not numbers or (
        sum(numbers) == int(given)
        and len(numbers) == best[-1]
        and set(numbers) <= set(kinds)
        and numbers == sorted(numbers)[::-1]
    )


CALLS = {
    "adds up the even numbers of a list": ([1, 2, 4, 6], 12), "counts the words of a text": ("a b  c d", 4),
    "tells whether a word reads the same backwards": ("noon", True), "returns the longest word of a list": (["a", "abc", "de"],
    "abc"),
    "removes repeated entries but keeps their order": (["b", "a", "b", "c"], ["b", "a", "c"]),
    "turns minutes into hours and minutes": (61, (1, 1)), "squares the numbers of a list": ([3, -1], [9, 1]),
    "counts the vowels in a line": ("Ahoi you", 5), "finds the gap between the largest and the smallest value": ([5, 9, -1],
    10),
    "says whether a year is a leap year": (2000, True), "gives the initials of a full name": ("Mina de Reed", "MdR"),
    "swaps the keys and the values of a dictionary": ({"x": "y"}, {"y": "x"}),
}  # fmt: skip


def python_function(slots: Slots, given: str, answer: str) -> bool:
    space: dict[str, object] = {}
    exec(answer, space)  # the grammar's own code
    function = space[slots["function"]]
    argument, value = CALLS[slots["behaviour"]]
    has_hints, has_docstring = bool(function.__annotations__), function.__doc__ is not None
    asked = slots["extra"]
    shape = {"with type hints and a docstring": (True, True), "with a docstring but no type hints": (False, True),
             "with type hints but no docstring": (True, False)}.get(asked, (False, False))  # fmt: skip
    call = re.search(r"# (.*) returns (.*)$", answer)
    is_call_right = call is None or eval(call[1], space) == eval(call[2])
    is_as_asked = (has_hints, has_docstring) == shape and (call is not None) == ("one call" in slots["call"])
    return function(argument) == value and is_call_right and is_as_asked


def sql_query(slots: Slots, given: str, answer: str) -> bool:
    table, columns = re.search(r"the table (\w+) \(columns (.*)\)", slots["relation"]).groups()  # type: ignore[union-attr]
    rows = [("m", "u", 60), ("k", "v", 10), ("z", "u", 15), ("a", "w", 90), ("c", "v", 30), ("b", "w", 90)]
    with contextlib.closing(sqlite3.connect(":memory:")) as base:
        base.execute(f"CREATE TABLE {table} ({columns})")
        base.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
        found = base.execute(answer).fetchall()
    groups = sorted({group for _, group, _ in rows})
    numbers = {group: [number for _, each, number in rows if each == group] for group in groups}
    results = {
        "lists the first column where the last one is above 50": [("m",), ("a",), ("b",)],
        "counts the rows whose last column is below 20": [(2,)],
        "adds up the last column for each value of the middle one": [(group, sum(numbers[group])) for group in groups],
        "averages the last column per value of the middle one": [(group, sum(numbers[group]) / 2) for group in groups],
        "returns the distinct values of the middle column": [(group,) for group in groups],
        "shows every row whose last value lies between 10 and 30": [row for row in rows if row[2] in (10, 15, 30)],
        "names the rows that hold the highest last value": [("a",), ("b",)],
    }
    expected = sorted(results[slots["query"]], key=lambda row: row[0], reverse="downwards" in slots["order"])
    if "three rows" in slots["order"]:
        return found == expected[:3]
    return sorted(found) == sorted(expected) if "without" in slots["order"] else found == expected


MATCHES = {
    "a post code of five digits": ("04177", "417 7"), "a date such as 2024-03-05": ("1999-12-31", "1999-1-31"),
    "a time of day such as 14:05": ("23:59", "24:05"), "a hex colour such as #1a2b3c": ("#ABCDEF", "#12345"),
    "a version such as 1.12.3": ("10.0.11", "1.12"), "a word in capital letters": ("NASA", "Nasa"),
    "a whole number with an optional sign": ("-12", "x"), "a price with two decimals": ("12.50", "12.5"),
    "a number plate such as AB-123": ("QX-907", "Q-907"), "a room number such as B204": ("C310", "G310"),
}  # fmt: skip


def regular_expression(slots: Slots, given: str, answer: str) -> bool:
    good, bad = MATCHES[slots["thing"]]
    pattern = re.compile(answer)
    starts, ends = (re.search(word, slots["anchor"]) is None for word in ("whole|at the start", "whole|at the end"))
    fits = pattern.search(good) and not pattern.search(bad)
    within = (bool(pattern.search(f"- {good}")), bool(pattern.search(f"{good} -")))
    groups = (pattern.groups, "value" in pattern.groupindex)
    asked = {"captured in a group named value": (1, True), "without a capturing group": (0, False)}.get(
        slots["capture"], (1, False)
    )
    return bool(fits) and within == (starts, ends) and groups == asked


def cron_line(slots: Slots, given: str, answer: str) -> bool:
    minute, hour, day, month, weekday, script, *rest = answer.split(" ")
    times = {
        "every day at 6:30 in the morning": ("30", "6", "*", "*", "*"), "every weekday at 18:15": ("15", "18", "*", "*", "1-5"),
        "every hour on the hour": ("0", "*", "*", "*", "*"), "every ten minutes": ("*/10", "*", "*", "*", "*"),
        "on the first of each month at noon": ("0", "12", "1", "*", "*"), "on Sundays at 23:45": ("45", "23", "*", "*", "0"),
        "at midnight on New Year's Day": ("0", "0", "1", "1", "*"), "on Mondays and Thursdays at 9:05": ("5", "9", "*", "*",
        "1,4"),
        "twice a day, at 8:00 and 20:00": ("0", "8,20", "*", "*", "*"),
    }  # fmt: skip
    outputs = {"with its output thrown away": ["/dev/null"], "with its output added to /var/log/jobs": ["/var/log/jobs"],
               "leaving its output alone": [], "keeping only its errors in /var/log/errors": ["/dev/null",
               "/var/log/errors"]}  # fmt: skip
    paths = [word for word in rest if word.startswith("/")]
    return (
        (minute, hour, day, month, weekday) == times[slots["when"]]
        and paths == outputs[slots["log"]]
        and (script.rsplit("/", 1)[1] in slots["script"])
    )


def printed(slots: Slots, given: str, answer: str) -> bool:
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(given, {})
    frames = {"nothing else": "{}", "prints: result": "prints: {}", "arrow": "-> {}", "It prints": "It prints {}"}
    return answer == next(frame for words, frame in frames.items() if words in slots["answer"]).format(
        output.getvalue().rstrip("\n")
    )


CHECKS = {
    "picked rows": picked_rows, "grouped table": grouped, "other format": reformatted, "compared lists": compared,
    "unique entries": unique, "joined list": joined, "ordering puzzle": ordering, "grid walk": walk, "ballots": ballot,
    "fewest pieces": fewest, "Python function": python_function, "SQL query": sql_query,
    "regular expression": regular_expression,
    "cron line": cron_line, "printed result": printed,
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_an_answer_worked_out_again_is_the_same(
    family: Family, written: Callable[[Family], Iterator[tuple[str, Slots, Instance]]]
) -> None:
    for instruction, slots, instance in written(family):
        assert CHECKS[family.name](slots, instance.input, instance.output), (instruction, instance)
