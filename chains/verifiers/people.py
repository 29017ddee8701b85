"""Who appears in a text: first names, words of gender, places and professions, by a small lexicon that ships (English).

What is counted are mentions, not people: words that are more often no name ("may", "will") are not in the lexicon, and a name
outside it is not seen. So shares say how datasets differ, not how many there are of anybody.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

CASED = ("names", "places")  # where "li", "turkey" or "chile" in small letters is something else


@dataclass(frozen=True, slots=True)
class Mention:
    """A word of the lexicon that a text has: its aspect (names, genders ...), its group, and the word as it stands there."""

    aspect: str
    group: str
    word: str


def mentions(text: str) -> Iterator[Mention]:
    """Yield who appears in a text, in the order of the lexicon's aspects.

    >>> [(one.aspect, one.group) for one in mentions("A nurse in Lagos called her.")]
    [('genders', 'women'), ('places', 'Africa south of the Sahara'), ('professions', 'health and care')]
    """
    for aspect, (pattern, groups) in _patterns().items():
        for found in pattern.finditer(text):
            word = found[0]
            yield Mention(aspect, groups[word if aspect in CASED else word.casefold()], word)


def aspects() -> Mapping[str, tuple[str, ...]]:
    """Return the aspects with their groups, in the lexicon's order."""
    return {aspect: tuple(groups) for aspect, groups in _lexicon().items()}


@cache
def _lexicon() -> dict[str, dict[str, list[str]]]:
    text = files(__package__).joinpath("data/people.yaml").read_text(encoding="utf-8")
    lexicon: dict[str, dict[str, list[str]]] = yaml.safe_load(text)
    return lexicon


@cache
def _patterns() -> dict[str, tuple[re.Pattern[str], dict[str, str]]]:
    """Return for each aspect the pattern of its words, and the group of each word."""
    found = {}
    for aspect, groups in _lexicon().items():
        own = {word: group for group, words in groups.items() for word in words}
        words = "|".join(re.escape(word) for word in sorted(own, key=len, reverse=True))
        found[aspect] = (re.compile(rf"\b(?:{words})\b", 0 if aspect in CASED else re.IGNORECASE), own)
    return found
