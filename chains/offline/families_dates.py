"""Closed families about the calendar and the clock: notation, spans, weekdays, deadlines, timetables, hours worked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from random import Random

from self_instruct.chains.offline.composing import SEPARATORS
from self_instruct.chains.offline.families_sums import clock
from self_instruct.chains.offline.family import Family, Kind, Slots, several
from self_instruct.chains.offline.vocabulary import PURPOSES

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")  # in the order of date.weekday()


def some_day(rng: Random) -> date:
    """Return a day of the years 2020 to 2035."""
    return date(2020, 1, 1) + timedelta(days=rng.randrange(5844))


NOTATIONS: Mapping[str, Callable[[date], str]] = {
    "the ISO form (year-month-day)": date.isoformat,
    "the form 5 March 2024": lambda day: f"{day.day} {MONTHS[day.month - 1]} {day.year}",
    "the American form 3/5/2024": lambda day: f"{day.month}/{day.day}/{day.year}",
    "the form March 5, 2024": lambda day: f"{MONTHS[day.month - 1]} {day.day}, {day.year}",
    "the dotted form 05.03.2024": lambda day: f"{day.day:02}.{day.month:02}.{day.year}",
    "the compact form 20240305": lambda day: f"{day.year}{day.month:02}{day.day:02}",
    "the form 5 Mar 24": lambda day: f"{day.day} {MONTHS[day.month - 1][:3]} {day.year % 100:02}",
}
AMBIGUOUS = ("the American form 3/5/2024", "the form 5 Mar 24")
"""Notations that an input is never given in, since it could be read in two ways."""
DATED = (
    "the deadlines of a student council", "the dates in an old ship's journal", "birthdays from a class list",
    "the delivery days of a dairy", "the dates on a set of invoices", "the match days of a handball team",
    "the sowing dates in a garden diary", "the return dates of library books", "the feast days of a village",
    "the inspection dates of a lift",
)  # fmt: skip


def _renoted(slots: Slots, rng: Random) -> tuple[str, str]:
    days = [some_day(rng) for _ in range(3)]
    given = rng.choice([form for name, form in NOTATIONS.items() if name != slots["notation"] and name not in AMBIGUOUS])
    join = SEPARATORS[slots["separator"]].join
    return "; ".join(map(given, days)), join(map(NOTATIONS[slots["notation"]], days))


SPANS: Mapping[str, Callable[[int], str]] = {
    "in days": lambda days: f"{days} days",
    "in full weeks and days": lambda days: f"{days // 7} weeks and {days % 7} days",
    "in hours": lambda days: f"{days * 24} hours",
    "as a number of nights": lambda days: f"{days} nights",
}
BETWEEN = (
    "the first and the last day of a voyage", "the sowing and the harvest of a crop", "the order and the delivery of a piano",
    "the start and the end of a building site", "two visits to the dentist", "the opening and the closing of an exhibition",
    "the loan and the return of a tent", "two full moons in a calendar", "the arrival and the departure of a guest",
)  # fmt: skip


def _span(slots: Slots, rng: Random) -> tuple[str, str]:
    first = some_day(rng)
    days = rng.randint(15, 400)
    return f"{first.isoformat()} and {(first + timedelta(days=days)).isoformat()}", SPANS[slots["span"]](days)


WEEKDAY_STYLES: Mapping[str, Callable[[str], str]] = {
    "Write its name in full": str, "Give the first three letters only": lambda name: name[:3],
    "Write it in capital letters": str.upper, "Answer with 'It is a' and the name": lambda name: f"It is a {name}",
}  # fmt: skip
DELAYS = {
    "on the day itself": 0, "one day later": 1, "two days before": -2, "ten days after it": 10, "exactly four weeks later": 28,
    "one hundred days later": 100, "three days earlier": -3, "fifty days ahead of it": -50,
}  # fmt: skip
DAYS_OF = (
    "a wedding in the family", "the launch of a ship", "the birth of twins", "a historic football match", "the first frost",
    "the opening of a tram line", "a lunar eclipse", "the sale of a farm", "a school's founding", "the last concert of a band",
)  # fmt: skip


def _weekday(slots: Slots, rng: Random) -> tuple[str, str]:
    day = some_day(rng)
    name = WEEKDAYS[(day + timedelta(days=DELAYS[slots["delay"]])).weekday()]
    return day.isoformat(), WEEKDAY_STYLES[slots["style"]](name)


WAITS = {
    "5 days": 5, "14 days": 14, "21 days": 21, "30 days": 30, "45 days": 45, "six weeks": 42, "90 days": 90, "ten weeks": 70,
}  # fmt: skip
DUTIES = (
    "pay an invoice", "appeal against a fine", "return a borrowed projector", "renew a library card",
    "cancel a trial subscription", "hand in a tax form", "collect a lost suitcase", "send a defective toaster back",
    "confirm a place at college", "register a new dog",
)  # fmt: skip
STARTING = (
    "counted from the date given",
    "not counting the first day itself",
    "after the day named",
    "from the date of the stamp",
)


def _deadline(slots: Slots, rng: Random) -> tuple[str, str]:
    day = some_day(rng)
    return day.isoformat(), NOTATIONS[slots["notation"]](day + timedelta(days=WAITS[slots["wait"]]))


LATE = {
    "is 12 minutes late": 12, "leaves 25 minutes late": 25, "runs 8 minutes early": -8, "is delayed by 47 minutes": 47,
    "is held up for 65 minutes": 65, "departs 15 minutes early": -15, "loses 33 minutes": 33, "is 18 minutes behind": 18,
}  # fmt: skip
LINES = (
    "the ferry to the islands", "the last bus of the evening", "a coach with pensioners", "the express to the coast",
    "the cable car", "a chartered steam train", "the airport shuttle", "the tram on line four", "the mountain post bus",
)  # fmt: skip


def _timetable(slots: Slots, rng: Random) -> tuple[str, str]:
    times, at = [], rng.randint(360, 900)
    for _ in range(4):
        times.append(at)
        at += rng.randint(7, 40)
    new = [clock(time + LATE[slots["late"]]) for time in times]
    return ", ".join(map(clock, times)), SEPARATORS[slots["separator"]].join(new)


WORKERS = (
    "a student in a cafe", "a museum attendant", "a lifeguard at the lake", "a seasonal fruit picker", "a cloakroom assistant",
    "a tutor of mathematics", "a night watchman", "a carpenter's helper", "a piano teacher",
)  # fmt: skip
HOURS: Mapping[str, Callable[[int], str]] = {
    "in hours and minutes": lambda minutes: f"{minutes // 60} h {minutes % 60} min",
    "in minutes": lambda minutes: f"{minutes} minutes",
    "in quarters of an hour": lambda minutes: f"{minutes // 15} quarters of an hour",
}
WAGES = {
    "an hourly wage of 12 euros": 12,
    "a rate of 16 euros an hour": 16,
    "pay of 20 euros an hour": 20,
    "hourly pay of 14 euros": 14,
}


def _hours(slots: Slots, rng: Random) -> tuple[str, str]:
    shifts, total = [], 0
    for day in rng.sample(WEEKDAYS[:6], 3):
        begin, length = rng.randint(28, 52) * 15, rng.randint(8, 30) * 15
        shifts.append(f"{day} {clock(begin)}-{clock(begin + length)}")
        total += length
    return "; ".join(shifts), f"{HOURS[slots['unit']](total)}, {total * WAGES[slots['wage']] / 60:.2f} euros"


FAMILIES = (
    Family(
        "date notation",
        Kind.CLOSED,
        (
            "Rewrite {dated} in {notation}, {separator}, {purpose}.",
            "Bring {dated} into {notation} {purpose}. Write them {separator}.",
        ),
        {"dated": DATED, "notation": NOTATIONS, "separator": SEPARATORS, "purpose": PURPOSES},
        several(_renoted),
    ),
    Family(
        "days between",
        Kind.CLOSED,
        (
            "How long is it {span} between {between}, the first day not counted? It is {purpose}.",
            "{purpose}, work out {span} the time from the first to the second of two dates, {between}.",
        ),
        {"between": BETWEEN, "span": SPANS, "purpose": PURPOSES},
        several(_span),
    ),
    Family(
        "weekdays",
        Kind.CLOSED,
        (
            "Given the date of {of}, find the weekday {delay} {purpose}. {style}.",
            "{purpose}, name the weekday {delay}, reckoned from {of}. {style}.",
            "Which weekday lies {delay}, seen from the date of {of}? {style}.",
        ),
        {"of": DAYS_OF, "delay": DELAYS, "purpose": PURPOSES, "style": WEEKDAY_STYLES},
        several(_weekday),
    ),
    Family(
        "deadlines",
        Kind.CLOSED,
        (
            "Somebody has {wait} to {duty}, {starting}. Name the last day {purpose} in {notation}.",
            "Within {wait}, {starting}, one may {duty}: calculate the last day in {notation} {purpose}.",
        ),
        {"wait": WAITS, "duty": DUTIES, "starting": STARTING, "notation": NOTATIONS, "purpose": PURPOSES},
        several(_deadline),
    ),
    Family(
        "delayed timetable",
        Kind.CLOSED,
        (
            "Correct the stops of {line}, which {late}, {purpose}; write the new times {separator}.",
            "{line} {late} at every stop. Give the times that now hold, {separator}, {purpose}.",
        ),
        {"line": LINES, "late": LATE, "purpose": PURPOSES, "separator": SEPARATORS},
        several(_timetable),
    ),
    Family(
        "hours worked",
        Kind.CLOSED,
        (
            "Add up the shifts of {worker} {unit} {purpose}, with {wage}.",
            "Given the shifts of {worker}, state {purpose} the time {unit} and the earnings with {wage}.",
        ),
        {"worker": WORKERS, "unit": HOURS, "wage": WAGES, "purpose": PURPOSES},
        several(_hours),
    ),
)
