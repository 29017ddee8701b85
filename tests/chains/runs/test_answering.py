"""A list of questions answered to its end, or as far as signals, the provider and the budget let it."""

import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from langchain_core.prompt_values import StringPromptValue
from support.runs import spent_in
from support.scripted import plan

from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.answering import answer_all
from self_instruct.chains.runs.listener import Listener
from self_instruct.chains.runs.outcome import AskingSnapshot, Ending, Outcome
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.errors import ModelDeniedError, ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply, Usage
from self_instruct.settings.settings import Settings

QUESTIONS = [
    Question(RequestId("judging", n), StringPromptValue(text=f"question {n}"), {"max_tokens": 5}, "m") for n in range(40)
]


class Answering:
    """Answers each question, after calling `first` with its number."""

    def __init__(self, first: Callable[[int], object] = lambda _: None) -> None:
        self.asked: Counter[int] = Counter()
        self._first = first

    async def __call__(self, question: Question) -> Reply | Refusal:
        self.asked[question.id.request] += 1
        self._first(question.id.request)
        return Reply("yes", "stop", Usage(7, 3))


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.create(tmp_path / "run", plan().facts()) as made:
        yield made


def ask(ledger: Ledger, asker: Answering, **settings: object) -> Outcome:
    return answer_all(ledger, QUESTIONS, asker, Settings(concurrency=4, **{"retries": 0, **settings}))


def raising(error: Exception, at: int) -> Callable[[int], None]:
    def first(number: int) -> None:
        if number == at:
            raise error

    return first


def test_all_is_answered_and_said_as_it_goes(ledger: Ledger) -> None:
    said: list[AskingSnapshot] = []
    outcome = answer_all(ledger, QUESTIONS, Answering(), Settings(), Listener(said.append))
    assert (outcome.ending, [each.answered for each in said]) == (Ending.DONE, list(range(1, 41)))
    assert (said[-1].total, said[-1].spent.requests, said[-1].in_flight) == (40, 40, 0)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_lets_what_is_in_flight_arrive_and_the_next_start_asks_the_rest(ledger: Ledger, number: int) -> None:
    asker = Answering(lambda at: at == 10 and os.kill(os.getpid(), number))
    outcome = ask(ledger, asker)
    assert outcome.ending is Ending.INTERRUPTED
    assert spent_in(ledger).requests == len(asker.asked) < 40
    again = Answering()
    assert ask(ledger, again).ending is Ending.DONE
    assert not asker.asked.keys() & again.asked.keys()


def test_a_provider_that_cannot_answer_ends_it(ledger: Ledger) -> None:
    outcome = ask(ledger, Answering(raising(ModelUnavailableError("503"), 10)))
    assert outcome.ending is Ending.UNAVAILABLE
    assert outcome.sentence.startswith("the model could not answer: 503")


@pytest.mark.parametrize("error", [ModelDeniedError("401"), KeyError("ours")])
def test_what_time_does_not_cure_is_raised_with_what_arrived_stored(ledger: Ledger, error: Exception) -> None:
    asker = Answering(raising(error, 10))
    with pytest.raises(type(error)):
        ask(ledger, asker)
    assert spent_in(ledger).requests == len(asker.asked) - 1


def test_a_budget_ends_it_and_is_named(ledger: Ledger) -> None:
    outcome = ask(ledger, Answering(), max_requests=15)
    assert (outcome.ending, outcome.short_of, spent_in(ledger).requests) == (Ending.BUDGET, "max_requests", 15)
