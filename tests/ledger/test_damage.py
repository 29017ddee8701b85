"""A row that is not as it was written is named, and nothing is exported from it in silence."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random

import pytest
from support.command import Command, assert_refused
from support.scripted import ScriptedAsker, plan

from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import LEDGER_FILE, Ledger, Lineage, RequestId, SentRequest, StoredBatch, TaskId
from self_instruct.ledger.schema import TABLES, checksum
from self_instruct.records.errors import LedgerError
from self_instruct.records.tasks import StageName, Verdict
from self_instruct.reports.exports.export import export

FORMATS = ("self-instruct", "prompt-completion", "alpaca")  # all that a ledger holds is in them


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of the ledger of a small finished run with a verdict."""
    directory = tmp_path_factory.mktemp("finished")
    settled = plan(num_instructions=30, model="offline")
    with Ledger.create(directory, settled.facts()) as ledger:
        asyncio.run(Loop(ledger, settled, ScriptedAsker()).run())
        first = next(ledger.tasks()).id
        ledger.add_sent(SentRequest(RequestId(StageName.INSTANCES, 9), 1, "offline"))
        ledger.set_batch(StoredBatch("tag", StageName.INSTANCES, {"name": "offline"}, 1, 1.5))
        ledger.set_lineage(Lineage(9, "evolve", "deepen", 1, "Name a river.", source=0))
        ledger.add_verdicts(first, [Verdict("judging", 0, {"score": 4})])
    return (directory / LEDGER_FILE).read_bytes()


@pytest.fixture
def run(tmp_path: Path, finished: bytes) -> Path:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / LEDGER_FILE).write_bytes(finished)
    return tmp_path / "run"


def change(run: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(run / LEDGER_FILE)) as connection, connection:
        assert connection.execute(statement, values).rowcount == 1


def faults(run: Path) -> list[str]:
    with Ledger.open(run, read_only=True) as ledger:
        return ledger.faults()


def exported(run: Path, place: Path) -> dict[str, bytes]:
    with Ledger.open(run, read_only=True) as ledger:
        for form in FORMATS:
            export(ledger, RunPlan.of(ledger), form, place / form)
    return {str(path.relative_to(place)): path.read_bytes() for path in sorted(place.rglob("*")) if path.is_file()}


READS: dict[str, Callable[[Ledger], object]] = {
    "facts": lambda ledger: [ledger.fact(name) for name in plan().facts()],
    "replies": lambda ledger: list(ledger.replies()),
    "sent": lambda ledger: list(ledger.sent()),
    "batches": lambda ledger: list(ledger.batches()),
    "lineage": lambda ledger: list(ledger.lineages()),
    "progress": lambda ledger: ledger.progress,
    "tasks": lambda ledger: list(ledger.tasks()),
    "instances": lambda ledger: list(ledger.instances()),
    "rejections": lambda ledger: list(ledger.rejections()),
    "verdicts": lambda ledger: list(ledger.verdicts()),
}


@pytest.mark.parametrize("name", TABLES)
def test_a_changed_row_is_named_when_it_is_read_and_by_the_faults(run: Path, name: str) -> None:
    assert faults(run) == []
    table = TABLES[name]
    column = table.columns[-1]
    with closing(sqlite3.connect(run / LEDGER_FILE)) as connection, connection:
        *_, row = connection.execute(table.select)
        which = " AND ".join(f"{key} = ?" for key in table.key) or "1"
        connection.execute(f"UPDATE {name} SET {column} = coalesce({column}, 0) || ' ' WHERE {which}", row[: len(table.key)])
    assert faults(run) == [f"{table.place(row)} is not as it was written"]
    with Ledger.open(run, read_only=True) as ledger, pytest.raises(LedgerError, match="is not as it was written") as error:
        READS[name](ledger)
    assert table.place(row) in str(error.value)
    assert str(run / LEDGER_FILE) in str(error.value)


