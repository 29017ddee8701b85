"""One writer per run, until it ends in whatever way."""

import subprocess
import sys
from pathlib import Path

import pytest

from self_instruct.ledger import Ledger
from self_instruct.ledger.lock import LOCK_FILE, RunLock, is_held
from self_instruct.records.errors import LedgerError

HOLD_UNTIL_TOLD = (
    "import sys; from pathlib import Path; from self_instruct.ledger.lock import RunLock;"
    "lock = RunLock(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
)


def holder(directory: Path) -> "subprocess.Popen[str]":
    """Return another process that holds the run, once it does."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD_UNTIL_TOLD, str(directory)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_writer_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first = RunLock(tmp_path)
    with pytest.raises(LedgerError, match="another writer holds this run; wait, or choose another `run`"):
        RunLock(tmp_path)
    first.release()
    RunLock(tmp_path).release()


def test_a_run_that_another_process_holds_is_refused_and_stays_as_it_is(tmp_path: Path) -> None:
    Ledger.create(tmp_path, {"note": 1}).close()
    with holder(tmp_path):
        for use in (Ledger.open, lambda directory: Ledger.create(directory, {})):
            with pytest.raises(LedgerError, match=f"{tmp_path}: another writer holds this run"):
                use(tmp_path)
        with Ledger.open(tmp_path, read_only=True) as ledger:
            assert ledger.fact("note") == 1


def test_a_lock_dies_with_its_process(tmp_path: Path) -> None:
    with holder(tmp_path) as process:
        process.kill()
    RunLock(tmp_path).release()


def test_a_reader_sees_whether_a_process_holds_the_run_and_leaves_no_trace(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    assert list(tmp_path.iterdir()) == []
    with holder(tmp_path) as process:
        assert is_held(tmp_path)
        process.kill()
    assert not is_held(tmp_path)
    own = RunLock(tmp_path)
    assert is_held(tmp_path)
    own.release()
    assert not is_held(tmp_path)


def test_a_file_that_is_no_lock_is_held_by_nobody(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("no lock " * 100)
    assert not is_held(tmp_path)


def test_a_closed_ledger_lets_the_next_writer_in(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, {}):
        pass
    with Ledger.open(tmp_path):
        pass


def test_a_ledger_that_cannot_be_opened_holds_no_lock(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("no ledger")
    with pytest.raises(LedgerError, match="no ledger"):
        Ledger.open(tmp_path)
    RunLock(tmp_path).release()


def test_a_lock_file_that_is_something_else_is_named_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / LOCK_FILE).write_text("my own notes\n" * 100)
    with pytest.raises(LedgerError, match=r"ledger\.lock: is no lock file; delete it if no other process uses this run"):
        Ledger.create(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == [LOCK_FILE]
    assert (tmp_path / LOCK_FILE).read_text().startswith("my own notes")


def test_a_directory_that_is_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"missing: nothing can be written there \(.*\); mend that, or choose another `run`"):
        RunLock(tmp_path / "missing")
