"""The dataset: finished tasks in the order of the pool, each with its drawn instances."""

from collections.abc import Callable
from pathlib import Path

from support.scripted import plan

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, StoredTask, TaskId
from self_instruct.records.tasks import Instance
from self_instruct.reports import DatasetTask
from self_instruct.reports.dataset_tasks import dataset


def drawn(ledger: Ledger) -> list[DatasetTask]:
    return list(dataset(ledger, RunPlan.of(ledger)))


def stored(ledger: Ledger) -> list[Instance]:
    """Return all instances of the second task."""
    return [instance for task, instance in ledger.instances() if task == TaskId(0, 31)]


def test_only_tasks_with_instances_are_in_it_in_the_order_of_the_pool(run: Ledger) -> None:
    assert [(task.name, task.is_classification) for task in drawn(run)] == [("0:0", False), ("0:31", True)]
    assert [one.input for one in drawn(run)[0].instances] == ["", "about the hedge"]


def test_a_task_shows_at_most_five_and_each_label_first(run: Ledger) -> None:
    assert len(stored(run)) == 7
    shown = drawn(run)[1].instances
    assert len(shown) == 5
    assert list(shown) == [one for one in stored(run) if one in shown]
    assert Instance("word 6", "cold") in shown


def test_the_cap_is_a_setting(make_run: Callable[..., Ledger]) -> None:
    assert drawn(make_run(instances={"max_per_task": 9}))[1].instances == tuple(stored(make_run("other")))


def test_the_draw_depends_on_the_seed_alone(make_run: Callable[..., Ledger]) -> None:
    first, again = make_run("first"), make_run("again")
    assert drawn(first) == drawn(again)
    others = {drawn(make_run(f"seed {number}", seed=number))[1].instances for number in range(1, 9)}
    assert len(others) > 1


def test_a_run_without_instances_has_an_empty_dataset(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "empty", plan().facts()) as ledger:
        ledger.add_task(StoredTask(TaskId(0, 0), "Name three rivers.", None, None))
        assert drawn(ledger) == []
