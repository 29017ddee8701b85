"""The retry layer: what is asked again, after how long, and when it is enough. No time passes here but virtual time."""

import asyncio
import traceback
from random import Random
from typing import Any

import pytest
from support.flaky_provider import ANSWER, FlakyProvider, Script, all_of, failing, overload, retrying
from support.questions import question
from support.virtual_time import run_virtually

from self_instruct.chains.models.provider_errors import NO_CONNECTION
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.retrying import (
    LONGEST_RETRY_AFTER_S,
    LONGEST_WAIT_S,
    PATIENCE_S,
    UNREACHED_S,
    RetryingAsker,
)
from self_instruct.records.errors import ModelDeniedError, ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply


def ask_once(provider: FlakyProvider, random: Random | None = None, **settings: Any) -> tuple[Reply | Refusal, float]:
    """Return the reply of a single request, and the seconds it took."""
    return run_virtually(retrying(provider, random, **settings)(question()))


# waiting


def test_a_failed_try_is_made_again_after_waits_that_double_up_to_a_limit() -> None:
    provider = FlakyProvider(failing(8))
    assert ask_once(provider)[0] == ANSWER
    assert provider.waits == pytest.approx([1, 2, 4, 8, 16, 32, LONGEST_WAIT_S, LONGEST_WAIT_S])


def test_a_wait_is_a_random_part_of_the_longest() -> None:
    waits = []
    for number in range(200):
        provider = FlakyProvider(failing(1))
        ask_once(provider, Random(number))
        waits += provider.waits
    assert 0 <= min(waits) < 0.1
    assert 0.9 < max(waits) <= 1


def test_a_provider_that_says_how_long_to_wait_is_obeyed() -> None:
    provider = FlakyProvider(failing(2, lambda: overload(retry_after_s=20)))
    ask_once(provider)
    assert provider.waits == pytest.approx([20, 20])


def test_a_provider_that_says_to_wait_less_than_our_own_wait_has_no_say() -> None:
    provider = FlakyProvider(failing(4, lambda: overload(retry_after_s=0.5)))
    ask_once(provider)
    assert provider.waits == pytest.approx([1, 2, 4, 8])


def test_no_other_request_is_sent_while_a_provider_asks_to_wait() -> None:
    provider = FlakyProvider(lambda number: overload(retry_after_s=20) if number == 0 else None)
    asker = retrying(provider)

    async def work() -> None:
        first = asyncio.ensure_future(asker(question()))
        await asyncio.sleep(1)
        await asyncio.gather(first, all_of(asker, range(5)))

    run_virtually(work())
    assert provider.tried_at == pytest.approx([0, *[20] * 6])


def test_a_try_that_takes_too_long_is_broken_off_and_made_again() -> None:
    provider = FlakyProvider(lambda number: 1e9 if number == 0 else None)
    reply, seconds = ask_once(provider, timeout_s=30)
    assert reply == ANSWER
    assert seconds == pytest.approx(30 + 1)
    assert provider.under_way == 0


# fewer at once


def many(provider: FlakyProvider, requests: int, **settings: Any) -> tuple[RetryingAsker, float]:
    asker = retrying(provider, Random(0), **settings)
    return asker, run_virtually(all_of(asker, range(requests)))[1]


def test_a_burst_of_overloads_halves_what_is_sent_at_once_one_time() -> None:
    provider = FlakyProvider(failing(16), latency_s=0.1)
    asker, _ = many(provider, 16, concurrency=16)
    assert provider.most_under_way <= 16
    assert 8 <= asker.state().slots <= 10
    assert asker.state().failed == {"429 Too Many Requests": 16}


def test_what_is_no_overload_narrows_nothing() -> None:
    asker, _ = many(FlakyProvider(failing(8, lambda: ModelUnavailableError("reset by peer", kind="ConnectionError"))), 16)
    assert asker.state().slots == 16


