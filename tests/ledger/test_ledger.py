"""What a ledger keeps, and how it lies on the disk."""

import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.runs import spent_in

from self_instruct.ledger import LEDGER_FILE, Ledger, Progress, RequestId, Spent, StoredReply, StoredTask, TaskId
from self_instruct.records.errors import LedgerError
from self_instruct.records.replies import Refusal, Reply, Served, Usage
from self_instruct.records.tasks import Instance, Reason, Rejection, StageName, Verdict
from self_instruct.settings.sections import Price

FACTS: dict[str, Any] = {"settings": {"seed": 1}, "note": "déjà vu 漢字"}
FIRST = RequestId(StageName.INSTRUCTIONS, 0)
SERVED = Served("m-2026-11-01", "req_1", 1_764_000_000.25, 1.5)
PRICE = Price(input=Decimal("0.4"), output=Decimal(100), cached_input=None)
texts = st.text(st.characters(exclude_categories=["Cs"]))
counts = st.none() | st.integers(0, 2**31)
decimals = st.decimals(0, 1000, places=4)
prices = st.none() | st.builds(Price, input=decimals, output=decimals, cached_input=st.none() | decimals)
moments = st.none() | st.floats(allow_nan=False, allow_infinity=False)
served = st.builds(Served, st.none() | texts, st.none() | texts, moments, moments)
replies = st.builds(
    Reply, texts, st.none() | texts, st.builds(Usage, counts, counts, counts, counts), st.none() | texts, served
)
refusals = st.builds(Refusal, texts, st.none() | texts, served)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "run", FACTS) as ledger:
        yield ledger


