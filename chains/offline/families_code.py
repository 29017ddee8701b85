"""Closed families about code: Python functions, SQL queries, regular expressions, cron lines, and what a snippet prints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import NamedTuple

from self_instruct.chains.offline.composing import sentence
from self_instruct.chains.offline.family import Family, Kind, Slots, fixed, several
from self_instruct.chains.offline.vocabulary import PURPOSES


class Behaviour(NamedTuple):
    """What a function does: its parameter with its type, what it returns, the expression, and one call with its value."""

    parameter: str
    kind: str
    returns: str
    expression: str
    argument: str
    value: str


BEHAVIOURS: Mapping[str, Behaviour] = {
    "adds up the even numbers of a list": Behaviour(
        "numbers", "list[int]", "int", "sum(number for number in numbers if number % 2 == 0)", "[1, 2, 4]", "6"),
    "counts the words of a text": Behaviour("text", "str", "int", "len(text.split())", "'a red boat'", "3"),
    "tells whether a word reads the same backwards": Behaviour("word", "str", "bool", "word == word[::-1]", "'level'", "True"),
    "returns the longest word of a list": Behaviour("words", "list[str]", "str", "max(words, key=len)", "['ivy', 'heather']",
    "'heather'"),
    "removes repeated entries but keeps their order": Behaviour(
        "entries", "list[str]", "list[str]", "list(dict.fromkeys(entries))", "['a', 'b', 'a']", "['a', 'b']"),
    "turns minutes into hours and minutes": Behaviour("minutes", "int", "tuple[int, int]", "divmod(minutes, 60)", "135",
    "(2, 15)"),
    "squares the numbers of a list": Behaviour("numbers", "list[int]", "list[int]", "[number ** 2 for number in numbers]",
    "[2, 5]", "[4, 25]"),
    "counts the vowels in a line": Behaviour("line", "str", "int", "sum(letter in 'aeiou' for letter in line.lower())",
    "'Oregano'", "4"),
    "finds the gap between the largest and the smallest value": Behaviour(
        "values", "list[int]", "int", "max(values) - min(values)", "[3, 11, 7]", "8"),
    "says whether a year is a leap year": Behaviour(
        "year", "int", "bool", "year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)", "1900", "False"),
    "gives the initials of a full name": Behaviour("name", "str", "str", "''.join(part[0] for part in name.split())",
    "'Ada Reed'", "'AR'"),
    "swaps the keys and the values of a dictionary": Behaviour(
        "pairs", "dict[str, str]", "dict[str, str]", "{value: key for key, value in pairs.items()}", "{'a': 'b'}",
        "{'b': 'a'}"),
}  # fmt: skip
FUNCTIONS = (
    "work_it_out", "help_me", "quick_answer", "tidy_up", "step_one", "do_the_rest", "make_sense", "look_closer", "main_idea",
    "the_point",
)  # fmt: skip
EXTRAS: Mapping[str, tuple[bool, bool]] = {
    "with type hints and a docstring": (True, True), "with a docstring but no type hints": (False, True),
    "with type hints but no docstring": (True, False), "as plainly as possible": (False, False),
}  # fmt: skip
CALLS: Mapping[str, bool] = {
    "and show one call with its result in a comment": True, "and no call of it": False,
    "followed by a comment with one call and its value": True, "and nothing besides": False,
}  # fmt: skip


def _function(slots: Slots) -> str:
    what, name = BEHAVIOURS[slots["behaviour"]], slots["function"]
    hints, docstring = EXTRAS[slots["extra"]]
    head = f"def {name}({what.parameter}: {what.kind}) -> {what.returns}:" if hints else f"def {name}({what.parameter}):"
    lines = [head, *([f'    """{sentence(slots["behaviour"])}"""'] if docstring else []), f"    return {what.expression}"]
    return "\n".join(lines + ([f"# {name}({what.argument}) returns {what.value}"] if CALLS[slots["call"]] else []))


class Relation(NamedTuple):
    """An SQL table with a name, a group and a number in each row."""

    table: str
    name: str
    group: str
    number: str


RELATIONS: Mapping[str, Relation] = {
    f"the table {table} (columns {name}, {group}, {number})": Relation(table, name, group, number)
    for table, name, group, number in (
        ("loans", "title", "shelf", "days"), ("plants", "species", "bed", "height"), ("runners", "runner", "team", "points"),
        ("stalls", "stall", "street", "takings"), ("rooms", "room", "floor", "beds"), ("songs", "song", "album", "seconds"),
        ("trips", "driver", "line", "kilometres"), ("loaves", "kind", "baker", "pieces"),
    )
}  # fmt: skip
QUERIES: Mapping[str, str] = {
    "lists the first column where the last one is above 50": "SELECT {name} FROM {table} WHERE {number} > 50",
    "counts the rows whose last column is below 20": "SELECT COUNT(*) FROM {table} WHERE {number} < 20",
    "adds up the last column for each value of the middle one": "SELECT {group}, SUM({number}) FROM {table} GROUP BY {group}",
    "averages the last column per value of the middle one": "SELECT {group}, AVG({number}) FROM {table} GROUP BY {group}",
    "returns the distinct values of the middle column": "SELECT DISTINCT {group} FROM {table}",
    "shows every row whose last value lies between 10 and 30": "SELECT * FROM {table} WHERE {number} BETWEEN 10 AND 30",
    "names the rows that hold the highest last value": (
        "SELECT {name} FROM {table} WHERE {number} = (SELECT MAX({number}) FROM {table})"
    ),
}
SQL_ORDERS: Mapping[str, str] = {
    "with the result in ascending order of its first column": " ORDER BY 1 ASC;",
    "sorted downwards by the first column it returns": " ORDER BY 1 DESC;", "without any sorting": ";",
    "limited to three rows, sorted by the first column": " ORDER BY 1 LIMIT 3;",
}  # fmt: skip


def _query(slots: Slots) -> str:
    return QUERIES[slots["query"]].format(**RELATIONS[slots["relation"]]._asdict()) + SQL_ORDERS[slots["order"]]


EXPRESSIONS: Mapping[str, str] = {
    "a post code of five digits": r"\d{5}",
    "a date such as 2024-03-05": r"\d{4}-\d{2}-\d{2}",
    "a time of day such as 14:05": r"(?:[01]\d|2[0-3]):[0-5]\d",
    "a hex colour such as #1a2b3c": r"#[0-9a-fA-F]{6}",
    "a version such as 1.12.3": r"\d+\.\d+\.\d+",
    "a word in capital letters": r"[A-Z]{2,}",
    "a whole number with an optional sign": r"[+-]?\d+",
    "a price with two decimals": r"\d+\.\d{2}",
    "a number plate such as AB-123": r"[A-Z]{2}-\d{3}",
    "a room number such as B204": r"[A-F]\d{3}",
}
ANCHORS: Mapping[str, str] = {
    "that has to match the whole line": "^{}$", "that may match anywhere in a text": "{}",
    "that matches only at the start of a line": "^{}", "that matches only at the end of a line": "{}$",
}  # fmt: skip
CAPTURES: Mapping[str, str] = {
    "captured in a group named value": "(?P<value>{})", "without a capturing group": "{}",
    "with the whole find as group one": "({})",
}  # fmt: skip


def _expression(slots: Slots) -> str:
    return ANCHORS[slots["anchor"]].format(CAPTURES[slots["capture"]].format(EXPRESSIONS[slots["thing"]]))


CRON: Mapping[str, str] = {
    "every day at 6:30 in the morning": "30 6 * * *", "every weekday at 18:15": "15 18 * * 1-5",
    "every hour on the hour": "0 * * * *", "every ten minutes": "*/10 * * * *",
    "on the first of each month at noon": "0 12 1 * *", "on Sundays at 23:45": "45 23 * * 0",
    "at midnight on New Year's Day": "0 0 1 1 *", "on Mondays and Thursdays at 9:05": "5 9 * * 1,4",
    "twice a day, at 8:00 and 20:00": "0 8,20 * * *",
}  # fmt: skip
SCRIPTS: Mapping[str, str] = {
    "the script backup.sh": "/opt/jobs/backup.sh", "the script water_plants.py": "/opt/jobs/water_plants.py",
    "the script send_menu.sh": "/opt/jobs/send_menu.sh", "the script clear_cache.sh": "/opt/jobs/clear_cache.sh",
    "the script weigh_bees.py": "/opt/jobs/weigh_bees.py", "the script count_bikes.py": "/opt/jobs/count_bikes.py",
    "the script ring_bell.sh": "/opt/jobs/ring_bell.sh", "the script renew_certs.sh": "/opt/jobs/renew_certs.sh",
}  # fmt: skip
LOGS: Mapping[str, str] = {
    "with its output thrown away": " > /dev/null 2>&1", "with its output added to /var/log/jobs": " >> /var/log/jobs 2>&1",
    "leaving its output alone": "", "keeping only its errors in /var/log/errors": " > /dev/null 2>> /var/log/errors",
}  # fmt: skip


def _cron(slots: Slots) -> str:
    return f"{CRON[slots['when']]} {SCRIPTS[slots['script']]}{LOGS[slots['log']]}"


def _loop(rng: Random) -> tuple[str, str]:
    stop, step = rng.randint(3, 6), rng.randint(2, 9)
    code = f"total = 0\nfor number in range({stop}):\n    total += number * {step}\nprint(total)"
    return code, str(step * stop * (stop - 1) // 2)


def _slice(rng: Random) -> tuple[str, str]:
    word = rng.choice(("lantern", "harbour", "gardens", "thunder", "orchard", "whistle"))
    start, end = rng.randint(0, 2), rng.randint(4, 6)
    return f"word = '{word}'\nprint(word[{start}:{end}])", word[start:end]


def _lookup(rng: Random) -> tuple[str, str]:
    prices = {name: rng.randint(2, 30) for name in rng.sample(("tea", "rye", "jam", "oil", "salt"), 3)}
    name = rng.choice([*prices, "honey"])
    return f"prices = {prices}\nprint(prices.get('{name}', 0) + 1)", str(prices.get(name, 0) + 1)


def _comprehension(rng: Random) -> tuple[str, str]:
    numbers, limit = rng.sample(range(1, 30), 5), rng.randint(5, 20)
    return f"numbers = {numbers}\nprint([number - 1 for number in numbers if number > {limit}])", str(
        [n - 1 for n in numbers if n > limit]
    )


def _halving(rng: Random) -> tuple[str, str]:
    number = rng.randint(20, 900)
    return f"number, steps = {number}, 0\nwhile number > 1:\n    number //= 2\n    steps += 1\nprint(steps)", str(
        number.bit_length() - 1
    )


def _joining(rng: Random) -> tuple[str, str]:
    words = rng.sample(("red", "kite", "moss", "bell", "rain", "oak"), 3)
    return f"words = {words}\nprint('-'.join(sorted(words)).upper())", "-".join(sorted(words)).upper()


SNIPPETS: Mapping[str, Callable[[Random], tuple[str, str]]] = {
    "a for loop with a running total": _loop, "a slice of a string": _slice, "a dictionary with a default value": _lookup,
    "a list comprehension with a condition": _comprehension, "a while loop that halves a number": _halving,
    "sorting and joining of words": _joining,
}  # fmt: skip
ANSWERS: Mapping[str, str] = {
    "give the printed line and nothing else": "{}", "answer in the form prints: result": "prints: {}",
    "write the result after an arrow": "-> {}", "begin the answer with the words It prints": "It prints {}",
}  # fmt: skip


def _printed(slots: Slots, rng: Random) -> tuple[str, str]:
    code, printed = SNIPPETS[slots["snippet"]](rng)
    return code, ANSWERS[slots["answer"]].format(printed)


FAMILIES = (
    Family(
        "Python function",
        Kind.CLOSED,
        (
            "Write a Python function {function} that {behaviour}, {extra}, {call}.",
            "In Python, define {function}, which {behaviour}, {extra} {call}.",
        ),
        {"function": FUNCTIONS, "behaviour": BEHAVIOURS, "extra": EXTRAS, "call": CALLS},
        fixed(_function),
    ),
    Family(
        "SQL query",
        Kind.CLOSED,
        (
            "Write an SQL query on {relation} that {query}, {order}, {purpose}.",
            "For {relation}, formulate a query in SQL that {query}, {order}.",
        ),
        {"query": QUERIES, "relation": RELATIONS, "order": SQL_ORDERS, "purpose": PURPOSES},
        fixed(_query),
    ),
    Family(
        "regular expression",
        Kind.CLOSED,
        (
            "Give a regular expression for {thing} {anchor}, {capture}, {purpose}.",
            "{purpose}, find a pattern {anchor} and describes {thing}, {capture}.",
        ),
        {"thing": EXPRESSIONS, "anchor": ANCHORS, "capture": CAPTURES, "purpose": PURPOSES},
        fixed(_expression),
    ),
    Family(
        "cron line",
        Kind.CLOSED,
        (
            "Which crontab line runs {script} {when}, {log}?",
            "Schedule {script} with cron {when}, {log}; the entry is {purpose}.",
        ),
        {"script": SCRIPTS, "when": CRON, "log": LOGS, "purpose": PURPOSES},
        fixed(_cron),
    ),
    Family(
        "printed result",
        Kind.CLOSED,
        (
            "What does a Python snippet with {snippet} print? It is needed {purpose}; {answer}.",
            "Predict the output of {snippet} in Python {purpose}; {answer}.",
        ),
        {"snippet": SNIPPETS, "purpose": PURPOSES, "answer": ANSWERS},
        several(_printed),
    ),
)
