"""What the instructions ask for: the commonest root verbs, and of each the commonest direct objects.

Source: Wang et al. 2023, arXiv:2212.10560, section 3.2, figure 3.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from self_instruct.reports.analysis.root_verbs import root_verb

VERBS, NOUNS = 20, 4  # the paper's figure


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How many of a sample of instructions, labelled by hand, have the right root verb, and the right verb and object both."""

    sample: int
    verb: int
    verb_and_noun: int


ACCURACY = Accuracy(sample=100, verb=98, verb_and_noun=95)
"""On the half of our 200 labelled instructions (tests/reports/data/root_verbs.tsv) that the rules were not tuned on."""


@dataclass(frozen=True, slots=True)
class VerbNoun:
    """How many instructions have a root verb with this direct object. Rows of one verb follow one another, commonest first."""

    verb: str
    noun: str
    count: int


@dataclass(frozen=True, slots=True)
class VerbNouns:
    """The verbs and objects of a run: of `instructions`, `with_verb` have a root verb, `with_noun` of these an object too.

    `verbs` are how often the commonest root verbs occur with an object, the commonest first, `distinct_verbs` and
    `distinct_pairs` how many there are in all. `pairs` are the commonest objects of these verbs, four at most of each.
    """

    instructions: int
    with_verb: int
    with_noun: int
    distinct_verbs: int
    distinct_pairs: int
    verbs: dict[str, int]
    pairs: tuple[VerbNoun, ...]
    accuracy: Accuracy = ACCURACY


def verb_nouns(instructions: Iterable[str], verbs: int = VERBS, nouns: int = NOUNS) -> VerbNouns:
    """Return the root verbs and direct objects of instructions. Of equally frequent ones, the first in the alphabet is first.

    Raises `MissingExtraError` without the extra `report`.
    """
    found = [root_verb(instruction) for instruction in instructions]
    roots = [each for each in found if each]
    pairs = Counter((each.verb, str(each.noun)) for each in roots if each.noun)
    by_verb = Counter[str]()
    for (verb, _), count in pairs.items():
        by_verb[verb] += count
    commonest = _commonest(by_verb, verbs)
    return VerbNouns(
        instructions=len(found),
        with_verb=len(roots),
        with_noun=pairs.total(),
        distinct_verbs=len({each.verb for each in roots}),
        distinct_pairs=len(pairs),
        verbs=commonest,
        pairs=tuple(row for verb in commonest for row in _objects(verb, pairs, nouns)),
    )


def _objects(verb: str, pairs: Counter[tuple[str, str]], limit: int) -> list[VerbNoun]:
    own = Counter({noun: count for (its_verb, noun), count in pairs.items() if its_verb == verb})
    return [VerbNoun(verb, noun, count) for noun, count in _commonest(own, limit).items()]


def _commonest(counts: Counter[str], limit: int) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0]))[:limit])