@pytest.fixture(scope="module")
def filling(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A ledger that goes on filling, one for all examples of a property."""
    with Ledger.create(tmp_path_factory.mktemp("filling"), {}) as ledger:
        yield ledger


# what it keeps


@given(reply=replies | refusals, prompt=st.none() | texts, at_most=st.builds(Usage, counts, counts), price=prices)
def test_a_reply_or_a_refusal_comes_back_as_it_was_stored(
    filling: Ledger, reply: Reply | Refusal, prompt: str | None, at_most: Usage, price: Price | None
) -> None:
    stored = StoredReply(RequestId(StageName.INSTRUCTIONS, len(list(filling.replies()))), reply, prompt, at_most, price)
    filling.store_reply(stored.request, reply, prompt=prompt, at_most=at_most, price=price)
    assert [each for each in filling.replies() if each.request == stored.request] == [stored]
    assert filling.reply(stored.request) == filling.stored_reply(stored.request) == reply
    assert filling.prompt(stored.request.request) == prompt
    assert filling.faults() == []


def test_a_time_that_is_no_number_is_stored_as_unknown(ledger: Ledger) -> None:
    ledger.store_reply(FIRST, Reply("a", served=Served("m", None, float("nan"), 3)))
    assert ledger.reply(FIRST) == Reply("a", served=Served("m", None, None, 3.0))


def test_a_request_is_told_from_those_about_other_instances_and_from_other_attempts(ledger: Ledger) -> None:
    asked = [RequestId("judging", 1, 40, attempt, instance) for attempt in (1, 2) for instance in (0, 1)]
    for number, request in enumerate(asked):
        ledger.store_reply(request, Reply(f"{number}"))
    assert [ledger.reply(request) for request in asked] == [Reply(f"{number}") for number in range(4)]
    assert ledger.reply(RequestId("judging", 1, 40, 3)) is None
    with pytest.raises(LedgerError, match="the reply to judging request 1 is gone"):
        ledger.stored_reply(RequestId("judging", 1, 40, 3))


@pytest.mark.parametrize(
    ("finish_reason", "ended"),
    [("stop", "stop"), ("FinishReason.MAX_TOKENS", "length"), ("SAFETY", "filtered"), ("odd", "other"), (None, None)],
)
def test_why_a_reply_ended_is_stored_in_the_providers_word_and_in_ours(
    ledger: Ledger, finish_reason: str | None, ended: str | None
) -> None:
    ledger.store_reply(FIRST, Reply("a", finish_reason))
    assert ledger._execute("SELECT finish_reason, ended FROM replies").fetchall() == [(finish_reason, ended)]


@pytest.mark.parametrize("count", [-1, 2**31 + 1, 2**62, 10**30, "12", 1.5, True])
def test_a_count_that_no_provider_can_mean_is_stored_as_uncounted(ledger: Ledger, count: Any) -> None:
    ledger.store_reply(FIRST, Reply("a", usage=Usage(count, 5, count, count)), at_most=Usage(70, 2**40))
    assert ledger.reply(FIRST) == Reply("a", usage=Usage(None, 5))
    assert spent_in(ledger) == Spent(1, 1, Usage(None, 5), Usage(70, 2**31))


def test_a_reply_survives_the_death_of_the_process_that_stored_it(tmp_path: Path) -> None:
    dying = (
        "import os, sys; from pathlib import Path; from self_instruct.ledger import Ledger, RequestId;"
        "from self_instruct.records import Reply, StageName;"
        "ledger = Ledger.create(Path(sys.argv[1]), {});"
        "ledger.store_reply(RequestId(StageName.INSTRUCTIONS, 0), Reply('paid for'));"
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
            ledger.add_task(StoredTask(TaskId(0, 0), "Name a river.", None, None))
            ledger.set_progress(Progress(7, 0, 7, 0))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        fail_in_the_middle()
    assert list(ledger.tasks()) == []
    assert ledger.progress == Progress(0, 0, -1, 0)


def test_tasks_instances_and_rejections_come_back_in_the_order_of_the_pool(ledger: Ledger) -> None:
    refused = Rejection(StageName.INSTANCES, Reason.EMPTY_OUTPUT, "", 5, {"input": "x", "score": 0.5})
    own = Rejection("difficulty", "too easy", "x", 5)
    finished = StoredTask(TaskId(1, 5), "first", True, None)
    tasks = [
        StoredTask(TaskId(2, 0), "third", None, RequestId(StageName.CLASSIFICATION, 2, 0)),
        StoredTask(TaskId(1, 40), "second", False, RequestId("judging", 1, 40, 2, 3), attempt=2),
        StoredTask(TaskId(1, 5), "first", None, RequestId(StageName.INSTANCES, 1, 5)),
    ]
    with ledger.transaction():
        for task in tasks:
            ledger.add_task(task)
        ledger.add_instances(TaskId(1, 5), [Instance("b", "1"), Instance("a", "2")])
        ledger.add_instances(TaskId(1, 40), [Instance("", "3")])
        ledger.add_rejections(1, [(0, refused), (0, own)])
        ledger.update_task(finished)
    assert list(ledger.tasks()) == [finished, tasks[1], tasks[0]]
    assert [one.output for _, one in ledger.instances()] == ["1", "2", "3"]
    assert ledger.instances_of(TaskId(1, 5)) == (Instance("b", "1"), Instance("a", "2"))
    assert ledger.instances_of(TaskId(2, 0)) == ()
    assert list(ledger.rejections()) == [(TaskId(1, 5), own), (TaskId(1, 5), refused)]
    assert ledger.count_rejections() == {("difficulty", "too easy"): 1, (StageName.INSTANCES, Reason.EMPTY_OUTPUT): 1}
    assert ledger.faults() == []


def test_stages_come_back_as_plain_text_and_reasons_of_ours_as_reasons(ledger: Ledger) -> None:
    ledger.add_rejections(
        0, [(0, Rejection(StageName.INSTANCES, Reason.EMPTY, "")), (1, Rejection(StageName.INSTANCES, "too easy", ""))]
    )
    assert [type(each.reason) for _, each in ledger.rejections()] == [Reason, str]
    assert {type(stage) for stage, _ in ledger.count_rejections()} == {str}
    assert {type(each.stage) for _, each in ledger.rejections()} == {str}


def test_verdicts_come_back_with_their_task_in_the_order_of_the_pool(ledger: Ledger) -> None:
    first, second, third = Verdict("judging", 0, {"score": 4}), Verdict("judging", 1, {"why": "é"}), Verdict("rating", 1, {})
    for task in (TaskId(0, 7), TaskId(0, 0)):
        ledger.add_task(StoredTask(task, "Name a river.", False, None))
    ledger.add_verdicts(TaskId(0, 7), [third, second])
    ledger.add_verdicts(TaskId(0, 0), iter([first]))
    assert list(ledger.verdicts()) == [(TaskId(0, 0), first), (TaskId(0, 7), second), (TaskId(0, 7), third)]


def test_progress_comes_back_with_its_offset(ledger: Ledger) -> None:
    for progress in (Progress(4, 120, 3, 2), Progress(4, 0, 3, 2, position=7)):
        ledger.set_progress(progress)
        assert ledger.progress == progress


def test_spending_counts_requests_whose_provider_counts_no_tokens(ledger: Ledger) -> None:
    ledger.store_reply(FIRST, Reply("a", usage=Usage(10, 5, 3), model="m"), at_most=Usage(100, 50))
    ledger.store_reply(RequestId(StageName.CLASSIFICATION, 0), Refusal("no", model="n"), at_most=Usage(40, 4))
    ledger.store_reply(RequestId(StageName.CLASSIFICATION, 1), Reply("Yes", usage=Usage(7, 1, reasoning_tokens=1), model="n"))
    ledger.store_reply(RequestId(StageName.CLASSIFICATION, 2), Reply("No"))
    assert ledger.spending() == {
        (StageName.CLASSIFICATION, None, None): Spent(1, 1),
        (StageName.CLASSIFICATION, "n", None): Spent(2, 1, Usage(7, 1, None, 1), Usage(40, 4)),
        (StageName.INSTRUCTIONS, "m", None): Spent(1, 0, Usage(10, 5, 3)),
    }
    assert spent_in(ledger) == Spent(4, 2, Usage(17, 6, 3, 1), Usage(40, 4))


def test_spending_is_told_apart_by_the_price_that_was_paid(ledger: Ledger) -> None:
    same = Price(input=Decimal("0.40"), output=Decimal("1E+2"))
    for number, price in enumerate([PRICE, same, Price(input=1, output=2, cached_input=0), None]):
        ledger.store_reply(RequestId(StageName.INSTANCES, number), Reply("a", usage=Usage(1, 1)), price=price)
    paid = {price: spent.requests for (_, _, price), spent in ledger.spending().items()}
    assert paid == {None: 1, PRICE: 2, Price(input=1, output=2, cached_input=0): 1}


def test_a_ledger_has_replies_from_the_first_one_on(ledger: Ledger) -> None:
    assert not ledger.has_replies
    ledger.store_reply(FIRST, Reply("a", served=SERVED))
    assert ledger.has_replies


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
            before = spent_in(reader)
            writer.store_reply(FIRST, Reply("a"))
            assert spent_in(reader) == before
        assert spent_in(reader).requests == 1


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    Ledger.create(tmp_path, FACTS).close()
    with Ledger.open(tmp_path, read_only=True) as reader, pytest.raises(LedgerError, match="readonly"):
        reader.set_fact("note", "other")


def test_a_run_is_not_made_where_one_is(tmp_path: Path) -> None:
    Ledger.create(tmp_path, FACTS).close()
    with pytest.raises(LedgerError, match="exists already; continue it with generate, or choose another `run`"):
        Ledger.create(tmp_path, {})
    with Ledger.open(tmp_path) as ledger:
        assert ledger.fact("note") == FACTS["note"]
