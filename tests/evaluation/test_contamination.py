"""Whether a training file gives a task set away."""

import json
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, assert_refused

from self_instruct.evaluation.contamination import contamination
from self_instruct.evaluation.task_sets import load_task_set

GIVEN = "the cat sat on the mat"
TASKS = [
    {"id": "a", "instruction": "Name the capital of the country.", "input": GIVEN, "references": ["x"]},
    {"id": "b", "instruction": "Write a sonnet about winter mornings.", "input": "no", "references": ["x"]},
]
ROWS: dict[str, Any] = {
    "alpaca": {"instruction": "Name the capital of this country.", "input": GIVEN + " today", "output": "x"},
    "prompt-completion": {
        "prompt": f"Name the capital of this country.\n\nInput: {GIVEN} today\n\nOutput:",
        "completion": " x",
    },
    "task": {"prompt": f"Task: Name the capital of this country.\nInput: {GIVEN} today\nOutput:", "completion": " x"},
    "first line": {"prompt": f"Name the capital of this country.\n{GIVEN} today\n\n", "completion": " x"},
    "messages": {"messages": [{"role": "user", "content": f"Name the capital of this country.\n\n{GIVEN} today"}]},
    "trl": {"prompt": [{"role": "user", "content": f"Name the capital of this country.\n\n{GIVEN} today"}]},
    "sharegpt": {"conversations": [{"from": "human", "value": f"Name the capital of this country.\n\n{GIVEN} today"}]},
}
OTHER = {"instruction": "Sort these numbers upwards, please.", "input": "", "output": "x"}


@pytest.fixture
def tasks(tmp_path: Path) -> Path:
    path = tmp_path / "tasks.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in TASKS))
    return path


@pytest.mark.parametrize("form", ROWS)
@pytest.mark.parametrize("is_array", [True, False])
def test_what_is_near_is_named_in_any_of_our_formats(tmp_path: Path, tasks: Path, form: str, is_array: bool) -> None:
    rows = [OTHER, ROWS[form]]
    training = tmp_path / "training.json"
    training.write_text(json.dumps(rows) if is_array else "\n".join(map(json.dumps, rows)))
    found = contamination(training, load_task_set(str(tasks)))
    assert found.instructions
    assert found.inputs
    assert [(near.id, near.line, near.training_text) for near in found.instructions.near] == [
        ("a", 2, "Name the capital of this country.")
    ]
    assert [(near.id, near.line, near.training_text) for near in found.inputs.near] == [("a", 2, GIVEN + " today")]
    assert (found.instructions.tasks, found.inputs.tasks) == (2, 1)


def test_the_command_names_it(command: Command, tmp_path: Path, tasks: Path) -> None:
    training = tmp_path / "alpaca.json"
    training.write_text(json.dumps([ROWS["alpaca"]]))
    done = command("evaluate", "copy-input", "--tasks", tasks, "--run", tmp_path / "run", "--training", training)
    assert "Contamination, instructions: 1 of 2" in " ".join(done.out.split())
    assert "ROUGE-L   task   row" in done.out
    found = json.loads(command("evaluate", "--run", tmp_path / "run", "--training", training, "--json").out)
    assert found["contamination"]["inputs"]["near"][0]["id"] == "a"


def test_a_training_file_that_gives_nothing_away_is_a_sentence_without_a_table(
    command: Command, tmp_path: Path, tasks: Path
) -> None:
    training = tmp_path / "other.json"
    training.write_text(json.dumps([OTHER]))
    done = command("evaluate", "copy-input", "--tasks", tasks, "--run", tmp_path / "run", "--training", training)
    assert "Contamination, instructions: 0 of 2" in done.out
    assert "ROUGE-L   task   row" not in done.out


@pytest.mark.parametrize(
    ("text", "words"),
    [("[1]", "row 1 is a JSON int"), ("[", "is not JSON"), ('{"text": 1}', ":1: has no field 'instruction'"), ("", "is empty")],
)
def test_a_training_file_that_cannot_be_used_is_named(
    command: Command, tmp_path: Path, tasks: Path, text: str, words: str
) -> None:
    (tmp_path / "t.json").write_text(text)
    command("evaluate", "copy-input", "--tasks", tasks, "--run", tmp_path / "run")
    assert_refused(command("evaluate", "--run", tmp_path / "run", "--training", tmp_path / "t.json"), "t.json", words)
