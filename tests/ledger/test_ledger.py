"""What a ledger keeps, and how it lies on the disk."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.ledger import LEDGER_FILE, Ledger, Progress, RequestId, Spent, StoredReply, TaskId
from self_instruct.records.errors import LedgerError
from self_instruct.records.replies import Reply, Usage
from self_instruct.records.tasks import Instance, Reason, Rejection, Stage

FACTS: dict[str, Any] = {"settings": {"seed": 1}, "note": "déjà vu 漢字"}
FIRST = RequestId(Stage.INSTRUCTIONS, 0)
texts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "run", FACTS) as ledger:
        yield ledger


# what it keeps


@given(text=texts, finish_reason=st.none() | texts, prompt=st.none() | texts)
def test_a_reply_comes_back_as_it_was_stored(
    tmp_path_factory: pytest.TempPathFactory, text: str, finish_reason: str | None, prompt: str | None
) -> None:
    stored = StoredReply(FIRST, Reply(text, finish_reason, Usage(3, None, 2, 1), "openai:m"), prompt, Usage(9, None))
    with Ledger.create(tmp_path_factory.mktemp("run"), {}) as ledger:
        ledger.store_reply(stored.request, stored.reply, stored.prompt, stored.at_most)
        assert list(ledger.replies()) == [stored]
        assert ledger.reply(FIRST) == stored.reply
        assert ledger.prompt(0) == prompt


def test_a_reply_survives_the_death_of_the_process_that_stored_it(tmp_path: Path) -> None:
    dying = (
        "import os, sys; from pathlib import Path; from self_instruct.ledger import Ledger, RequestId;"
        "from self_instruct.records import Reply, Stage;"
        "ledger = Ledger.create(Path(sys.argv[1]), {});"
        "ledger.store_reply(RequestId(Stage.INSTRUCTIONS, 0), Reply('paid for'));"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", dying, str(tmp_path)], check=False).returncode == -9
    with Ledger.open(tmp_path) as ledger:
        assert ledger.reply(FIRST) == Reply("paid for")


def test_a_second_reply_to_the_same_request_is_refused(ledger: Ledger) -> None:
    ledger.store_reply(FIRST, Reply("one"))
    with pytest.raises(LedgerError, match="UNIQUE"):
        ledger.store_reply(FIRST, Reply("two"))
    assert ledger.reply(FIRST) == Reply("one")


def test_what_a_transaction_wrote_before_an_error_is_undone(ledger: Ledger) -> None:
    def fail_in_the_middle() -> None:
        with ledger.transaction():
            ledger.add_task(TaskId(0, 0), "Name a river.")
            ledger.set_progress(Progress(7, 0, 7, 0))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail_in_the_middle()
    assert list(ledger.tasks()) == []
    assert ledger.progress == Progress(0, 0, -1, 0)


def test_tasks_instances_and_rejections_come_back_in_the_order_of_the_pool(ledger: Ledger) -> None:
    refused = Rejection(Stage.INSTANCES, Reason.EMPTY_OUTPUT, "", 5, {"input": "x", "score": 0.5})
    with ledger.transaction():
        for task in (TaskId(2, 0), TaskId(1, 40), TaskId(1, 5)):
            ledger.add_task(task, f"task {task.request} {task.item}")
        ledger.add_instances(TaskId(1, 5), [Instance("b", "1"), Instance("a", "2")])
        ledger.add_rejections(1, [(0, refused)])
        ledger.set_awaits(TaskId(1, 5), None, True)
    assert [(task.id, task.is_classification) for task in ledger.tasks()] == [
        (TaskId(1, 5), True),
        (TaskId(1, 40), None),
        (TaskId(2, 0), None),
    ]
    assert list(ledger.instances()) == [(TaskId(1, 5), Instance("b", "1")), (TaskId(1, 5), Instance("a", "2"))]
    assert list(ledger.rejections()) == [(TaskId(1, 5), refused)]
    assert ledger.count_rejections() == {(Stage.INSTANCES, Reason.EMPTY_OUTPUT): 1}


def test_spending_counts_requests_whose_provider_counts_no_tokens(ledger: Ledger) -> None:
    ledger.store_reply(FIRST, Reply("a", usage=Usage(10, 5, 3), model="m"), None, Usage(100, 50))
    ledger.store_reply(RequestId(Stage.CLASSIFICATION, 0), Reply("Yes", model="n"), None, Usage(40, 4))
    ledger.store_reply(RequestId(Stage.CLASSIFICATION, 1), Reply("Yes", usage=Usage(7, 1, reasoning_tokens=1), model="n"))
    ledger.store_reply(RequestId(Stage.CLASSIFICATION, 2), Reply("No"))
    assert ledger.spending() == {
        (Stage.CLASSIFICATION, None): Spent(1, 1),
        (Stage.CLASSIFICATION, "n"): Spent(2, 1, Usage(7, 1, None, 1), Usage(40, 4)),
        (Stage.INSTRUCTIONS, "m"): Spent(1, 0, Usage(10, 5, 3)),
    }
    assert ledger.spent() == Spent(4, 2, Usage(17, 6, 3, 1), Usage(40, 4))


def test_a_fact_that_was_never_stored_is_none(ledger: Ledger) -> None:
    assert ledger.fact("note") == FACTS["note"]
    assert ledger.fact("nothing") is None


# how it lies on the disk


def test_a_closed_run_is_one_file_beside_its_lock_and_reading_it_leaves_no_other(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, FACTS) as ledger:
        ledger.store_reply(FIRST, Reply("a"))
    with Ledger.open(tmp_path, read_only=True) as ledger:
        assert ledger.reply(FIRST) == Reply("a")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger.lock", LEDGER_FILE]


def test_a_reader_sees_what_a_writer_stores_and_keeps_it_from_nothing(tmp_path: Path) -> None:
    with Ledger.create(tmp_path, FACTS) as writer, Ledger.open(tmp_path, read_only=True) as reader:
        with reader.snapshot():
            before = reader.spent()
            writer.store_reply(FIRST, Reply("a"))
            assert reader.spent() == before
        assert reader.spent().requests == 1


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    Ledger.create(tmp_path, FACTS).close()
    with Ledger.open(tmp_path, read_only=True) as reader, pytest.raises(LedgerError, match="readonly"):
        reader.set_fact("note", "other")


def test_a_run_is_not_made_where_one_is(tmp_path: Path) -> None:
    Ledger.create(tmp_path, FACTS).close()
    with pytest.raises(LedgerError, match="exists already; continue it with generate, or choose another --run"):
        Ledger.create(tmp_path, {})
    with Ledger.open(tmp_path) as ledger:
        assert ledger.fact("note") == FACTS["note"]
