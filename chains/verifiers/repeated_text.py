"""An answer caught in a loop: the same words, sentence or line again and again."""

import re
from collections import Counter

from self_instruct.chains.verifiers.example import Example, shown

MOST_PERIOD = 40  # words of a loop
FEWEST_TURNS = 4  # of a loop at the end
FEWEST_LOOPED = 12  # words in all those turns
FEWEST_COPIES = 3  # of a sentence or a line
_PARTS = re.compile(r"[^.!?\n]+")
_ASKED_FOR = re.compile(
    r"\b(?:repeat\w*|times|loop\w*|refrain|chorus|song|lyrics|chant|mantra|print\w*|echo|poem|nursery|binary)\b",
    re.I,
)


def repeated_text(example: Example) -> str | None:
    """Find an answer that ends in a loop of words, or of which one sentence or line, again and again, is over a third.

    Nothing is said where something is to be repeated, printed or sung.
    """
    if len(example.output_words) < FEWEST_LOOPED:
        return None
    found = _loop_at_end(example.output_words) or _same_part(example.answer)
    return None if found is None or _ASKED_FOR.search(example.request) else found


def _loop_at_end(said: list[str]) -> str | None:
    """Return the loop with which a list of words ends: `FEWEST_TURNS` turns of at most `MOST_PERIOD` words."""
    for period in range(1, min(MOST_PERIOD, len(said) // FEWEST_TURNS) + 1):
        same, at = 0, len(said) - 1
        while at >= period and said[at] == said[at - period]:
            same, at = same + 1, at - 1
        turns = 1 + same // period
        is_loop = turns >= FEWEST_TURNS and turns * period >= FEWEST_LOOPED
        if is_loop and any(word.isalpha() for word in said[-period:]):
            return f"{shown(' '.join(said[-period:]))} ({turns} times)"
    return None


def _same_part(text: str) -> str | None:
    """Return the sentence or line that makes over a third of a text, in at least `FEWEST_COPIES` copies."""
    parts = [" ".join(part.casefold().split()) for part in _PARTS.findall(text)]
    counted = Counter(part for part in parts if part.count(" ") >= 2)  # a sentence has three words
    for part, copies in counted.most_common(1):
        if copies >= FEWEST_COPIES and copies * len(part) * 3 > sum(map(len, parts)):
            return f"{shown(part)} ({copies} times)"
    return None
