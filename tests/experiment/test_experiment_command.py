"""A tiny model, randomly initialised here, goes through a whole experiment, is killed on the way, and goes on."""

import json
from pathlib import Path

import pytest
from support.command import Command, assert_refused

pytest.importorskip("torch")
pytest.importorskip("trl")
pytest.importorskip("peft")

from support.tiny_model import save_tiny_model


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("base"))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from self_instruct import SelfInstruct

    folder = tmp_path_factory.mktemp("run") / "run"
    SelfInstruct("offline", num_instructions=8).run(folder)
    return folder


@pytest.fixture
def asked(base: Path, run: Path, tmp_path: Path) -> list[object]:
    tasks = tmp_path / "tasks.jsonl"
    rows = [
        {"id": str(n), "task": f"t{n}", "instruction": f"Say {word}.", "input": "", "references": [word]}
        for n, word in enumerate(("one", "two", "six"))
    ]
    tasks.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    where = ["--model", base, "--tasks", tasks, "--out", tmp_path / "out"]
    return ["experiment", run, *where, "--max-steps", 2, "--answer-tokens", 4]


def test_conditions_are_trained_measured_and_compared(command: Command, asked: list[object], tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = command(*asked, "--conditions", "vanilla,seeds,both", "--seeds", 2, "--json")
    [lines] = json.loads(done.out).values()
    assert [(one["condition"], one["models"], one["steps"]) for one in lines] == [
        ("copy-input", 0, 0), ("vanilla", 1, 0), ("vanilla, stop rule", 1, 0), ("seeds", 2, 2), ("both", 2, 2),
    ]  # fmt: skip
    assert lines[-1]["nll_per_token"]["more_than_vanilla"]["interval"]
    assert lines[-1]["tokens"] > 0
    assert b"<svg" in (out / "figure.svg").read_bytes()
    assert not list(out.glob("models/*/*.safetensors"))  # weights are let go, cards stay
    assert len(list(out.glob("models/*/README.md"))) == 4


def test_what_is_there_is_not_made_again(command: Command, asked: list[object], tmp_path: Path) -> None:
    first = command(*asked, "--conditions", "vanilla,seeds", "--seeds", 1, "--json")
    made = {path: path.stat().st_mtime_ns for path in tmp_path.glob("out/answers/*/ledger.sqlite")}
    again = command(*asked, "--conditions", "vanilla,seeds", "--seeds", 1, "--json")
    assert "0 models to train and measure" in again.err
    assert again.out == first.out
    assert {path: path.stat().st_mtime_ns for path in made} == made
    more = command(*asked, "--conditions", "vanilla,seeds,generated", "--seeds", 1, "--json")
    assert "1 model to train and measure" in more.err


def test_the_readmes_way_from_rows_elsewhere(command: Command, asked: list[object], tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text('{"prompt": "Say one.\\n\\n", "completion": "one"}\n', encoding="utf-8")
    done = command(*asked, "--conditions", "vanilla", "--rows", f"other={rows}", "--seeds", 1)
    assert "other" in done.out
    assert_refused(command(*asked, "--rows", "other"), "--rows other: expected NAME=FILE")
