"""Ledgers that earlier versions wrote are read as they are, never written by a reader, and go on.

`data/version_1.sqlite.gz` is what `generate --num-instructions 3` made at commit d7984ed, with nine of our seeds, and
`data/version_2.sqlite.gz` what `generate --num-instructions 12 --max-requests 22 --seed 1 --set window=1` made at commit
013f818, with twelve: it stopped within the reply to its second request, and four tasks wait for instances.
`data/version_3.sqlite.gz` is what the latter command made at commit 12fb4db, with our first twelve seeds, and a verdict.
`data/version_4.sqlite.gz` is what that command made at commit e0a8b71, with a verdict and a request that was sent and lost.
`data/version_5.sqlite.gz` is what it made at commit 89b6cb8, with a verdict and a request that waits in a provider's batch.
`data/version_6.sqlite.gz` is what it made at commit 22c27a8, with a verdict and a reply with what it could begin with.
"""

import gzip
import sqlite3
from collections.abc import Callable
from contextlib import closing
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support.command import Command
from support.limits import file_size_limit
from support.runs import spent_in

from self_instruct.chains.runs.generating import decide_stored
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.pool import Pool
from self_instruct.ledger import LEDGER_FILE, Ledger, Progress, RequestId, Spent, TaskId, migrations
from self_instruct.ledger.schema import VERSION
from self_instruct.records.errors import LedgerError
from self_instruct.records.replies import Refusal, Reply, Usage
from self_instruct.records.tasks import StageName
from self_instruct.reports.exports.export import export
from self_instruct.reports.exports.selection import Selection
from self_instruct.settings.sections import Price

DATA = Path(__file__).parent / "data"
FREE = Price(input=Decimal(0), output=Decimal(0))
SPENT = {
    1: {
        (StageName.CLASSIFICATION, "offline", None): Spent(3, 0, Usage(3102, 3)),
        (StageName.INSTANCES, "offline", None): Spent(3, 0, Usage(3272, 159)),
        (StageName.INSTRUCTIONS, "offline", None): Spent(1, 0, Usage(213, 220)),
    },
    2: {
        (StageName.CLASSIFICATION, "offline", None): Spent(12, 0, Usage(12410, 12)),
        (StageName.INSTANCES, "offline", None): Spent(8, 0, Usage(10800, 607)),
        (StageName.INSTRUCTIONS, "offline", None): Spent(2, 0, Usage(728, 396)),
    },
    3: {
        (StageName.CLASSIFICATION, "offline", FREE): Spent(12, 0, Usage(8045, 12)),
        (StageName.INSTANCES, "offline", FREE): Spent(8, 0, Usage(4936, 226)),
        (StageName.INSTRUCTIONS, "offline", FREE): Spent(2, 0, Usage(379, 268)),
    },
    4: {
        (StageName.CLASSIFICATION, "offline", FREE): Spent(12, 0, Usage(547, 12)),
        (StageName.INSTANCES, "offline", FREE): Spent(8, 0, Usage(5051, 252)),
        (StageName.INSTRUCTIONS, "offline", FREE): Spent(2, 0, Usage(371, 268)),
        (StageName.INSTANCES, "offline", None): Spent(1, 1, at_most=Usage(100, 10), unanswered=1),
    },
    5: {
        (StageName.CLASSIFICATION, "offline", FREE): Spent(12, 0, Usage(547, 12)),
        (StageName.INSTANCES, "offline", FREE): Spent(8, 0, Usage(6087, 237)),
        (StageName.INSTRUCTIONS, "offline", FREE): Spent(2, 0, Usage(371, 268)),
        (StageName.INSTANCES, "offline", None): Spent(1, 1, at_most=Usage(100, 10), unanswered=1),
    },
}
SPENT[6] = {
    **{key: spent for key, spent in SPENT[5].items() if key[2] == FREE},
    (StageName.INSTANCES, "offline", None): Spent(1, 0, Usage(100, 10)),
}
EXPORTS = [  # of version 2, with the digest of what the code that wrote it exported, characters as they are for its escapes
    ("prompt-completion", Selection(), "3d6edb1988c9c096c687113624a82909328781163d2840d9c5a017b617af5335"),
    ("prompt-completion", Selection(max_instances=2), "24fe07fe3c3884d56174587383e786ce05b0d85a273a404299afa65bbf797fcf"),
    (
        "prompt-completion",
        Selection(seeds=True, max_instances=1, seed=7),
        "f8c5aa39de644be07c99eca09b8e43e10c140e98b0d0e6749810ccef53a4bfe4",
    ),
    ("alpaca", Selection(max_instances=1), "189e3b09ca134900dd491bed717d24779cea72857c43f5ddc9c57d0e996583ea"),
]
EXPORT_OF_3 = "98b2c28027a8e4b9f40a65098de686b1b59f25bfb47f142388adf47ac21e3a4c"  # prompt-completion
every_version = pytest.mark.parametrize("old", [1, 2, 3, 4, 5, 6])