def test_a_provider_that_takes_four_at_once_gets_about_four_at_once() -> None:
    provider = FlakyProvider(lambda number: 1.0)

    async def limited(asked: Question) -> Reply:
        if provider.under_way >= 4:
            raise overload()
        return await provider(asked)

    asker = retrying(limited, Random(0), concurrency=64, retries=50)
    _, seconds = run_virtually(all_of(asker, range(400)))
    assert provider.most_under_way == 4
    assert seconds < 1.6 * 400 / 4, "the four slots are well used"
    assert sum(asker.state().failed.values()) < 400, "and few tries are in vain"


# enough


def test_a_request_is_tried_no_more_often_than_it_may_be() -> None:
    provider = FlakyProvider(failing(99))
    with pytest.raises(ModelUnavailableError, match=r"slow down \(tried 4 times\)"):
        ask_once(provider, retries=3)
    assert len(provider.tried_at) == 4


def test_without_retries_the_first_failure_is_the_last() -> None:
    provider = FlakyProvider(failing(99))
    with pytest.raises(ModelUnavailableError, match=r"slow down \(tried once\)"):
        ask_once(provider, retries=0)


def test_what_time_cannot_cure_is_not_tried_again() -> None:
    provider = FlakyProvider(failing(99, lambda: ModelDeniedError("401")))
    with pytest.raises(ModelDeniedError, match="401"):
        ask_once(provider)
    assert len(provider.tried_at) == 1


@pytest.mark.parametrize("retry_after_s", [LONGEST_RETRY_AFTER_S + 1, 86_400, float("inf")])
def test_a_provider_that_says_to_wait_for_hours_is_not_waited_for(retry_after_s: float) -> None:
    provider = FlakyProvider(failing(99, lambda: overload(retry_after_s)))
    with pytest.raises(ModelUnavailableError, match=r"slow down .*would not help"):
        ask_once(provider)
    assert provider.tried_at == [0]


@pytest.mark.parametrize("script", [failing(10**9), failing(10**9, lambda: overload(120)), lambda number: 1e9])
def test_if_nothing_is_answered_the_effort_ends_in_minutes(script: Script) -> None:
    provider = FlakyProvider(script)

    async def work() -> None:
        asker = retrying(provider, Random(0), retries=1_000_000, timeout_s=60)
        with pytest.raises(ModelUnavailableError, match="nothing was answered for 3"):
            await all_of(asker, range(64))

    _, seconds = run_virtually(work())
    assert PATIENCE_S <= seconds < PATIENCE_S + 120


def unconnected() -> ModelUnavailableError:
    return ModelUnavailableError("refused", kind=NO_CONNECTION)


def test_a_server_that_was_never_reached_is_given_up_after_some_seconds() -> None:
    provider = FlakyProvider(failing(10**6, unconnected))
    with pytest.raises(ModelUnavailableError, match=r"^refused \(the server was not reached for 1\d s\)$"):
        ask_once(provider, Random(0))
    assert UNREACHED_S <= provider.tried_at[-1] < UNREACHED_S + 10
    silent = FlakyProvider(lambda number: unconnected(), latency_s=UNREACHED_S)
    with pytest.raises(ModelUnavailableError, match="not reached for 10 s"):
        ask_once(silent)
    assert silent.tried_at == [0]


def test_a_server_that_was_reached_before_is_waited_for_as_ever() -> None:
    for first in (None, overload()):
        provider = FlakyProvider(lambda number, first=first: first if number == 0 else unconnected() if number < 8 else None)
        asker = retrying(provider)
        answers, seconds = run_virtually(all_of(asker, range(2)))
        assert answers == [ANSWER, ANSWER]
        assert seconds > UNREACHED_S + 2


def test_a_single_answer_renews_the_patience() -> None:
    answers_from = [200.0, 450.0]  # seconds

    def script(number: int) -> Exception | None:
        if answers_from and asyncio.get_running_loop().time() > answers_from[0]:
            del answers_from[0]
            return None
        return overload()

    _, seconds = many(FlakyProvider(script), 2, retries=1_000_000, timeout_s=60)
    assert seconds > PATIENCE_S + 100


