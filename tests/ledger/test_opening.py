"""What is ours by its header, and what lies beside a ledger after a kill: it is read with it, and folded into it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from self_instruct.ledger import LEDGER_FILE, Ledger, RequestId, is_ledger
from self_instruct.ledger.lock import LOCK_FILE
from self_instruct.ledger.opening import BESIDE
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import StageName

KILLED = (
    "import os, sys; from pathlib import Path; from self_instruct.ledger import Ledger, RequestId;"
    "from self_instruct.records import Reply, StageName;"
    "ledger = Ledger.create(Path(sys.argv[1]), {'note': 1});"
    "[ledger.store_reply(RequestId(StageName.INSTRUCTIONS, number), Reply('paid for')) for number in range(50)];"
    "os.kill(os.getpid(), 9)"
)
TRY_TO_LEAVE_WAL = (
    "import sqlite3, sys; connection = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None);"
    "print(connection.execute('PRAGMA journal_mode=DELETE').fetchone()[0])"
)


@pytest.fixture
def killed(tmp_path: Path) -> Path:
    """A run of 50 replies whose process was killed: most of them are in the WAL."""
    assert subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "run")], check=False).returncode == -9
    assert (tmp_path / "run" / f"{LEDGER_FILE}-wal").stat().st_size > 0
    return tmp_path / "run"


def names(run: Path) -> list[str]:
    return sorted(path.name for path in run.iterdir() if not path.name.startswith(LOCK_FILE))


def count(run: Path) -> int:
    with Ledger.open(run, read_only=True) as ledger:
        return sum(1 for _ in ledger.replies())


# after a kill


def test_a_reader_of_a_killed_run_sees_all_and_leaves_one_file(killed: Path) -> None:
    assert count(killed) == 50
    assert names(killed) == [LEDGER_FILE]
    assert count(killed) == 50


def test_a_killed_run_that_was_copied_without_its_wal_is_read_and_leaves_one_file(killed: Path) -> None:
    for end in BESIDE:
        (killed / (LEDGER_FILE + end)).unlink(missing_ok=True)
    assert count(killed) == 0
    assert names(killed) == [LEDGER_FILE]


def test_what_another_has_open_is_not_folded_in_and_read_all_the_same(killed: Path) -> None:
    with Ledger.open(killed) as writer:
        writer.store_reply(RequestId(StageName.INSTRUCTIONS, 50), Reply("paid for"))
        assert count(killed) == 51
        assert f"{LEDGER_FILE}-wal" in names(killed)
        writer.store_reply(RequestId(StageName.INSTRUCTIONS, 51), Reply("paid for"))
    assert names(killed) == [LEDGER_FILE]
    assert count(killed) == 52


def test_the_last_reader_folds_in_what_a_writer_left_because_of_it(killed: Path) -> None:
    with Ledger.open(killed) as writer, Ledger.open(killed, read_only=True) as reader:
        replies = reader.replies()
        next(replies)
        writer.close()
        assert f"{LEDGER_FILE}-wal" in names(killed)
        assert sum(1 for _ in replies) == 49
        reader.close()
        assert names(killed) == [LEDGER_FILE]


def test_what_lies_beside_a_file_that_is_not_ours_stays(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE recipes (name TEXT)")
        before = names(tmp_path)
        with pytest.raises(Exception, match="is not a ledger of self-instruct"):
            Ledger.open(tmp_path, read_only=True)
        assert names(tmp_path) == before == [LEDGER_FILE, f"{LEDGER_FILE}-shm", f"{LEDGER_FILE}-wal"]


# what is a ledger


def linked(run: Path) -> Path:
    (run.parent / "link").symlink_to(run / LEDGER_FILE)
    return run.parent / "link"


def hard_linked(run: Path) -> Path:
    os.link(run / LEDGER_FILE, run.parent / "other name.json")
    return run.parent / "other name.json"


def in_a_linked_folder(run: Path) -> Path:
    (run.parent / "folder").symlink_to(run, target_is_directory=True)
    return run.parent / "folder" / ".." / "run" / LEDGER_FILE


@pytest.mark.parametrize("led", [lambda run: run / LEDGER_FILE, linked, hard_linked, in_a_linked_folder])
def test_a_ledger_is_known_by_whatever_path(killed: Path, led: Callable[[Path], Path]) -> None:
    assert is_ledger(led(killed))


@pytest.mark.parametrize("end", ["-wal", "-shm"])
def test_what_sqlite_keeps_beside_a_ledger_is_of_it(killed: Path, end: str) -> None:
    (killed.parent / "link").symlink_to(killed / (LEDGER_FILE + end))
    assert is_ledger(killed / (LEDGER_FILE + end))
    assert is_ledger(killed.parent / "link")


def test_other_files_and_places_are_no_ledger_and_are_left_as_they_are(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "recipes.sqlite")) as connection, connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE recipes (name TEXT)")
    (tmp_path / "text").write_text("a" * 5000)
    (tmp_path / "text-wal").write_text("b")
    (tmp_path / "empty").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    before = names(tmp_path)
    places = [*tmp_path.iterdir(), tmp_path, tmp_path / "missing", tmp_path / "text" / "below", Path("/dev/null"), Path("\0")]
    assert [place for place in places if is_ledger(place)] == []
    assert names(tmp_path) == before


def test_asking_lets_go_of_no_lock_that_this_process_holds(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, {}) as ledger:
        ledger.store_reply(RequestId(StageName.INSTRUCTIONS, 0), Reply("a"))
        assert is_ledger(tmp_path / LEDGER_FILE)
        assert count(tmp_path) == 1
        leaving = [sys.executable, "-c", TRY_TO_LEAVE_WAL, str(tmp_path / LEDGER_FILE)]
        tried = subprocess.run(leaving, capture_output=True, text=True, check=False)
        assert "database is locked" in tried.stderr
