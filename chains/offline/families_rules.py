"""Classification families decided by a rule that is stated or by arithmetic: limits, dates, bookings, passwords."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from random import Random

from self_instruct.chains.offline.families_dates import some_day
from self_instruct.chains.offline.families_sums import clock
from self_instruct.chains.offline.family import Family, Kind, Slots, by_label
from self_instruct.chains.offline.vocabulary import MEASUREMENTS, PURPOSES, SOURCES, measured, plain_sentence

Labels = Mapping[str, tuple[str, ...]]
"""How an instruction names its labels, and the labels in a fixed order of meaning."""


def named(*sets: Sequence[str]) -> Labels:
    """Return label sets under the ways of naming them: quoted, and with slashes where every label is one word.

    >>> list(named(("low", "high")))
    ["'low' or 'high'", 'low/high']
    """
    quoted = {", ".join(f"'{label}'" for label in labels[:-1]) + f" or '{labels[-1]}'": tuple(labels) for labels in sets}
    return quoted | {"/".join(labels): tuple(labels) for labels in sets if not any(" " in label for label in labels)}


ALONE = (
    "Give the label alone.", "Answer with one label only.", "No explanation is needed.", "Write nothing but the label.",
    "One label per case, please.", "Do not add a comment.", "Reply with just that.", "Keep to these labels.",
    "A single label will do.", "Spare me the reasons.", "The bare label is enough.", "Use no other words.",
    "Be brief and decide.", "Choose only one of them.",
)  # fmt: skip
"""How a classification task may insist on a bare label."""

LEVELS = named(
    ("low", "medium", "high"), ("green", "amber", "red"), ("relaxed", "watchful", "alarmed"), ("small", "middling", "large"),
    ("fine", "borderline", "critical"), ("bottom", "middle", "top"), ("quiet", "normal", "alarming"),
)  # fmt: skip
READINGS: Mapping[str, str] = {
    "the wind speed at a glider field": "km/h", "the noise in a school canteen": "dB",
    "the charge of a battery in per cent": "%", "the humidity of a wine cellar": "%", "the score of a driving test": "points",
    "the temperature of a bearing": "degrees", "the share of empty seats": "%", "the level of a reservoir": "%",
    "the dust count in a sawmill": "units", "the load of a lift": "%", "the waiting time at a clinic": "minutes",
    "the water depth at a ford": "cm",
}  # fmt: skip
LOWER = ("15", "20", "25", "30", "35", "40")
UPPER = ("55", "60", "65", "70", "75", "80")


def _level(label: str, slots: Slots, rng: Random) -> str:
    bounds = (0, int(slots["lower"]), int(slots["upper"]), 100)
    place = LEVELS[slots["labels"]].index(label)
    return f"{rng.randrange(bounds[place] + 1, bounds[place + 1])} {READINGS[slots['reading']]}"


YES_NO = named(("yes", "no"), ("true", "false"), ("correct", "wrong"), ("fits", "fails"), ("in", "out"), ("keep", "reject"))
PROPERTIES: Mapping[str, Callable[[int], bool]] = {
    "is divisible by three": lambda number: number % 3 == 0,
    "is a prime number": lambda number: number > 1 and all(number % divisor for divisor in range(2, int(number**0.5) + 1)),
    "is a perfect square": lambda number: round(number**0.5) ** 2 == number,
    "is even and above fifty": lambda number: number % 2 == 0 and number > 50,
    "contains the digit seven": lambda number: "7" in str(number),
    "reads the same backwards": lambda number: str(number) == str(number)[::-1],
    "has a digit sum above ten": lambda number: sum(map(int, str(number))) > 10,
    "is a multiple of four or five": lambda number: number % 4 == 0 or number % 5 == 0,
}
NUMBERS_ON = (
    "a raffle ticket", "a locker key", "a marathon bib", "a hotel door", "a lottery ball", "a bus stop sign",
    "a train carriage", "a library card", "a cloakroom tag", "a parking bay", "a bingo sheet", "a lift button",
)  # fmt: skip


def _property(label: str, slots: Slots, rng: Random) -> str:
    wanted = YES_NO[slots["labels"]].index(label) == 0
    return str(rng.choice([number for number in range(2, 200) if PROPERTIES[slots["property"]](number) == wanted]))


TRIANGLES = named(
    ("equilateral", "isosceles", "scalene"), ("all equal", "two equal", "none equal"), ("regular", "symmetric", "irregular")
)
TRIANGULAR = (
    "a garden bed", "a sail", "a road sign", "a slice of cake", "a roof truss", "a paper kite", "a flower bed at a crossing",
    "a bandage", "a musical triangle", "a corner shelf", "a pennant", "a patch of lawn",
)  # fmt: skip
LENGTHS = ("centimetres", "metres", "inches", "hand widths", "feet", "millimetres")


def _triangle(label: str, slots: Slots, rng: Random) -> str:
    equal = 3 - TRIANGLES[slots["labels"]].index(label)
    side = rng.randint(6, 30)
    other = rng.choice([length for length in range(4, 2 * side) if length != side])
    third = rng.randrange(side + 1, 2 * side - 1)
    sides = {3: [side] * 3, 2: [side, side, other], 1: [side, third, rng.randrange(third - side + 1, side)]}[equal]
    rng.shuffle(sides)
    return ", ".join(map(str, sides))


DAYTYPES = named(("weekday", "weekend"), ("working day", "day off"), ("office", "home"), ("work", "rest"))
APPOINTMENTS = (
    "a dental check", "the delivery of a sofa", "a piano lesson", "the visit of an inspector", "a parents' evening",
    "a bicycle race", "the cleaning of a chimney", "a stocktaking", "a blood donation", "a board meeting",
    "an open-air concert", "the repair of a roof",
)  # fmt: skip


def _day_type(label: str, slots: Slots, rng: Random) -> str:
    weekend = DAYTYPES[slots["labels"]].index(label) == 1
    day = some_day(rng)
    while (day.weekday() > 4) != weekend:
        day += timedelta(days=1)
    return day.isoformat()


CLASHES = named(("clash", "fine"), ("overlap", "no overlap"), ("conflict", "free"), ("refuse", "accept"), ("double", "single"))
HIRED = (
    "the blue meeting room", "a tennis court", "the church organ", "a moving van", "the village hall", "a recording studio",
    "the school kitchen", "a rowing boat", "the only oven", "a table at the window", "the sewing machine", "a laboratory bench",
)  # fmt: skip


def _clash(label: str, slots: Slots, rng: Random) -> str:
    begin, length = rng.randint(96, 160) * 5, rng.randint(6, 20) * 5
    overlap = CLASHES[slots["labels"]].index(label) == 0
    second = begin + rng.randrange(5, length, 5) if overlap else begin + length + rng.choice((0, 5, 20))
    bookings = [f"{clock(begin)}-{clock(begin + length)}", f"{clock(second)}-{clock(second + rng.randint(6, 20) * 5)}"]
    rng.shuffle(bookings)
    return f"{bookings[0]} and {bookings[1]}"


BUDGETS = named(("within", "over"), ("affordable", "too dear"), ("go", "stop"), ("approved", "declined"), ("ok", "too much"))
LIMITS = ("40 euros", "60 euros", "75 euros", "90 euros", "120 euros", "150 euros")
SPENDERS = (
    "a class party", "a scout weekend", "a birthday table", "a garden bench project", "the costumes of a play", "a bee house",
    "a bicycle repair day", "the props of a magician", "an office breakfast", "a puppet workshop", "a first-aid box",
    "a welcome basket",
)  # fmt: skip
WARES = ("paint", "wood", "tea", "ribbon", "nails", "cups", "glue", "fruit", "cloth", "cord", "candles", "paper")


def _budget(label: str, slots: Slots, rng: Random) -> str:
    limit = int(slots["limit"].split()[0])
    within = BUDGETS[slots["labels"]].index(label) == 0
    total = rng.randint(limit // 2, limit) if within else rng.randint(limit + 1, limit * 2)
    first = rng.randint(3, total // 2)
    second = rng.randint(3, total - first - 3)
    return ", ".join(
        f"{ware} {price}" for ware, price in zip(rng.sample(WARES, 3), (first, second, total - first - second), strict=True)
    )


VERDICTS = named(("accept", "reject"), ("strong", "weak"), ("valid", "invalid"), ("pass", "fail"), ("safe", "unsafe"))
DEMANDS: Mapping[str, Callable[[str], bool]] = {
    "at least one digit": lambda word: any(letter.isdigit() for letter in word),
    "at least one capital letter": lambda word: any(letter.isupper() for letter in word),
    "at least one of the signs + - * !": lambda word: any(letter in "+-*!" for letter in word),
    "no letter twice in a row": lambda word: not re.search(r"(.)\1", word.lower()),
    "a letter at the beginning": lambda word: word[0].isalpha(),
}
LEAST = ("8 characters", "9 characters", "10 characters", "11 characters", "12 characters")
ACCOUNTS = (
    "the school network", "a choir's members' page", "the heating app", "a library account", "the bike hire app",
    "a photo club", "the town's forum", "a seed exchange", "the parents' portal", "a chess server", "the canteen card",
    "a weather station",
)  # fmt: skip


def _password(label: str, slots: Slots, rng: Random) -> str:
    least, demand = int(slots["least"].split()[0]), DEMANDS[slots["demand"]]
    valid = VERDICTS[slots["labels"]].index(label) == 0
    while True:
        word = "".join(
            rng.choice("abcdeghkmnprstuwxyzABDEGHKLMNR23456789+-*!aaeeoo") for _ in range(least + rng.randint(-2, 4))
        )
        if (len(word) >= least and demand(word)) == valid:
            return word


PARTS_OF_DAY = named(
    ("morning", "afternoon", "evening"), ("early", "middle", "late"), ("first shift", "second shift", "third shift")
)
NOONS = ("11:00", "11:30", "12:00", "12:30", "13:00")
DUSKS = ("16:30", "17:00", "17:30", "18:00", "18:45")
TIMED = (
    "a bird song recording", "a phone call to the surgery", "an entry in the gate log", "a parcel scan", "a swimmer's check-in",
    "a bakery receipt", "a train departure", "a message to the editor", "an alarm at the pump house", "a visitor at the tower",
)  # fmt: skip


def minutes_of(time: str) -> int:
    """Return a time of day as minutes after midnight: 750 for "12:30"."""
    hour, minute = time.split(":")
    return int(hour) * 60 + int(minute)


def _part_of_day(label: str, slots: Slots, rng: Random) -> str:
    bounds = (300, minutes_of(slots["noon"]), minutes_of(slots["dusk"]), 1439)
    place = PARTS_OF_DAY[slots["labels"]].index(label)
    return clock(rng.randrange(bounds[place] + 1, bounds[place + 1]))


TRENDS = named(("rising", "falling", "mixed"), ("up", "down", "neither"), ("ascending", "descending", "unsorted"))


def _trend(label: str, slots: Slots, rng: Random) -> str:
    numbers = sorted(measured(slots["numbers"], rng, 4, 6))
    place = TRENDS[slots["labels"]].index(label)
    mixed = [numbers[1], numbers[0], *numbers[2:]]
    return ", ".join(map(str, (numbers, numbers[::-1], mixed)[place]))


BACKWARDS = named(("palindrome", "other"), ("mirror", "ordinary"), ("same", "different"), ("both ways", "one way"))
MIRRORS = (
    "level", "radar", "civic", "rotor", "kayak", "refer", "noon", "deed", "madam", "stats", "tenet", "solos", "peep", "racecar",
    "reviver", "never odd or even", "step on no pets", "was it a car or a cat I saw", "no lemon, no melon", "top spot",
)  # fmt: skip
SIGHTINGS = (
    "a shop sign", "a tattoo", "a crossword entry", "a line of a poem", "a band's name", "a chalk inscription", "a magic spell",
    "a slogan on a mug", "a child's first words", "a boat's name", "a chapter title", "a password hint",
)  # fmt: skip
IGNORING = (
    "ignoring spaces, commas and capitals", "whatever the spaces and capitals", "counting letters only",
    "with all marks left aside",
)  # fmt: skip


def _mirror(label: str, slots: Slots, rng: Random) -> str:
    if BACKWARDS[slots["labels"]].index(label) == 0:
        return rng.choice(MIRRORS)
    return " ".join(plain_sentence(rng).split()[1 : rng.randint(3, 5)])


LARGER = named(("first", "second", "equal"), ("left", "right", "same"), ("A", "B", "neither"))
COMPARED: Mapping[str, tuple[str, str, int]] = {
    "two distances": ("km", "m", 1000), "two weights": ("kg", "g", 1000), "two periods": ("h", "min", 60), "two volumes": ("l",
    "ml", 1000),
    "two lengths": ("m", "cm", 100), "two sums of money": ("euros", "cents", 100), "two film lengths": ("min", "s", 60),
}  # fmt: skip


def _larger(label: str, slots: Slots, rng: Random) -> str:
    big, small, factor = COMPARED[slots["compared"]]
    place = LARGER[slots["labels"]].index(label)
    whole = rng.randint(2, 9)
    other = whole * factor + (-1, 1, 0)[place] * rng.randint(1, factor - 1)
    return f"{whole} {big} and {other} {small}"


FAMILIES = (
    Family(
        "levels",
        Kind.CLASSIFICATION,
        (
            "Label {reading} {purpose} as {labels}, with limits at {lower} and {upper}. {alone}",
            "Below {lower}, up to {upper} or above: judge {reading} {purpose} as {labels}. {alone}",
        ),
        {"reading": READINGS, "labels": LEVELS, "lower": LOWER, "upper": UPPER, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: LEVELS[slots["labels"]], _level),
    ),
    Family(
        "number property",
        Kind.CLASSIFICATION,
        (
            "Given the number on {on}, decide {purpose} if it {property}: {labels}. {alone}",
            "Check {purpose} whether the number on {on} {property}; the first label means that it does, {labels}. {alone}",
        ),
        {"on": NUMBERS_ON, "property": PROPERTIES, "labels": YES_NO, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: YES_NO[slots["labels"]], _property),
    ),
    Family(
        "triangles",
        Kind.CLASSIFICATION,
        (
            "By its equal sides, given in {unit}, call {thing} {purpose} {labels}. {alone}",
            "Measured in {unit} {purpose}, {thing} has three, two or no sides alike: {labels}. {alone}",
        ),
        {"unit": LENGTHS, "thing": TRIANGULAR, "labels": TRIANGLES, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: TRIANGLES[slots["labels"]], _triangle),
    ),
    Family(
        "weekday or weekend",
        Kind.CLASSIFICATION,
        (
            "On which sort of day of the week does {what} fall {purpose}: {labels}? {alone}",
            "Note {purpose} whether the date of {what} is {labels}, by its weekday. {alone}",
        ),
        {"what": APPOINTMENTS, "labels": DAYTYPES, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: DAYTYPES[slots["labels"]], _day_type),
    ),
    Family(
        "booking conflicts",
        Kind.CLASSIFICATION,
        (
            "Two groups want {hired} {purpose}: shared minutes mean the first of {labels}. {alone}",
            "Compare two bookings of {hired} {purpose} for any overlap: {labels}. {alone}",
        ),
        {"hired": HIRED, "labels": CLASHES, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: CLASHES[slots["labels"]], _clash),
    ),
    Family(
        "budget check",
        Kind.CLASSIFICATION,
        (
            "Add up the costs of {spender} {purpose}; against a limit of {limit} that is {labels}. {alone}",
            "May {spender} cost so much if only {limit} are there? Decide {purpose}: {labels}. {alone}",
        ),
        {"spender": SPENDERS, "limit": LIMITS, "labels": BUDGETS, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: BUDGETS[slots["labels"]], _budget),
    ),
    Family(
        "password rules",
        Kind.CLASSIFICATION,
        (
            "A password for {account} needs {least} or more and {demand} {purpose}: {labels}? {alone}",
            "Check passwords for {account}, {purpose}: at least {least} and {demand} make them {labels}. {alone}",
        ),
        {"account": ACCOUNTS, "least": LEAST, "demand": DEMANDS, "labels": VERDICTS, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: VERDICTS[slots["labels"]], _password),
    ),
    Family(
        "parts of the day",
        Kind.CLASSIFICATION,
        (
            "Put the time of {timed} under {labels} {purpose}, changing at {noon} and {dusk}. {alone}",
            "With limits at {noon} and {dusk}, assign the time of {timed} {purpose} to {labels}. {alone}",
        ),
        {"timed": TIMED, "noon": NOONS, "dusk": DUSKS, "labels": PARTS_OF_DAY, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: PARTS_OF_DAY[slots["labels"]], _part_of_day),
    ),
    Family(
        "trends",
        Kind.CLASSIFICATION,
        (
            "Tell from the {numbers}, {source}, whether they are {labels} throughout. {alone}",
            "How do the {numbers} {source} develop {purpose}? Answer {labels}. {alone}",
        ),
        {"numbers": MEASUREMENTS, "source": SOURCES, "labels": TRENDS, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: TRENDS[slots["labels"]], _trend),
    ),
    Family(
        "palindromes",
        Kind.CLASSIFICATION,
        (
            "Can {sighting} be read from both ends, {ignoring}? Put it under {labels}. {alone}",
            "Examine {sighting} {purpose}: does it run the same backwards, {ignoring}? Say {labels}. {alone}",
        ),
        {"sighting": SIGHTINGS, "ignoring": IGNORING, "labels": BACKWARDS, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: BACKWARDS[slots["labels"]], _mirror),
    ),
    Family(
        "larger quantity",
        Kind.CLASSIFICATION,
        (
            "Which of {compared} is larger, whatever the units, {purpose}: {labels}? {alone}",
            "{purpose}, compare {compared} in different units and name the larger, {labels}. {alone}",
        ),
        {"compared": COMPARED, "labels": LARGER, "alone": ALONE, "purpose": PURPOSES},
        by_label(lambda slots: LARGER[slots["labels"]], _larger),
    ),
)
