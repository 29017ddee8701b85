"""The grammar: all families, the share each kind has, and which family an instruction belongs to.

Shares are of the instructions offered; what is kept of them depends on the novelty filter.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from self_instruct.chains.offline.draws import Draws
from self_instruct.chains.offline.families import families
from self_instruct.chains.offline.family import Family, Kind, Pattern, Slots, folded
from self_instruct.records.tasks import Instance

SHARES: Mapping[Kind, float] = {Kind.CLASSIFICATION: 0.18, Kind.CLOSED: 0.38, Kind.OPEN: 0.44}
"""How many of the instructions offered are of each kind."""


@dataclass(frozen=True)
class Known:
    """An instruction that was recognised: its family, and what stands in its slots."""

    family: Family
    slots: Slots

    def instances(self, draws: Draws) -> list[Instance]:
        """Write the task's instances: one without input, or up to five with."""
        return self.family.write(self.slots, draws)


class Grammar:
    """A set of families that offers instructions and recognises them again."""

    def __init__(self, families: Sequence[Family]) -> None:
        self.families = tuple(families)
        sizes = {kind: sum(family.weight for family in families if family.kind is kind) for kind in Kind}
        self._shares = tuple(accumulate(SHARES[family.kind] * family.weight / sizes[family.kind] for family in families))
        self._classifying = tuple(family for family in families if family.kind is Kind.CLASSIFICATION)
        self._starts: dict[str, list[tuple[Family, Pattern]]] = defaultdict(list)
        for family in families:
            for pattern in family.patterns:
                for word in pattern.first_words:
                    self._starts[word].append((family, pattern))

    def instruction(self, draws: Draws, classification_only: bool = False) -> str:
        """Return a new instruction; of a classification task where nothing else is wanted."""
        if classification_only:
            return draws.one(self._classifying).instruction(draws)
        drawn = draws.fraction()
        place = next((place for place, share in enumerate(self._shares) if drawn < share), -1)
        return self.families[place].instruction(draws)

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
    return Grammar(families())
