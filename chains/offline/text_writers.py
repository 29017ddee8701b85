"""Closed tasks about short texts: counting in them, rewriting them by a rule, finding what stands in them."""

import re
from collections.abc import Callable, Mapping

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.family import Answer, Pair, Slots
from self_instruct.chains.offline.phrases import PHRASES

COUNTS: Mapping[str, Callable[[str], int]] = {
    "words": lambda text: len(text.split()),
    "vowels": lambda text: sum(letter in "aeiou" for letter in text.lower()),
    "long": lambda text: sum(len(word) > 5 for word in text.split()),
    "short": lambda text: sum(len(word) <= 3 for word in text.split()),
    "e": lambda text: text.lower().count("e"),
    "t": lambda text: text.lower().count("t"),
    "letters": lambda text: sum(letter.isalpha() for letter in text),
    "initial": lambda text: sum(word[0].lower() in "aeiou" for word in text.split()),
    "capitals": lambda text: sum(letter.isupper() for letter in text),
}


def _counted(slots: Slots, text: str) -> str:
    counts = [(slots[name], COUNTS[slots.known(name)](text)) for name in slots.alike("counted")]
    if len(counts) > 1:
        return "\n".join(f"{what}: {count}" for what, count in counts)
    return str(slots.known("style") if "style" in slots else "{n}").format(n=counts[0][1])


def _swap_ends(text: str) -> str:
    first, *middle, last = text.split()
    return " ".join((last, *middle, first))


def shifted(text: str) -> str:
    """Return the text with each letter moved one place along the alphabet, z followed by a; all else stays."""
    return "".join(_next_letter(letter) if letter.isalpha() else letter for letter in text)


def _next_letter(letter: str) -> str:
    return {"z": "a", "Z": "A"}.get(letter, chr(ord(letter) + 1))


RULES: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "reverse": lambda text: " ".join(reversed(text.split())),
    "novowels": lambda text: " ".join(re.sub("[aeiouAEIOU]", "", text).split()),
    "backwards": lambda text: " ".join(word[::-1] for word in text.split()),
    "hyphens": lambda text: "-".join(text.split()),
    "snake": lambda text: re.sub(r"\W+", "_", text.lower().replace("'", "")),
    "leet": lambda text: re.sub("[eE]", "3", text),
    "second": lambda text: " ".join(text.split()[::2]),
    "title": lambda text: " ".join(word[0].upper() + word[1:] for word in text.split()),
    "swap": _swap_ends,
    "shift": shifted,
}


def _rewritten(slots: Slots, text: str) -> str:
    finish = str(slots.known("finish")) if "finish" in slots else "{t}"
    return finish.format(t=RULES[slots.known("rule")](text))


def _extracted(slots: Slots, draws: Draws) -> tuple[str, str]:
    wanted = draws.several(slots.known("found"), draws.whole(2, 3))
    text = " ".join(
        frame.format(item) for frame, item in zip(draws.several(PHRASES["frames"], len(wanted)), wanted, strict=True)
    )
    if "last" in slots:
        return text, "\n".join(reversed(wanted))
    return text, (slots.known("separator") if "separator" in slots else "\n").join(wanted)


PAIRS: Mapping[str, Pair] = {"extraction": _extracted}
ANSWERS: Mapping[str, Answer] = {"counting": _counted, "rewriting by rule": _rewritten}
