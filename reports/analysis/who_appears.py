"""Who appears in a dataset: in how many of its tasks each group of the lexicon is mentioned, and by which words most."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from self_instruct.chains.verifiers.people import CASED, Mention, aspects, mentions
from self_instruct.reports.analysis.kept_tasks import KeptTask

_WORDS = 5


@dataclass(frozen=True, slots=True)
class Appearance:
    """In how many tasks, of `all_tasks`, a group is mentioned, with its five commonest words, commonest first."""

    aspect: str
    group: str
    tasks: int
    all_tasks: int
    words: tuple[str, ...]


def who_appears(tasks: Sequence[KeptTask]) -> tuple[Appearance, ...]:
    """Return who appears in the instructions, inputs and outputs of tasks, in the lexicon's order; all groups, also at 0."""
    counts: Counter[tuple[str, str]] = Counter()
    words: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for task in tasks:
        texts = [task.instruction, *(text for one in task.instances for text in (one.input, one.output))]
        found = {(one.aspect, one.group, _word(one)) for one in mentions("\n".join(texts))}
        counts.update({(aspect, group) for aspect, group, _ in found})
        for aspect, group, word in found:
            words[aspect, group][word] += 1
    return tuple(
        Appearance(aspect, group, counts[aspect, group], len(tasks), _commonest(words[aspect, group]))
        for aspect, groups in aspects().items()
        for group in groups
    )


def _word(one: Mention) -> str:
    return one.word if one.aspect in CASED else one.word.casefold()


def _commonest(words: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(words, key=lambda word: (-words[word], word))[:_WORDS])
