"""The grammar: all families, the share each kind has, and which family an instruction belongs to.

Shares are of the instructions offered; what is kept of them depends on the novelty filter, which is hardest on the smaller
families.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random

from self_instruct.chains.offline import (
    families_code,
    families_dates,
    families_home,
    families_knowledge,
    families_logic,
    families_messages,
    families_numbers,
    families_rules,
    families_stories,
    families_sums,
    families_tables,
    families_text,
    families_words,
    families_work,
)
from self_instruct.chains.offline.family import Family, Kind, Pattern, Slots, folded
from self_instruct.records.tasks import Instance

SHARES: Mapping[Kind, float] = {Kind.CLASSIFICATION: 0.16, Kind.CLOSED: 0.36, Kind.OPEN: 0.48}
"""How many of the instructions offered are of each kind."""

THEMES = (
    families_numbers, families_sums, families_text, families_dates, families_tables, families_logic, families_code,
    families_rules, families_words, families_knowledge, families_home, families_stories, families_work, families_messages,
)  # fmt: skip


@dataclass(frozen=True)
class Known:
    """An instruction that was recognised: its family, and what stands in its slots."""

    family: Family
    slots: Slots

    def instances(self, rng: Random) -> list[Instance]:
        """Write the task's instances: one without input, or up to five with."""
        return self.family.instances(self.slots, rng)


class Grammar:
    """A set of families that offers instructions and recognises them again."""

    def __init__(self, families: Sequence[Family]) -> None:
        self.families = tuple(families)
        sizes = {kind: sum(family.kind is kind for family in families) for kind in Kind}
        self._all = tuple(accumulate(SHARES[family.kind] / sizes[family.kind] for family in families))
        self._classifying = tuple(family for family in families if family.kind is Kind.CLASSIFICATION)
        self._starts: dict[str, list[tuple[Family, Pattern]]] = defaultdict(list)
        for family in families:
            for pattern in family.patterns:
                for word in sorted(pattern.first_words):
                    self._starts[word].append((family, pattern))

    def instruction(self, rng: Random, classification_only: bool = False) -> str:
        """Return a new instruction; of a classification task where nothing else is wanted."""
        if classification_only:
            return rng.choice(self._classifying).instruction(rng)
        return rng.choices(self.families, cum_weights=self._all)[0].instruction(rng)

    def recognised(self, instruction: str) -> Known | None:
        """Return an instruction's family and slots, whatever its casing and white space; None for one that is not ours."""
        text = folded(instruction)
        for family, pattern in self._starts.get(text.split(" ", 1)[0], ()):
            slots = pattern.matched(text)
            if slots is not None:
                return Known(family, slots)
        return None


@cache
def grammar() -> Grammar:
    """Return the grammar of all families, built once per process."""
    return Grammar([family for theme in THEMES for family in theme.FAMILIES])
