"""The labels of the classification families, decided again by other means."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from math import isqrt

import pytest

from self_instruct.chains.offline import families_rules, families_words
from self_instruct.chains.offline.family import Family, Slots
from self_instruct.records.tasks import Instance

FAMILIES = (*families_rules.FAMILIES, *families_words.FAMILIES)


def named(slots: Slots) -> list[str]:
    """The labels, read from the instruction's own words."""
    quoted = re.findall("'([^']+)'", slots["labels"])
    return quoted or slots["labels"].split("/")


def ints(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def minutes(text: str) -> list[int]:
    return [int(hour) * 60 + int(minute) for hour, minute in re.findall(r"(\d+):(\d\d)", text)]


def number_property(slots: Slots, given: str) -> int:
    number, digits = int(given), [int(digit) for digit in given]
    holds = {
        "is divisible by three": sum(digits) % 3 == 0, "is a prime number": [number % n for n in range(1,
        number + 1)].count(0) == 2,
        "is a perfect square": isqrt(number) ** 2 == number, "is even and above fifty": number > 50 and digits[-1] in (0, 2, 4,
        6, 8),
        "contains the digit seven": 7 in digits, "reads the same backwards": digits == digits[::-1],
        "has a digit sum above ten": sum(digits) > 10, "is a multiple of four or five": 0 in (number % 4, number % 5),
    }  # fmt: skip
    return 0 if holds[slots["property"]] else 1


def triangle(slots: Slots, given: str) -> int:
    sides = sorted(ints(given))
    assert sides[0] + sides[1] > sides[2]
    return len(set(sides)) - 1


def clash(slots: Slots, given: str) -> int:
    begin, end, other_begin, other_end = minutes(given)
    assert begin < end
    assert other_begin < other_end
    return 0 if set(range(begin, end)) & set(range(other_begin, other_end)) else 1


def password(slots: Slots, given: str) -> int:
    demands = {
        "at least one digit": r"\d", "at least one capital letter": "[A-Z]", "at least one of the signs + - * !": r"[-+*!]",
        "no letter twice in a row": r"^(?!.*(.)\1)", "a letter at the beginning": "^[A-Za-z]",
    }  # fmt: skip
    flags = re.IGNORECASE if "twice" in slots["demand"] else 0
    return 0 if len(given) >= ints(slots["least"])[0] and re.search(demands[slots["demand"]], given, flags) else 1


def level(slots: Slots, given: str) -> int:
    return sum(ints(given)[0] >= int(slots[bound]) for bound in ("lower", "upper"))


def part_of_day(slots: Slots, given: str) -> int:
    return sum(minutes(given)[0] >= minutes(slots[bound])[0] for bound in ("noon", "dusk"))


def trend(slots: Slots, given: str) -> int:
    numbers = ints(given)
    return [sorted(numbers), sorted(numbers)[::-1], numbers].index(numbers)


def mirror(slots: Slots, given: str) -> int:
    letters = [letter for letter in given.casefold() if letter.isalpha()]
    return 0 if letters == list(reversed(letters)) else 1


def larger(slots: Slots, given: str) -> int:
    sizes = {"km": 1000, "kg": 1000, "h": 60, "l": 1000, "m": 100, "euros": 100, "min": 60}
    (left, unit), (right, _) = re.findall(r"(\d+) (\w+)", given)
    first, second = int(left) * sizes[unit], int(right)
    return 0 if first > second else 1 if second > first else 2


RULES: dict[str, Callable[[Slots, str], int]] = {
    "levels": level, "number property": number_property, "triangles": triangle, "booking conflicts": clash,
    "weekday or weekend": lambda slots, given: date.fromisoformat(given).isoweekday() // 6,
    "budget check": lambda slots, given: int(sum(ints(given)) > ints(slots["limit"])[0]), "password rules": password,
    "parts of the day": part_of_day, "trends": trend, "palindromes": mirror, "larger quantity": larger,
}  # fmt: skip

MARKS: dict[str, tuple[str, ...]] = {
    "opinion of a review": ("loved|wonderful|perfectly|the best|delighted", "disappointed|rude|broke|worst|dirty",
                            "opens at|bought it|sizes|paid at|holds twelve"),
    "urgency": ("at once|now|have left|immediately", "next days|end of the week|before Friday|three days",
                "some day|no hurry|quiet hour|no rush"),
    "tense": ("repaired|sang|waited|broke|wrote", "repairs|sings|wait at|shakes|writes", r"will|going to"),
    "kind of sentence": (r"^(The|\w+ keeps|Rain)[^?]*\.$", r"\?$", r"^(Open|Leave|Put|Take)"),
    "class of animal": ("otter|hedgehog|bat|whale|squirrel|badger|dolphin|mole|hare",
                        "heron|penguin|owl|sparrow|ostrich|swift|kingfisher|puffin|crane",
                        "salmon|herring|eel|carp|shark|trout|seahorse|pike|tuna",
                        "beetle|wasp|ant|moth|dragonfly|ladybird|cricket|mosquito|hornet"),
    "register": ("grateful|regret|enclosed|should like", r"hey|can't|worries|so cool"),
    "language": (r"(the|my)\b", r"(die|wir|mein|auf)\b", r"(le|nous|mon|il)\b", r"(el|volvemos|mi|hay)\b"),
    "part of speech": ("lantern|kettle|courage|harbour|violin|meadow|patience|ladder",
                       "wander|forgive|describe|borrow|arrive|choose|remember|collect",
                       "gentle|crooked|generous|bitter|ancient|cheerful|hollow|transparent"),
    "waste bins": ("newspaper|card|envelope|bag|calendar", "peel|flowers|grounds|core|leaves", "jar|bottle"),
    "fact or opinion": ("boils|seven days|chambers|conducts|three sides", "loveliest|exciting|should|better|nicer"),
    "food group": ("apple|plum|pear|cherry|orange|raspberry|banana",
    "carrot|cabbage|leek|broccoli|spinach|cauliflower|beetroot",
                   "rye|oats|barley|wheat|rice|millet|spelt", "cheddar|yoghurt|butter|cream|quark|mozzarella"),
    "department": ("bill|charged|invoice|pay", "parcel|at home|side door|courier", "screen|crashes|error|connect"),
    "unwanted mail": ("prize|get rich|password|pills", "rehearsal|library|thanks|minutes"),
    "continent": ("Norway|Portugal|Poland|Greece|Ireland|Austria", "Japan|Vietnam|Nepal|Mongolia|Thailand|India",
                  "Kenya|Ghana|Morocco|Zambia|Senegal|Namibia", "Peru|Chile|Brazil|Uruguay|Bolivia|Ecuador"),
    "family of instruments": ("violin|cello|harp|guitar|bass|lute", "flute|oboe|trumpet|clarinet|tuba|recorder",
                              "drum|triangle|xylophone|cymbals|timpani|tambourine"),
}  # fmt: skip
"""What marks a text of each label, in the order of the labels."""


def place(family: Family, slots: Slots, given: str) -> int:
    """Where the right label stands among those the instruction names."""
    if family.name in RULES:
        return RULES[family.name](slots, given)
    [found] = [at for at, mark in enumerate(MARKS[family.name]) if re.search(rf"\b(?:{mark})", given, re.IGNORECASE)]
    return found


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_a_label_decided_again_is_the_same(
    family: Family, written: Callable[[Family], Iterator[tuple[str, Slots, Instance]]]
) -> None:
    for instruction, slots, instance in written(family):
        labels = named(slots)
        assert labels[place(family, slots, instance.input)] == instance.output, (instruction, instance)
        assert all(label in instruction for label in labels)
