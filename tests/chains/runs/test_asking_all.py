"""A plain list of questions: stored once, resumed, within the budget, and at no cost that grows with the list's square."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from langchain_core.prompt_values import StringPromptValue
from support.runs import spent_in
from support.scripted import plan

from self_instruct.chains.budgets.meter import Meter
from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.asking_all import AskingAll
from self_instruct.chains.runs.in_flight import Arrival
from self_instruct.ledger import Ledger, RequestId, SentRequest
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply, Usage
from self_instruct.settings.settings import Settings


def questions(count: int) -> Iterator[Question]:
    for number in range(count):
        yield Question(RequestId("judging", number), StringPromptValue(text=f"question {number}"), {"max_tokens": 5}, "m")


class Answering:
    """Answers each question with its number, after a few turns of the event loop, and counts what it was asked."""

    def __init__(self, fails: Any = lambda number: None) -> None:
        self.asked: Counter[int] = Counter()
        self.under_way = self.most = 0
        self._fails = fails
        self._random = Random(0)

    async def __call__(self, question: Question) -> Reply | Refusal:
        self.asked[question.id.request] += 1
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        for _ in range(self._random.randrange(5)):
            await asyncio.sleep(0)
        self.under_way -= 1
        self._fails(question.id.request)
        return Reply(f"answer {question.id.request}", "stop", Usage(7, 3))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "run", plan().facts()) as made:
        yield made


def ask(ledger: Ledger, asker: Any, count: int, concurrency: int = 16, **settings: Any) -> tuple[list[Arrival], AskingAll]:
    asking = AskingAll(ledger, questions(count), asker, Meter(Settings(**settings), ledger.spending()), concurrency)

    async def all_of_it() -> list[Arrival]:
        return [arrival async for arrival in asking]

    return asyncio.run(all_of_it()), asking


def test_every_question_is_answered_once_and_stored(ledger: Ledger) -> None:
    asker = Answering()
    arrived, asking = ask(ledger, asker, 100)
    assert {arrival.question.id.request: arrival.reply.text for arrival in arrived if isinstance(arrival.reply, Reply)} == {
        number: f"answer {number}" for number in range(100)
    }
    assert (asking.unanswered, asking.failure) == ([], None)
    assert 8 < asker.most <= 16
    assert {stored.request.request for stored in ledger.replies()} == set(range(100))


def test_a_second_start_asks_only_what_is_missing(ledger: Ledger) -> None:
    asker = Answering()
    ask(ledger, asker, 40)
    arrived, _ = ask(ledger, asker, 60)
    assert len(arrived) == 60
    assert set(asker.asked.values()) == {1}


def test_without_an_asker_it_gives_what_is_stored(ledger: Ledger) -> None:
    ask(ledger, Answering(), 5)
    arrived, asking = ask(ledger, None, 8)
    assert [arrival.question.id.request for arrival in arrived] == [0, 1, 2, 3, 4]
    assert [question.id.request for question in asking.unanswered] == [5, 6, 7]


def test_what_time_may_cure_ends_it_and_what_is_under_way_is_stored(ledger: Ledger) -> None:
    def fails(number: int) -> None:
        if number == 30:
            raise ModelUnavailableError("503")

    asker = Answering(fails)
    arrived, asking = ask(ledger, asker, 100)
    assert isinstance(asking.failure, ModelUnavailableError)
    assert len(arrived) + len(asking.unanswered) == 100
    assert len(arrived) == sum(asker.asked.values()) - 1 == spent_in(ledger).requests
    again, _ = ask(ledger, Answering(), 100)
    assert len(again) == 100


def test_the_budget_is_kept(ledger: Ledger) -> None:
    arrived, asking = ask(ledger, Answering(), 50, max_requests=20)
    assert (len(arrived), len(asking.unanswered), asking.failure) == (20, 30, None)


def test_ten_thousand_questions_in_flight_cost_no_quadratic_time(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: how often a question under way is looked at does not grow with how many are under way."""
    looks: Counter[str] = Counter()
    add = asyncio.Task.add_done_callback

    def counting(self: Any, *arguments: Any, **more: Any) -> None:
        looks["callbacks"] += 1
        add(self, *arguments, **more)

    class Counted(asyncio.Task):  # type: ignore[type-arg]
        add_done_callback = counting  # type: ignore[assignment]

    asker = Answering()

    async def all_of_it() -> int:
        asyncio.get_running_loop().set_task_factory(lambda loop, work, **more: Counted(work, loop=loop, **more))
        meter = Meter(Settings(), ledger.spending())
        return len([arrival async for arrival in AskingAll(ledger, questions(10_000), asker, meter, 10_000)])

    assert asyncio.run(all_of_it()) == 10_000
    assert asker.most > 5_000
    assert looks["callbacks"] <= 2 * 10_000


def test_what_a_kill_lost_is_asked_last_and_counted(ledger: Ledger) -> None:
    for number, sending in ((0, 1), (1, 1), (0, 2)):
        ledger.add_sent(SentRequest(RequestId("judging", number), sending, "m", Usage(100, 5)))
    order: list[int] = []
    arrived, asking = ask(ledger, Answering(order.append), 4, concurrency=1, max_requests=7)
    assert order == [2, 3, 1, 0]
    assert (len(arrived), asking.unanswered) == (4, [])
    assert (spent_in(ledger).requests, spent_in(ledger).unanswered) == (7, 3)
    _, asking = ask(ledger, Answering(), 6, concurrency=1, max_requests=7)
    assert [question.id.request for question in asking.unanswered] == [4, 5]
