"""Rows with a column for each part of an instance: `alpaca`; and `parquet` and `huggingface`, which say more of the task."""

from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.seeds.images import DATA_URL
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


def image_record_rows(task: DatasetTask, settings: Settings) -> Iterator[dict[str, Any]]:
    """Yield the same with the `image` that each instance is about, as `datasets` keeps one: its bytes, and a name."""
    for number, (one, row) in enumerate(zip(task.instances, record_rows(task, settings), strict=True)):
        image = task.images[one.image]
        is_file = not one.image.startswith(DATA_URL)
        name = PurePosixPath(one.image).name if is_file else f"{task.name}-{number}.{image.mime_type.rpartition('/')[2]}"
        yield {**row, "image": {"bytes": image.content(), "path": name}}
