"""Novelty against quality, task by task: how far an instruction is from the pool before it, and how good its instances are.

Novelty is 1 less the highest ROUGE-L with any seed or earlier task. Quality is the judge's score where there is one, else how
many flags the verifiers gave.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median
from typing import Literal, TypeAlias

from self_instruct.ledger import TaskId
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.review.instances import ReviewedInstance
from self_instruct.reports.seeds.overlap import nearest_before
from self_instruct.retrievers.draws import Draws
from self_instruct.retrievers.rouge import TokenKind

MOST = 1_000  # tasks that are looked at; of more, so many are drawn
COLUMNS = 20
FLAGS = 3  # so many and more are one level
Measure: TypeAlias = Literal["score", "flags"]


@dataclass(frozen=True, slots=True)
class BalanceCell:
    """How many tasks have a novelty of `least` up to, not including, `below` (1.0 is in the last), and this `level`.

    The level is a score rounded to halves, or a number of flags for each instance, rounded, 3 for more. `example` is one
    instruction of them.
    """

    least: float
    below: float
    level: float
    count: int
    example: str


@dataclass(frozen=True, slots=True)
class Balance:
    """Novelty against quality: `tasks` were looked at of `whole` that have instances and, by `score`, one that can be read.

    `median` is that of their novelty; `nearer` and `newer` are the means of score, or of flags, in the halves that it parts.
    """

    measure: Measure
    whole: int
    tasks: int
    cells: tuple[BalanceCell, ...]
    median: float | None = None
    nearer: float | None = None
    newer: float | None = None


def balance(
    tasks: Sequence[KeptTask],
    reviewed: Iterable[ReviewedInstance],
    seeds: Sequence[str],
    random: Draws,
    kind: TokenKind = "unicode",
) -> Balance:
    """Return how novelty and quality go together in kept tasks, in the order of the pool; `random` draws among many."""
    measure, levels = _levels(reviewed)
    places = [place for place, task in enumerate(tasks) if task.id in levels]
    drawn = sorted(random.sample(places, min(MOST, len(places))))
    near = nearest_before([task.instruction for task in tasks], drawn, seeds, kind)
    points = [(1 - score, levels[tasks[place].id]) for place, score in zip(drawn, near, strict=True)]
    cells = tuple(_cells(points, [tasks[place].instruction for place in drawn], measure))
    if not points:
        return Balance(measure, 0, 0, ())
    in_order = sorted(points, key=lambda point: point[0])
    half = len(points) // 2
    nearer, newer = ([level for _, level in own] for own in (in_order[:half], in_order[half:]))
    middle = median(novelty for novelty, _ in points)
    return Balance(measure, len(places), len(points), cells, middle, fmean(nearer) if nearer else None, fmean(newer))


def _levels(reviewed: Iterable[ReviewedInstance]) -> tuple[Measure, Mapping[TaskId, float]]:
    """Return the mean score of each task, or where nothing has a score, the mean number of flags of its instances."""
    scores: defaultdict[TaskId, list[float]] = defaultdict(list)
    flags: defaultdict[TaskId, list[float]] = defaultdict(list)
    for one in reviewed:
        flags[one.task].append(len(one.flags))
        if one.judgement is not None and one.judgement.score is not None:
            scores[one.task].append(one.judgement.score)
    measure: Measure = "score" if scores else "flags"
    return measure, {task: fmean(found) for task, found in (scores or flags).items()}


def _cells(points: Sequence[tuple[float, float]], instructions: Sequence[str], measure: Measure) -> Iterable[BalanceCell]:
    counts: Counter[tuple[int, float]] = Counter()
    examples: dict[tuple[int, float], str] = {}
    for (novelty, level), instruction in zip(points, instructions, strict=True):
        shown = round(2 * level) / 2 if measure == "score" else float(min(round(level), FLAGS))
        place = (min(int(novelty * COLUMNS + 1e-9), COLUMNS - 1), shown)
        counts[place] += 1
        examples.setdefault(place, instruction)
    for (column, shown), count in sorted(counts.items()):
        yield BalanceCell(column / COLUMNS, (column + 1) / COLUMNS, shown, count, examples[column, shown])
