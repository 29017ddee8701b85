"""Check a seed file: what is in it, which of its tasks are too alike, and whether it gives away an evaluation set.

Nothing is refused here. A seed file may break every rule below and still start a run; the report says what a careful author
would want to know before it does. Source of the measures: Wang et al. 2023, arXiv:2212.10560, sections 2.2 and 3.1.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import fmean

from self_instruct.chains.runs.image_runs import about_images
from self_instruct.chains.stages.candidate_rules import screen
from self_instruct.chains.stages.instance_rules import screen_instances
from self_instruct.records.tasks import Candidate, Rejection, SeedTask
from self_instruct.reports.seeds.overlap import GIVES_AWAY, evaluation_pairs, similar_pairs
from self_instruct.retrievers.rouge import tokens
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import settle

TOO_ALIKE = 0.6  # below the 0.7 at which a machine-written instruction is refused: seeds should span more
PAIRS_NAMED = 100
LENGTHS = (10, 20, 40, 80)  # the longest of each range, in words
NONE = "(none)"


@dataclass(frozen=True, slots=True)
class Similar:
    """Two instructions and their ROUGE-L. `left` and `right` are seed ids, or an id and an evaluation task's number."""

    score: float
    left: str
    right: str
    left_text: str
    right_text: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """How near the seeds come to an evaluation set.

    `mean` is that of each task's highest ROUGE-L with any seed; `near` are the tasks for which that is too high, each with its
    nearest seed, and `seeds` counts the seeds that are too near to any task.
    """

    tasks: int
    seeds: int
    mean: float
    near: tuple[Similar, ...]


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule for machine-written tasks that a seed breaks, under one profile."""

    profile: str
    seed: str
    reason: str
    evidence: Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What a seed file holds. The most frequent comes first; `similar` are the most similar of all `similar_count` pairs."""

    tasks: int
    classification: int
    empty_input: int  # of its first instance
    domains: Mapping[str, int]
    first_words: Mapping[str, int]
    lengths: Mapping[str, int]
    similar: tuple[Similar, ...]
    similar_count: int
    overlap: Overlap | None
    violations: tuple[Violation, ...]
    faults: tuple[str, ...]


def check_seeds(seeds: Sequence[SeedTask], faults: Sequence[str] = (), evaluation: Sequence[str] = ()) -> SeedReport:
    """Return what there is to say about seed tasks, held against an evaluation set's instructions.

    `faults` are those of the lines of their file that could not be read, as `read_seeds` gives them.
    """
    words = [tokens(seed.instruction) for seed in seeds]
    similar, similar_count = _similar(seeds)
    return SeedReport(
        tasks=len(seeds),
        classification=sum(seed.is_classification for seed in seeds),
        empty_input=sum(not seed.instances[0].input.strip() for seed in seeds),
        domains=_counted(seed.domain or NONE for seed in seeds),
        first_words=_counted(own[0] if own else NONE for own in words),
        lengths=_lengths([len(own) for own in words]),
        similar=similar,
        similar_count=similar_count,
        overlap=_overlap(seeds, evaluation) if seeds and evaluation else None,
        violations=tuple(_violations(seeds)),
        faults=tuple(faults),
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())


def _lengths(words: Sequence[int]) -> dict[str, int]:
    """Return how many instructions have 1-10 words, 11-20, and so on."""
    bounds = [0, *LENGTHS]
    ranges = {f"{low + 1}-{high}": sum(low < length <= high for length in words) for low, high in pairwise(bounds)}
    return ranges | {f"over {LENGTHS[-1]}": sum(length > LENGTHS[-1] for length in words)}


def _similar(seeds: Sequence[SeedTask]) -> tuple[tuple[Similar, ...], int]:
    instructions = [seed.instruction for seed in seeds]
    pairs, count = similar_pairs(instructions, TOO_ALIKE, limit=PAIRS_NAMED)
    named = (
        Similar(pair.score, seeds[pair.left].id, seeds[pair.right].id, instructions[pair.left], instructions[pair.right])
        for pair in pairs
    )
    return tuple(named), count


def _overlap(seeds: Sequence[SeedTask], evaluation: Sequence[str]) -> Overlap:
    instructions = [seed.instruction for seed in seeds]
    pairs, near_seeds = evaluation_pairs(instructions, evaluation)
    near = (
        Similar(pair.score, seeds[pair.right].id, f"task {pair.left + 1}", instructions[pair.right], evaluation[pair.left])
        for pair in pairs
        if pair.score >= GIVES_AWAY
    )
    return Overlap(tasks=len(evaluation), seeds=near_seeds, mean=fmean(pair.score for pair in pairs), near=tuple(near))


def _violations(seeds: Sequence[SeedTask]) -> Iterator[Violation]:
    is_about_images = any(one.image for seed in seeds for one in seed.instances)
    for profile in PROFILES:
        given = Layer({"profile": profile}, {"profile": "profile"})
        settings = (settle(about_images(given, settle(given))) if is_about_images else settle(given)).settings
        for seed in seeds:
            for refused in _refused(seed, settings):
                yield Violation(profile, seed.id, refused.reason, refused.evidence)


def _refused(seed: SeedTask, settings: Settings) -> Iterator[Rejection]:
    instances = [replace(one, input=f"{one.image}\n{one.input}") if one.image else one for one in seed.instances]
    judged = [
        screen(Candidate(0, seed.instruction), settings.instructions, settings.novelty.tokens),
        *screen_instances(
            instances, instruction=seed.instruction, is_classification=seed.is_classification, rules=settings.instances
        ),
    ]
    yield from (each for each in judged if isinstance(each, Rejection))
