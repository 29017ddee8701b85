"""What a kill loses is counted once against the budget, and asked again last."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.runs import spent_in
from support.scripted import ScriptedAsker, dataset, plan

from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply

PRICES = {"openai:m": {"input": 2, "output": 8}}


class Killed:
    """An asker whose run is ended as by a kill when it has answered so many questions; the others are never answered.

    It counts what goes out and knows what was answered, over all starts.
    """

    def __init__(self, answers: ScriptedAsker) -> None:
        self._answers = answers
        self.sent: Counter[RequestId] = Counter()
        self.answered: set[RequestId] = set()
        self.looks: Callable[[Question], None] = lambda _: None
        self._left = 0
        self._run: asyncio.Task[Outcome]

    def run(self, folder: Path, answered: int, **settings: Any) -> Outcome | None:
        """Start the run, or let it go on; None where it was killed."""
        self._left = answered
        settled = plan(**settings)
        with Ledger.open(folder) if Ledger.exists(folder) else Ledger.create(folder, settled.facts()) as ledger:
            with suppress(asyncio.CancelledError):
                return asyncio.run(self._main(Loop(ledger, settled, self)))
            return None

    async def _main(self, loop: Loop) -> Outcome:
        self._run = asyncio.ensure_future(loop.run())
        return await self._run

    async def __call__(self, question: Question) -> Reply | Refusal:
        self.looks(question)
        self.sent[question.id] += 1
        await asyncio.sleep(0)
        self._left -= 1
        if self._left >= 0:
            self.answered.add(question.id)
            return await self._answers(question)
        for _ in range(50):  # what is answered is stored by then
            await asyncio.sleep(0)
        self._run.cancel()
        return await asyncio.Future()


def held_in(folder: Path) -> dict[str, Any]:
    with Ledger.open(folder, read_only=True) as ledger:
        return dataset(ledger)


# budgets


def test_what_was_in_flight_at_a_kill_counts_once_against_max_requests(tmp_path: Path) -> None:
    asker = Killed(ScriptedAsker(shuffle=Random(1)))
    settings = {"num_instructions": 200, "max_requests": 100, "concurrency": 16}
    for answered in (5, 0, 11, 30):
        assert asker.run(tmp_path, answered, **settings) is None
    with Ledger.open(tmp_path) as ledger:
        spent, answers = spent_in(ledger), sum(1 for _ in ledger.replies())
    assert (spent.requests, spent.unanswered) == (asker.sent.total(), asker.sent.total() - answers)
    outcome = asker.run(tmp_path, 1000, **settings)
    assert outcome is not None
    assert (outcome.ending, outcome.short_of) == (Ending.BUDGET, "max_requests")
    assert asker.sent.total() == 100
    assert asker.run(tmp_path, 1000, **settings) == outcome, "a run that goes on has no new budget"


@pytest.mark.parametrize(
    "limit", [{"max_tokens": 60_000}, {"max_cost": "0.2", "model": "openai:m", "prices": PRICES}], ids=["tokens", "cost"]
)
def test_what_was_in_flight_at_a_kill_counts_by_its_bound_against_tokens_and_cost(
    tmp_path: Path, limit: dict[str, Any]
) -> None:
    asker = Killed(ScriptedAsker())
    outcome = None
    for _ in range(20):
        outcome = outcome or asker.run(tmp_path, 2, num_instructions=200, **limit)
    assert outcome is not None
    assert outcome.ending is Ending.BUDGET
    with Ledger.open(tmp_path) as ledger:
        spent = spent_in(ledger)
    tokens = spent.usage.plus(spent.at_most)
    lost, paid = spent.at_most, spent.usage
    assert spent.unanswered == asker.sent.total() - (spent.requests - spent.unanswered)
    if "max_tokens" in limit:
        assert (tokens.input_tokens or 0) + (tokens.output_tokens or 0) <= limit["max_tokens"]
        assert (paid.input_tokens or 0) + (paid.output_tokens or 0) < (lost.input_tokens or 0) + (lost.output_tokens or 0)
    else:
        assert 2 * (tokens.input_tokens or 0) + 8 * (tokens.output_tokens or 0) <= 0.2e6


def test_no_request_goes_out_before_that_is_durable(tmp_path: Path) -> None:
    def is_noted(question: Question) -> None:
        with Ledger.open(tmp_path, read_only=True) as other:
            assert question.id in {sent.request for sent in other.sent()}

    asker = Killed(ScriptedAsker(shuffle=Random(3)))
    asker.looks = is_noted
    outcome = asker.run(tmp_path, 1000, num_instructions=12)
    assert outcome is not None
    assert outcome.ending is Ending.DONE, outcome.sentence
    with Ledger.open(tmp_path) as ledger:
        assert list(ledger.sent()) == []


def test_a_request_that_ended_in_an_error_is_not_counted(tmp_path: Path) -> None:
    def fail(request: RequestId) -> None:
        if request.request == 2:
            raise ModelUnavailableError("503")

    asker = ScriptedAsker(fail=fail)
    settled = plan(num_instructions=40)
    with Ledger.create(tmp_path, settled.facts()) as ledger:
        assert asyncio.run(Loop(ledger, settled, asker).run()).ending is Ending.UNAVAILABLE
        assert (spent_in(ledger).requests, spent_in(ledger).unanswered) == (asker.asked.total() - 1, 0)


def test_a_request_called_off_by_its_asker_stops_the_run_and_counts(tmp_path: Path) -> None:
    def fail(request: RequestId) -> None:
        if request.request == 2:
            raise asyncio.CancelledError

    asker = ScriptedAsker(fail=fail)
    settled = plan(num_instructions=40)
    with Ledger.create(tmp_path, settled.facts()) as ledger:
        outcome = asyncio.run(Loop(ledger, settled, asker).run())
        assert outcome.ending is Ending.UNAVAILABLE
        assert outcome.sentence == "the model could not answer: a request was called off while it was under way"
        assert (spent_in(ledger).requests, spent_in(ledger).unanswered) == (asker.asked.total(), 1)


# the order


@pytest.mark.parametrize(("answered", "most"), [(0, 6), (1, 6), (3, 5)])
def test_ten_kills_ask_no_question_often_while_others_were_asked_less(tmp_path: Path, answered: int, most: int) -> None:
    settings = {"num_instructions": 150, "concurrency": 8}
    asker = Killed(ScriptedAsker())
    for _ in range(10):
        before = asker.sent.copy()
        lost = {request: times for request, times in before.items() if request not in asker.answered}
        assert asker.run(tmp_path / "run", answered, **settings) is None
        again = {request for request in lost if asker.sent[request] > before[request]}
        assert max((lost[one] for one in again), default=0) <= min((lost[one] for one in lost.keys() - again), default=10)
    assert asker.run(tmp_path / "run", 1000, **settings) == Outcome(Ending.DONE, "150 instructions kept")
    assert max(asker.sent.values()) <= most
    calm = Killed(ScriptedAsker())
    calm.run(tmp_path / "calm", 1000, **settings)
    assert held_in(tmp_path / "run") == held_in(tmp_path / "calm")
    assert set(calm.sent.values()) == {1}
