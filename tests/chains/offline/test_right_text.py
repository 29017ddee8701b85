"""The answers of the text and calendar families, worked out again by other means."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta

import pytest

from self_instruct.chains.offline import families_dates, families_text
from self_instruct.chains.offline.family import Family, Slots
from self_instruct.records.tasks import Instance

FAMILIES = (*families_text.FAMILIES, *families_dates.FAMILIES)
SEPARATORS = {
    "with commas in between": ", ", "separated by semicolons": "; ", "with one entry on each line": "\n",
    "divided by slashes": " / ", "with a plus sign between neighbours": " + ", "split by vertical bars": " | ",
}  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def cased(text: str, case: str) -> str:
    return text.lower() if "small" in case else text.upper() if "capital" in case else text


def marked(text: str, mark: str) -> str:
    marks = {"exclamation": text + "!", "square": "[" + text + "]", "three dots": text + "...", "two dashes": "-- " + text}
    return next((value for word, value in marks.items() if word in mark), text)


def counting(slots: Slots, given: str, answer: str) -> bool:
    words, low = re.findall(r"\S+", given), given.casefold()
    counts = {
        "the words": len(words),
        "the vowels (a, e, i, o and u)": sum(low.count(vowel) for vowel in "aeiou"),
        "the words with more than five letters": len(re.findall(r"\b[\w']{6,}", given)),
        "the words with three letters or fewer": len([word for word in words if len(word) < 4]),
        "every occurrence of the letter e": len(re.findall("e", low)),
        "every occurrence of the letter t": len(re.findall("t", low)),
        "the letters without the spaces": len(re.sub(r"[\s']", "", given)),
        "the words that begin with a vowel": len(re.findall(r"(?:^|\s)[aeiou]", low)),
        "the double letters such as ll or tt": sum(low[at] == low[at + 1] != " " for at in range(len(low) - 1)),
        "the words that end in a consonant": len(re.findall(r"[^aeiou\s](?:\s|$)", low)),
    }
    return re.findall(r"\d+", answer) == [str(counts[slots["counted"]])]


def rewriting(slots: Slots, given: str, answer: str) -> bool:
    words = given.split()
    results = {
        "reverse the order of the words": words[::-1],
        "keep only every second word, beginning with the first": [word for at, word in enumerate(words) if at % 2 == 0],
        "swap the first word and the last": [words[-1], *words[1:-1], words[0]],
        "replace each vowel with an asterisk": ["".join("*" if c in "aeiouAEIOU" else c for c in word) for word in words],
        "leave out all the vowels": [left for word in words if (left := "".join(c for c in word if c not in "aeiouAEIOU"))],
        "write every word backwards but in its place": ["".join(reversed(word)) for word in words],
        "capitalise the first letter of each word": [word[:1].upper() + word[1:] for word in words],
        "cut every word to its first three letters": [word if len(word) < 3 else word[0] + word[1] + word[2] for word in words],
        "put the length of each word after it in brackets": [f"{word} ({sum(1 for _ in word)})" for word in words],
        "join all the words with hyphens": [given.replace(" ", "-")],
        "put a plus sign wherever the word 'the' stands": ["+" if word.lower() == "the" else word for word in words],
        "remove the words of two letters": [word for word in words if not re.fullmatch("..", word)],
    }
    return answer == marked(cased(" ".join(results[slots["rewrite"]]), slots["case"]), slots["mark"])


def cipher(slots: Slots, given: str, answer: str) -> bool:
    numbers = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
    shift = numbers[slots["shift"].split()[0]] * (1 if re.search("forwards|right", slots["direction"]) else -1)
    back = str.maketrans({letter: LETTERS[(at - shift) % 26] for at, letter in enumerate(LETTERS)})
    return answer.lower().translate(back) == given.lower() and answer == cased(answer, slots["case"])


PATTERNS = {
    "e-mail addresses": r"\S+@\S+\.example", "telephone numbers": r"\b0\d+-\d+", "prices in euros": r"\d+\.\d\d euros",
    "clock times": r"\b\d\d:\d\d", "dates": r"\d+ [A-Z]\w+ 20\d\d", "hashtags": r"#\w+", "room numbers": r"\b[A-F]\d{3}\b",
}  # fmt: skip


def extraction(slots: Slots, given: str, answer: str) -> bool:
    found = re.findall(PATTERNS[slots["find"]], given)
    backwards = re.search("reverse|last to the first", slots["order"])
    return answer.split(SEPARATORS[slots["separator"]]) == (found[::-1] if backwards else found)


def identifiers(slots: Slots, given: str, answer: str) -> bool:
    shapes = {
        "snake_case": ("_", str.lower, str.lower), "camelCase": ("", str.lower, str.capitalize), "kebab-case": ("-", str.lower,
        str.lower),
        "PascalCase": ("", str.capitalize, str.capitalize), "capitals joined by underscores": ("_", str.upper, str.upper),
        "dot.separated form": (".", str.lower, str.lower),
    }  # fmt: skip
    glue, first, other = shapes[slots["naming"]]
    names = [glue.join([first(words[0]), *map(other, words[1:])]) for words in map(str.split, given.split(", "))]
    return answer == SEPARATORS[slots["separator"]].join(names)


def masking(slots: Slots, given: str, answer: str) -> bool:
    sign = {"asterisks": "*", "hash signs": "#", "small crosses (x)": "x", "question marks": "?", "dots": "."}[slots["sign"]]
    keep = {"four": 4, "three": 3, "two": 2, "five": 5}[slots["visible"].split()[-2]]
    kept = range(len(given) - keep, len(given)) if "last" in slots["visible"] else range(keep)
    return answer == "".join(letter if at in kept else sign for at, letter in enumerate(given))


def tidying(slots: Slots, given: str, answer: str) -> bool:
    words = re.findall(r"[A-Za-z']+", given.lower())
    text = " ".join(words)
    text = text[0].upper() + text[1:]
    style = slots["style"]
    return answer == (
        f'"{text}"' if "quotes" in style else text + {"f": ".", "n": "", "s": ";"}[re.search("(full|no|semi)", style)[0][0]]
    )


def chosen(slots: Slots, given: str, answer: str) -> bool:
    words = given.split()
    by_alphabet = sorted(words, key=lambda word: word.lower())
    lengths = [len(word) for word in words]
    results = {
        "the longest word (the first of several)": words[lengths.index(max(lengths))],
        "the shortest word (the first of several)": words[lengths.index(min(lengths))],
        "the word that comes first in the alphabet": by_alphabet[0],
        "the word that comes last in the alphabet": by_alphabet[-1],
        "the second and the last word": f"{words[1]} {words[-1]}",
        "the three words at the end": " ".join(words[len(words) - 3 :]),
    }
    return answer.lower() == marked(cased(results[slots["chosen"]], slots["case"]), slots["mark"]).lower() and (
        answer == cased(answer, slots["case"])
    )


FORMS = ("%Y-%m-%d", "%d %B %Y", "%m/%d/%Y", "%B %d, %Y", "%d.%m.%Y", "%Y%m%d", "%d %b %y")
NOTATIONS = {
    "the ISO form (year-month-day)": (0, r"\d{4}-\d\d-\d\d"), "the form 5 March 2024": (1, r"[1-9]\d? [A-Z][a-z]+ \d{4}"),
    "the American form 3/5/2024": (2, r"[1-9]\d?/[1-9]\d?/\d{4}"), "the form March 5, 2024": (3,
    r"[A-Z][a-z]+ [1-9]\d?, \d{4}"),
    "the dotted form 05.03.2024": (4, r"\d\d\.\d\d\.\d{4}"), "the compact form 20240305": (5, r"\d{8}"),
    "the form 5 Mar 24": (6, r"[1-9]\d? [A-Z][a-z]{2} \d\d"),
}  # fmt: skip


def read(text: str) -> date:
    for form in FORMS:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    raise AssertionError(text)


def is_written(day: date, text: str, notation: str) -> bool:
    form, shape = NOTATIONS[notation]
    return re.fullmatch(shape, text) is not None and datetime.strptime(text, FORMS[form]).date() == day


def notation(slots: Slots, given: str, answer: str) -> bool:
    days, new = map(read, given.split("; ")), re.findall(NOTATIONS[slots["notation"]][1], answer)
    is_right = all(is_written(day, text, slots["notation"]) for day, text in zip(days, new, strict=True))
    return is_right and answer == SEPARATORS[slots["separator"]].join(new)


def days_between(slots: Slots, given: str, answer: str) -> bool:
    first, second = map(date.fromisoformat, given.split(" and "))
    numbers = [int(number) for number in re.findall(r"\d+", answer)]
    total = numbers[0] * 7 + numbers[1] if "weeks" in slots["span"] else numbers[0]
    return first + (timedelta(hours=total) if "hours" in slots["span"] else timedelta(days=total)) == second


def weekday(slots: Slots, given: str, answer: str) -> bool:
    days = {
        "on the day itself": 0, "one day later": 1, "two days before": -2, "ten days after it": 10,
        "exactly four weeks later": 28,
        "one hundred days later": 100, "three days earlier": -3, "fifty days ahead of it": -50,
    }  # fmt: skip
    name = (date.fromisoformat(given) + timedelta(days[slots["delay"]])).strftime("%A")
    styles = {"full": name, "three letters": name[:3], "capital": name.upper(), "It is a": f"It is a {name}"}
    return answer == next(text for word, text in styles.items() if word in slots["style"])


def deadline(slots: Slots, given: str, answer: str) -> bool:
    number, unit = slots["wait"].split()
    days = {"six": 6, "ten": 10}.get(number, 0) * 7 if unit == "weeks" else int(number)
    return is_written(date.fromisoformat(given) + timedelta(days), answer, slots["notation"])


def timetable(slots: Slots, given: str, answer: str) -> bool:
    minutes = int(re.findall(r"\d+", slots["late"])[0]) * (-1 if "early" in slots["late"] else 1)
    new = [datetime.strptime(time, "%H:%M") + timedelta(minutes=minutes) for time in given.split(", ")]
    return answer.split(SEPARATORS[slots["separator"]]) == [time.strftime("%H:%M") for time in new]


def hours(slots: Slots, given: str, answer: str) -> bool:
    total = timedelta()
    for begin, end in re.findall(r"(\d\d:\d\d)-(\d\d:\d\d)", given):
        total += datetime.strptime(end, "%H:%M") - datetime.strptime(begin, "%H:%M")
    time, pay = answer.split(", ")
    numbers = [int(number) for number in re.findall(r"\d+", time)]
    factors = {"in hours and minutes": (60, 1), "in minutes": (1,), "in quarters of an hour": (15,)}[slots["unit"]]
    wage = int(re.findall(r"\d+", slots["wage"])[0])
    minutes = sum(number * factor for number, factor in zip(numbers, factors, strict=True))
    return minutes * 60 == total.total_seconds() and pay == f"{total / timedelta(hours=1) * wage:.2f} euros"


CHECKS = {
    "counting": counting, "rule rewriting": rewriting, "shift cipher": cipher, "extraction": extraction,
    "identifiers": identifiers,
    "masking": masking, "tidying": tidying, "chosen words": chosen, "date notation": notation, "days between": days_between,
    "weekdays": weekday, "deadlines": deadline, "delayed timetable": timetable, "hours worked": hours,
}  # fmt: skip


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_an_answer_worked_out_again_is_the_same(
    family: Family, written: Callable[[Family], Iterator[tuple[str, Slots, Instance]]]
) -> None:
    for instruction, slots, instance in written(family):
        assert CHECKS[family.name](slots, instance.input, instance.output), (instruction, instance)
