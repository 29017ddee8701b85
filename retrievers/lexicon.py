"""Which words of a list a text has: whole words in any case, a plural s aside, beginnings ("cook*"), and phrases.

For the axes of a taxonomy. A look at a text takes time that grows with its length alone, not with that of the list.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import TypeAlias

Found: TypeAlias = tuple[int, str]
"""A word that a text has, and the number of the list that it is in."""
_TOKEN = re.compile(r"[^\W_]+")
_PLAIN = re.compile(r"[\w\s'’-]+\*?")
_PLURAL = "s"


class Lexicon:
    """Several lists of words; a word may be in more than one.

    >>> sorted(Lexicon([["cook*", "odd one out"], ["tea"]]).found("Cooking for teas: the odd one out"))
    [(0, 'cook*'), (0, 'odd one out'), (1, 'tea')]
    """

    def __init__(self, lists: Sequence[Sequence[str]]) -> None:
        self._words: dict[str, list[Found]] = defaultdict(list)
        self._beginnings: dict[str, list[Found]] = defaultdict(list)
        self._phrases: list[tuple[str, Found]] = []
        self._others: list[tuple[re.Pattern[str], Found]] = []  # "c++", say, which is no word of a text
        for number, words in enumerate(lists):
            for word in words:
                self._add(word, (number, word))
        self._lengths = sorted({len(beginning) for beginning in self._beginnings})

    def _add(self, word: str, found: Found) -> None:
        folded, is_beginning = word.casefold().removesuffix("*"), word.endswith("*")
        tokens = _TOKEN.findall(folded)
        if not tokens or not _PLAIN.fullmatch(word):
            pattern = re.escape(folded) + (r"\w*" if is_beginning else "")
            self._others.append((re.compile(rf"(?<!\w){pattern}(?!\w)"), found))
        elif len(tokens) > 1:
            self._phrases.append((f" {' '.join(tokens)}{'' if is_beginning else ' '}", found))
        elif is_beginning:
            self._beginnings[tokens[0]].append(found)
        else:
            self._words[tokens[0]].append(found)

    def found(self, text: str) -> set[Found]:
        """Return the words that a text has, each once, with their lists."""
        folded = text.casefold()
        said = _TOKEN.findall(folded)
        line = f" {' '.join(said)} "
        found = {each for token in set(said) for each in self._of(token)}
        found.update(each for phrase, each in self._phrases if phrase in line or f"{phrase.rstrip()}{_PLURAL} " in line)
        found.update(each for pattern, each in self._others if pattern.search(folded))
        return found

    def _of(self, token: str) -> Iterator[Found]:
        yield from self._words.get(token if token in self._words else token.removesuffix(_PLURAL), [])
        for length in self._lengths:
            if length <= len(token):
                yield from self._beginnings.get(token[:length], [])
