"""Every closed answer and computed label, worked out again by other means from what the instruction says and the input."""

import csv
import re
import sqlite3
import statistics
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.offline_tasks import tasks_of

from self_instruct.chains.offline.family import Family, Kind, Slots
from self_instruct.chains.offline.grammar import grammar

DATA = Path(__file__).parent / "data"
FACTS = {thing: facts for thing, *facts in (row.split("\t") for row in (DATA / "facts.tsv").read_text().splitlines())}
CALLS = dict(row.split("\t") for row in (DATA / "calls.tsv").read_text().splitlines())
PATTERNS = dict(row.split("\t") for row in (DATA / "patterns.tsv").read_text().splitlines())
LETTERS = "abcdefghijklmnopqrstuvwxyz"
NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10}
UNITS = {unit: (Decimal(factor), Decimal(plus), *names) for unit, factor, plus, *names in map(
    str.split, (DATA / "units.tsv").read_text().splitlines())}  # fmt: skip


def ints(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def last_number(text: str) -> Decimal:
    return Decimal(re.findall(r"-?\d+(?:\.\d+)?", text)[-1])


def after(pattern: str, text: str, otherwise: int = 0) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else otherwise


def split(text: str) -> list[str]:
    return re.split(r", | - | / |; |\n", text)


def bill(said: str, _slots: Slots, _given: str, answer: str) -> bool:
    items = re.findall(rf"\b({'|'.join(NUMBERS)}) [^.,]*? at (\d+\.\d\d) euros each", said.lower())
    total = sum(NUMBERS[count] * Decimal(price) for count, price in items)
    paid = after(r"(?:have|from) (\d+) euros", said)
    return bool(items) and last_number(answer) == (paid - total if paid else total)


def times(said: str, _slots: Slots, _given: str, answer: str) -> bool:
    begin, halves = re.findall(r"\d+:\d\d", said)[0], bool(re.search("12-hour|twelve-hour", said))
    span = timedelta(hours=after(r"(\d+) hours", said), minutes=after(r"(\d+) minutes", said))
    end = datetime.strptime(begin, "%H:%M") + (-span if "before" in said else span)
    return datetime.strptime(answer.replace(".", "").upper(), "%I:%M %p" if halves else "%H:%M") == end


def percentages(said: str, _slots: Slots, _given: str, answer: str) -> bool:
    percent, prices = after(r"(\d+)%", said), ints(re.sub(r"\d+%", "", said))
    if not percent:
        return abs(float(answer.split("%")[0]) - 100 * (prices[1] / prices[0] - 1)) <= 0.0051
    left = percent if "tip" in said else 100 + percent if "tax" in said else 100 - percent
    return last_number(answer) * 100 == prices[0] * left


def units(said: str, _slots: Slots, _given: str, answer: str) -> bool:
    asked = re.findall(rf"(\d+) (?:degrees )?({'|'.join(UNITS)})", said.lower())
    places = 0 if "whole" in said else 1 if "one decimal" in said else 2
    right = [(int(n) * UNITS[unit][0] + UNITS[unit][1], UNITS[unit][2:]) for n, unit in asked]
    pairs = list(zip(answer.split("; "), right, strict=True))
    are_named = all(part.rstrip(".").endswith(names) for part, (_, names) in pairs)
    return are_named and all(abs(last_number(part) - exact) * 10**places <= Decimal("0.5000001") for part, (exact, _) in pairs)


def calendar(said: str, _slots: Slots, _given: str, answer: str) -> bool:
    year, texts = re.findall(r"\d{4}", said)[-1], re.findall(r"(\d+) ([A-Z][a-z]+)(?: (\d{4}))?", said)
    days = [datetime.strptime(f"{day} {month} {own or year}", "%d %B %Y") for day, month, own in texts]
    if "How many days" in said:
        return days[0] + timedelta(days=ints(answer)[0]) == days[1]
    if "true" in said:
        return answer.endswith(f"{days[0]:%A}.") and answer.startswith("Yes") == (f"{days[0]:%A}?" in said)
    if "day of the week" in said:
        return answer == f"{days[0]:%A}"
    if wait := re.search(r"(\d+) days|(three|six|ten) weeks", said):
        days = [days[0] + timedelta(days=int(wait[1] or 7 * NUMBERS[wait[2]]))]
    forms = {"ISO": "%Y-%m-%d", "DD.MM": "%d.%m.%Y", "American": "%m/%d/%Y", "eight": "%Y%m%d", "": "%d %B %Y"}
    form = next(form for name, form in forms.items() if name in said)
    return [datetime.strptime(text, form) for text in answer.split(" and ")] == days


def floor(said: str, _slots: Slots, _given: str, answer: str) -> bool:
    cost = after(r"(\d+) by \d", said) * after(r"\d by (\d+)", said) * after(r"(\d+) euros a square", said, 1)
    budget = after(r"Is (\d+) euros enough", said)
    return last_number(answer) == cost and (not budget or answer.startswith("Yes") == (cost <= budget))


def facts(said: str, slots: Slots, _given: str, answer: str) -> bool:
    rows = [line.split(": ", 1) for line in answer.split("\n")]
    if "event" in slots:
        return rows == sorted(rows, key=lambda row: int(row[0])) and all(FACTS[event] == [year] for year, event in rows)
    return all(thing.lower() in said.lower() and fact == FACTS[thing]["currencies" in said] for thing, fact in rows)


def sorting(said: str, slots: Slots, given: str, answer: str) -> bool:
    entries = split(answer)
    if "alphabet" in slots:
        ranks = [(len(entry) if "length" in said else 0, entry.lower()) for entry in entries]
        return sorted(split(given)) == sorted(entries) and ranks == sorted(ranks, reverse="reverse" in said)
    divisor = 2 if "odd numbers" in said else 3 if "of three" in said else 5 if "0 or 5" in said else 1
    kept = sorted(number for number in ints(given) if not number % divisor)
    return [int(entry) for entry in entries] == (kept[::-1] if re.search("largest to|descending|highest", said) else kept)


def statistic(said: str, slots: Slots, given: str, answer: str) -> bool:
    numbers, places = ints(given), 0 if "whole" in said else 1 if "one decimal" in said else 2
    values = {
        "average": statistics.fmean(numbers), "median": statistics.median(numbers), "range": max(numbers) - min(numbers),
        "sum": sum(numbers), "maximum": max(numbers), "minimum": min(numbers),
    }  # fmt: skip
    pairs = list(zip(answer.split("\n"), [slots[name] for name in slots.alike("statistic") or ["middle"]], strict=True))
    is_named = len(pairs) == 1 or all(line.startswith(f"{name}: ") for line, name in pairs)
    return is_named and all(abs(float(last_number(line)) - values[name]) * 10**places <= 0.5001 for line, name in pairs)


def shares(_said: str, _slots: Slots, given: str, answer: str) -> bool:
    paid = {name: int(sum_paid) for name, sum_paid in re.findall(r"([A-Z][a-z]+) paid (\d+) euros", given)}
    changes = re.findall(r"([A-Z][a-z]+) (pays|gets back) (\d+) euros?\.", answer)
    owed = {name: int(euros) if verb == "pays" else -int(euros) for name, verb, euros in changes}
    return {paid[name] + owed.get(name, 0) for name in paid} == {ints(answer)[0]} and all(name in answer for name in paid)


def limits(_said: str, slots: Slots, given: str, answer: str) -> bool:
    value, low, high = ints(given)[0], slots.number("low"), slots.number("high")
    return answer == re.split(r", | or |/", slots["labels"])[(value >= low) + (value > high)]


def counting(said: str, slots: Slots, given: str, answer: str) -> bool:
    counts = [len(re.findall(PATTERNS[slots[name]], given)) for name in slots.alike("counted")]
    return [int(number) for number in re.findall(r"\d+", answer)] == counts and ("brackets" in said) == answer.startswith("(")


def rewriting(_said: str, slots: Slots, given: str, answer: str) -> bool:
    words, joined = given.split(), " ".join
    results = {
        "in capital letters": "".join(map(str.upper, given)), "with the words in reverse order": joined(words[::-1]),
        "without any vowels": joined("".join(c for c in given if c not in "aeiouAEIOU").split()),
        "with each word spelled backwards": joined(given[::-1].split()[::-1]),
        "in title case": re.sub(r"(?<!\S)\w", lambda first: first[0].upper(), given),
        "with a hyphen between all words": given.replace(" ", "-"), "with every e replaced by a 3": re.sub("[Ee]", "3", given),
        "in snake_case": given.casefold().replace("'", "").replace(" ", "_"),
        "with every second word left out": joined(word for at, word in enumerate(words) if at % 2 == 0),
        "with the first and the last word swapped": joined([words[-1], *words[1:-1], words[0]]),
        "with each letter moved one place forward in the alphabet": given.translate(
            str.maketrans(LETTERS + LETTERS.upper(), LETTERS[1:] + "a" + LETTERS[1:].upper() + "A")),
    }  # fmt: skip
    ends = {"square": "[{}]", "exclamation": "{}!", "quotes": '"{}"', "dots": "{}..."}
    end = next((end for word, end in ends.items() if "finish" in slots and word in slots["finish"]), "{}")
    return answer == end.format(results[slots["rule"]])


def extraction(said: str, slots: Slots, given: str, answer: str) -> bool:
    found = re.findall(PATTERNS[slots["found"]], given)
    return split(answer) == (found[::-1] if re.search("last one first|reverse|from the last", said) else found)


def formats(said: str, _slots: Slots, given: str, answer: str) -> bool:
    rows = list(csv.DictReader(given.splitlines()))
    if "first column" in said:
        rows.sort(key=lambda row: next(iter(row.values())).lower())
    elif "last column" in said:
        rows.sort(key=lambda row: int(list(row.values())[-1]), reverse="largest" in said)
    if "HTML" in said:
        return re.findall(r"<li>(.*) \((.*)\): (.*)</li>", answer) == [tuple(row.values()) for row in rows]
    if "JSON" in said or "YAML" in said:  # every JSON text is YAML
        return [{head: str(cell) for head, cell in row.items()} for row in yaml.safe_load(answer)] == rows
    plain = re.sub(r"^\| | \|$", "", answer.replace("| --- | --- | ---: |\n", ""), flags=re.MULTILINE)
    return list(csv.DictReader(re.sub(r" \| |\t", ",", plain).splitlines())) == rows


def questions(said: str, _slots: Slots, given: str, answer: str) -> bool:
    rows = list(csv.DictReader(given.splitlines()))
    name, group, number = rows[0]
    numbers, value = {row[name]: int(row[number]) for row in rows}, re.search("'(.*)'", said)
    if value:
        return answer.split(", ") == [row[name] for row in rows if row[group] == value[1]]
    if "more than" in said:
        return int(answer) == len([each for each in numbers.values() if each > after(r"more than (\d+)", said)])
    if "average" in said or "in total" in said:
        return abs(float(answer) - sum(numbers.values()) / (len(rows) if "average" in said else 1)) <= 0.0051
    return numbers[answer] == (max if "most" in said else min)(numbers.values())


def comparison(said: str, slots: Slots, given: str, answer: str) -> bool:
    first, second = (set(line.split(": ")[1].split(", ")) for line in given.split("\n"))
    results = {
        "what they have in common": first & second, "what only the first one has": first - second,
        "what is missing from the first one": second - first, "everything, without repeating anything": first | second,
        "what stands on just one of them": first ^ second,
    }  # fmt: skip
    found = split(answer)
    ordered = (
        sorted(found, key=str.lower) if "alphabetical" in said else sorted(found, key=split(given.replace(": ", ", ")).index)
    )
    return found == ordered and set(found) == (results[slots["which"]] if "which" in slots else first & second)


def function(said: str, _slots: Slots, _given: str, answer: str) -> bool:
    scope: dict[str, Any] = {}
    exec(answer, scope)
    calls = {call: value for call, value in CALLS.items() if call.split("(")[0] in scope}
    shown = re.search(r"# (.*) returns (.*)", answer)
    asked = [bool(re.search(words, said)) for words in ("hints|annotate", "docstring|document", "example")]
    right = all(eval(call, scope) == eval(value) for call, value in [*calls.items(), *([shown.groups()] if shown else [])])
    return bool(calls) and right and asked == ["->" in answer, '"""' in answer, shown is not None]


def query(said: str, _slots: Slots, _given: str, answer: str) -> bool:
    table, name, group, number = re.findall(r"(\w+)\((\w+), (\w+), (\w+)\)", said)[0]
    rows = [("e", "x", 900), ("b", "y", 4), ("a", "x", 3500), ("d", "z", 60), ("c", "y", 35), ("f", "z", 2)]
    base = sqlite3.connect(":memory:")
    base.execute(f"CREATE TABLE {table} ({name} TEXT, {group} TEXT, {number} INTEGER)")
    base.executemany(f"INSERT INTO {table} VALUES (?, ?, ?)", rows)
    each = {key: [row[2] for row in rows if row[1] == key] for key in "xyz"}
    ways: dict[str, Callable[[list[int]], float]] = {"average": statistics.fmean, "number of rows": len, "sum": sum}
    expected: list[tuple[Any, ...]] = [("x",), ("y",), ("z",)] if "distinct" in said else [("a",)]
    if "above" in said:
        expected = [row[:1] for row in rows if row[2] > after(r"above (\d+)", said)]
    for way in (way for words, way in ways.items() if words in said):
        expected = [(key, way(values)) for key, values in each.items()]
    found, expected = base.execute(answer).fetchall(), sorted(expected, reverse="descending" in said)
    return found == expected if "first column" in said else sorted(found) == expected[:5]


CHECKS: dict[str, Callable[[str, Slots, str, str], bool]] = {
    "shopping bill": bill, "times of day": times, "percentages": percentages, "unit conversion": units, "calendar": calendar,
    "floor area": floor, "facts": facts, "sorting": sorting, "statistics": statistic, "shared costs": shares, "limits": limits,
    "counting": counting, "rewriting by rule": rewriting, "extraction": extraction, "table formats": formats,
    "table questions": questions, "list comparison": comparison, "Python function": function, "SQL query": query,
}  # fmt: skip


CHECKED = [family for family in grammar().families if family.kind is Kind.CLOSED or family.name == "limits"]


@pytest.mark.parametrize("family", CHECKED, ids=lambda family: family.name)
def test_an_answer_worked_out_again_is_the_same(family: Family) -> None:
    for said, known, instances in tasks_of(family):
        for instance in instances:
            assert CHECKS[family.name](said, known.slots, instance.input, instance.output), (said, instance)
