"""The gate that all tries of a run pass: how wide it is, when it pauses, and how it is closed."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.virtual_time import run_virtually

from self_instruct.chains.models.throttle import Throttle
from self_instruct.records.errors import ModelDeniedError


async def held(throttle: Throttle, seconds: float, most: list[int], under_way: list[int]) -> None:
    async with throttle.slot():
        under_way.append(1)
        most.append(len(under_way))
        await asyncio.sleep(seconds)
        under_way.pop()


def together(*work: Coroutine[Any, Any, None]) -> float:
    async def all_of_it() -> None:
        await asyncio.gather(*work)

    return run_virtually(all_of_it())[1]


def test_no_more_than_its_slots_are_under_way_and_all_get_their_turn() -> None:
    throttle, most, under_way = Throttle(3), list[int](), list[int]()
    assert together(*(held(throttle, 1, most, under_way) for _ in range(7))) == pytest.approx(3)
    assert max(most) == 3
    assert len(most) == 7


def test_an_overload_halves_the_slots_once_for_all_that_were_sent_before_it() -> None:
    throttle = Throttle(16)

    async def burst() -> None:
        async with throttle.slot() as first, throttle.slot() as second:
            throttle.narrow(first)
            throttle.narrow(second)
        async with throttle.slot() as later:
            assert throttle.slots == 8
            throttle.narrow(later)

    together(burst())
    assert throttle.slots == 4


def test_each_round_of_answers_adds_one_slot_up_to_the_most() -> None:
    throttle = Throttle(4)

    async def overload() -> None:
        async with throttle.slot() as taken:
            throttle.narrow(taken)

    together(overload())
    slots = []
    for _ in range(12):
        slots.append(throttle.slots)
        throttle.widen()
    assert slots == [2, 2, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4]


@given(st.lists(st.booleans()), st.integers(1, 100))
def test_the_slots_are_never_below_one_or_above_the_most(overloads: list[bool], most: int) -> None:
    throttle = Throttle(most)

    async def noted() -> None:
        for is_overload in overloads:
            async with throttle.slot() as taken:
                if is_overload:
                    throttle.narrow(taken)
                else:
                    throttle.widen()
            assert 1 <= throttle.slots <= most

    together(noted())


def test_a_pause_lets_nobody_in_until_it_is_over() -> None:
    throttle, entered = Throttle(4), list[float]()

    async def enter() -> None:
        async with throttle.slot():
            entered.append(asyncio.get_running_loop().time())

    async def pause() -> None:
        async with throttle.slot() as taken:
            throttle.narrow(taken, pause_s=30)
        await asyncio.gather(enter(), enter())

    together(pause())
    assert entered == [30, 30]


def test_a_closed_gate_ends_all_waiting_at_once_and_leaves_alone_who_is_inside() -> None:
    throttle, ended = Throttle(1), list[tuple[str, float]]()
    now = lambda: asyncio.get_running_loop().time()  # noqa: E731

    async def inside() -> None:
        async with throttle.slot():
            await asyncio.sleep(10)
            ended.append(("inside", now()))

    async def outside() -> None:
        with pytest.raises(ModelDeniedError, match="401"):
            async with throttle.slot():
                pass
        ended.append(("outside", now()))

    async def asleep() -> None:
        with pytest.raises(ModelDeniedError, match="401"):
            await throttle.sleep(3600)
        ended.append(("asleep", now()))

    async def close() -> None:
        await asyncio.sleep(2)
        throttle.close(ModelDeniedError("401"))
        throttle.close(ModelDeniedError("a later reason"))

    together(inside(), outside(), asleep(), close())
    assert sorted(ended) == [("asleep", 2), ("inside", 10), ("outside", 2)]


def test_a_request_that_is_called_off_gives_its_slot_back() -> None:
    throttle, most, under_way = Throttle(1), list[int](), list[int]()

    async def call_off() -> None:
        task = asyncio.ensure_future(held(throttle, 3600, most, under_way))
        await asyncio.sleep(1)
        task.cancel()
        async with throttle.slot():
            pass

    assert together(call_off()) == 1


def test_who_waits_is_let_in_in_the_order_of_coming() -> None:
    throttle, entered = Throttle(2), list[int]()

    async def enter(number: int) -> None:
        async with throttle.slot():
            entered.append(number)
            await asyncio.sleep((number * 7) % 5)

    together(*(enter(number) for number in range(40)))
    assert entered == list(range(40))


@pytest.mark.parametrize("rounds", range(4))
def test_who_is_called_off_while_waiting_or_just_let_in_leaves_its_turn_to_the_next(rounds: int) -> None:
    throttle, entered = Throttle(1), list[str]()

    async def enter(name: str) -> None:
        async with throttle.slot():
            entered.append(name)

    async def work() -> None:
        async with throttle.slot():
            first, second = asyncio.ensure_future(enter("first")), asyncio.ensure_future(enter("second"))
            await asyncio.sleep(1)
        for _ in range(rounds):
            await asyncio.sleep(0)
        first.cancel()
        await second
        async with throttle.slot():
            entered.append("last")

    together(work())
    assert entered[-2:] == ["second", "last"]


def test_a_closed_gate_lets_nobody_in_who_was_given_a_slot_a_moment_before() -> None:
    throttle = Throttle(1)

    async def enter() -> None:
        async with throttle.slot():
            raise AssertionError("is in")

    async def work() -> None:
        async with throttle.slot():
            waiting = asyncio.ensure_future(enter())
            await asyncio.sleep(1)
        throttle.close(ModelDeniedError("401"))
        with pytest.raises(ModelDeniedError):
            await waiting

    together(work())
