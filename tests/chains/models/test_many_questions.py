"""Ten thousand questions in flight or waiting: the work grows with their number alone, counted and not timed."""

import asyncio
from random import Random
from typing import Any

import pytest
from support.questions import question
from support.virtual_time import VirtualTimeLoop

from self_instruct.chains.models.question import Question
from self_instruct.chains.models.retrying import RetryingAsker, RetryState, _Waits
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Reply


class CountingLoop(VirtualTimeLoop):
    """Counts what it is given to do: every waking is one step."""

    steps = 0

    def call_soon(self, *args: Any, **kwargs: Any) -> Any:
        self.steps += 1
        return super().call_soon(*args, **kwargs)

    def call_at(self, *args: Any, **kwargs: Any) -> Any:
        self.steps += 1
        return super().call_at(*args, **kwargs)


def steps_each(questions: int, *, slots: int, failing: bool) -> float:
    """Return the steps for each of some questions asked at once; those that fail do so once, and wait all together."""
    seen: list[RetryState] = []
    tried: set[object] = set()

    async def provider(asked: Question) -> Reply:
        await asyncio.sleep(1)
        if failing and asked.id not in tried:
            tried.add(asked.id)
            raise ModelUnavailableError("reset by peer", kind="reset")
        return Reply("an answer")

    async def work() -> None:
        await asyncio.gather(*(asker(question(number)) for number in range(questions)))

    asker = RetryingAsker(
        provider, retries=1, timeout_s=300, concurrency=slots, on_change=lambda: seen.append(asker.state()), random=Random(0)
    )
    with asyncio.Runner(loop_factory=CountingLoop) as runner:
        runner.run(work())
        assert len(seen) < 10, "who waits is reported once a second, all together"
        loop: Any = runner.get_loop()
        return float(loop.steps) / questions


@pytest.mark.parametrize(("slots", "failing"), [(64, False), (10_000, True)], ids=["for a slot", "for another try"])
def test_each_question_takes_the_same_work_however_many_wait(slots: int, failing: bool) -> None:
    few, many = (steps_each(questions, slots=slots, failing=failing) for questions in (1_000, 10_000))
    assert many < 1.2 * few


def test_with_ten_thousand_waiting_it_is_known_at_once_who_is_first() -> None:
    compared = 0

    class Moment(float):
        def __lt__(self, other: float) -> bool:
            nonlocal compared
            compared += 1
            return float(self) < float(other)

    waits = _Waits()
    numbers = [waits.begin(Moment(until % 997)) for until in range(10_000)]
    for number in numbers:
        assert waits.first >= 0
        waits.end(number)
    assert waits.count == 0
    assert compared < 10_000 * 60