@pytest.fixture
def old_run(tmp_path: Path) -> Callable[[int], Path]:
    """Return a function that lays a run of an older version into a folder."""

    def lay(version: int) -> Path:
        directory = tmp_path / f"version {version}"
        directory.mkdir()
        packed = DATA / f"version_{version}.sqlite.gz"
        (directory / LEDGER_FILE).write_bytes(gzip.decompress(packed.read_bytes()))
        return directory

    return lay


def changed(run: Path, *statements: str) -> Path:
    """Return a run in which something else was stored, by the code that wrote it."""
    with closing(sqlite3.connect(run / LEDGER_FILE)) as connection, connection:
        for statement in statements:
            connection.execute(statement)
    return run


def version(run: Path) -> int:
    with closing(sqlite3.connect(run / LEDGER_FILE)) as connection:
        return migrations.version_of(connection)


def everything(ledger: Ledger) -> dict[str, Any]:
    """Return all that a ledger can tell."""
    facts = ("settings", "origins", "seeds", "shown", "templates", "draw")
    lists = [
        ledger.replies, ledger.sent, ledger.batches, ledger.lineages, ledger.tasks, ledger.instances, ledger.rejections,
        ledger.verdicts, ledger.faults,
    ]  # fmt: skip
    return {
        **{name: ledger.fact(name) for name in facts},
        **{read.__name__: list(read()) for read in lists},  # type: ignore[operator]
        "spending": ledger.spending(),
        "refused": ledger.count_rejections(),
        "instances in all": ledger.count_instances(),
        "progress": ledger.progress,
        "ahead": ledger.instruction_attempts_from(0),
    }


@every_version
def test_a_reader_sees_all_of_it_and_leaves_it_as_it_is(old_run: Callable[[int], Path], old: int) -> None:
    run = old_run(old)
    before = (run / LEDGER_FILE).read_bytes()
    with Ledger.open(run, read_only=True) as ledger:
        assert ledger.spending() == SPENT[old]
        assert {stored.reply.model for stored in ledger.replies()} == {"offline"}
        assert {task.attempt for task in ledger.tasks()} == {1}
        assert ledger.faults() == []
    assert (run / LEDGER_FILE).read_bytes() == before
    assert [path.name for path in run.iterdir()] == [LEDGER_FILE]
    assert version(run) == old


@every_version
def test_a_writer_brings_it_up_to_date_once_and_then_it_says_the_same(old_run: Callable[[int], Path], old: int) -> None:
    run = old_run(old)
    with Ledger.open(run, read_only=True) as before:
        said = everything(before)
    for _ in range(2):
        with Ledger.open(run) as ledger:
            assert everything(ledger) == said
        assert version(run) == VERSION
    with Ledger.open(run, read_only=True) as ledger:
        assert everything(ledger) == said


@every_version
def test_it_then_has_the_tables_of_a_new_one(old_run: Callable[[int], Path], tmp_path: Path, old: int) -> None:
    run = old_run(old)
    Ledger.open(run).close()
    Ledger.create(tmp_path / "new", {}).close()

    def tables(directory: Path) -> set[str]:
        with closing(sqlite3.connect(directory / LEDGER_FILE)) as connection:
            found = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
            return {sql.replace('"', "") for (sql,) in found}

    assert tables(run) == tables(tmp_path / "new")


