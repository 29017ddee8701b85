"""What concerns the judge about the instructions of a run, by kind of task: its opinion, like all that only a judge says."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from self_instruct.chains.stages.task_kinds import TaskKind
from self_instruct.ledger import TaskId
from self_instruct.records.judgements import Concern
from self_instruct.reports.review.instances import ReviewedInstance

SHOWN = 3


@dataclass(frozen=True, slots=True)
class KindConcerns:
    """How many tasks of a kind are of which concern, of the `tasks` of which the judge said whether anything concerns it."""

    kind: str
    tasks: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Concerns:
    """What concerns the judge: counts for each kind of task there is, and up to three instructions of each concern.

    A task is of a concern where the judge names it for any of its instances.
    """

    kinds: tuple[KindConcerns, ...]
    examples: Mapping[str, tuple[str, ...]]


def concerns(every: Sequence[ReviewedInstance]) -> Concerns | None:
    """Return what concerns the judge; None where it said nothing of that of any instance."""
    found: defaultdict[TaskId, set[Concern]] = defaultdict(set)
    first: dict[TaskId, ReviewedInstance] = {}
    for each in every:
        said = each.judgement.concerns if each.judgement else None
        if said is not None:
            found[each.task].update(said)
            first.setdefault(each.task, each)
    if not found:
        return None
    kinds = [kind for kind in TaskKind if any(each.kind is kind for each in first.values())]
    examples = {
        one.value: tuple(each.instruction for task, each in first.items() if one in found[task])[:SHOWN] for one in Concern
    }
    return Concerns(tuple(_of_kind(kind, found, first) for kind in kinds), examples)


def _of_kind(kind: TaskKind, found: Mapping[TaskId, set[Concern]], first: Mapping[TaskId, ReviewedInstance]) -> KindConcerns:
    own = [found[task] for task, each in first.items() if each.kind is kind]
    return KindConcerns(kind.value, len(own), {one.value: sum(one in each for each in own) for one in Concern})