def test_a_time_in_which_nothing_was_asked_tries_no_patience() -> None:
    async def two_hours_apart() -> Reply | Refusal:
        asker = retrying(FlakyProvider(lambda number: overload() if number == 1 else None))
        await asker(question())
        await asyncio.sleep(7200)  # while a batch is waited for
        return await asker(question())

    answered, _ = run_virtually(two_hours_apart())
    assert answered == ANSWER


def test_a_stop_ends_all_waiting_but_not_what_is_under_way() -> None:
    provider = FlakyProvider(lambda number: 5.0 if number == 0 else overload(retry_after_s=200))
    asker = retrying(provider)

    async def work() -> list[Any]:
        asking = (asker(question(number)) for number in range(8))
        waiting = asyncio.gather(*asking, return_exceptions=True)
        await asyncio.sleep(1)
        asker.stop()
        return await waiting

    results, seconds = run_virtually(work())
    assert results[0] == ANSWER
    assert all(isinstance(each, ModelUnavailableError) for each in results[1:])
    assert seconds == pytest.approx(5)


@pytest.mark.parametrize("retries", [0, 8])
def test_a_question_that_comes_after_the_stop_is_told_so_and_no_more(retries: int) -> None:
    provider = FlakyProvider(failing(0))
    asker = retrying(provider, retries=retries)

    async def work() -> None:
        asker.stop()
        with pytest.raises(ModelUnavailableError, match=r"^the run was stopped$"):
            await asker(question())

    assert run_virtually(work())[1] == 0
    assert provider.tried_at == []


def test_many_questions_are_all_answered_though_a_fifth_of_the_tries_fails() -> None:
    fails = Random(1)
    provider = FlakyProvider(lambda number: overload() if fails.random() < 0.2 else None, latency_s=0.1)
    asker = retrying(provider, Random(0))
    answers, _ = run_virtually(all_of(asker, range(200)))
    assert answers == [ANSWER] * 200
    assert sum(asker.state().failed.values()) == len(provider.tried_at) - 200 > 20


def test_a_denied_model_ends_the_waits_of_the_other_questions() -> None:
    provider = FlakyProvider(lambda number: ModelDeniedError("401") if number == 3 else overload(retry_after_s=250))
    asker = retrying(provider, concurrency=4)

    async def work() -> list[Any]:
        return await asyncio.gather(*(asker(question(number)) for number in range(20)), return_exceptions=True)

    results, seconds = run_virtually(work())
    assert {type(each) for each in results} == {ModelDeniedError}
    assert (len(provider.tried_at), seconds) == (4, 0)


# a fault of our own


async def broken_deep_down(asked: Question) -> Reply:
    raise KeyError("choices")


def test_a_fault_of_our_own_is_neither_asked_again_nor_dressed_up_and_what_is_under_way_is_let_finish() -> None:
    provider = FlakyProvider(lambda number: KeyError("choices") if number == 2 else 5.0)
    asker = retrying(provider, concurrency=3)

    async def work() -> list[Any]:
        return await asyncio.gather(*(asker(question(number)) for number in range(50)), return_exceptions=True)

    results, seconds = run_virtually(work())
    assert results[:2] == [ANSWER, ANSWER]
    assert {type(each) for each in results[2:]} == {KeyError}
    assert (len(provider.tried_at), seconds) == (3, 5)


def test_the_traceback_of_a_fault_is_that_of_its_origin_however_many_hear_of_it() -> None:
    asker = retrying(broken_deep_down, concurrency=1)

    async def work() -> list[Any]:
        return await asyncio.gather(*(asker(question(number)) for number in range(100)), return_exceptions=True)

    for error in run_virtually(work())[0]:
        told = "".join(traceback.format_exception(error))
        assert "in broken_deep_down" in told
        assert len(told.splitlines()) < 40
