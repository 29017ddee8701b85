"""The answers of the number families and word problems, worked out again by other means."""

import re
import statistics
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import count, pairwise

import pytest

from self_instruct.chains.offline import families_numbers, families_sums
from self_instruct.chains.offline.family import Family, Slots
from self_instruct.records.tasks import Instance

FAMILIES = (*families_numbers.FAMILIES, *families_sums.FAMILIES)
SEPARATORS = {
    "with commas in between": ", ", "separated by semicolons": "; ", "with one entry on each line": "\n",
    "divided by slashes": " / ", "with a plus sign between neighbours": " + ", "split by vertical bars": " | ",
}  # fmt: skip
PLACES = {
    "rounded to the nearest whole number": 0, "rounded to one decimal place": 1, "given to two decimal places": 2,
    "with one digit after the point": 1, "cut back to a whole number by rounding": 0, "as a figure with two decimals": 2,
}  # fmt: skip
MINUTES = {
    "85 minutes": 85, "two hours": 120, "an hour and a half": 90, "45 minutes": 45, "two hours and 20 minutes": 140,
    "110 minutes": 110, "one break of 15 minutes": 15, "two breaks of ten minutes": 20, "a lunch break of 40 minutes": 40,
    "a pause of 25 minutes": 25, "three short stops of five minutes": 15, "a delay of half an hour": 30,
}  # fmt: skip
WORDS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "ten": 10, "twelve": 12, "twenty": 20}


def ints(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"-?\d+", text)]


def decimals(text: str) -> list[Decimal]:
    return [Decimal(number) for number in re.findall(r"\d+(?:\.\d+)?", text)]


def rounded(value: Fraction, rounding: str) -> str:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return str(exact.quantize(Decimal(1).scaleb(-PLACES[rounding]), rounding=ROUND_HALF_UP))


def sorted_numbers(slots: Slots, given: str, answer: str) -> bool:
    wanted = {"odd": lambda n: n % 2 == 0, "even": lambda n: n % 2, "three": lambda n: n % 3 == 0, "zero": lambda n: n % 10,
              "five": lambda n: n % 10 != 5}  # fmt: skip
    keep = next((rule for word, rule in wanted.items() if word in slots["filter"]), lambda n: True)
    downwards = re.search("^from the largest|descending|highest", slots["order"]) is not None
    expected = [str(number) for number in sorted(ints(given), reverse=downwards) if keep(number)]
    return answer.split(SEPARATORS[slots["separator"]]) == expected


def statistic(slots: Slots, given: str, answer: str) -> bool:
    numbers = sorted(map(Fraction, ints(given)))
    values = {
        "the arithmetic mean": statistics.mean(numbers), "the median": statistics.median(numbers),
        "the gap between the extremes": numbers[-1] - numbers[0], "the sum of all values": sum(numbers),
        "half of the highest value": numbers[-1] / 2, "the mean of the two smallest values": (numbers[0] + numbers[1]) / 2,
        "the mean of the three largest values": sum(numbers[-3:]) / 3, "a third of the total": sum(numbers) / 3,
    }  # fmt: skip
    return answer == rounded(Fraction(values[slots["statistic"]]), slots["rounding"])


def percentage_change(slots: Slots, given: str, answer: str) -> bool:
    before, after = ints(given)
    size = rounded(abs(Fraction(after, before) - 1) * 100, slots["rounding"])
    says_up = bool(re.search(r"\+|rose|increase", answer))
    return size in re.findall(r"\d+(?:\.\d+)?", answer) and says_up == (after > before)


FACTORS = {
    "kilometres to miles": ("0.621371", "mi"), "miles to kilometres": ("1.609344", "km"), "kilograms to pounds": ("2.204623",
    "lb"),
    "pounds to kilograms": ("0.45359237", "kg"), "inches to centimetres": ("2.54", "cm"), "litres to US gallons": ("0.264172",
    "gal"),
    "hectares to acres": ("2.471054", "ac"), "knots to kilometres per hour": ("1.852", "km/h"), "feet to metres": ("0.3048",
    "m"),
    "ounces to grams": ("28.349523", "g"),
}  # fmt: skip


def unit_conversion(slots: Slots, given: str, answer: str) -> bool:
    number = Fraction(given)
    if "Celsius to" in slots["units"]:
        value, symbol = number * 9 / 5 + 32, "F"
    elif "to Celsius" in slots["units"]:
        value, symbol = (number - 32) * 5 / 9, "C"
    else:
        factor, symbol = FACTORS[slots["units"]]
        value = number * Fraction(factor)
    return answer == f"{rounded(value, slots['rounding'])} {symbol}"


def from_roman(text: str) -> int:
    values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1000}[letter] for letter in text]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))


def number_system(slots: Slots, given: str, answer: str) -> bool:
    number, system = int(given), slots["system"]
    if "sum of powers" in system:
        powers = ints(answer)
        return sum(powers) == number and all(power.bit_count() == 1 for power in powers) and len(set(powers)) == len(powers)
    if "prime factors" in system:
        factors = [int(factor) for factor in answer.split(" x ")]
        product = 1
        for factor in factors:
            product *= factor
        return product == number and all(factor % divisor for factor in factors for divisor in range(2, factor))
    bases = {"a binary number": 2, "a hexadecimal number": 16, "an octal number": 8}
    return (int(answer, bases[system]) if system in bases else from_roman(answer)) == number


