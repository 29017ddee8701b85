"""Closed families of word problems, most with their numbers in the instruction: money, time, travel, shares, recipes."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import lcm
from random import Random

from self_instruct.chains.offline.composing import ROUNDINGS, listed, rounded
from self_instruct.chains.offline.family import Family, Kind, Slots, fixed, several
from self_instruct.chains.offline.vocabulary import NAMES, PURPOSES

BUYERS = (
    "a scout leader", "the school canteen", "my aunt", "a hungry hiker", "the tennis club", "an art student",
    "the village choir", "a careful pensioner", "two flatmates", "the kindergarten",
)  # fmt: skip
GOODS_A: Mapping[str, str] = {
    "rye rolls at 0.65": "0.65", "jars of jam at 2.40": "2.40", "postcards at 0.85": "0.85", "cinema tickets at 3.50": "3.50",
    "pots of basil at 1.95": "1.95", "packs of chalk at 1.20": "1.20", "bus tickets at 2.75": "2.75",
    "bars of soap at 1.35": "1.35", "notebooks at 3.15": "3.15", "cups of soup at 2.90": "2.90",
}  # fmt: skip
GOODS_B: Mapping[str, str] = {
    "lemons at 0.45": "0.45", "light bulbs at 3.80": "3.80", "balls of wool at 4.10": "4.10", "pencils at 0.75": "0.75",
    "bags of seed at 2.25": "2.25", "bottles of juice at 1.60": "1.60", "tubes of glue at 2.05": "2.05",
    "candles at 0.95": "0.95", "cakes at 4.50": "4.50", "bunches of tulips at 3.30": "3.30",
}  # fmt: skip
COUNTS = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7}
NOTES = {"a 100-euro note": 100, "two 50-euro notes": 100, "three 20-euro notes": 60, "four 20-euro notes": 80}


def _change_given(slots: Slots) -> str:
    first = COUNTS[slots["n"]] * Decimal(GOODS_A[slots["a"]])
    second = COUNTS[slots["m"]] * Decimal(GOODS_B[slots["b"]])
    return (
        f"The bill is {first} + {second} = {first + second} euros, so {NOTES[slots['note']] - first - second} euros come back."
    )


STARTS = {"7:05": 425, "8:40": 520, "9:15": 555, "10:50": 650, "13:25": 805, "14:45": 885, "16:35": 995, "18:20": 1100}
LASTING = {
    "85 minutes": 85,
    "two hours": 120,
    "an hour and a half": 90,
    "45 minutes": 45,
    "two hours and 20 minutes": 140,
    "110 minutes": 110,
}
PAUSES = {
    "one break of 15 minutes": 15, "two breaks of ten minutes": 20, "a lunch break of 40 minutes": 40,
    "a pause of 25 minutes": 25, "three short stops of five minutes": 15, "a delay of half an hour": 30,
}  # fmt: skip
SITTINGS = (
    "a rehearsal of the brass band", "the final of a chess tournament", "a guided walk through the old town",
    "an exam in first aid", "a meeting of the parents' council", "the matinee at the puppet theatre",
    "a lecture on garden birds", "a training flight of gliders",
)  # fmt: skip
CLOCKS = {"in the 24-hour clock": True, "in the 12-hour clock": False}


def clock(minutes: int, full_day: bool = True) -> str:
    """Return minutes after midnight as "14:05", or as "2:05 p.m." where the day has two halves."""
    hour, minute = divmod(minutes % 1440, 60)
    if full_day:
        return f"{hour:02}:{minute:02}"
    return f"{(hour - 1) % 12 + 1}:{minute:02} {'a.m.' if hour < 12 else 'p.m.'}"


def _ending(slots: Slots) -> str:
    end = STARTS[slots["start"]] + LASTING[slots["lasting"]] + PAUSES[slots["pause"]]
    return f"It ends at {clock(end, CLOCKS[slots['clock']])}"


SAVERS = (
    "a paper boy", "the owner of a kiosk", "our rowing team", "a retired couple", "the crew of a food truck",
    "a student of medicine", "the class council", "a street musician",
)  # fmt: skip
SAVED = {"12 euros": 12, "17 euros": 17, "25 euros": 25, "34 euros": 34, "48 euros": 48, "65 euros": 65}
SPENT = {
    "9 euros for stamps": 9, "14 euros for a raincoat": 14, "21 euros for paint": 21, "30 euros for repairs": 30,
    "36 euros for a present": 36, "45 euros for new strings": 45,
}  # fmt: skip
VESSELS = ("into a biscuit tin", "into a savings account", "under the mattress", "into a glass jar", "into the club's cash box")
WEEKS = {"eight weeks": 8, "ten weeks": 10, "fifteen weeks": 15, "half a year of 26 weeks": 26, "a full year of 52 weeks": 52}


def _savings(slots: Slots) -> str:
    weekly, spent, weeks = SAVED[slots["saved"]], SPENT[slots["spent"]], WEEKS[slots["weeks"]]
    return f"{weeks} x {weekly} - {spent} = {weeks * weekly - spent}, so there are {weeks * weekly - spent} euros."


VEHICLES = (
    "a cargo barge", "a cyclist with a trailer", "a mountain railway", "a school bus", "a tractor with hay", "a racing cyclist",
    "an old steamboat", "a convoy of vintage cars", "a freight train", "an electric delivery van",
)  # fmt: skip
SPEEDS = {f"{speed} km/h": speed for speed in (12, 15, 18, 20, 24, 30, 36, 40)}
DISTANCES = {f"{distance} km": distance for distance in (18, 36, 54, 60, 72, 90, 108, 120)}
ROUTES = (
    "from the quarry to the coast", "between two market towns", "up the valley to the dam", "round the western lake",
    "from the border to the capital", "along the old salt road", "to the farm behind the hills",
)  # fmt: skip


def _travel(slots: Slots) -> str:
    minutes = DISTANCES[slots["distance"]] * 60 // SPEEDS[slots["speed"]] + PAUSES[slots["pause"]]
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} hour{'s' * (hours > 1)}" * (hours > 0), f"{rest} minute{'s' * (rest > 1)}" * (rest > 0)]
    return f"The journey takes {listed([part for part in parts if part])}."


ROOMS = (
    "a classroom in the attic", "the hall of a judo club", "a small shop window", "the kitchen of a ferry", "a waiting room",
    "the stage of an open-air theatre", "a kennel yard", "the reading corner of a library",
)  # fmt: skip
SIDES_A = {"4 metres": 4, "6 metres": 6, "7 metres": 7, "9 metres": 9, "11 metres": 11, "12 metres": 12}
SIDES_B = {"3 metres": 3, "5 metres": 5, "8 metres": 8, "10 metres": 10, "14 metres": 14}
COVERS = {
    "cork tiles at 18 euros": 18, "oak boards at 42 euros": 42, "rubber mats at 25 euros": 25, "woven carpet at 31 euros": 31,
    "clay tiles at 27 euros": 27, "linoleum at 22 euros": 22, "bamboo at 36 euros": 36,
}  # fmt: skip
DEDUCTIONS = {
    "a tenth of the price is taken off": Fraction(9, 10), "delivery adds 60 euros": Fraction(60),
    "nothing else is charged": Fraction(0), "a quarter of the price is paid by the town": Fraction(3, 4),
    "fitting adds 150 euros": Fraction(150),
}  # fmt: skip


def _floor(slots: Slots) -> str:
    area = SIDES_A[slots["a"]] * SIDES_B[slots["b"]]
    extra = DEDUCTIONS[slots["deduction"]]
    price = Fraction(area * COVERS[slots["cover"]])
    price = price * extra if 0 < extra < 1 else price + extra
    return f"The floor measures {area} square metres and costs {rounded(price, 2)} euros."


SIGNALS_A = (
    "a lighthouse flashes",
    "a church bell rings",
    "a night bus leaves",
    "a pump starts",
    "a sprinkler turns on",
    "a gate opens",
)
SIGNALS_B = (
    "a buoy blinks",
    "a foghorn sounds",
    "a tram passes",
    "a cooling fan runs",
    "a guard walks by",
    "a fountain springs up",
)
EVERY_A = {f"every {number} minutes": number for number in (4, 6, 8, 9, 10, 14)}
EVERY_B = {f"every {number} minutes": number for number in (5, 12, 15, 16, 18, 21)}
SINCE = {
    "at noon": 720,
    "at 9 o'clock in the morning": 540,
    "at midnight": 0,
    "at 3 in the afternoon": 900,
    "at 7 in the evening": 1140,
}


def _together(slots: Slots) -> str:
    wait = lcm(EVERY_A[slots["every_a"]], EVERY_B[slots["every_b"]])
    return f"After {wait} minutes, at {clock(SINCE[slots['since']] + wait)}"


OUTINGS = (
    "a weekend in a mountain hut", "a joint birthday present", "the petrol for a road trip", "a boat hired for the day",
    "the supper after a concert", "a stand at the flea market", "a box at the opera", "firewood for the winter",
)  # fmt: skip
GROUPS = (
    "the members of a book club", "friends from the choir", "cousins", "former classmates", "colleagues from the night shift",
    "flatmates", "the walking group", "neighbours from the third floor",
)  # fmt: skip
SETTLING: Mapping[str, tuple[str, str, str]] = {
    "say who gets money back and who still has to pay": ("{name} pays {sum}", "{name} gets back {sum}", "{name} is even"),
    "list for each person what to pay or receive": ("{name}: pay {sum}", "{name}: receive {sum}", "{name}: nothing"),
    "give one phrase per person on what is owed": ("{name} owes {sum}", "{name} is owed {sum}", "{name} is square"),
    "write the differences with a plus or minus sign": ("{name} -{sum}", "{name} +{sum}", "{name} 0"),
}
"""How to say that somebody paid too little, too much, or just enough."""


def _shares(slots: Slots, rng: Random) -> tuple[str, str]:
    names = rng.sample(NAMES, rng.randint(3, 4))
    paid = {name: rng.randint(0, 20) * len(names) for name in names}
    share = sum(paid.values()) // len(names)
    owes, receives, even = SETTLING[slots["settling"]]
    lines = [
        (even if sum_paid == share else receives if sum_paid > share else owes).format(name=name, sum=abs(sum_paid - share))
        for name, sum_paid in paid.items()
    ]
    return ", ".join(f"{name} paid {sum_paid}" for name, sum_paid in paid.items()), "; ".join(lines)


SERVINGS = {
    "two servings": 2,
    "six servings": 6,
    "eight servings": 8,
    "ten servings": 10,
    "twelve servings": 12,
    "twenty servings": 20,
}
SCALING_NOTES = (
    "keeping the units", "in the order given", "without changing the wording", "as a comma-separated list",
    "with no other words",
)  # fmt: skip
BAKES = (
    "a fruit loaf", "a savoury bake", "a nut cake", "a stuffed pie", "a warm salad", "a tray of dumplings", "a thick stew",
    "a casserole", "a spiced pudding", "a batch of fritters",
)  # fmt: skip
WEIGHABLE = ("flour", "rice", "butter", "sugar", "lentils", "potatoes", "cheese", "oats", "noodles", "spinach", "nuts", "stock")


def _scaled(slots: Slots, rng: Random) -> tuple[str, str]:
    target = SERVINGS[slots["servings"]]
    names = rng.sample(WEIGHABLE, 4)
    grams = [rng.randint(2, 40) * 20 for _ in names]
    given = ", ".join(f"{gram} g {name}" for gram, name in zip(grams, names, strict=True))
    return given, ", ".join(f"{gram * target // 4} g {name}" for gram, name in zip(grams, names, strict=True))


RATES = {f"at a rate of {rate}": Fraction(rate) for rate in ("0.86", "1.08", "1.17", "7.46", "11.3", "25.2", "0.94", "4.28")}
CURRENCIES = (
    "festival coins into euros", "bonus points into pounds", "fairground tokens into cash", "casino chips into dollars",
    "old coins into new ones", "holiday money into home money", "game coins into gems", "club vouchers into francs",
)  # fmt: skip
FEES = {"without any fee": Fraction(0), "after a fee of 2 per cent": Fraction(2), "less a charge of 5 per cent": Fraction(5),
        "after the bank has kept 1 per cent": Fraction(1), "minus a commission of 3 per cent": Fraction(3)}  # fmt: skip
TRAVELLERS = (
    "for a class trip abroad", "for a touring theatre group", "for a cross-border commuter", "for an antique dealer",
    "for the treasurer of a football club", "for a family on a camping holiday", "for a collector of coins",
)  # fmt: skip


def _exchanged(slots: Slots, rng: Random) -> tuple[str, str]:
    amount = rng.randint(4, 180) * 5
    value = amount * RATES[slots["rate"]] * (100 - FEES[slots["fee"]]) / 100
    return str(amount), rounded(value, ROUNDINGS[slots["rounding"]])


FAMILIES = (
    Family(
        "change given",
        Kind.CLOSED,
        (
            "{buyer} buys {n} {a} and {m} {b} euros each. How much comes back from {note}?",
            "From {note}, how much is left when {buyer} has paid for {n} {a} and {m} {b} euros each?",
        ),
        {"buyer": BUYERS, "n": COUNTS, "a": GOODS_A, "m": COUNTS, "b": GOODS_B, "note": NOTES},
        fixed(_change_given),
    ),
    Family(
        "time of ending",
        Kind.CLOSED,
        (
            "{sitting} begins at {start}, lasts {lasting} and has {pause} on top. State its end {purpose}, {clock}.",
            "Starting at {start}, {sitting} takes {lasting} plus {pause}. When is it over, {clock}, {purpose}?",
        ),
        {"sitting": SITTINGS, "start": STARTS, "lasting": LASTING, "pause": PAUSES, "clock": CLOCKS, "purpose": PURPOSES},
        fixed(_ending),
    ),
    Family(
        "savings",
        Kind.CLOSED,
        (
            "{saver} puts {saved} {vessel} each week but takes out {spent}. Find the sum after {weeks} {purpose}.",
            "After {weeks}, what has {saver} left who puts {saved} {vessel} weekly and spends {spent}?",
        ),
        {"saver": SAVERS, "saved": SAVED, "vessel": VESSELS, "spent": SPENT, "weeks": WEEKS, "purpose": PURPOSES},
        fixed(_savings),
    ),
    Family(
        "travel time",
        Kind.CLOSED,
        (
            "At {speed}, how long does {vehicle} need for {distance} {route} with {pause}? It is asked {purpose}.",
            "{vehicle} covers {distance} {route} at {speed}, with {pause}: how long, {purpose}, is the journey?",
        ),
        {"speed": SPEEDS, "vehicle": VEHICLES, "distance": DISTANCES, "route": ROUTES, "pause": PAUSES, "purpose": PURPOSES},
        fixed(_travel),
    ),
    Family(
        "floor cost",
        Kind.CLOSED,
        (
            "{room} is {a} by {b}. What do {cover} a square metre cost {purpose} if {deduction}?",
            "Work out the bill {purpose}: {cover} a square metre in {room}, {a} by {b}; {deduction}.",
        ),
        {"room": ROOMS, "a": SIDES_A, "b": SIDES_B, "cover": COVERS, "deduction": DEDUCTIONS, "purpose": PURPOSES},
        fixed(_floor),
    ),
    Family(
        "meeting signals",
        Kind.CLOSED,
        (
            "{first} {every_a} and {second} {every_b}. Both happen {since}; find {purpose} when they next coincide.",
            "If {first} {every_a} and {second} {every_b}, both {since}, when is the next time {purpose}?",
        ),
        {"first": SIGNALS_A, "every_a": EVERY_A, "second": SIGNALS_B, "every_b": EVERY_B, "since": SINCE, "purpose": PURPOSES},
        fixed(_together),
    ),
    Family(
        "shared costs",
        Kind.CLOSED,
        (
            "Divide the cost of {outing} equally among {group} {purpose} and {settling}.",
            "{group} have advanced money for {outing}. Share it evenly {purpose}, then {settling}.",
        ),
        {"outing": OUTINGS, "group": GROUPS, "settling": SETTLING, "purpose": PURPOSES},
        several(_shares),
    ),
    Family(
        "scaled recipe",
        Kind.CLOSED,
        (
            "Scale the ingredients of {dish} from four servings to {servings}, {note}, {purpose}.",
            "The quantities are for four people. Adapt {dish} to {servings} {purpose}, {note}.",
        ),
        {"dish": BAKES, "servings": SERVINGS, "note": SCALING_NOTES, "purpose": PURPOSES},
        several(_scaled),
    ),
    Family(
        "currency exchange",
        Kind.CLOSED,
        (
            "Exchange an amount from {currencies} {rate}, {fee}, {rounding}, {traveller}.",
            "Change {currencies} {traveller}: multiply {rate}, {fee}, and give the sum {rounding}.",
        ),
        {"currencies": CURRENCIES, "rate": RATES, "fee": FEES, "rounding": ROUNDINGS, "traveller": TRAVELLERS},
        several(_exchanged),
    ),
)
