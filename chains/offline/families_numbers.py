"""Closed families about lists of numbers: sorting, averages, changes, units, number systems, sequences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random

from self_instruct.chains.offline.composing import ROUNDINGS, SEPARATORS, rounded
from self_instruct.chains.offline.family import Family, Kind, Slots, several
from self_instruct.chains.offline.vocabulary import MEASUREMENTS, PURPOSES, SOURCES, measured

ORDERS: Mapping[str, bool] = {
    "from the smallest to the largest": False,
    "from the largest to the smallest": True,
    "in ascending order": False,
    "in descending order": True,
    "with the highest value first": True,
    "with the lowest value first": False,
}
"""How numbers may be sorted; True is downwards."""

FILTERS: Mapping[str, Callable[[int], bool]] = {
    "": lambda _: True,
    ", leave out all odd numbers": lambda number: number % 2 == 0,
    ", leave out all even numbers": lambda number: number % 2 == 1,
    ", keep only multiples of three": lambda number: number % 3 == 0,
    ", skip whatever ends in zero": lambda number: number % 10 != 0,
    ", drop everything that ends in five": lambda number: number % 10 != 5,
}


def _sorted(slots: Slots, rng: Random) -> tuple[str, str]:
    numbers = measured(slots["numbers"], rng)
    kept = sorted(filter(FILTERS[slots["filter"]], numbers), reverse=ORDERS[slots["order"]])
    if len(kept) < 2:
        return _sorted(slots, rng)
    return ", ".join(map(str, numbers)), SEPARATORS[slots["separator"]].join(map(str, kept))


STATISTICS: Mapping[str, Callable[[list[int]], Fraction]] = {
    "the arithmetic mean": lambda numbers: Fraction(sum(numbers), len(numbers)),
    "the median": lambda numbers: Fraction(sorted(numbers)[(len(numbers) - 1) // 2] + sorted(numbers)[len(numbers) // 2], 2),
    "the gap between the extremes": lambda numbers: Fraction(max(numbers) - min(numbers)),
    "the sum of all values": lambda numbers: Fraction(sum(numbers)),
    "half of the highest value": lambda numbers: Fraction(max(numbers), 2),
    "the mean of the two smallest values": lambda numbers: Fraction(sum(sorted(numbers)[:2]), 2),
    "the mean of the three largest values": lambda numbers: Fraction(sum(sorted(numbers)[-3:]), 3),
    "a third of the total": lambda numbers: Fraction(sum(numbers), 3),
}


def _statistic(slots: Slots, rng: Random) -> tuple[str, str]:
    numbers = measured(slots["numbers"], rng)
    answer = STATISTICS[slots["statistic"]](numbers)
    return ", ".join(map(str, numbers)), rounded(answer, ROUNDINGS[slots["rounding"]])


CHANGES: Mapping[str, tuple[int, int]] = {
    "the membership of the rowing club": (40, 400),
    "the monthly rent of a shop": (600, 2400),
    "the number of nesting storks": (10, 90),
    "a bakery's weekly sales": (900, 6000),
    "the length of the waiting list": (12, 160),
    "the price of a season ticket": (80, 640),
    "the town's use of water": (2000, 9000),
    "a podcast's number of listeners": (150, 7000),
    "the hours spent in traffic": (20, 120),
    "the harvest of the apple orchard": (400, 3000),
}
PERIODS = (
    "between two summers", "from one year to the next", "after the new manager came", "since the bridge was opened",
    "over the past decade", "between January and June", "during the renovation", "within a single school year",
)  # fmt: skip
CHANGE_STYLES: Mapping[str, str] = {
    "put a plus or minus sign in front": "{sign}{value} %",
    "say whether it rose or fell": "It {verb} by {value} %.",
    "answer in words and figures": "{noun} of {value} %",
}


def _change(slots: Slots, rng: Random) -> tuple[str, str]:
    low, high = CHANGES[slots["figure"]]
    before, after = rng.sample(range(low, high), 2)
    share = rounded(abs(Fraction(after - before, before)) * 100, ROUNDINGS[slots["rounding"]])
    rose = after > before
    answer = CHANGE_STYLES[slots["style"]].format(
        sign="+" if rose else "-", verb="rose" if rose else "fell", noun="an increase" if rose else "a decrease", value=share
    )
    return f"before: {before}, after: {after}", answer[0].upper() + answer[1:]


UNITS: Mapping[str, tuple[Fraction, Fraction, str]] = {
    "kilometres to miles": (Fraction("0.621371"), Fraction(0), "mi"),
    "miles to kilometres": (Fraction("1.609344"), Fraction(0), "km"),
    "kilograms to pounds": (Fraction("2.204623"), Fraction(0), "lb"),
    "pounds to kilograms": (Fraction("0.45359237"), Fraction(0), "kg"),
    "degrees Celsius to Fahrenheit": (Fraction(9, 5), Fraction(32), "F"),
    "degrees Fahrenheit to Celsius": (Fraction(5, 9), Fraction(-160, 9), "C"),
    "inches to centimetres": (Fraction("2.54"), Fraction(0), "cm"),
    "litres to US gallons": (Fraction("0.264172"), Fraction(0), "gal"),
    "hectares to acres": (Fraction("2.471054"), Fraction(0), "ac"),
    "knots to kilometres per hour": (Fraction("1.852"), Fraction(0), "km/h"),
    "feet to metres": (Fraction("0.3048"), Fraction(0), "m"),
    "ounces to grams": (Fraction("28.349523"), Fraction(0), "g"),
}
"""Factor, offset and symbol of the new unit."""


def _converted(slots: Slots, rng: Random) -> tuple[str, str]:
    factor, offset, symbol = UNITS[slots["units"]]
    number = rng.randint(3, 240)
    return str(number), f"{rounded(number * factor + offset, ROUNDINGS[slots['rounding']])} {symbol}"


def roman(number: int) -> str:
    """Return a number from 1 to 3999 in Roman numerals.

    >>> roman(1994)
    'MCMXCIV'
    """
    letters = ("M", "CM", "D", "CD", "C", "XC", "L", "XL", "X", "IX", "V", "IV", "I")
    values = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
    parts = []
    for letter, value in zip(letters, values, strict=True):
        parts.append(letter * (number // value))
        number %= value
    return "".join(parts)


SYSTEMS: Mapping[str, Callable[[int], str]] = {
    "a Roman numeral": roman,
    "a binary number": lambda number: f"{number:b}",
    "a hexadecimal number": lambda number: f"{number:X}",
    "an octal number": lambda number: f"{number:o}",
    "a sum of powers of two": lambda number: " + ".join(str(1 << bit) for bit in range(12, -1, -1) if number >> bit & 1),
    "a product of prime factors": lambda number: " x ".join(map(str, prime_factors(number))),
}
THINGS_NUMBERED = (
    "the house number on an old gate", "the year on a church bell", "the page number of a hidden letter",
    "the count of a beehive's cells", "the number on a runner's shirt", "the code of a bicycle lock",
    "a locker number at the pool", "the founding year of a brewery", "the number of a museum ticket",
    "the height of a tower in steps",
)  # fmt: skip


def prime_factors(number: int) -> list[int]:
    """Return the prime factors of a number above 1 in ascending order: [2, 2, 3] for 12."""
    divisor = next((divisor for divisor in range(2, int(number**0.5) + 1) if number % divisor == 0), number)
    return [number] if divisor == number else [divisor, *prime_factors(number // divisor)]


def _in_system(slots: Slots, rng: Random) -> tuple[str, str]:
    number = rng.randint(12, 2100)
    return str(number), SYSTEMS[slots["system"]](number)


def _arithmetic(start: int, step: int, terms: int) -> list[int]:
    return [start + step * index for index in range(terms)]


def _geometric(start: int, step: int, terms: int) -> list[int]:
    return [start * (step % 3 + 2) ** index for index in range(terms)]


def _growing(start: int, step: int, terms: int) -> list[int]:
    return [start + step * index * (index + 1) // 2 for index in range(terms)]


def _fibonacci(start: int, step: int, terms: int) -> list[int]:
    numbers = [start, start + step]
    while len(numbers) < terms:
        numbers.append(numbers[-1] + numbers[-2])
    return numbers


SEQUENCES: Mapping[str, Callable[[int, int, int], list[int]]] = {
    "in which the same number is added each time": _arithmetic,
    "in which every term is a fixed multiple of the one before": _geometric,
    "whose steps grow by a constant amount": _growing,
    "in which each term is the sum of the two before it": _fibonacci,
}
TERMS: Mapping[str, int] = {
    "by two more terms": 2,
    "by three more terms": 3,
    "with its next four numbers": 4,
    "by a single term": 1,
}


def _continued(slots: Slots, rng: Random) -> tuple[str, str]:
    more = TERMS[slots["terms"]]
    terms = SEQUENCES[slots["rule"]](rng.randint(1, 12), rng.randint(2, 9), 5 + more)
    return ", ".join(map(str, terms[:5])), SEPARATORS[slots["separator"]].join(map(str, terms[5:]))


FAMILIES = (
    Family(
        "sorted numbers",
        Kind.CLOSED,
        (
            "Sort the {numbers} {source} {order}{filter}, and write them {separator}.",
            "Put the {numbers}, {source}, into a list {order}{filter}, {separator}.",
            "Arrange {order} the {numbers} {source}{filter}; write the result {separator}.",
        ),
        {"numbers": MEASUREMENTS, "source": SOURCES, "order": ORDERS, "filter": FILTERS, "separator": SEPARATORS},
        several(_sorted),
    ),
    Family(
        "statistics",
        Kind.CLOSED,
        (
            "Calculate {statistic} of the {numbers} {source}, {rounding}, {purpose}.",
            "Work out {statistic} for the {numbers} {source}, {rounding}.",
            "What is {statistic} of these {numbers}, {source}? It is needed {purpose}, {rounding}.",
        ),
        {"numbers": MEASUREMENTS, "source": SOURCES, "statistic": STATISTICS, "rounding": ROUNDINGS, "purpose": PURPOSES},
        several(_statistic),
    ),
    Family(
        "percentage change",
        Kind.CLOSED,
        (
            "By how many per cent did {figure} change {period}? The answer, {rounding}, is {purpose}; {style}.",
            "Find the percentage by which {figure} changed {period}, {rounding}, and {style}.",
        ),
        {"figure": CHANGES, "period": PERIODS, "rounding": ROUNDINGS, "style": CHANGE_STYLES, "purpose": PURPOSES},
        several(_change),
    ),
    Family(
        "unit conversion",
        Kind.CLOSED,
        (
            "Convert a number from {units} {purpose}, {rounding}, and add the symbol.",
            "Turn a figure from {units}, {rounding}, with the symbol after it, {purpose}.",
        ),
        {"units": UNITS, "purpose": PURPOSES, "rounding": ROUNDINGS},
        several(_converted),
    ),
    Family(
        "number systems",
        Kind.CLOSED,
        ("Write {thing} as {system} {purpose}.", "Express {thing} as {system}; it is meant {purpose}."),
        {"thing": THINGS_NUMBERED, "system": SYSTEMS, "purpose": PURPOSES},
        several(_in_system),
    ),
    Family(
        "sequences",
        Kind.CLOSED,
        (
            "Continue the sequence, {rule}, {terms}, {separator}, {purpose}.",
            "Extend a list of five numbers, {rule}, {terms} {purpose}; write only what is new, {separator}.",
        ),
        {"rule": SEQUENCES, "terms": TERMS, "separator": SEPARATORS, "purpose": PURPOSES},
        several(_continued),
    ),
)
