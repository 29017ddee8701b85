"""A run of version 1, written by the program before it knew of models and of cached tokens, is read and goes on.

`data/version_1.sqlite.gz` is what `generate --num-instructions 3` made at commit d7984ed, with nine of our seeds.
"""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from support.command import Command

from self_instruct.ledger import LEDGER_FILE, Ledger, Spent
from self_instruct.records.replies import Usage
from self_instruct.records.tasks import Stage

DATA = Path(__file__).parent / "data" / "version_1.sqlite.gz"
SPENT = {
    (Stage.CLASSIFICATION, "offline"): Spent(3, 0, Usage(3102, 3)),
    (Stage.INSTANCES, "offline"): Spent(3, 0, Usage(3272, 159)),
    (Stage.INSTRUCTIONS, "offline"): Spent(1, 0, Usage(213, 220)),
}


@pytest.fixture
def old_run(tmp_path: Path) -> Path:
    directory = tmp_path / "old"
    directory.mkdir()
    (directory / LEDGER_FILE).write_bytes(gzip.decompress(DATA.read_bytes()))
    return directory


def version(run: Path) -> int:
    with closing(sqlite3.connect(run / LEDGER_FILE)) as connection:
        return int(connection.execute("PRAGMA user_version").fetchone()[0])


def test_a_reader_sees_its_model_and_its_tokens_and_leaves_it_as_it_is(old_run: Path) -> None:
    before = (old_run / LEDGER_FILE).read_bytes()
    with Ledger.open(old_run, read_only=True) as ledger:
        assert ledger.spending() == SPENT
        assert {stored.reply.model for stored in ledger.replies()} == {"offline"}
    assert (old_run / LEDGER_FILE).read_bytes() == before
    assert version(old_run) == 1


def test_a_writer_brings_it_up_to_date_once(old_run: Path) -> None:
    with Ledger.open(old_run, read_only=True) as before:
        replies = list(before.replies())
    for _ in range(2):
        with Ledger.open(old_run) as ledger:
            assert ledger.spending() == SPENT
            assert list(ledger.replies()) == replies
        assert version(old_run) == 2


def test_a_reader_goes_on_while_a_writer_brings_it_up_to_date(old_run: Path) -> None:
    with Ledger.open(old_run, read_only=True) as reader, Ledger.open(old_run):
        assert reader.spending() == SPENT


def test_it_is_looked_at_and_goes_on(command: Command, old_run: Path) -> None:
    assert command("status", old_run).code == 0
    done = command("generate", "--run", old_run, "--num-instructions", 5)
    assert (done.code, done.out) == (0, f"done: 5 instructions kept in {old_run}\n")
    with Ledger.open(old_run, read_only=True) as ledger:
        assert {model for _, model in ledger.spending()} == {"offline"}
        assert ledger.spent().requests == 11
