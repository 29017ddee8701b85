"""What tasks are about, by the words of our taxonomy (English), beside what the seeds are about.

A task has one topic: the one of which its texts hold the most different words, those of the instruction counting twice. A
single word outside the instruction tells nothing. Shares compare datasets, and say nothing of what the words do not know.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from self_instruct.records.tasks import SeedTask
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.review.concerns import NO_TOPIC
from self_instruct.retrievers.taxonomy import shipped_taxonomy, topic_of

READ, TOLD, RIGHT = 70, 58, 45
"""Of the paper's 252 tasks that were read by hand, and not used to choose words: so many got a topic, so many rightly."""
_WORDS = 5


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
    """Return all topics in the taxonomy's order, also those of no task; at the end the tasks without one."""
    counts, of_seeds, words = Counter[str](), Counter[str](), defaultdict[str, Counter[str]](Counter)
    for task in tasks:
        topic, told_by = topic_of(task.instruction, next(iter(task.instances), None))
        counts[topic or NO_TOPIC] += 1
        words[topic or NO_TOPIC].update(word.rstrip("*") for word in told_by)
    for seed in seeds:
        of_seeds[topic_of(seed.instruction, next(iter(seed.instances), None))[0] or NO_TOPIC] += 1
    return tuple(
        TopicShare(topic, counts[topic], len(tasks), of_seeds[topic], len(seeds), _commonest(words[topic]))
        for topic in (*shipped_taxonomy().topics.names, NO_TOPIC)
    )


def _commonest(words: Counter[str]) -> tuple[str, ...]:
    return tuple(sorted(words, key=lambda word: (-words[word], word))[:_WORDS])
