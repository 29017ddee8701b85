"""The retry layer: what is asked again, after how long, and when it is enough. No time passes here but virtual time."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.scripted import ScriptedAsker, dataset, plan
from support.virtual_time import run_virtually

from self_instruct.chains.models.retrying import LONGEST_RETRY_AFTER_S, LONGEST_WAIT_S, PATIENCE_S, RetryingAsker, Weather
from self_instruct.chains.runs.loop import Ending, Loop, Outcome
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.errors import ModelDeniedError, ModelUnavailableError, SelfInstructError
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Stage
from self_instruct.settings.settings import Settings

ASKED = RequestId(Stage.INSTRUCTIONS, 0)
ANSWER = Reply("an answer")
Script = Callable[[int], SelfInstructError | float | None]
"""What the try of a number (from 0) meets: an error, an answer after so many seconds, or an answer at once."""


class Highest(Random):
    """Draws the upper end, so that waits are as long as they may be."""

    def uniform(self, a: float, b: float) -> float:
        return b


class Sky:
    """An asker whose tries meet what a script says, and which remembers when they were made."""

    def __init__(self, script: Script, latency_s: float = 0) -> None:
        self.script = script
        self.latency_s = latency_s
        self.tried_at: list[float] = []
        self.most_under_way = 0
        self.under_way = 0

    async def __call__(self, request: RequestId, given: Mapping[str, Any]) -> Reply:
        met = self.script(len(self.tried_at))
        self.tried_at.append(asyncio.get_running_loop().time())
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(met if isinstance(met, float) else self.latency_s)
        finally:
            self.under_way -= 1
        if isinstance(met, SelfInstructError):
            raise met
        return ANSWER

    @property
    def waits(self) -> list[float]:
        """The seconds between the tries."""
        return [later - earlier for earlier, later in zip(self.tried_at, self.tried_at[1:], strict=False)]


def overload(retry_after_s: float | None = None) -> ModelUnavailableError:
    kind = "429 Too Many Requests"
    return ModelUnavailableError("slow down", kind=kind, is_overload=True, retry_after_s=retry_after_s)


def failing(times: int, error: Callable[[], SelfInstructError] = overload) -> Script:
    return lambda number: error() if number < times else None


def ask_once(sky: Sky, random: Random | None = None, **settings: Any) -> tuple[Reply, float]:
    """Return the reply of a single request, and the seconds it took."""
    asker = RetryingAsker(sky, Settings.model_validate(settings), random=random or Highest())
    return run_virtually(asker(ASKED, {}))


# waiting


def test_a_failed_try_is_made_again_after_waits_that_double_up_to_a_limit() -> None:
    sky = Sky(failing(8))
    assert ask_once(sky)[0] == ANSWER
    assert sky.waits == pytest.approx([1, 2, 4, 8, 16, 32, LONGEST_WAIT_S, LONGEST_WAIT_S])


def test_a_wait_is_a_random_part_of_the_longest() -> None:
    waits = []
    for number in range(200):
        sky = Sky(failing(1))
        ask_once(sky, Random(number))
        waits += sky.waits
    assert 0 <= min(waits) < 0.1
    assert 0.9 < max(waits) <= 1


def test_a_provider_that_says_how_long_to_wait_is_obeyed() -> None:
    sky = Sky(failing(2, lambda: overload(retry_after_s=20)))
    ask_once(sky)
    assert sky.waits == pytest.approx([20, 20])


def test_a_provider_that_says_to_wait_less_than_our_own_wait_has_no_say() -> None:
    sky = Sky(failing(4, lambda: overload(retry_after_s=0.5)))
    ask_once(sky)
    assert sky.waits == pytest.approx([1, 2, 4, 8])


def test_no_other_request_is_sent_while_a_provider_asks_to_wait() -> None:
    sky = Sky(lambda number: overload(retry_after_s=20) if number == 0 else None)
    asker = RetryingAsker(sky, Settings(), random=Highest())

    async def work() -> None:
        first = asyncio.ensure_future(asker(ASKED, {}))
        await asyncio.sleep(1)
        await asyncio.gather(first, *(asker(RequestId(Stage.CLASSIFICATION, number), {}) for number in range(5)))

    run_virtually(work())
    assert sky.tried_at == pytest.approx([0, *[20] * 6])


def test_a_try_that_takes_too_long_is_broken_off_and_made_again() -> None:
    sky = Sky(lambda number: 1e9 if number == 0 else None)
    reply, seconds = ask_once(sky, timeout_s=30)
    assert reply == ANSWER
    assert seconds == pytest.approx(30 + 1)
    assert sky.under_way == 0


# fewer at once


def many(sky: Sky, requests: int, **settings: Any) -> tuple[RetryingAsker, float]:
    asker = RetryingAsker(sky, Settings.model_validate(settings), random=Random(0))

    async def work() -> None:
        await asyncio.gather(*(asker(RequestId(Stage.CLASSIFICATION, number), {}) for number in range(requests)))

    return asker, run_virtually(work())[1]


def test_a_burst_of_overloads_halves_what_is_sent_at_once_one_time() -> None:
    sky = Sky(failing(16), latency_s=0.1)
    asker, _ = many(sky, 16, concurrency=16)
    assert sky.most_under_way <= 16
    assert 8 <= asker.weather().slots <= 10
    assert asker.weather().failed == {"429 Too Many Requests": 16}


def test_what_is_no_overload_narrows_nothing() -> None:
    asker, _ = many(Sky(failing(8, lambda: ModelUnavailableError("reset by peer", kind="ConnectionError"))), 16)
    assert asker.weather().slots == 16


def test_a_provider_that_takes_four_at_once_gets_about_four_at_once() -> None:
    sky = Sky(lambda number: 1.0)

    async def limited(request: RequestId, given: Mapping[str, Any]) -> Reply:
        if sky.under_way >= 4:
            raise overload()
        return await sky(request, given)

    asker = RetryingAsker(limited, Settings(concurrency=64, retries=50), random=Random(0))

    async def work() -> None:
        await asyncio.gather(*(asker(RequestId(Stage.CLASSIFICATION, number), {}) for number in range(400)))

    _, seconds = run_virtually(work())
    assert sky.most_under_way == 4
    assert seconds < 1.6 * 400 / 4, "the four slots are well used"
    assert sum(asker.weather().failed.values()) < 400, "and few tries are in vain"


# enough


def test_a_request_is_tried_no_more_often_than_it_may_be() -> None:
    sky = Sky(failing(99))
    with pytest.raises(ModelUnavailableError, match=r"slow down \(tried 4 times\)"):
        ask_once(sky, retries=3)
    assert len(sky.tried_at) == 4


def test_without_retries_the_first_failure_is_the_last() -> None:
    sky = Sky(failing(99))
    with pytest.raises(ModelUnavailableError, match=r"slow down \(tried once\)"):
        ask_once(sky, retries=0)


def test_what_time_cannot_cure_is_not_tried_again() -> None:
    sky = Sky(failing(99, lambda: ModelDeniedError("401")))
    with pytest.raises(ModelDeniedError, match="401"):
        ask_once(sky)
    assert len(sky.tried_at) == 1


@pytest.mark.parametrize("retry_after_s", [LONGEST_RETRY_AFTER_S + 1, 86_400, float("inf")])
def test_a_provider_that_says_to_wait_for_hours_is_not_waited_for(retry_after_s: float) -> None:
    sky = Sky(failing(99, lambda: overload(retry_after_s)))
    with pytest.raises(ModelUnavailableError, match=r"slow down .*would not help"):
        ask_once(sky)
    assert sky.tried_at == [0]


@pytest.mark.parametrize("script", [failing(10**9), failing(10**9, lambda: overload(120)), lambda number: 1e9])
def test_if_nothing_is_answered_the_effort_ends_in_minutes(script: Script) -> None:
    sky = Sky(script)
    started = []

    async def work() -> None:
        asker = RetryingAsker(sky, Settings(retries=1_000_000, timeout_s=60), random=Random(0))
        started.append(asyncio.get_running_loop().time())
        with pytest.raises(ModelUnavailableError, match="nothing was answered for 3"):
            await asyncio.gather(*(asker(RequestId(Stage.CLASSIFICATION, number), {}) for number in range(64)))

    _, seconds = run_virtually(work())
    assert PATIENCE_S <= seconds < PATIENCE_S + 120


def test_a_single_answer_renews_the_patience() -> None:
    answers_from = [200.0, 450.0]  # seconds

    def script(number: int) -> SelfInstructError | None:
        if answers_from and asyncio.get_running_loop().time() > answers_from[0]:
            del answers_from[0]
            return None
        return overload()

    _, seconds = many(Sky(script), 2, retries=1_000_000, timeout_s=60)
    assert seconds > PATIENCE_S + 100


def test_a_stop_ends_all_waiting_but_not_what_is_under_way() -> None:
    sky = Sky(lambda number: 5.0 if number == 0 else overload(retry_after_s=200))
    asker = RetryingAsker(sky, Settings(), random=Highest())

    async def work() -> list[Any]:
        asking = (asker(RequestId(Stage.CLASSIFICATION, number), {}) for number in range(8))
        waiting = asyncio.gather(*asking, return_exceptions=True)
        await asyncio.sleep(1)
        asker.stop()
        return await waiting

    results, seconds = run_virtually(work())
    assert results[0] == ANSWER
    assert all(isinstance(each, ModelUnavailableError) for each in results[1:])
    assert seconds == pytest.approx(5)


# the whole loop


def run(directory: Path, asker: ScriptedAsker, **settings: Any) -> tuple[Outcome, dict[str, Any], float]:
    settled = plan(**settings)
    with Ledger.create(directory, settled.facts()) as ledger:
        retrying = RetryingAsker(asker, settled.settings, random=Random(0))
        outcome, seconds = run_virtually(Loop(ledger, settled, retrying).run())
        return outcome, dataset(ledger), seconds


def test_a_run_in_bad_weather_ends_as_in_fair_weather(tmp_path: Path) -> None:
    _, calm, _ = run(tmp_path / "calm", ScriptedAsker(), num_instructions=60)
    weather = Random(1)

    def fail(request: RequestId) -> None:
        if weather.random() < 0.2:
            raise overload()

    asker = ScriptedAsker(shuffle=Random(2), fail=fail)
    outcome, found, _ = run(tmp_path / "rough", asker, num_instructions=60)
    assert outcome.ending is Ending.DONE
    assert found == calm


def test_a_run_that_nothing_answers_stops_with_the_providers_words(tmp_path: Path) -> None:
    def fail(request: RequestId) -> None:
        raise overload()

    outcome, _, seconds = run(tmp_path, ScriptedAsker(fail=fail))
    assert outcome == Outcome(Ending.UNAVAILABLE, "the model could not answer: slow down (tried 9 times)")
    assert seconds < PATIENCE_S


def test_a_denied_model_ends_the_waits_of_the_other_requests(tmp_path: Path) -> None:
    def fail(request: RequestId) -> None:
        raise ModelDeniedError("401") if request.request == 3 else overload(retry_after_s=250)

    with pytest.raises(ModelDeniedError, match="401"):
        run(tmp_path, ScriptedAsker(shuffle=Random(0), fail=fail))


# what is seen of it


def test_the_weather_says_who_waits_for_how_long_and_why() -> None:
    seen: list[Weather] = []
    asker = RetryingAsker(
        Sky(failing(1, lambda: overload(retry_after_s=3))), Settings(concurrency=16), lambda: seen.append(asker.weather())
    )
    run_virtually(asker(ASKED, {}))
    assert seen == [
        Weather(8, 16, {"429 Too Many Requests": 1}, waiting=1, next_try_s=left_s, why="429 Too Many Requests")
        for left_s in (3, 2, 1)
    ]
    assert asker.weather().waiting == 0
