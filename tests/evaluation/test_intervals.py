"""Bootstrap intervals over tasks."""

import pytest

from self_instruct.evaluation.intervals import bootstrap


def test_the_interval_of_a_mean_is_that_of_the_normal_distribution_where_it_is_known() -> None:
    values = [float(number % 2) for number in range(400)]
    found = bootstrap({"x": values}, [str(number) for number in range(400)])["x"]
    assert found is not None
    assert (found.low, found.high) == (pytest.approx(0.5 - 0.049, abs=0.006), pytest.approx(0.5 + 0.049, abs=0.006))


def test_instances_of_one_task_are_drawn_together() -> None:
    values = [0.0] * 50 + [1.0] * 50
    together = bootstrap({"x": values}, ["a"] * 50 + ["b"] * 50)["x"]
    apart = bootstrap({"x": values}, [str(number) for number in range(100)])["x"]
    assert together is not None
    assert apart is not None
    assert (together.low, together.high) == (0.0, 1.0)
    assert apart.high - apart.low < 0.25


def test_the_mean_stays_one_over_instances() -> None:
    found = bootstrap({"x": [1.0] * 9 + [0.0]}, ["large"] * 9 + ["small"], resamples=2000)["x"]
    assert found is not None
    assert (found.low, found.high) == (0.0, 1.0)


def test_a_single_task_has_no_interval() -> None:
    assert bootstrap({"x": [1.0, 0.0]}, ["a", "a"]) == {"x": None}


def test_the_same_seed_gives_the_same_interval() -> None:
    values, tasks = {"x": [float(number) for number in range(30)]}, [str(number // 2) for number in range(30)]
    assert bootstrap(values, tasks) == bootstrap(values, tasks)
