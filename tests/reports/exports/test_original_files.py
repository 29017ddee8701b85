"""The original's files: their names, their keys, and only what the ledger holds."""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from self_instruct.chains.runs.importing import import_batch
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.exports.export import export
from self_instruct.reports.exports.original_files import classification_file, write_similarities
from self_instruct.retrievers import similarity_records
from self_instruct.settings.layers import Layer

INSTRUCTIONS = "machine_generated_instructions.jsonl"
CLASSIFICATION = "is_clf_or_not_unnamed_template_1.jsonl"
INSTANCES = "machine_generated_instances.jsonl"
DATASET = "all_generated_instances.jsonl"


def exported(ledger: Ledger, out: Path) -> dict[str, list[dict[str, Any]]]:
    export(ledger, RunPlan.of(ledger), "self-instruct", out)
    return {path.name: [json.loads(line) for line in path.read_text().splitlines()] for path in out.iterdir()}


@pytest.fixture
def files(run: Ledger, tmp_path: Path) -> dict[str, list[dict[str, Any]]]:
    return exported(run, tmp_path / "out")


def test_the_four_files_are_there(files: dict[str, list[dict[str, Any]]]) -> None:
    assert sorted(files) == [DATASET, CLASSIFICATION, INSTANCES, INSTRUCTIONS]


def test_every_kept_task_has_an_instruction_row_with_its_reply(files: dict[str, list[dict[str, Any]]], run: Ledger) -> None:
    rows = files[INSTRUCTIONS]
    assert [row["instruction"] for row in rows] == [task.instruction for task in run.tasks()]
    assert list(rows[3]) == ["instruction", "most_similar", "avg_similarity_score", "metadata", "request_idx"]
    assert rows[3]["request_idx"] == 1
    assert rows[3]["metadata"] == {
        "prompt": "ask 1",
        "response": {"choices": [{"text": "list 1", "finish_reason": "stop"}]},
    }


def test_similarity_is_measured_against_seeds_and_the_tasks_before(files: dict[str, list[dict[str, Any]]], run: Ledger) -> None:
    seeds = [seed.instruction for seed in RunPlan.of(run).seeds]
    records = list(similarity_records(seeds, [task.instruction for task in run.tasks()]))
    assert [row["avg_similarity_score"] for row in files[INSTRUCTIONS]] == [record.average for record in records]
    assert [row["most_similar"] for row in files[INSTRUCTIONS]] == [dict(record.most_similar) for record in records]


def test_a_classification_only_run_measures_against_its_own_seeds(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    rows = exported(make_run(instructions={"classification_only": True}), tmp_path / "out")[INSTRUCTIONS]
    assert len(rows[0]["most_similar"]) == 4  # of the twelve seeds, four are classification tasks


def test_the_classification_row_is_the_raw_reply_that_decided(files: dict[str, list[dict[str, Any]]]) -> None:
    assert [row["is_classification"] for row in files[CLASSIFICATION]] == [" No", "Yes.", "Hard to say", "no", "No"]
    assert list(files[CLASSIFICATION][0]) == ["instruction", "is_classification"]


def test_the_instance_row_is_the_raw_reply_and_a_refused_one_is_null(files: dict[str, list[dict[str, Any]]]) -> None:
    letter, sort, refused = files[INSTANCES]
    assert list(letter) == [
        "instruction", "raw_instances", "instance_metadata", "instruction_metadata", "most_similar", "avg_similarity_score",
    ]  # fmt: skip
    assert letter["raw_instances"] == "Output: Dear neighbour, ..."
    assert sort["instance_metadata"]["response"]["choices"][0]["finish_reason"] == "length"
    assert refused["raw_instances"] == ""
    assert refused["instance_metadata"] == {"response": None}
    assert "flagged" not in json.dumps(refused)


def test_the_dataset_is_instruction_input_output(files: dict[str, list[dict[str, Any]]]) -> None:
    assert len(files[DATASET]) == 2 + 5
    assert files[DATASET][1] == {
        "instruction": "Write a letter to a neighbour.",
        "input": "about the hedge",
        "output": "Dear neighbour, your hedge ...",
    }


@pytest.mark.parametrize(
    ("model", "part"),
    [("davinci", "davinci"), ("openai:ft:gpt-4.1/../x", "openai-ft-gpt-4.1-..-x"), ("模型", "-"), ("m" * 300, "m" * 100)],
)
def test_the_model_is_named_as_a_file_can_be(model: str, part: str) -> None:
    assert classification_file(model) == f"is_clf_or_not_{part}_template_1.jsonl"


def test_an_export_of_the_recorded_run_is_imported_as_the_same_run(reference: Path, tmp_path: Path) -> None:
    values = {"profile": "paper", "seeds": str(reference / "seed_tasks.jsonl")}
    given = Layer.said(values, "test")
    import_batch(reference / "original-layout", tmp_path / "run", given)
    with Ledger.open(tmp_path / "run", read_only=True) as first:
        rows = exported(first, tmp_path / "out")[DATASET]
        kept = [task.instruction for task in first.tasks()]
    import_batch(tmp_path / "out", tmp_path / "again", given)
    with Ledger.open(tmp_path / "again", read_only=True) as second:
        assert [task.instruction for task in second.tasks()] == kept
        assert second.count_instances() == len(rows) == 226
    final = [json.loads(line) for line in (reference / "davinci-run" / "final_instances.jsonl").read_text().splitlines()]
    assert Counter(tuple(row.values()) for row in rows) == Counter(tuple(row.values()) for row in final)


def test_similarity_can_be_left_out(run: Ledger, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(run, RunPlan.of(run), "self-instruct", out, with_similarities=False)
    rows = [json.loads(line) for line in (out / INSTRUCTIONS).read_text().splitlines()]
    assert [row["instruction"] for row in rows] == [task.instruction for task in run.tasks()]
    assert all("most_similar" not in row for row in rows)


def test_similarities_alone_are_those_of_the_instruction_rows(
    files: dict[str, list[dict[str, Any]]], run: Ledger, tmp_path: Path
) -> None:
    count = write_similarities(run, RunPlan.of(run), tmp_path / "similarities.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "similarities.jsonl").read_text().splitlines()]
    assert count == len(rows)
    assert rows == [
        {key: row[key] for key in ("instruction", "most_similar", "avg_similarity_score")} for row in files[INSTRUCTIONS]
    ]
