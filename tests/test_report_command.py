"""`report` on the command line: what it writes and says, and one line for what is wrong."""

import os
import sys
from pathlib import Path

import pytest
from support.command import Command, assert_refused


def test_it_writes_the_report_into_the_run_and_says_where(command: Command, finished_run: Path) -> None:
    done = command("report", finished_run)
    assert (done.code, done.out, done.err) == (0, f"{finished_run / 'report' / 'index.html'}\n", "")
    assert (finished_run / "report" / "lengths.png").is_file()


def test_two_runs_and_an_evaluation_file(command: Command, finished_run: Path, tmp_path: Path) -> None:
    (tmp_path / "poems.jsonl").write_text('{"instruction": "Write a poem."}\n', encoding="utf-8")
    done = command("report", finished_run, finished_run, "--out", tmp_path / "out", "--against", tmp_path / "poems.jsonl")
    assert done.code == 0, done.err
    assert "Held against poems.jsonl." in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")


def test_a_run_that_is_not_there_is_named(command: Command, finished_run: Path, tmp_path: Path) -> None:
    assert_refused(command("report", tmp_path / "none"), "none", "holds no ledger.sqlite")
    assert_refused(command("report", finished_run, tmp_path / "none"), "none", "holds no ledger.sqlite")
    assert not (finished_run / "report").exists()


def test_a_damaged_ledger_is_named(command: Command, finished_run: Path) -> None:
    ledger = finished_run / "ledger.sqlite"
    content = bytearray(ledger.read_bytes())
    content[4096 : 4096 * 6] = b"\xff" * 4096 * 5
    ledger.write_bytes(content)
    assert_refused(command("report", finished_run), "ledger.sqlite", "damaged")


def test_an_evaluation_file_that_is_none_is_named(command: Command, finished_run: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text("not JSON\n", encoding="utf-8")
    assert_refused(command("report", finished_run, "--against", tmp_path / "bad.jsonl"), "bad.jsonl:1", "is not JSON")


def test_a_place_that_cannot_be_written_is_named(command: Command, finished_run: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert_refused(command("report", finished_run, "--out", tmp_path / "file"), "file", "--out")
    assert_refused(command("report", finished_run, "--out", tmp_path / "file" / "deeper"), "file", "--out")
    assert (tmp_path / "file").read_text(encoding="utf-8") == "in the way"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root must be kept out by more than a mode")
def test_a_place_where_nothing_can_be_made_is_named(command: Command, finished_run: Path) -> None:
    assert_refused(command("report", finished_run, "--out", "/proc/report"), "/proc/report", "cannot be written")


@pytest.mark.parametrize("module", ["HanTa.HanoverTagger", "matplotlib.figure"])
def test_without_the_extra_one_line_names_it(
    command: Command, finished_run: Path, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    assert_refused(command("report", finished_run), "report", "pip install", "self-instruct-chains[report]")
