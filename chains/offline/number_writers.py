"""Closed tasks about numbers: bills, times, percentages, units, dates, areas, lists of numbers, shared costs; limits."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from functools import partial

from self_instruct.chains.offline.composing import Result, listed, rounded, shortest
from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import Pair, Slots
from self_instruct.chains.offline.phrases import PHRASES


def _bill(slots: Slots, _: Draws) -> tuple[str, str]:
    counts = [slots.known(name) for name in slots.alike("count")]
    prices = [Fraction(slots.known(name)) for name in slots.alike("item")]
    total = sum((count * price for count, price in zip(counts, prices, strict=True)), Fraction(0))
    way = " + ".join(f"{count} x {rounded(price, 2)}" for count, price in zip(counts, prices, strict=True))
    way += f" = {rounded(total, 2)}"
    if "note" not in slots and "tender" not in slots:
        return "", _euros(total, "The total is {} euros.", way).as_asked(slots)
    paid = slots.number("note" if "note" in slots else "tender")
    left = paid - total
    way += f"; {paid} - {rounded(total, 2)} = {rounded(left, 2)}"
    return "", _euros(left, "That leaves {} euros.", way).as_asked(slots)


def _euros(value: Fraction, sentence: str, way: str) -> Result:
    digits = rounded(value, 2)
    return Result(f"{digits} euros", sentence.format(digits), way)


def clock(minutes: int, halves: bool = False) -> str:
    """Return minutes after midnight as "14:05", or as "2:05 p.m." where the day has two halves."""
    hour, minute = divmod(minutes % 1440, 60)
    if not halves:
        return f"{hour}:{minute:02}"
    return f"{(hour - 1) % 12 + 1}:{minute:02} {'a.m.' if hour < 12 else 'p.m.'}"


def _time(slots: Slots, _: Draws) -> tuple[str, str]:
    begin = slots.number("hour") * 60 + slots.number("minute")
    minutes = {"hours": 60, "few": 60, "minutes": 1, "early": -1}
    span = sum(slots.number(name) * each for name, each in minutes.items() if name in slots)
    return "", clock(begin + span, "clock" in slots and slots.known("clock") == 12)


def _percentage(slots: Slots, _: Draws) -> tuple[str, str]:
    price = slots.number("price")
    if "figure" in slots:
        change = Fraction(slots.number("price2") - price, price) * 100
        return "", f"{'+' if change > 0 else ''}{shortest(change)}% (from {price} to {slots['price2']} euros)"
    if "tip" in slots:
        tip = Fraction(price * slots.number("tip"), 100)
        return "", _euros(tip, "The tip is {} euros.", f"{price} x {slots['tip']} / 100 = {rounded(tip, 2)}").as_asked(slots)
    percent = slots.number("tax") if "tax" in slots else -slots.number("off")
    value = Fraction(price * (100 + percent), 100)
    return "", _euros(value, "It costs {} euros.", f"{price} x {100 + percent} / 100 = {rounded(value, 2)}").as_asked(slots)


def _converted(slots: Slots, _: Draws) -> tuple[str, str]:
    places = slots.known("rounding") if "rounding" in slots else 2
    found = []
    for number, name in zip(slots.numbers("amount"), slots.alike("asked" if "asked" in slots else "units"), strict=True):
        unit = slots.known(name)
        value = rounded(number * Fraction(unit["factor"]) + Fraction(unit["offset"]), places)
        way = f"{number} x {unit['factor']}" + (f" + {unit['offset']}" if unit["offset"] != "0" else "")
        result = Result(f"{value} {unit['symbol']}", f"That is {value} {unit['target']}.", f"{way} = {value} {unit['symbol']}")
        found.append(result.as_asked(slots) if "reply" in slots else result.bare)
    return "", "; ".join(found)


def _day(slots: Slots, day: str = "day", month: str = "month", year: str = "year") -> date:
    return date(slots.number(year), slots.known(month), slots.number(day))


def in_words(day: date) -> str:
    """Return a date as "5 March 2024"."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _calendar(slots: Slots, _: Draws) -> tuple[str, str]:
    if "earlier" in slots:
        first, last = _day(slots, "day", "earlier"), _day(slots, "day2", "later")
        return "", f"{(last - first).days} days"
    day = _day(slots, year="past" if "past" in slots else "year")
    if "weekday" in slots:
        right = WEEKDAYS[day.weekday()]
        return "", f"{'Yes' if slots['weekday'].endswith(right) else 'No'}, {in_words(day)} is a {right}."
    if "wait" in slots:
        end = day + timedelta(days=slots.known("wait"))
        return "", end.strftime(slots.known("notation")) if "notation" in slots else in_words(end)
    if "notation" in slots:
        second = _day(slots, "day2", "month2", "year2")
        return "", " and ".join(each.strftime(slots.known("notation")) for each in (day, second))
    return "", WEEKDAYS[day.weekday()]


