"""Check a seed file: what is in it, which of its tasks are too alike, and whether it gives away an evaluation set.

Nothing is refused here. A seed file may break every rule below and still start a run; the report says what a careful author
would want to know before it does. Source of the measures: Wang et al. 2023, arXiv:2212.10560, sections 2.2 and 3.1.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import fmean

from self_instruct.chains.stages.candidate_rules import screen
from self_instruct.chains.stages.instance_rules import screen_instances
from self_instruct.records.tasks import Candidate, Rejection, SeedTask
from self_instruct.reports.seeds.overlap import nearest_pairs, similar_pairs
from self_instruct.reports.seeds.seed_report import GIVES_AWAY, TOO_ALIKE, Overlap, SeedReport, Similar, Violation
from self_instruct.retrievers.rouge import tokens
from self_instruct.settings.configuration import settle
from self_instruct.settings.given import Given
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.settings import Settings

PAIRS_NAMED = 100
LENGTHS = (10, 20, 40, 80)  # the longest of each range, in words
NONE = "(none)"


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
    pairs = list(nearest_pairs(evaluation, instructions))
    near = (
        Similar(pair.score, seeds[pair.right].id, f"task {pair.left + 1}", instructions[pair.right], evaluation[pair.left])
        for pair in sorted(pairs, key=lambda pair: -pair.score)
        if pair.score >= GIVES_AWAY
    )
    return Overlap(
        tasks=len(evaluation),
        seeds=sum(pair.score >= GIVES_AWAY for pair in nearest_pairs(instructions, evaluation)),
        mean=fmean(pair.score for pair in pairs),
        near=tuple(near),
    )


def _violations(seeds: Sequence[SeedTask]) -> Iterator[Violation]:
    for profile in PROFILES:
        settings = settle(Given({"profile": profile}, {"profile": "profile"})).settings
        for seed in seeds:
            for refused in _refused(seed, settings):
                yield Violation(profile, seed.id, refused.reason, refused.evidence)


def _refused(seed: SeedTask, settings: Settings) -> Iterator[Rejection]:
    judged = [
        screen(Candidate(0, seed.instruction), settings.instructions, settings.novelty.tokens),
        *screen_instances(
            seed.instances,
            instruction=seed.instruction,
            is_classification=seed.is_classification,
            rules=settings.instances,
        ),
    ]
    yield from (each for each in judged if isinstance(each, Rejection))