@pytest.mark.parametrize("count", [-5, 2**31 + 1, 2**62, "many"])
def test_a_stored_count_that_no_provider_can_mean_is_named_by_its_row(command: Command, run: Path, count: object) -> None:
    change(run, "UPDATE replies SET output_tokens = ? WHERE stage = 'instructions' AND request = 1", count)
    with Ledger.open(run, read_only=True) as ledger, pytest.raises(LedgerError, match="stage 'instructions', request 1"):
        ledger.spending()
    assert_refused(command("status", run), "stage 'instructions', request 1, item 0, instance 0, attempt 1")


@pytest.mark.parametrize("price", ["much", "NaN", "-1", b"\xff"])
def test_a_stored_price_that_is_none_is_named_by_its_row(command: Command, run: Path, price: object) -> None:
    change(run, "UPDATE replies SET price_input = ?, price_output = '1' WHERE stage = 'instructions' AND request = 1", price)
    assert_refused(command("status", run), "stage 'instructions', request 1, item 0, instance 0, attempt 1")


@pytest.mark.parametrize("mark", ["x", 1.5, b"\xff", 2**40])
def test_a_damaged_checksum_is_damage(run: Path, mark: object) -> None:
    change(run, "UPDATE facts SET checksum = ? WHERE name = 'origins'", mark)
    assert faults(run) == ["facts (name 'origins') is not as it was written"]


def test_a_row_that_another_program_wrote_with_care_is_damage_where_it_cannot_be_read(run: Path) -> None:
    row = (9, 0, "instances", 0, "empty", "x", "{")
    with closing(sqlite3.connect(run / LEDGER_FILE)) as connection, connection:
        connection.execute(TABLES["rejections"].insert, (*row, checksum(*row)))
    assert faults(run) == []
    with Ledger.open(run, read_only=True) as ledger, pytest.raises(LedgerError, match=r"rejections \(request 9, item 0"):
        list(ledger.rejections())


def test_text_that_is_none_any_more_is_named_by_its_row(run: Path) -> None:
    change(run, "UPDATE facts SET value = CAST(x'7bff7d' AS TEXT) WHERE name = 'origins'")
    assert faults(run) == ["facts (name 'origins') is not as it was written"]
    with Ledger.open(run, read_only=True) as ledger, pytest.raises(LedgerError, match="is damaged"):
        ledger.fact("origins")


def test_no_flipped_bit_changes_an_export_in_silence(run: Path, finished: bytes, tmp_path: Path) -> None:
    before = exported(run, tmp_path / "before")
    random = Random(20)
    silent, named = [], 0
    for number in range(120):
        damaged = bytearray(finished)
        place = random.randrange(len(damaged))
        damaged[place] ^= 1 << random.randrange(8)
        (run / LEDGER_FILE).write_bytes(damaged)
        try:
            found = faults(run)
            named += bool(found)
            after = exported(run, tmp_path / f"{number}")
        except LedgerError:
            continue
        if after != before and not found:
            silent.append(place)
    assert silent == []
    assert named > 15


def test_status_says_on_request_whether_a_run_is_as_it_was_written(command: Command, run: Path) -> None:
    sound = command("status", run, "--check")
    assert (sound.code, sound.err) == (0, "")
    assert "every row is as it was written" in sound.out
    assert json.loads(command("status", run, "--json", "--check").out)["kept"] == 30
    assert "as it was written" not in command("status", run).out

    task = TaskId(0, 0)
    change(run, "UPDATE tasks SET instruction = 'Name a \x1b[31m river.' WHERE request = 0 AND item = 0")
    change(run, "UPDATE verdicts SET stage = 'jud\x1b[31mging'")
    damaged = command("status", run, "--check")
    assert (damaged.code, damaged.out) == (2, "")
    assert damaged.said == [
        f"{run / LEDGER_FILE}: tasks (request {task.request}, item {task.item}) is not as it was written",
        f"{run / LEDGER_FILE}: verdicts (request 0, item 0, instance 0, stage 'jud\\x1b[31mging', vote 1)"
        " is not as it was written",
        f"{run / LEDGER_FILE}: is damaged in 2 places; restore a copy.",
    ]
