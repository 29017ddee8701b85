"""A small task set of our own, in the forms that an evaluation reads."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

TASKS: list[dict[str, Any]] = [
    {
        "id": "a",
        "instruction": "Name the capital.",
        "input": "France",
        "references": ["Paris", "It is Paris"],
        "task_id": "cap",
    },
    {"id": "b", "instruction": "Name the capital.", "input": "Italy", "references": ["Rome"], "task_id": "cap"},
    {"id": "c", "instruction": "Say hello to the cats.", "references": ["Hello, cats!"], "task_category": "greeting"},
    {"id": "d", "instruction": "Ответь.", "references": ["Да"], "task_category": "greeting"},
]


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> Path:
    """Write JSON objects as lines, and return the path."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    """A file of four instances of three tasks."""
    return write_rows(tmp_path / "tasks.jsonl", TASKS)


@pytest.fixture
def superni(tmp_path: Path) -> Path:
    """A folder with a task in SuperNI's form, of 103 instances, and one of two."""
    folder = tmp_path / "superni"
    folder.mkdir()
    for name, count in (("task001_double", 103), ("task002_copy", 2)):
        instances = [
            {"id": f"{name}-{number}", "input": str(number), "output": [f"{number} {number}"]} for number in range(count)
        ]
        task = {
            "Definition": ["Write the number twice."],
            "Categories": ["Arithmetic"],
            "Positive Examples": [{"input": "7", "output": "7 7", "explanation": ""}],
            "Instances": instances,
        }
        (folder / f"{name}.json").write_text(json.dumps(task))
    return folder
