"""What concerns the judge about the instructions of a run, by kind of task and by topic: its opinion, like all that it says."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from self_instruct.chains.stages.task_kinds import TaskKind
from self_instruct.ledger import TaskId
from self_instruct.records.judgements import Concern
from self_instruct.reports.review.instances import ReviewedInstance
from self_instruct.retrievers.taxonomy import shipped_taxonomy, topic_of

SHOWN = 3
NO_TOPIC = "no topic known"


@dataclass(frozen=True, slots=True)
class GroupConcerns:
    """How many tasks of a kind, or a topic, are of which concern, of the `tasks` of which the judge said whether one is."""

    name: str
    tasks: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Concerns:
    """What concerns the judge: counts for each kind of task and each topic there is, and up to three instructions of each.

    A task is of a concern where the judge names it for any of its instances. Topics are told by words (`retrievers.taxonomy`)
    that are English alone; they stand in order of the share of their tasks that concern the judge.
    """

    kinds: tuple[GroupConcerns, ...]
    topics: tuple[GroupConcerns, ...]
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
    examples = {
        one.value: tuple(each.instruction for task, each in first.items() if one in found[task])[:SHOWN] for one in Concern
    }
    kinds = _grouped(first, found, lambda each: each.kind.value, [kind.value for kind in TaskKind])
    names = [*shipped_taxonomy().topics.names, NO_TOPIC]
    topics = _grouped(first, found, lambda each: topic_of(each.instruction, each.instance)[0] or NO_TOPIC, names)
    return Concerns(kinds, tuple(sorted(topics, key=_share, reverse=True)), examples)


def _grouped(
    first: Mapping[TaskId, ReviewedInstance],
    found: Mapping[TaskId, set[Concern]],
    group_of: Callable[[ReviewedInstance], str],
    names: Sequence[str],
) -> tuple[GroupConcerns, ...]:
    """Return what concerns the judge in each group that has a task, in the order of the names."""
    groups: defaultdict[str, list[set[Concern]]] = defaultdict(list)
    for task, each in first.items():
        groups[group_of(each)].append(found[task])
    return tuple(
        GroupConcerns(name, len(own), {one.value: sum(one in each for each in own) for one in Concern})
        for name in names
        if (own := groups.get(name))
    )


def _share(group: GroupConcerns) -> float:
    return sum(group.counts.values()) / group.tasks
