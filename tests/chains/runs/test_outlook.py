"""What is to be expected of a run: the ranges hold for requests as they really scatter."""

from collections.abc import Callable
from itertools import count
from math import exp
from random import Random

import pytest

from self_instruct.chains.runs.outlook import Range, StageLeft, kept_per_request, outlook, requests_for

Draw = Callable[[Random, float], int]


def poisson(random: Random, mean: float) -> int:
    limit, product = exp(-mean), random.random()
    for number in count():
        if product <= limit:
            return number
        product *= random.random()
    raise AssertionError


def scattered(random: Random, mean: float) -> int:
    """A Poisson count whose mean differs from request to request."""
    return poisson(random, random.gammavariate(1.5, mean / 1.5))


def of_eight(random: Random, mean: float) -> int:
    return sum(random.random() < mean / 8 for _ in range(8))


@pytest.mark.parametrize("draw", [poisson, scattered, of_eight])
@pytest.mark.parametrize(("mean", "requests"), [(1.0, 12), (2.0, 40), (5.0, 10)])
def test_the_ranges_hold_about_nine_times_in_ten(draw: Draw, mean: float, requests: int) -> None:
    random, held, held_requests, trials = Random(7), 0, 0, 300
    for _ in range(trials):
        seen = [draw(random, mean) for _ in range(requests)]
        kept, needed = kept_per_request(seen), requests_for(100, seen)
        assert kept.high is not None
        held += kept.low <= mean <= kept.high
        missing, taken = 100, 0
        while missing > 0:
            missing -= draw(random, mean)
            taken += 1
        held_requests += needed.low <= taken and (needed.high is None or taken <= needed.high)
    assert held > 0.8 * trials
    assert held_requests > 0.8 * trials


def test_a_range_narrows_with_experience() -> None:
    widths = [(found.high or 0) - found.low for found in (kept_per_request([4, 6, 5] * times) for times in (1, 3, 12))]
    assert widths == sorted(widths, reverse=True)


def test_requests_that_bring_nothing_have_no_most() -> None:
    found = requests_for(10, [0] * 5)
    assert found.high is None
    assert found.low >= 1
    assert kept_per_request([0] * 5).low < 0.01


def test_a_run_with_its_target_needs_nothing() -> None:
    assert requests_for(0, [3]) == Range(0, 0, 0)


def test_tokens_cost_and_time_follow_the_requests() -> None:
    left = [StageLeft(Range(10, 5, 20), 100, 0.5, 2), StageLeft(Range.exactly(40), 10, 0.0, 1)]
    found = outlook([4, 4], left, parallel=2)
    assert found.requests == Range(50, 45, 60)
    assert found.tokens == Range(1400, 900, 2400)
    assert found.cost == Range(5, 2.5, 10)
    assert found.seconds == Range(30, 25, 40)
    assert found.fields()["requests"] == {"likely": 50, "low": 45, "high": 60}
    assert found.fields()["cost_usd"]["high"] == 10


def test_what_nobody_knows_of_one_stage_is_not_known_of_all_unless_it_asks_nothing() -> None:
    unknown = StageLeft(Range.exactly(3), None, None, None)
    first = StageLeft(Range.exactly(1), 10, 1, 1)
    found = outlook([4], [first, unknown], parallel=1)
    assert (found.tokens, found.cost, found.seconds) == (None, None, None)
    idle = StageLeft(Range.exactly(0), None, None, None)
    assert outlook([4], [first, idle], parallel=None).tokens == Range.exactly(10)
