"""What a report is about: the kept tasks of a run with the instances that an export shows, read once."""

from dataclasses import dataclass

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, TaskId
from self_instruct.records.tasks import Instance
from self_instruct.reports.dataset_tasks import dataset, task_name


@dataclass(frozen=True, slots=True)
class KeptTask:
    """A kept task. `is_classification` is None where no model said; `instances` are those an export shows, maybe none."""

    id: TaskId
    instruction: str
    is_classification: bool | None
    instances: tuple[Instance, ...] = ()


def kept_tasks(ledger: Ledger, plan: RunPlan) -> tuple[KeptTask, ...]:
    """Return all kept tasks in the order of the pool, finished or not."""
    shown = {task.name: task.instances for task in dataset(ledger, plan)}
    return tuple(
        KeptTask(task.id, task.instruction, task.is_classification, shown.get(task_name(task.id), ()))
        for task in ledger.tasks()
    )
