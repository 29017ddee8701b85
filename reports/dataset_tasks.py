"""The dataset of a run: its finished tasks with the instances that an export shows.

Between the ledger, which keeps every valid instance, and the formats, which all write this same choice of them.
Source: Wang et al. 2023, arXiv:2212.10560: the published code takes at most five instances of a task, at random.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.stages.instance_rules import draw_instances
from self_instruct.ledger import Ledger, TaskId, tasks_with_instances
from self_instruct.records.tasks import Instance
from self_instruct.retrievers.draws import DRAW
from self_instruct.seeds.images import Image


@dataclass(frozen=True, slots=True)
class DatasetTask:
    """A finished task as the dataset has it, with at least one instance; or a seed task among them.

    `name` is its identity in the run, "request:item", or the id of a seed task: what is drawn for it depends on this alone.
    `draw` is how its run draws (`retrievers.draws`), for formats that draw too. `images` are those that its instances name.
    """

    name: str
    instruction: str
    is_classification: bool
    instances: tuple[Instance, ...]
    is_seed: bool = False
    draw: int = DRAW
    images: Mapping[str, Image] = field(default_factory=dict)


def dataset(
    ledger: Ledger, plan: RunPlan, max_instances: int | None = None, chosen: Mapping[str, Collection[int]] | None = None
) -> Iterator[DatasetTask]:
    """Yield the finished tasks that have instances, in the order of the pool, one at a time.

    A task with more than `instances.max_per_task` shows a sample; one with more than `max_instances`, where that is given.
    It is drawn by the run's seed and the task's identity, so it depends on this task alone: a run that goes on draws the same
    again. Where positions are `chosen`, by the tasks' names, there are no other instances.
    """
    for task, instances in tasks_with_instances(ledger):
        name, kind = task_name(task.id), bool(task.is_classification)
        if chosen is not None:
            instances = tuple(map(instances.__getitem__, sorted(chosen.get(name, ()))))
        if instances:
            random = plan.draws(task.id.request, task.id.item)
            drawn = draw_instances(instances, plan.settings.instances, kind, random, max_instances)
            image = plan.image(task.id.request)
            named = {} if image is None else {image.name: image}
            yield DatasetTask(name, task.instruction, kind, with_image(drawn, image), draw=plan.draw, images=named)


def with_image(instances: Sequence[Instance], image: Image | None) -> tuple[Instance, ...]:
    """Return a task's instances with the image that they are about, None for none."""
    return tuple(replace(one, image=image.name) for one in instances) if image else tuple(instances)


def task_name(task: TaskId) -> str:
    """Return a task's identity as text.

    >>> task_name(TaskId(3, 17))
    '3:17'
    """
    return f"{task.request}:{task.item}"
