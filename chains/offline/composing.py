"""How outputs are put together: sentences, lists, numbers, and the layouts an instruction may ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from random import Random

from self_instruct.chains.offline.family import Slots, raised


def sentence(text: str) -> str:
    """Return the text as a sentence: its first letter raised, an end mark added where it has none.

    >>> sentence("the kettle is hot")
    'The kettle is hot.'
    """
    return raised(text) if text.endswith((".", "!", "?", '."', '!"', '?"')) else raised(text) + "."


def paragraph(sentences: Iterable[str]) -> str:
    """Return the texts as sentences, one after the other; empty ones are left out."""
    return " ".join(sentence(text) for text in sentences if text)


def listed(items: Sequence[str], last: str = "and") -> str:
    """Return the items as one phrase.

    >>> listed(["oil", "salt", "rice"])
    'oil, salt and rice'
    """
    return f" {last} ".join(part for part in (", ".join(items[:-1]), items[-1]) if part)


def numbered(points: Iterable[str]) -> str:
    """Return the points as a numbered list, one a line."""
    return "\n".join(f"{number}. {sentence(point)}" for number, point in enumerate(points, 1))


def dashed(points: Iterable[str]) -> str:
    """Return the points as a list with dashes, one a line."""
    return "\n".join(f"- {sentence(point)}" for point in points)


def itemised(things: Iterable[str]) -> str:
    """Return things as a list with dashes, one a line, left as they are."""
    return "\n".join(f"- {thing}" for thing in things)


def _lines(points: Iterable[str]) -> str:
    return "\n".join(sentence(point) for point in points)


SHAPES: Mapping[str, Callable[[Iterable[str]], str]] = {
    "in one short paragraph": paragraph,
    "as a numbered list": numbered,
    "as a list with dashes": dashed,
    "one sentence to a line": _lines,
    "in flowing text": paragraph,
    "in short numbered points": numbered,
}
"""The layouts an open task may ask for."""


def laid_out(shape: str, points: Sequence[str], before: str = "", after: str = "") -> str:
    """Return the points in a shape of `SHAPES`, with a sentence before and one after them where there is one."""
    layout = SHAPES[shape]
    if layout is paragraph:
        return paragraph([before, *points, after])
    return "\n".join(part for part in (before and sentence(before), layout(points), after and sentence(after)) if part)


SEPARATORS: Mapping[str, str] = {
    "with commas in between": ", ",
    "separated by semicolons": "; ",
    "with one entry on each line": "\n",
    "divided by slashes": " / ",
    "with a plus sign between neighbours": " + ",
    "split by vertical bars": " | ",
}
"""How a closed task may ask for a list to be written."""


def rounded(value: Fraction, places: int = 0) -> str:
    """Return an exact value as a decimal, halves rounded away from zero.

    >>> rounded(Fraction(5, 2)), rounded(Fraction(-1, 3), 2)
    ('3', '-0.33')
    """
    scaled = abs(value) * 10**places
    whole = (scaled.numerator * 2 + scaled.denominator) // (scaled.denominator * 2)
    digits = str(whole).rjust(places + 1, "0")
    sign = "-" if value < 0 and whole else ""
    return sign + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)


ROUNDINGS: Mapping[str, int] = {
    "rounded to the nearest whole number": 0,
    "rounded to one decimal place": 1,
    "given to two decimal places": 2,
    "with one digit after the point": 1,
    "cut back to a whole number by rounding": 0,
    "as a figure with two decimals": 2,
}
"""How precise a number an instruction may ask for, as digits after the point."""


def one_of(texts: Sequence[str], rng: Random) -> str:
    """Return one of the texts."""
    return texts[0] if len(texts) == 1 else rng.choice(texts)


def written(slots: Slots, rng: Random, points: Sequence[str], before: str = "", after: str = "") -> str:
    """Return the points in the slots' shape, opened for the slots' audience and closed as the slots' ending asks."""
    opening = OPENINGS.get(slots.get("audience", ""), "")
    ending = ENDINGS.get(slots.get("ending", ""), ())
    last = " ".join(part for part in (after and sentence(after), ending and one_of(ending, rng)) if part)
    first = " ".join(part for part in (opening, before and sentence(before)) if part)
    return laid_out(slots.get("shape", "in one short paragraph"), points, first, last)


OPENINGS: Mapping[str, str] = {
    "a class of ten-year-olds": "Good morning, everyone!",
    "busy parents with little time": "This takes one minute to read.",
    "apprentices in their first year": "Nobody is born knowing this, so let us begin at the beginning.",
    "readers of a village newsletter": "Dear neighbours, here is this month's short column.",
    "listeners of a local radio show": "Good evening, and welcome back to the programme.",
    "volunteers at a community centre": "Thank you for giving us your time today.",
    "people who have just retired": "You have more time now, so here is something worth a quiet hour.",
    "language learners at an intermediate level": "The sentences here are short, and the words are common ones.",
    "a sceptical older relative": "You need not take my word for it; judge for yourself.",
    "night-shift workers on a break": "Put your feet up; this will not take long.",
    "a group of exchange students": "Welcome, and do ask whenever a word is new to you.",
    "the audience of a public lecture": "Ladies and gentlemen, thank you for coming tonight.",
    "teenagers at a summer camp": "Gather round, this is more interesting than it sounds.",
    "adults in an evening class": "You have had a long day, so we shall keep it simple.",
    "the staff of a small hotel": "A short note for the whole team.",
    "a friend who dislikes jargon": "No technical terms, as promised.",
    "subscribers of a weekly podcast": "Hello again, and thanks for listening.",
    "trainee teachers in their second term": "Here is one way to put it when a class looks puzzled.",
    "neighbours who share a garden": "A word over the fence, if you have a minute.",
    "members of a rowing club": "Before we take the boats out, one short matter.",
    "a new colleague from abroad": "It is good to have you here.",
    "passengers on a long train ride": "There is time enough, so let us look at it together.",
    "the parents' evening of a kindergarten": "Good evening, and thank you for squeezing onto these small chairs.",
    "customers waiting in a queue": "While you wait, a few words that may be of use.",
}
"""Who an open task may be written for, and how the text greets them."""

ENDINGS: Mapping[str, tuple[str, ...]] = {
    "end with a question to the reader": ("What would you try first?", "Which of these points surprised you most?"),
    "close with a word of encouragement": ("It gets easier every time.", "Take your time; you are doing well."),
    "finish on a light-hearted note": ("And if all else fails, put the kettle on.", "Biscuits are known to help as well."),
    "sign it as the editors": ("Yours, the editors.",),
    "invite the reader to reply": ("Do write back and tell us how you see it.", "Your answer is welcome at any time."),
    "conclude with a sentence worth remembering": (
        "Small steps, often repeated, carry the furthest.",
        "What is understood well is half done.",
    ),
    "say at the end where help can be found": (
        "For anything else, ask at the library desk.",
        "The town's advice line can help.",
    ),
    "wish the reader luck in the last line": ("Good luck!", "The very best of luck with it!"),
    "thank the reader at the end": ("Thank you for reading this far.", "Many thanks for your time."),
    "add a reminder to take a break": ("And now take a short break.", "Then get up, stretch, and have some water."),
}
"""How an open task may ask its text to end, and sentences that do so."""
