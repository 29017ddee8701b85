"""The command `export` as a user meets it: options, what it says, and runs that are empty, unfinished or broken."""

import json
from pathlib import Path

import pytest
from support.command import Command, assert_refused
from support.scripted import plan
from support.written import instructions, write_run

from self_instruct.ledger import Ledger
from self_instruct.reports import FORMATS


def test_it_says_what_is_where(command: Command, finished_run: Path) -> None:
    done = command("export", finished_run, "--format", "alpaca")
    rows = len(json.loads((finished_run / "alpaca.json").read_text()))
    assert (done.code, done.out) == (0, f"{rows} rows in {finished_run / 'alpaca.json'}\n")
    done = command("export", finished_run, "--format", "alpaca", "--held-out", 2, "--max-instances", 1)
    assert (done.code, done.out) == (0, f"6 rows in {finished_run / 'alpaca'} (train 4, test 2)\n")


def test_a_card_is_written_for_any_format_with_its_licence(command: Command, finished_run: Path) -> None:
    options = ("--card", "--license", "cc-by-4.0", "--language", "en", "--language", "de")
    assert command("export", finished_run, "--format", "messages", *options).code == 0
    text = (finished_run / "messages" / "README.md").read_text()
    assert "license: cc-by-4.0\nlanguage:\n- en\n- de\n" in text
    assert "--card --license cc-by-4.0 --language en --language de\n" in text


def test_the_command_on_a_card_makes_the_same_files(command: Command, tmp_path: Path) -> None:
    write_run(tmp_path / "run", instructions(20)).close()
    options = ("--no-seeds", "--held-out", 0.2, "--subset", 9, "--seed", 5, "--license", "mit")
    assert command("export", tmp_path / "run", "--format", "huggingface", "--out", tmp_path / "a", *options).code == 0
    text = (tmp_path / "a" / "README.md").read_text()
    [said] = [line for line in text.splitlines() if line.startswith("self-instruct export RUN ")]
    assert command("export", tmp_path / "run", *said.split()[3:], "--out", tmp_path / "b").code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()} == {
        path.name: path.read_bytes() for path in (tmp_path / "b").iterdir()
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--format", "csv"], "choose one of"),
        (["--format", "alpaca", "--held-out", "some"], "--held-out some"),
        (["--format", "alpaca", "--held-out", "600"], "--held-out 600"),
        (["--format", "alpaca", "--subset", "600"], "--subset 600"),
        (["--format", "alpaca", "--max-instances", "0"], "--max-instances 0"),
        (["--format", "alpaca", "--license", "mit"], "ask for one with --card"),
        (["--format", "huggingface", "--license", "My own"], "--license My own"),
        (["--format", "self-instruct", "--seeds"], "has no place for --seeds"),
        (["--format", "self-instruct", "--card"], "has no place for a dataset card"),
        (["--format", "self-instruct", "--license", "mit"], "ask for one with --card"),
    ],
)
def test_what_cannot_be_done_is_one_line(command: Command, finished_run: Path, options: list[str], words: str) -> None:
    before = sorted(finished_run.iterdir())
    assert_refused(command("export", finished_run, *options), words)
    assert sorted(finished_run.iterdir()) == before


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_without_a_task_has_nothing_to_export(command: Command, tmp_path: Path, form: str) -> None:
    Ledger.create(tmp_path / "run", plan().facts()).close()
    assert_refused(command("export", tmp_path / "run", "--format", form, "--no-seeds"), "there is nothing to export")
    assert_refused(command("similarities", tmp_path / "run"), "there is nothing to export")
    assert [path.name for path in (tmp_path / "run").iterdir() if "lock" not in path.name] == ["ledger.sqlite"]


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_that_another_process_writes_is_exported(command: Command, tmp_path: Path, form: str) -> None:
    with write_run(tmp_path / "run", instructions(10)) as writer, writer.transaction():
        writer.set_fact("note", "not yet there")
        done = command("export", tmp_path / "run", "--format", form, "--no-seeds")
    assert (done.code, done.err, done.out.split()[:3]) == (0, "", ["20", "rows", "in"])


@pytest.mark.parametrize("form", FORMATS)
def test_a_broken_ledger_is_one_line(command: Command, tmp_path: Path, form: str) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    assert_refused(command("export", tmp_path, "--format", form), "is damaged or no ledger")
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.sqlite"]
