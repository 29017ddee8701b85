"""What tasks are about, by the words of a small lexicon that ships (English), beside what the seeds are about.

A task has one topic: the one of which its texts hold the most different words, those of the instruction counting twice. A
single word outside the instruction tells nothing. Shares compare datasets, and say nothing of what the lexicon does not know.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml

from self_instruct.records.tasks import Instance, SeedTask
from self_instruct.reports.analysis.kept_tasks import KeptTask

NO_TOPIC = "no topic known"
READ, TOLD, RIGHT = 70, 54, 44
"""Of the paper's 252 tasks that were read by hand, before the lexicon was mended: so many got a topic, so many rightly."""
_WORDS = 5
_WORD = re.compile(r"[^\W\d_]+")
_IN_INSTRUCTION = 2
_LOOKED_AT = 1_000  # characters of an input or output


@dataclass(frozen=True, slots=True)
class TopicShare:
    """How many of `all_tasks` are about a topic, and of `all_seeds`; with the five words that told it most often."""

    topic: str
    tasks: int
    all_tasks: int
    seeds: int
    all_seeds: int
    words: tuple[str, ...]


def topics(tasks: Sequence[KeptTask], seeds: Sequence[SeedTask]) -> tuple[TopicShare, ...]:
    """Return all topics in the lexicon's order, also those of no task; at the end the tasks without one."""
    found = [topic_of(task.instruction, _first(task.instances)) for task in tasks]
    counts, words = Counter(topic for topic, _ in found), defaultdict[str, Counter[str]](Counter)
    for topic, told_by in found:
        words[topic].update(told_by)
    of_seeds = Counter(topic_of(seed.instruction, _first(seed.instances))[0] for seed in seeds)
    return tuple(
        TopicShare(topic, counts[topic], len(tasks), of_seeds[topic], len(seeds), _commonest(words[topic]))
        for topic in (*_lexicon(), NO_TOPIC)
    )


def _first(instances: Sequence[Instance]) -> str:
    one = instances[0] if instances else Instance("", "")
    return f"{one.input[:_LOOKED_AT]}\n{one.output[:_LOOKED_AT]}"


def topic_of(instruction: str, rest: str = "") -> tuple[str, frozenset[str]]:
    """Return the topic of a task, and the words that tell it; of equal ones the first of the lexicon.

    >>> topic_of("Suggest a soup for a cold day, and the bread that goes with it.")[0], topic_of("Say it again.")[0]
    ('food and cooking', 'no topic known')
    """
    points, told_by = Counter[str](), defaultdict[str, set[str]](set)
    for text, weight in ((instruction, _IN_INSTRUCTION), (rest, 1)):
        for word in _known(text):
            topic = _topic_by_word()[word]
            points[topic] += weight
            told_by[topic].add(word)
    best = max(_lexicon(), key=lambda topic: points[topic])
    return (best, frozenset(told_by[best])) if points[best] >= _IN_INSTRUCTION else (NO_TOPIC, frozenset())


@cache
def _lexicon() -> dict[str, list[str]]:
    text = files(__package__).joinpath("data/topics.yaml").read_text(encoding="utf-8")
    lexicon: dict[str, list[str]] = yaml.safe_load(text)
    return lexicon


@cache
def _topic_by_word() -> dict[str, str]:
    return {word: topic for topic, words in _lexicon().items() for word in words}


@cache
def _phrases() -> tuple[str, ...]:
    return tuple(word for word in _topic_by_word() if " " in word)


def _known(text: str) -> set[str]:
    """Return the words and phrases of the lexicon that a text has, each perhaps with an s behind it."""
    said = _WORD.findall(text.casefold())
    known = _topic_by_word()
    found = {word if word in known else word.removesuffix("s") for word in set(said)}
    line = f" {' '.join(said)} "
    phrases = (phrase for phrase in _phrases() if f" {phrase} " in line or f" {phrase}s " in line)
    return {word for word in found if word in known}.union(phrases)


def _commonest(words: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(words, key=lambda word: (-words[word], word))[:_WORDS])
