"""What was refused, by stage and reason, with examples; and how many candidates were kept, request by request."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

from self_instruct.ledger import TaskId
from self_instruct.records.tasks import PROPOSING, Reason, Rejection
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.analysis.stage_order import in_stage_order
from self_instruct.retrievers.draws import Draws

UNREAD = frozenset({Reason.REFUSED_BY_PROVIDER, Reason.CUT_OFF, Reason.EMPTY, Reason.UNREADABLE})
"""Reasons for which a whole reply is refused, or a piece of it as it came."""
EXAMPLES = 3
STEPS = 48  # points of the curve: what a page is wide enough for


Evidence: TypeAlias = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Example:
    """A text that was decided about, and what the decision rests on."""

    text: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Refused:
    """How many texts were refused at a stage for a reason, with up to three of them, drawn at random."""

    stage: str
    reason: str
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class Acceptance:
    """Of the candidates read from the replies to instruction requests `first` to `last`, how many were kept.

    What could not be read as a candidate (a reply cut off, empty, refused by the provider) counts as none.
    """

    first: int
    last: int
    candidates: int
    kept: int

    @property
    def share(self) -> float | None:
        """Return the share that was kept, 0.0 to 1.0; None where there was no candidate."""
        return self.kept / self.candidates if self.candidates else None


class RefusalCounts:
    """Counts rejections as they pass by, so that those of a large run are never held together."""

    def __init__(self, rejections: Iterable[tuple[TaskId, Rejection]], random: Draws) -> None:
        self._random = random
        self._counts: Counter[tuple[str, str]] = Counter()
        self._examples: dict[tuple[str, str], list[Rejection]] = defaultdict(list)
        self.candidates: Counter[int] = Counter()  # refused ones, by request
        for task, rejection in rejections:
            key = (rejection.stage, rejection.reason)
            self._counts[key] += 1
            self._maybe_show(key, rejection)
            if rejection.stage in PROPOSING and rejection.reason not in UNREAD:
                self.candidates[task.request] += 1

    def _maybe_show(self, key: tuple[str, str], rejection: Rejection) -> None:
        """Keep a fair sample of three of all seen so far (Vitter 1985, algorithm R), each text once."""
        shown = self._examples[key]
        if any(each.text == rejection.text for each in shown):
            return
        if len(shown) < EXAMPLES:
            shown.append(rejection)
        elif (place := self._random.choice(range(self._counts[key]))) < EXAMPLES:
            shown[place] = rejection

    def rows(self) -> tuple[Refused, ...]:
        """Return what was refused, in the order of the stages, the most frequent reason first."""
        order = in_stage_order(stage for stage, _ in self._counts)
        keys = sorted(self._counts, key=lambda key: (order.index(key[0]), -self._counts[key], key[1]))
        return tuple(
            Refused(*key, self._counts[key], tuple(Example(one.text, one.evidence) for one in self._examples[key]))
            for key in keys
        )


def acceptance(
    tasks: Sequence[KeptTask], refused: Mapping[int, int], decided: int, steps: int = STEPS
) -> tuple[Acceptance, ...]:
    """Return how many candidates were kept over the `decided` instruction requests, in equal steps, the last maybe shorter.

    `refused` counts the refused candidates of each request.
    """
    kept = Counter(task.id.request for task in tasks)
    requests = max([decided, *(request + 1 for request in (*kept, *refused))])
    width = max(1, ceil(requests / steps))
    return tuple(
        Acceptance(step[0], step[-1], sum(kept[each] + refused.get(each, 0) for each in step), sum(kept[each] for each in step))
        for step in (range(first, min(first + width, requests)) for first in range(0, requests, width))
    )