def _floor(slots: Slots, _: Draws) -> tuple[str, str]:
    side, other = slots.numbers("side")
    area = side * other
    way = f"{side} x {other} = {area} square metres"
    if "cover" not in slots:
        return "", Result(f"{area} square metres", f"The area is {area} square metres.", way).as_asked(slots)
    price = slots.number("price")
    cost = area * price
    way += f"; {area} x {price} = {cost} euros"
    if "budget" in slots:
        is_enough = cost <= slots.number("budget")
        return "", f"{'Yes' if is_enough else 'No'}: {way}."
    return "", Result(f"{cost} euros", f"That costs {cost} euros.", way).as_asked(slots)


def _facts(slots: Slots, _: Draws) -> tuple[str, str]:
    if "event" in slots:
        years = sorted((slots.known(name), slots[name]) for name in slots.alike("event"))
        return "", "\n".join(f"{year}: {event}" for year, event in years)
    name = next(name for name in ("country", "book", "element") if name in slots)
    found = [(slots[each], slots.known(each)) for each in slots.alike(name)]
    return "", "\n".join(f"{text}: {known[slots.known('attribute')] if name == 'country' else known}" for text, known in found)


def _measured(slots: Slots, draws: Draws) -> list[int]:
    low, high = slots.known("numbers")
    return draws.several(range(low, high + 1), draws.whole(5, 8))


def _sorted(slots: Slots, draws: Draws) -> tuple[str, str]:
    join = slots.known("separator").join if "separator" in slots else ", ".join
    if "words" in slots:
        words = draws.several(slots.known("words"), draws.whole(5, 7))
        return ", ".join(words), join(_in_order(words, slots.known("alphabet")))
    numbers = _measured(slots, draws)
    divisor = slots.known("filter") if "filter" in slots else 1
    kept = sorted((number for number in numbers if number % divisor == 0), reverse=slots.known("order"))
    return (", ".join(map(str, numbers)), join(map(str, kept))) if len(kept) > 1 else _sorted(slots, draws)


def _in_order(words: Sequence[str], how: str) -> list[str]:
    """Return words in an order that the given one never decides: of equal length, the first in the alphabet comes first."""
    ordered = sorted(words, key=str.lower, reverse=how == "za")
    return sorted(ordered, key=len) if how == "length" else ordered


STATISTICS: Mapping[str, Callable[[list[int]], Fraction]] = {
    "mean": lambda numbers: Fraction(sum(numbers), len(numbers)),
    "median": lambda numbers: Fraction(numbers[(len(numbers) - 1) // 2] + numbers[len(numbers) // 2], 2),
    "range": lambda numbers: Fraction(numbers[-1] - numbers[0]),
    "sum": lambda numbers: Fraction(sum(numbers)),
    "maximum": lambda numbers: Fraction(numbers[-1]),
    "minimum": lambda numbers: Fraction(numbers[0]),
}
"""Of sorted numbers."""


def _statistic(slots: Slots, draws: Draws) -> tuple[str, str]:
    numbers = _measured(slots, draws)
    values = [(slots[name], STATISTICS[slots.known(name)](sorted(numbers))) for name in slots.alike("statistic") or ["middle"]]
    write = partial(rounded, places=slots.known("rounding")) if "rounding" in slots else shortest
    output = write(values[0][1]) if len(values) == 1 else "\n".join(f"{name}: {write(value)}" for name, value in values)
    return ", ".join(map(str, numbers)), output


def _shares(_: Slots, draws: Draws) -> tuple[str, str]:
    names = draws.several(PHRASES["names"], draws.whole(3, 4))
    paid = {name: draws.whole(0, 20) * len(names) for name in names}
    share = sum(paid.values()) // len(names)
    lines = [f"Each share is {share} euros."]
    for name, sum_paid in paid.items():
        verb = "is even" if sum_paid == share else "gets back" if sum_paid > share else "pays"
        difference = abs(sum_paid - share)
        lines.append(f"{name} {verb}" + (f" {difference} euro{'s' * (difference > 1)}." if difference else "."))
    return listed([f"{name} paid {sum_paid} euros" for name, sum_paid in paid.items()]) + ".", "\n".join(lines)


def reading(place: int, _label: str, slots: Slots, draws: Draws) -> str:
    """Return a value with its unit that lies below (place 0), within (1) or above (2) the limits of an instruction."""
    bounds = (1, slots.number("low"), slots.number("high") + 1, 101)
    return f"{draws.whole(bounds[place], bounds[place + 1] - 1)} {slots.known('reading')}"


WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")  # in the order of date.weekday()
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip

PAIRS: Mapping[str, Pair] = {
    "shopping bill": _bill, "times of day": _time, "percentages": _percentage, "unit conversion": _converted,
    "calendar": _calendar, "floor area": _floor, "facts": _facts, "sorting": _sorted, "statistics": _statistic,
    "shared costs": _shares,
}  # fmt: skip
