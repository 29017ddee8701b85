"""What a ledger says when its file or its place cannot be used, and that nothing is lost then."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.limits import file_size_limit
from support.scripted import ScriptedAsker, dataset, plan

from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import LEDGER_FILE, Ledger, RequestId
from self_instruct.ledger.schema import VERSION, checksum
from self_instruct.records.errors import LedgerError
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import StageName

FACTS: dict[str, Any] = {"settings": {"seed": 1}}
FIRST = RequestId(StageName.INSTRUCTIONS, 0)


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of the ledger of a small finished run."""
    directory = tmp_path_factory.mktemp("finished")
    settled = plan(num_instructions=30)
    with Ledger.create(directory, settled.facts()) as ledger:
        finish(ledger, settled, ScriptedAsker())
    return (directory / LEDGER_FILE).read_bytes()


def finish(ledger: Ledger, settled: RunPlan, asker: ScriptedAsker | None) -> None:
    asyncio.run(Loop(ledger, settled, asker).run())


def run_of(directory: Path, data: bytes) -> Path:
    directory.mkdir(exist_ok=True)
    (directory / LEDGER_FILE).write_bytes(data)
    return directory


def read_everything(directory: Path) -> None:
    with Ledger.open(directory, read_only=True) as ledger:
        RunPlan.of(ledger)
        dataset(ledger)
        list(ledger.replies())
        ledger.count_rejections(), ledger.spending(), ledger.progress


def go_on(directory: Path, asker: ScriptedAsker | None = None) -> None:
    with Ledger.open(directory) as ledger:
        finish(ledger, RunPlan.of(ledger), asker)


def what_is_said(use: Callable[[], object]) -> str:
    """Return the message of the `LedgerError` that a call raises, or "" where it raises none."""
    try:
        use()
    except LedgerError as error:
        return str(error)
    return ""


# files that are no ledger of ours


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")


def newer(path: Path) -> None:
    with Ledger.create(path.parent, FACTS):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (foreign, "is not a ledger of self-instruct; choose another run directory with `run`"),
        (newer, f"has ledger version {VERSION + 1}, this program reads {VERSION}; use the program that wrote it"),
        (lambda path: path.write_bytes(b""), "is not a ledger of self-instruct"),
        (lambda path: path.write_text("once upon a time\n" * 100), "is damaged or no ledger"),
        (lambda path: path.mkdir(), "holds no ledger.sqlite"),
    ],
)
@pytest.mark.parametrize("read_only", [True, False])
def test_a_file_that_is_no_ledger_is_named_and_left_as_it_is(
    tmp_path: Path, make: Callable[[Path], object], said: str, read_only: bool
) -> None:
    path = tmp_path / LEDGER_FILE
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(LedgerError, match=said) as error:
        Ledger.open(tmp_path, read_only=read_only)
    assert str(tmp_path) in str(error.value)
    assert (path.read_bytes() if path.is_file() else None) == before


def test_no_cut_off_ledger_is_read_as_a_whole_one(tmp_path: Path, finished_run: bytes) -> None:
    for share in range(1, 20):
        run = run_of(tmp_path / f"cut{share}", finished_run[: len(finished_run) * share // 20])
        for use in (read_everything, go_on):
            with pytest.raises(LedgerError, match=r"is damaged|is not a ledger"):
                use(run)


@pytest.mark.parametrize("width", [1, 8, 200])
def test_flipped_bytes_are_met_with_one_line_or_not_at_all(tmp_path: Path, finished_run: bytes, width: int) -> None:
    random = Random(width)
    met = set()
    for _ in range(60):
        damaged = bytearray(finished_run)
        start = random.randrange(len(damaged) - width)
        damaged[start : start + width] = random.randbytes(width)
        run = run_of(tmp_path / "run", bytes(damaged))
        for use in (read_everything, go_on):
            met.add(what_is_said(lambda use=use, run=run: use(run)))
    said = met - {""}
    assert said
    assert all(str(tmp_path / "run" / LEDGER_FILE) in each and "\n" not in each for each in said)


def test_facts_that_another_program_wrote_over_are_damage(tmp_path: Path, finished_run: bytes) -> None:
    run = run_of(tmp_path, finished_run)
    for value in ("{", "[]", "null", '{"settings": 1}'):
        with Ledger.open(run) as ledger:
            ledger.set_fact("settings", None)
            ledger._execute(
                "UPDATE facts SET value = ?, checksum = ? WHERE name = 'settings'", (value, checksum("settings", value))
            )
            with pytest.raises(LedgerError, match="is damaged"):
                RunPlan.of(ledger)


# places that cannot be written


@pytest.mark.parametrize("place", ["/proc/run", "/dev/null/run", "/dev/null", "/sys/run", "/tmp/" + "x" * 300])
def test_a_place_that_cannot_be_written_is_named(place: str) -> None:
    with pytest.raises(LedgerError, match="; mend that, or choose another `run`") as error:
        Ledger.create(Path(place), FACTS)
    assert str(error.value).startswith(place)
    assert "\n" not in str(error.value)


def test_a_place_below_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    with pytest.raises(LedgerError, match="; mend that, or choose another `run`"):
        Ledger.create(tmp_path / "file" / "run", FACTS)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_is_made_whole_or_not_at_all_however_small_the_disk(tmp_path: Path) -> None:
    facts = {"seeds": ["x" * 2000] * 50}
    made = set()
    for kilobytes in range(0, 260, 20):
        run = tmp_path / f"{kilobytes}"
        with file_size_limit(kilobytes * 1024):
            said = what_is_said(lambda run=run: Ledger.create(run, facts).close())
        made.add(run.exists())
        if run.exists():
            with Ledger.open(run) as ledger:
                assert ledger.fact("seeds") == facts["seeds"]
        else:
            assert "mend that" in said
    assert made == {False, True}


def test_a_disk_that_fills_loses_nothing_and_the_run_goes_on_to_the_same_end(tmp_path: Path) -> None:
    settled = plan(num_instructions=40)
    with Ledger.create(tmp_path / "calm", settled.facts()) as ledger:
        finish(ledger, settled, ScriptedAsker())
        calm = dataset(ledger)

    asker = ScriptedAsker()
    said = []
    Ledger.create(tmp_path / "run", settled.facts()).close()
    size = (tmp_path / "run" / LEDGER_FILE).stat().st_size
    for kilobytes in (0, 4, 8, 70, 10_000):
        with file_size_limit(size + kilobytes * 1024):
            said.append(what_is_said(lambda: go_on(tmp_path / "run", asker)))
    with Ledger.open(tmp_path / "run") as ledger:
        assert dataset(ledger) == calm
    assert all("nothing decided is lost: mend that and run the same command again" in each for each in said[:3])
    assert said[-1] == ""


def test_the_word_for_a_full_disk_is_sqlites_own(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, FACTS) as ledger:
        ledger.store_reply(FIRST, Reply("kept"))
        ledger._connection.execute("PRAGMA max_page_count=1")
        with pytest.raises(LedgerError, match="database or disk is full; nothing decided is lost"):
            ledger.store_reply(RequestId(StageName.INSTRUCTIONS, 1), Reply("x" * 1_000_000))
    with Ledger.open(tmp_path) as ledger:
        assert [stored.reply.text for stored in ledger.replies()] == ["kept"]


def test_a_ledger_that_another_program_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Ledger.create(tmp_path, FACTS) as ledger, closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as other:
        ledger._connection.execute("PRAGMA busy_timeout=0")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="database is locked; nothing decided is lost"):
            ledger.store_reply(FIRST, Reply("a"))
        other.rollback()
        ledger.store_reply(FIRST, Reply("a"))
