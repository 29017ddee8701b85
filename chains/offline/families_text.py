"""Closed families about short texts: counting, rewriting by rule, extracting, enciphering, naming."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from self_instruct.chains.offline.composing import SEPARATORS
from self_instruct.chains.offline.family import Family, Kind, Slots, several
from self_instruct.chains.offline.vocabulary import NAMES, PURPOSES, TEXTS, plain_sentence

COUNTED: Mapping[str, Callable[[str], int]] = {
    "the words": lambda text: len(text.split()),
    "the vowels (a, e, i, o and u)": lambda text: sum(letter in "aeiou" for letter in text.lower()),
    "the words with more than five letters": lambda text: sum(len(word) > 5 for word in text.split()),
    "the words with three letters or fewer": lambda text: sum(len(word) <= 3 for word in text.split()),
    "every occurrence of the letter e": lambda text: text.lower().count("e"),
    "every occurrence of the letter t": lambda text: text.lower().count("t"),
    "the letters without the spaces": lambda text: sum(letter.isalpha() for letter in text),
    "the words that begin with a vowel": lambda text: sum(word[0].lower() in "aeiou" for word in text.split()),
    "the double letters such as ll or tt": lambda text: len(re.findall(r"([a-z])\1", text.lower())),
    "the words that end in a consonant": lambda text: sum(word[-1].lower() not in "aeiou" for word in text.split()),
}
COUNT_STYLES: Mapping[str, str] = {
    "give the number alone": "{count}",
    "answer in the form 'total = number'": "total = {count}",
    "put the number in brackets": "({count})",
    "answer with 'I count' and the number": "I count {count}",
    "write a hash sign before the number": "#{count}",
}


def _counted(slots: Slots, rng: Random) -> tuple[str, str]:
    text = plain_sentence(rng)
    return text, COUNT_STYLES[slots["style"]].format(count=COUNTED[slots["counted"]](text))


def _swap_ends(text: str) -> str:
    first, *middle, last = text.split()
    return " ".join((last, *middle, first))


REWRITES: Mapping[str, Callable[[str], str]] = {
    "reverse the order of the words": lambda text: " ".join(reversed(text.split())),
    "keep only every second word, beginning with the first": lambda text: " ".join(text.split()[::2]),
    "swap the first word and the last": _swap_ends,
    "replace each vowel with an asterisk": lambda text: re.sub("[aeiouAEIOU]", "*", text),
    "leave out all the vowels": lambda text: " ".join(re.sub("[aeiouAEIOU]", "", text).split()),
    "write every word backwards but in its place": lambda text: " ".join(word[::-1] for word in text.split()),
    "capitalise the first letter of each word": lambda text: " ".join(word[0].upper() + word[1:] for word in text.split()),
    "cut every word to its first three letters": lambda text: " ".join(word[:3] for word in text.split()),
    "put the length of each word after it in brackets": lambda text: " ".join(f"{word} ({len(word)})" for word in text.split()),
    "join all the words with hyphens": lambda text: "-".join(text.split()),
    "put a plus sign wherever the word 'the' stands": lambda text: re.sub(r"\bthe\b", "+", text, flags=re.IGNORECASE),
    "remove the words of two letters": lambda text: " ".join(word for word in text.split() if len(word) != 2),
}
CASES: Mapping[str, Callable[[str], str]] = {
    "all in small letters": str.lower,
    "all in capital letters": str.upper,
    "with the casing otherwise unchanged": str,
}
MARKS: Mapping[str, str] = {
    "end with an exclamation mark": "{text}!", "put it between square brackets": "[{text}]", "end with three dots": "{text}...",
    "add two dashes in front": "-- {text}", "add nothing else": "{text}",
}  # fmt: skip


def _rewritten(slots: Slots, rng: Random) -> tuple[str, str]:
    text = plain_sentence(rng)
    return text, MARKS[slots["mark"]].format(text=CASES[slots["case"]](REWRITES[slots["rewrite"]](text)))


SHIFTS = {f"{word} letters": number for number, word in enumerate(("two", "three", "four", "five", "six", "seven", "eight"), 2)}
DIRECTIONS = {"forwards in the alphabet": 1, "backwards in the alphabet": -1, "to the right": 1, "to the left": -1}


def shifted(text: str, shift: int) -> str:
    """Return the text with each letter moved along the alphabet, z followed by a; all else stays."""
    return "".join(
        chr((ord(letter.lower()) - 97 + shift) % 26 + (65 if letter.isupper() else 97)) if letter.isalpha() else letter
        for letter in text
    )


def _enciphered(slots: Slots, rng: Random) -> tuple[str, str]:
    text = " ".join(plain_sentence(rng).split()[:5])
    return text, CASES[slots["case"]](shifted(text, SHIFTS[slots["shift"]] * DIRECTIONS[slots["direction"]]))


def _address(rng: Random) -> str:
    surname, place = rng.choice(("reed", "stone", "hill", "frost", "lake")), rng.choice(("club", "town", "shop"))
    return f"{rng.choice(NAMES).lower()}.{surname}@{place}.example"


FINDS: Mapping[str, Callable[[Random], str]] = {
    "e-mail addresses": _address,
    "telephone numbers": lambda rng: f"0{rng.randint(20, 99)}-{rng.randint(100000, 999999)}",
    "prices in euros": lambda rng: f"{rng.randint(2, 90)}.{rng.randint(10, 99)} euros",
    "clock times": lambda rng: f"{rng.randint(10, 22)}:{rng.randint(10, 59)}",
    "dates": lambda rng: (
        f"{rng.randint(1, 28)} {rng.choice(('March', 'June', 'August', 'November'))} {rng.randint(2021, 2029)}"
    ),
    "hashtags": lambda rng: (
        "#" + rng.choice(("spring", "choir", "harbour", "bikes", "books", "soup")) + str(rng.randint(2, 99))
    ),
    "room numbers": lambda rng: f"{rng.choice('ABCDEF')}{rng.randint(101, 499)}",
}
MESSAGES = (
    "a notice in the stairwell", "the club's circular letter", "a post on the town's page", "an e-mail from the office",
    "a programme of the week", "the minutes of a meeting", "a flyer for a fair", "a memo from the caretaker",
    "a chat between parents", "the small print of a ticket",
)  # fmt: skip
FRAMES = (
    "Please note {}; it is on the door as well.", "Clara asked about {} and will come by.",
    "Nothing has changed about {} so far.", "The caretaker wrote down {} for us.",
    "Whoever needs it can look for {} at the desk.", "We had trouble reading {} on the card.",
)  # fmt: skip
FOUND_ORDERS: Mapping[str, bool] = {
    "in the order in which they occur": False, "from the last to the first": True, "as they come": False,
    "in reverse order": True,
}  # fmt: skip


def _extracted(slots: Slots, rng: Random) -> tuple[str, str]:
    make = FINDS[slots["find"]]
    wanted = [make(rng) for _ in range(rng.randint(2, 3))]
    frames = rng.sample(FRAMES, len(wanted))
    text = " ".join(frame.format(item) for frame, item in zip(frames, wanted, strict=True))
    ordered = wanted[::-1] if FOUND_ORDERS[slots["order"]] else wanted
    return text, SEPARATORS[slots["separator"]].join(ordered)


LETTERED = (
    "delivery date", "last name", "street and number", "opening hours", "amount paid", "number of guests", "colour of the door",
    "year of birth", "price per metre", "date of the next visit", "preferred language", "weight in grams", "name of the ferry",
    "row and seat", "reason for the call", "height above sea level", "type of soil", "end of contract",
)  # fmt: skip
NAMINGS: Mapping[str, Callable[[str], str]] = {
    "snake_case": lambda text: text.replace(" ", "_"),
    "camelCase": lambda text: text[0] + text.title().replace(" ", "")[1:],
    "PascalCase": lambda text: text.title().replace(" ", ""),
    "kebab-case": lambda text: text.replace(" ", "-"),
    "capitals joined by underscores": lambda text: text.upper().replace(" ", "_"),
    "dot.separated form": lambda text: text.replace(" ", "."),
}
TABLES = (
    "the columns of a booking table", "the fields of a membership form", "the variables in a student's script",
    "the settings of a weather station", "the keys of a stock list", "the labels of a survey", "the parameters of a tide model",
    "the headings of a seed catalogue",
)  # fmt: skip


def _named(slots: Slots, rng: Random) -> tuple[str, str]:
    names = rng.sample(LETTERED, 3)
    return ", ".join(names), SEPARATORS[slots["separator"]].join(map(NAMINGS[slots["naming"]], names))


MASKED: Mapping[str, Callable[[Random], str]] = {
    "bank card numbers": lambda rng: "".join(str(rng.randint(0, 9)) for _ in range(16)),
    "passport numbers": lambda rng: rng.choice("CFGHK") + str(rng.randint(10000000, 99999999)),
    "telephone numbers": lambda rng: f"0{rng.randint(1000000000, 9999999999)}",
    "order numbers": lambda rng: f"R{rng.randint(100000000, 999999999)}",
    "insurance numbers": lambda rng: f"{rng.randint(10, 99)}{rng.choice('ABEKM')}{rng.randint(1000000, 9999999)}",
    "voucher codes": lambda rng: "".join(rng.choice("ABCDEFGHJKLMNPQRSTUVWXYZ23456789") for _ in range(10)),
}
VISIBLE: Mapping[str, tuple[int, bool]] = {
    "all but the last four characters": (4, True), "all but the first three characters": (3, False),
    "everything except the last two characters": (2, True), "everything except the first five characters": (5, False),
}  # fmt: skip
SIGNS = {"asterisks": "*", "hash signs": "#", "small crosses (x)": "x", "question marks": "?", "dots": "."}


def _masked(slots: Slots, rng: Random) -> tuple[str, str]:
    number = MASKED[slots["masked"]](rng)
    keep, at_end = VISIBLE[slots["visible"]]
    cover = SIGNS[slots["sign"]] * (len(number) - keep)
    return number, cover + number[-keep:] if at_end else number[:keep] + cover


UNTIDY: Mapping[str, Callable[[str], str]] = {
    "doubled spaces": lambda text: text.replace(" ", "  "),
    "underscores instead of spaces": lambda text: text.replace(" ", "_"),
    "words run together by full stops": lambda text: text.replace(" ", "."),
    "stray asterisks between the words": lambda text: text.replace(" ", " * "),
    "capitals throughout": str.upper,
    "slashes instead of spaces": lambda text: text.replace(" ", "/"),
}
TIDY_STYLES: Mapping[str, str] = {
    "close with a full stop": "{}.", "close with no mark at all": "{}", "wrap the result in double quotes": '"{}"',
    "close with a semicolon": "{};",
}  # fmt: skip


def _tidied(slots: Slots, rng: Random) -> tuple[str, str]:
    text = plain_sentence(rng).lower().capitalize()
    return UNTIDY[slots["untidy"]](text), TIDY_STYLES[slots["style"]].format(text)


CHOSEN: Mapping[str, Callable[[list[str]], list[str]]] = {
    "the longest word (the first of several)": lambda words: [max(words, key=len)],
    "the shortest word (the first of several)": lambda words: [min(words, key=len)],
    "the word that comes first in the alphabet": lambda words: [min(words, key=str.lower)],
    "the word that comes last in the alphabet": lambda words: [max(words, key=str.lower)],
    "the second and the last word": lambda words: [words[1], words[-1]],
    "the three words at the end": lambda words: words[-3:],
}


def _chosen(slots: Slots, rng: Random) -> tuple[str, str]:
    text = plain_sentence(rng)
    return text, MARKS[slots["mark"]].format(text=CASES[slots["case"]](" ".join(CHOSEN[slots["chosen"]](text.split()))))


FAMILIES = (
    Family(
        "counting",
        Kind.CLOSED,
        ("Count {counted} in {text} and {style}, {purpose}.", "Look through {text} {purpose}, count {counted}, and {style}."),
        {"counted": COUNTED, "text": TEXTS, "style": COUNT_STYLES, "purpose": PURPOSES},
        several(_counted),
    ),
    Family(
        "rule rewriting",
        Kind.CLOSED,
        ("Take {text} and {rewrite}, {case}; {mark}.", "In {text}, {rewrite}. Write it {case} and {mark}."),
        {"text": TEXTS, "rewrite": REWRITES, "case": CASES, "mark": MARKS},
        several(_rewritten),
    ),
    Family(
        "shift cipher",
        Kind.CLOSED,
        (
            "Encode {text} by moving each letter {shift} {direction}, {case}, {purpose}.",
            "Shift every letter of {text} {shift} {direction} to make a secret message {purpose}, {case}.",
        ),
        {"text": TEXTS, "shift": SHIFTS, "direction": DIRECTIONS, "case": CASES, "purpose": PURPOSES},
        several(_enciphered),
    ),
    Family(
        "extraction",
        Kind.CLOSED,
        (
            "Pull the {find} out of {message} and list them {order}, {separator}.",
            "Which {find} appear in {message}? Copy them {order}, {separator}.",
            "Extract all {find} from {message}, {separator}, {order}, {purpose}.",
        ),
        {"find": FINDS, "message": MESSAGES, "order": FOUND_ORDERS, "separator": SEPARATORS, "purpose": PURPOSES},
        several(_extracted),
    ),
    Family(
        "identifiers",
        Kind.CLOSED,
        (
            "Rename {table} in {naming}, {separator}, {purpose}.",
            "Turn {table} into {naming} {purpose}; write them {separator}.",
        ),
        {"table": TABLES, "naming": NAMINGS, "separator": SEPARATORS, "purpose": PURPOSES},
        several(_named),
    ),
    Family(
        "masking",
        Kind.CLOSED,
        ("Mask {masked} {purpose} by turning {visible} into {sign}.", "Hide {visible} of {masked} behind {sign} {purpose}."),
        {"masked": MASKED, "purpose": PURPOSES, "visible": VISIBLE, "sign": SIGNS},
        several(_masked),
    ),
    Family(
        "tidying",
        Kind.CLOSED,
        (
            "Clean up {text} with {untidy} {purpose}: one capital, single spaces, and {style}.",
            "Repair {text} spoilt by {untidy} {purpose}; capitalise only the first letter and {style}.",
        ),
        {"text": TEXTS, "untidy": UNTIDY, "style": TIDY_STYLES, "purpose": PURPOSES},
        several(_tidied),
    ),
    Family(
        "chosen words",
        Kind.CLOSED,
        (
            "Pick {chosen} from {text}, {case}, and {mark}; it is wanted {purpose}.",
            "Name {chosen} in {text} {purpose}. Write it {case} and {mark}.",
        ),
        {"chosen": CHOSEN, "text": TEXTS, "case": CASES, "mark": MARKS, "purpose": PURPOSES},
        several(_chosen),
    ),
)
