"""Rows with a column for each part of an instance: `alpaca`; and `parquet` and `huggingface`, which say more of the task."""

from collections.abc import Iterator
from typing import Any

from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.settings.settings import Settings


def alpaca_rows(task: DatasetTask, _: Settings) -> Iterator[dict[str, Any]]:
    """Yield {"instruction", "input", "output"} for every instance."""
    for one in task.instances:
        yield {"instruction": task.instruction, "input": one.input, "output": one.output}


def record_rows(task: DatasetTask, settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the same with what the run knows of the task: its name there, its kind, and who wrote it."""
    source = "human" if task.is_seed else "machine"
    for row in alpaca_rows(task, settings):
        yield {"task": task.name, **row, "is_classification": task.is_classification, "source": source}