def sequence(slots: Slots, given: str, answer: str) -> bool:
    terms = ints(given) + ints(answer.replace(SEPARATORS[slots["separator"]], " "))
    wanted = {"by two more terms": 2, "by three more terms": 3, "with its next four numbers": 4, "by a single term": 1}
    steps = [right - left for left, right in pairwise(terms)]
    follows = {
        "in which the same number is added each time": len(set(steps)) == 1,
        "in which every term is a fixed multiple of the one before": len({Fraction(b, a) for a, b in pairwise(terms)}) == 1,
        "whose steps grow by a constant amount": len({b - a for a, b in pairwise(steps)}) == 1,
        "in which each term is the sum of the two before it": terms[2:] == [a + b for a, b in pairwise(terms)][:-1],
    }
    return len(terms) == 5 + wanted[slots["terms"]] and follows[slots["rule"]]


def change_given(slots: Slots, given: str, answer: str) -> bool:
    pays = {"a 100-euro note": 100, "two 50-euro notes": 100, "three 20-euro notes": 60, "four 20-euro notes": 80}[
        slots["note"]
    ]
    cost = WORDS[slots["n"]] * decimals(slots["a"])[0] + WORDS[slots["m"]] * decimals(slots["b"])[0]
    return decimals(answer)[2:] == [cost, pays - cost] and cost <= pays


def clock_minutes(text: str) -> int:
    hour, minute, half = re.search(r"(\d+):(\d\d)(?: ([ap])\.m\.)?", text).groups()  # type: ignore[union-attr]
    return (int(hour) % 12 + 12 * (half == "p") if half else int(hour)) * 60 + int(minute)


def ending(slots: Slots, given: str, answer: str) -> bool:
    end = clock_minutes(slots["start"]) + MINUTES[slots["lasting"]] + MINUTES[slots["pause"]]
    return clock_minutes(answer) == end and ("m." in answer) == ("12-hour" in slots["clock"])


def savings(slots: Slots, given: str, answer: str) -> bool:
    weeks = {"eight weeks": 8, "ten weeks": 10, "fifteen weeks": 15}.get(slots["weeks"]) or ints(slots["weeks"])[0]
    return ints(answer)[-1] == sum(ints(slots["saved"])[0] for _ in range(weeks)) - ints(slots["spent"])[0]


def travel(slots: Slots, given: str, answer: str) -> bool:
    minutes = Fraction(ints(slots["distance"])[0], ints(slots["speed"])[0]) * 60 + MINUTES[slots["pause"]]
    found = {unit: int(number) for number, unit in re.findall(r"(\d+) (hour|minute)", answer)}
    return found.get("hour", 0) * 60 + found.get("minute", 0) == minutes


def floor_cost(slots: Slots, given: str, answer: str) -> bool:
    area = ints(slots["a"])[0] * ints(slots["b"])[0]
    price = Decimal(area * ints(slots["cover"])[0])
    rule = slots["deduction"]
    price = (
        price * Decimal("0.9") if "tenth" in rule else price * Decimal("0.75") if "quarter" in rule else price + sum(ints(rule))
    )
    return decimals(answer) == [area, price]


def meeting(slots: Slots, given: str, answer: str) -> bool:
    first, second = ints(slots["every_a"])[0], ints(slots["every_b"])[0]
    wait = next(minute for minute in count(1) if minute % first == 0 == minute % second)
    since = {
        "at noon": 12,
        "at 9 o'clock in the morning": 9,
        "at midnight": 0,
        "at 3 in the afternoon": 15,
        "at 7 in the evening": 19,
    }
    return ints(answer)[0] == wait and clock_minutes(answer) == (since[slots["since"]] * 60 + wait) % 1440


def shared_costs(slots: Slots, given: str, answer: str) -> bool:
    paid = {name: int(number) for name, number in re.findall(r"(\w+) paid (\d+)", given)}
    for part in answer.split("; "):
        name, rest = re.match(r"(\w+):?\s*(.*)", part).groups()  # type: ignore[union-attr]
        sign = 1 if re.search(r"back|receive|is owed|\+", rest) else -1
        paid[name] -= sign * sum(map(abs, ints(rest)))
    return len(set(paid.values())) == 1


def scaled_recipe(slots: Slots, given: str, answer: str) -> bool:
    target = WORDS[slots["servings"].split()[0]]
    before, after = (re.findall(r"(\d+) g (\w+)", text) for text in (given, answer))
    return [(int(grams) * target, name) for grams, name in before] == [(int(grams) * 4, name) for grams, name in after]


def currency(slots: Slots, given: str, answer: str) -> bool:
    percent = ints(slots["fee"])[0] if ints(slots["fee"]) else 0
    value = Fraction(given) * Fraction(slots["rate"].split()[-1]) * Fraction(100 - percent, 100)
    return answer == rounded(value, slots["rounding"])


CHECKS = {
    "sorted numbers": sorted_numbers, "statistics": statistic, "percentage change": percentage_change,
    "unit conversion": unit_conversion, "number systems": number_system, "sequences": sequence, "change given": change_given,
    "time of ending": ending, "savings": savings, "travel time": travel, "floor cost": floor_cost, "meeting signals": meeting,
    "shared costs": shared_costs, "scaled recipe": scaled_recipe, "currency exchange": currency,
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_an_answer_worked_out_again_is_the_same(
    family: Family, written: Callable[[Family], Iterator[tuple[str, Slots, Instance]]]
) -> None:
    for instruction, slots, instance in written(family):
        assert CHECKS[family.name](slots, instance.input, instance.output), (instruction, instance)
