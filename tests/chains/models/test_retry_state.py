"""What is seen of retrying while it goes on, and what becomes of it when the event loop itself is late."""

import asyncio
from typing import Any

import pytest
from support.flaky_provider import ANSWER, FlakyProvider, all_of, failing, overload, retrying
from support.questions import question
from support.virtual_time import run_virtually

from self_instruct.chains.models.question import Question
from self_instruct.chains.models.retrying import RetryState
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply


def test_the_state_says_who_waits_for_how_long_and_why() -> None:
    seen: list[RetryState] = []
    provider = FlakyProvider(failing(1, lambda: overload(retry_after_s=3)))
    asker = retrying(provider, on_change=lambda: seen.append(asker.state()))
    run_virtually(asker(question()))
    expected = [
        RetryState(8, 16, {"429 Too Many Requests": 1}, waiting=1, next_try_s=left_s, why="429 Too Many Requests")
        for left_s in (3, 2, 1)
    ]
    assert seen[:3] == expected
    assert asker.state().waiting == 0


def test_a_state_cannot_be_changed() -> None:
    state = retrying(FlakyProvider(failing(0))).state()
    with pytest.raises(TypeError, match="frozen"):
        state.failed["timeout"] = 1  # type: ignore[index]


def test_many_that_wait_are_reported_once_a_second_together() -> None:
    seen: list[int] = []
    asker = retrying(FlakyProvider(failing(500)), concurrency=500, on_change=lambda: seen.append(asker.state().waiting))
    _, seconds = run_virtually(all_of(asker, range(500)))
    assert len(seen) <= seconds + 2


@pytest.mark.parametrize("at", [1, 3])
def test_a_display_that_fails_ends_the_waiting_and_surfaces(at: int) -> None:
    shown: list[int] = []

    def show() -> None:
        shown.append(1)
        if len(shown) == at:
            raise ZeroDivisionError

    asker = retrying(FlakyProvider(failing(9, lambda: overload(retry_after_s=200))), on_change=show)
    with pytest.raises(ZeroDivisionError):
        run_virtually(all_of(asker, range(3)))


# when the event loop was late


def busy(seconds: float) -> None:
    """Let the event loop do nothing for a while, and all its timers be late."""
    loop: Any = asyncio.get_running_loop()
    loop.jump(seconds)


async def lies_in_a_socket(asked: Question) -> Reply:
    """Answer after 20 ms, to be read in a few rounds of the event loop."""
    await asyncio.sleep(0.02)
    for _ in range(5):
        await asyncio.sleep(0)
    return ANSWER


def test_an_answer_that_came_in_time_is_read_though_the_event_loop_was_late() -> None:
    async def work() -> Reply | Refusal:
        asking = asyncio.ensure_future(retrying(lies_in_a_socket, timeout_s=0.2, retries=0)(question()))
        await asyncio.sleep(0.001)
        busy(0.5)
        return await asking

    assert run_virtually(work())[0] == ANSWER


def test_a_try_that_has_no_answer_is_broken_off_though_the_event_loop_was_late() -> None:
    async def work() -> None:
        asking = asyncio.ensure_future(retrying(FlakyProvider(lambda _: 3600.0), timeout_s=0.1, retries=0)(question()))
        await asyncio.sleep(0.001)
        busy(0.3)
        with pytest.raises(ModelUnavailableError, match=r"no answer within 0\.1 s"):
            await asking

    assert run_virtually(work())[1] < 1
