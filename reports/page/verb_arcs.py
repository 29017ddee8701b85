"""Where the arcs of the verb-noun picture lie: verbs on the inner ring, their objects outside. Shared by page and PNG.

Source: Wang et al. 2023, arXiv:2212.10560, figure 3.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from self_instruct.reports.analysis.verb_nouns import VerbNouns


@dataclass(frozen=True, slots=True)
class Arc:
    """An arc from `start` to `end`, in shares of the circle from its top, clockwise.

    `ring` 1 is a verb's, 2 an object's; `noun` is None for a verb, and "" for all its other objects together. `place` is the
    verb's, from 0.
    """

    ring: int
    verb: str
    noun: str | None
    count: int
    start: float
    end: float
    place: int

    @property
    def label(self) -> str:
        """Return what is written on it; nothing where it stands for all other objects."""
        return self.verb if self.noun is None else self.noun

    @property
    def said(self) -> str:
        """Return it in words.

        >>> Arc(2, "write", "story", 12, 0.0, 0.5, 0).said
        'write story: 12'
        """
        words = self.verb if self.noun is None else f"{self.verb} {self.noun or '(any other object)'}"
        return f"{words}: {self.count:,}"


def arcs(verbs: VerbNouns) -> Iterator[Arc]:
    """Yield each verb's arc, as long as the verb is frequent, followed by those of its objects and of all its others."""
    whole = sum(verbs.verbs.values())
    before = 0
    for place, (verb, count) in enumerate(verbs.verbs.items()):
        yield Arc(1, verb, None, count, before / whole, (before + count) / whole, place)
        at = before
        for pair in (each for each in verbs.pairs if each.verb == verb):
            yield Arc(2, verb, pair.noun, pair.count, at / whole, (at + pair.count) / whole, place)
            at += pair.count
        before += count
        if at < before:
            yield Arc(2, verb, "", before - at, at / whole, before / whole, place)
