"""No output ever lands on a ledger: by whatever command, path or link."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support.command import Command, assert_refused

from self_instruct.ledger import LEDGER_FILE

WRITING = {
    "export": ["export", "RUN", "--format", "alpaca", "--out"],
    "similarities": ["similarities", "RUN", "--out"],
    "dedup": ["dedup", "DATA", "--out"],
    "refused records": ["dedup", "DATA", "--refused"],
    "report": ["report", "RUN", "--out"],
    "log": ["generate", "--run", "RUN", "--log-file"],
}


def symbolic(ledger: Path) -> Path:
    link = ledger.parent.parent / "link.json"
    link.symlink_to(ledger)
    return link


def hard(ledger: Path) -> Path:
    link = ledger.parent.parent / "hard.json"
    os.link(ledger, link)
    return link


def roundabout(ledger: Path) -> Path:
    return ledger.parent / ".." / ledger.parent.name / ledger.name


PATHS: list[Callable[[Path], Path]] = [Path, symbolic, hard, roundabout]


@pytest.mark.parametrize("path_to", PATHS, ids=["itself", "a symbolic link", "a hard link", "a roundabout path"])
@pytest.mark.parametrize("words", WRITING.values(), ids=WRITING)
def test_no_command_writes_on_a_ledger(
    command: Command, finished_run: Path, path_to: Callable[[Path], Path], words: list[str]
) -> None:
    ledger = finished_run / LEDGER_FILE
    (finished_run.parent / "data.jsonl").write_text('{"instruction": "Write a poem."}\n')
    before = ledger.read_bytes()
    places = {"RUN": finished_run, "DATA": finished_run.parent / "data.jsonl"}
    assert command(*(places.get(word, word) for word in words), path_to(ledger)).code == 2
    assert ledger.read_bytes() == before


@pytest.mark.parametrize("name", [f"{LEDGER_FILE}-wal", f"{LEDGER_FILE}-shm", f"{LEDGER_FILE}-journal", "ledger.lock"])
def test_nor_on_a_file_that_belongs_to_it(command: Command, finished_run: Path, name: str) -> None:
    words = "is of a run's ledger"
    assert_refused(command("export", finished_run, "--format", "alpaca", "--out", finished_run / name), words, "--out")
    assert_refused(command("generate", "--run", finished_run, "--log-file", finished_run / name), words, "--log-file")
    assert not (finished_run / name).exists()


def test_nor_on_a_write_ahead_log_by_another_name(command: Command, finished_run: Path) -> None:
    log = finished_run.parent / "log"
    log.write_bytes(b"\x37\x7f\x06\x82" + b"replies")
    assert_refused(command("generate", "--run", finished_run, "--log-file", log), "is of a run's ledger")
    assert log.read_bytes().endswith(b"replies")


def test_a_folder_with_a_ledger_in_it_is_not_replaced(command: Command, finished_run: Path) -> None:
    out = finished_run.parent / "out"
    assert command("export", finished_run, "--format", "alpaca", "--held-out", 1, "--out", out).code == 0
    (finished_run / LEDGER_FILE).rename(out / "test.json")
    finished_run.mkdir(exist_ok=True)
    (finished_run / LEDGER_FILE).write_bytes((out / "test.json").read_bytes())
    done = command("export", finished_run, "--format", "alpaca", "--held-out", 1, "--out", out)
    assert_refused(done, "holds 'test.json', which is not of this export")


def test_a_database_of_somebody_else_is_a_file_like_any_other(command: Command, finished_run: Path) -> None:
    other = finished_run.parent / "other.sqlite"
    other.write_bytes(b"SQLite format 3\0" + bytes(100))
    assert command("export", finished_run, "--format", "alpaca", "--out", other).code == 0
    assert other.read_bytes().startswith(b"[\n")