def test_a_refusal_that_was_stored_as_a_reply_is_one(old_run: Callable[[int], Path]) -> None:
    run = changed(
        old_run(2),
        "UPDATE replies SET text = 'flagged', finish_reason = 'refused' WHERE stage = 'classification' AND request = 0",
    )
    request = RequestId(StageName.CLASSIFICATION, 0, 0)
    for read_only in (True, False):
        with Ledger.open(run, read_only=read_only) as ledger:
            assert ledger.reply(request) == Refusal("flagged", "offline")
            kinds = [type(each.reply) for each in ledger.replies() if each.request.request == 0]
            assert kinds.count(Refusal) == 7
            ended = ledger._execute("SELECT ended, COUNT(*) FROM replies GROUP BY ended").fetchall()
            assert dict(ended) == {"refused": 7, "length": 2, "stop": 13}


def test_counts_that_no_provider_can_have_meant_are_uncounted(old_run: Callable[[int], Path]) -> None:
    run = changed(
        old_run(2),
        f"UPDATE replies SET input_tokens = {2**62} WHERE stage = 'instances'",
        "UPDATE replies SET output_tokens = -5 WHERE stage = 'instructions'",
    )
    for read_only in (True, False):
        with Ledger.open(run, read_only=read_only) as ledger:
            spent = {stage: each for (stage, _, _), each in ledger.spending().items()}
            assert (spent[StageName.INSTANCES].unreported, spent[StageName.INSTANCES].usage.input_tokens) == (8, None)
            assert (spent[StageName.INSTRUCTIONS].unreported, spent[StageName.INSTRUCTIONS].usage.output_tokens) == (2, None)


def test_the_attempt_that_brought_a_task_is_told_by_the_length_of_the_first_reply(old_run: Callable[[int], Path]) -> None:
    again = "INSERT INTO replies (stage, request, item, attempt, text) VALUES ('instructions', 1, 0, 2, 'Name a river.')"
    shorter = "UPDATE replies SET text = 'x' || char(0) || 'Sorry.' WHERE stage = 'instructions' AND request = 1"
    run = changed(old_run(2), again, shorter + " AND attempt = 1")
    for read_only in (True, False):
        with Ledger.open(run, read_only=read_only) as ledger:
            attempts = {task.id: task.attempt for task in ledger.tasks()}
    second = {TaskId(1, item) for item in (109, 360, 497, 623)}  # beyond the eight characters of the first reply
    assert {task for task, attempt in attempts.items() if attempt == 2} == second


def test_a_reader_goes_on_while_a_writer_brings_it_up_to_date(old_run: Callable[[int], Path]) -> None:
    run = changed(old_run(2), "UPDATE replies SET finish_reason = 'refused' WHERE stage = 'classification'")
    with Ledger.open(run, read_only=True) as reader:
        said = everything(reader)
        with Ledger.open(run) as writer:
            assert everything(reader) == said == everything(writer)
            writer.set_progress(Progress(9, 0, 8, 0))
            assert reader.progress.request == 9
        assert reader.spending() == said["spending"]


def test_a_disk_that_is_too_full_for_it_leaves_it_as_it_was(old_run: Callable[[int], Path]) -> None:
    run = old_run(2)
    with Ledger.open(run, read_only=True) as ledger:
        said = everything(ledger)
    for share in (0.2, 0.8, 1.2):
        size = int((run / LEDGER_FILE).stat().st_size * share)
        with file_size_limit(size), pytest.raises(LedgerError, match="nothing decided is lost: mend that"):
            Ledger.open(run)
        assert version(run) == 2
        with Ledger.open(run, read_only=True) as ledger:
            assert everything(ledger) == said
    Ledger.open(run).close()
    assert version(run) == VERSION


# going on


