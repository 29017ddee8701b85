"""How the labels of classification tasks are balanced: a task whose instances all have one label teaches to answer with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from self_instruct.prompts.reading.class_labels import comparable
from self_instruct.reports.analysis.kept_tasks import KeptTask

LABELS = 12
_MOST = 5  # distinct labels counted one by one; more go together


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How often a label occurs, in how many tasks. Labels that differ in case or punctuation alone are one."""

    label: str
    instances: int
    tasks: int


@dataclass(frozen=True, slots=True)
class LabelBalance:
    """The labels of classification tasks with instances: `tasks` of them, with `instances` in all.

    `single` tasks have one instance only; of the `several` others, `one_label` show one label alone. `mean_largest_share` is
    the mean share of the commonest label in each of those (0.5 for two labels in balance; None without such tasks). `by_labels`
    counts them by their number of distinct labels, from 1, the last (5) with all beyond. `commonest` are the commonest labels.
    """

    tasks: int
    instances: int
    single: int
    several: int
    one_label: int
    mean_largest_share: float | None
    by_labels: dict[int, int]
    commonest: tuple[LabelCount, ...]


def label_balance(tasks: Sequence[KeptTask], limit: int = LABELS) -> LabelBalance:
    """Return the balance of labels over the classification tasks among `tasks`."""
    shown = (task.instances for task in tasks if task.is_classification and task.instances)
    labels = [[comparable(one.output) for one in instances] for instances in shown]
    several = [Counter(own) for own in labels if len(own) > 1]
    shares = [max(own.values()) / own.total() for own in several]
    distinct = Counter(min(len(own), _MOST) for own in several)
    return LabelBalance(
        tasks=len(labels),
        instances=sum(map(len, labels)),
        single=len(labels) - len(several),
        several=len(several),
        one_label=distinct[1],
        mean_largest_share=sum(shares) / len(shares) if shares else None,
        by_labels={number: distinct[number] for number in range(1, _MOST + 1)},
        commonest=_commonest(labels, limit),
    )


def _commonest(labels: Sequence[Sequence[str]], limit: int) -> tuple[LabelCount, ...]:
    instances = Counter(label for own in labels for label in own)
    tasks = Counter(label for own in labels for label in set(own))
    ranked = sorted(instances, key=lambda label: (-instances[label], label))[:limit]
    return tuple(LabelCount(label, instances[label], tasks[label]) for label in ranked)