def test_it_is_looked_at_and_goes_on(command: Command, old_run: Callable[[int], Path]) -> None:
    run = old_run(1)
    assert command("status", run).code == 0
    done = command("generate", "--run", run, "--num-instructions", 5)
    assert (done.code, done.out) == (0, f"done: 5 instructions kept in {run}\n")
    with Ledger.open(run, read_only=True) as ledger:
        assert {model for _, model, _ in ledger.spending()} == {"offline"}
        assert spent_in(ledger).requests == 11


def test_a_run_that_stopped_within_a_reply_goes_on_behind_what_it_had_decided(old_run: Callable[[int], Path]) -> None:
    with Ledger.open(old_run(2)) as ledger:
        assert ledger.progress == Progress(1, 0, 1, 0, position=7)
        decided, refused = list(ledger.tasks()), list(ledger.rejections())
        plan = RunPlan.of(ledger)
        decide_stored(ledger, RunPlan(plan.settings.without_target(), plan.origins, plan.seeds, plan.shown, plan.templates, 2))
        tasks = list(ledger.tasks())
        assert tasks[: len(decided)] == decided
        assert [task.id for task in tasks[len(decided) :]] == [TaskId(1, 792)]
        assert list(ledger.rejections()) == refused
        assert ledger.progress == Progress(2, 0, 1, 0)


def test_it_draws_the_demonstrations_that_its_prompts_show(old_run: Callable[[int], Path]) -> None:
    with Ledger.open(old_run(2), read_only=True) as ledger:
        plan = RunPlan.of(ledger)
        pool = Pool(plan.seeds, plan.settings, plan.draw)
        pool.restore((task.id, task.instruction) for task in ledger.tasks())
        for request in (0, 1):
            prompt = ledger.prompt(request) or ""
            places = [prompt.find(f". {shown}\n") for shown in pool.demonstrations(request)]
            assert -1 not in places
            assert places == sorted(places)


@pytest.mark.parametrize(("form", "selection", "digest"), EXPORTS)
@pytest.mark.parametrize("read_only", [True, False])
def test_it_exports_what_the_code_that_wrote_it_did(
    old_run: Callable[[int], Path], tmp_path: Path, form: str, selection: Selection, digest: str, read_only: bool
) -> None:
    with Ledger.open(old_run(2), read_only=read_only) as ledger:
        export(ledger, RunPlan.of(ledger), form, tmp_path / "out", selection=selection)
    assert sha256((tmp_path / "out").read_bytes()).hexdigest() == digest


@pytest.mark.parametrize("read_only", [True, False])
def test_a_ledger_of_version_3_exports_what_the_code_that_wrote_it_did(
    old_run: Callable[[int], Path], tmp_path: Path, read_only: bool
) -> None:
    with Ledger.open(old_run(3), read_only=read_only) as ledger:
        export(ledger, RunPlan.of(ledger), "prompt-completion", tmp_path / "out")
        assert [verdict.stage for _, verdict in ledger.verdicts()] == ["judging"]
    assert sha256((tmp_path / "out").read_bytes()).hexdigest() == EXPORT_OF_3


def test_a_run_of_version_3_goes_on_and_counts_what_is_sent(command: Command, old_run: Callable[[int], Path]) -> None:
    run = old_run(3)
    done = command("generate", "--run", run, "--max-requests", 26)
    assert (done.code, done.out) == (0, f"done: 12 instructions kept in {run}\n")
    with Ledger.open(run, read_only=True) as ledger:
        assert spent_in(ledger).requests == 26
        assert list(ledger.sent()) == []


def test_a_new_run_draws_as_new_runs_do_and_a_replay_of_an_old_one_as_that_did(
    command: Command, old_run: Callable[[int], Path], tmp_path: Path
) -> None:
    assert command("replay", old_run(2), "--run", tmp_path / "again").code == 0
    assert command("generate", "--run", tmp_path / "new", "--num-instructions", 1).code == 0
    for name, draw in (("again", 2), ("new", 3)):
        with Ledger.open(tmp_path / name, read_only=True) as ledger:
            assert (ledger.fact("draw"), RunPlan.of(ledger).draw) == (draw, draw)
            assert isinstance(ledger.reply(RequestId(StageName.INSTRUCTIONS, 0)), Reply)
