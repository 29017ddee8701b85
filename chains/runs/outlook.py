"""What is to be expected of a run, with a range: pure arithmetic on what its requests have brought so far.

How many tasks a request brings is taken as gamma-distributed around the mean of those seen, the conjugate of a Poisson count,
widened by how much the counts really scatter (quasi-Poisson); its quantiles are Wilson and Hilferty's. Only the latest requests
count, since the yield falls as the pool grows. Ranges hold nine times in ten as long as the run goes on as it did; those of
tokens, money and time know of the yield alone.
Sources: Gelman et al. 2013, "Bayesian data analysis", 2.6; Wilson and Hilferty 1931, "The distribution of chi-square".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from math import ceil, floor, fsum, sqrt
from typing import Any

LATEST = 50
"""Requests whose yield is looked at."""
Z = 1.645  # of a normal distribution, a twentieth lies above
_JEFFREYS = 0.5  # tasks: what is assumed of a rate of which nothing is known
_TYPICAL = 1.5  # scatter, as a multiple of a Poisson count's ...
_WEIGHT = 3  # ... and how many requests that weighs
_LEAST_SCATTER = 0.1
_NEVER = 0.02  # of the mean; a yield that may be lower has no most requests


@dataclass(frozen=True, slots=True)
class Range:
    """An estimate and where it lies nine times in ten; `high` is None where there is no saying."""

    likely: float
    low: float
    high: float | None

    def plus(self, other: Range) -> Range:
        """Return the sum."""
        high = None if self.high is None or other.high is None else self.high + other.high
        return Range(self.likely + other.likely, self.low + other.low, high)

    def times(self, factor: float) -> Range:
        """Return a multiple."""
        return Range(self.likely * factor, self.low * factor, None if self.high is None else self.high * factor)

    def fields(self) -> dict[str, float | None]:
        """Return it as JSON values."""
        return {name: _rounded(getattr(self, name)) for name in ("likely", "low", "high")}

    @classmethod
    def exactly(cls, value: float) -> Range:
        """Return the range of what is certain."""
        return cls(value, value, value)


@dataclass(frozen=True, slots=True)
class StageLeft:
    """The requests that a stage is likely to take yet; tokens, US dollars and seconds of one, None where not known."""

    requests: Range
    tokens: float | None
    cost: float | None
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is to be expected: the tasks that a request brings, and what it takes to the target from here.

    `cost` is in US dollars. None where it is not known: nobody counted tokens, has a price, or saw an answer's time.
    """

    kept_each: Range
    requests: Range
    tokens: Range | None
    cost: Range | None
    seconds: Range | None

    def fields(self) -> dict[str, Any]:
        """Return it as JSON values."""
        names = {"kept_each": "kept_per_request", "cost": "cost_usd"}
        found = {name: getattr(self, name) for name in self.__slots__}
        return {names.get(name, name): value and value.fields() for name, value in found.items()}


def kept_per_request(kept: Sequence[int]) -> Range:
    """Return how many tasks a request brings, by what each of at least one brought.

    >>> kept_per_request([5, 3, 4, 6, 2, 4])
    Range(likely=4.0, low=2.8..., high=5.3...)
    """
    mean, scatter, weight = _moments(kept)
    low, high = _quantiles(scatter / weight)
    return Range(mean, mean * low, mean * high)


def requests_for(missing: int, kept: Sequence[int]) -> Range:
    """Return how many more requests bring `missing` tasks, by what each of at least one brought so far.

    >>> requests_for(40, [5, 3, 4, 6, 2, 4])
    Range(likely=10.0, low=7, high=16)
    """
    if missing <= 0:
        return Range.exactly(0)
    mean, scatter, weight = _moments(kept)
    low, high = _quantiles(scatter / weight + scatter / missing)  # of the mean, and of the requests to come
    most = ceil(missing / mean / low) if low > _NEVER else None
    return Range(missing / mean, max(1, floor(missing / mean / high)), most)


def outlook(kept: Sequence[int], stages: Iterable[StageLeft], parallel: float | None) -> Outlook:
    """Return what is to be expected; `parallel` is how many requests are under way at once, None where nobody knows."""
    stages = list(stages)
    seconds = _in_all(stages, [stage.seconds for stage in stages])
    return Outlook(
        kept_each=kept_per_request(kept),
        requests=reduce(Range.plus, (stage.requests for stage in stages)),
        tokens=_in_all(stages, [stage.tokens for stage in stages]),
        cost=_in_all(stages, [stage.cost for stage in stages]),
        seconds=seconds.times(1 / parallel) if seconds and parallel else None,
    )


def _in_all(stages: Sequence[StageLeft], each: Sequence[float | None]) -> Range | None:
    found = Range.exactly(0)
    for stage, one in zip(stages, each, strict=True):
        if stage.requests.likely and one is None:
            return None
        found = found.plus(stage.requests.times(one or 0))
    return found


def _moments(kept: Sequence[int]) -> tuple[float, float, float]:
    """Return the mean of some counts, their variance as a multiple of it, and the tasks that speak for the mean."""
    weight = sum(kept) + _JEFFREYS
    mean = sum(kept) / len(kept) or _JEFFREYS / len(kept)
    squares = fsum((each - mean) ** 2 for each in kept) / mean if sum(kept) else 0
    scatter = (_TYPICAL * _WEIGHT + squares) / (_WEIGHT + len(kept) - 1)
    return mean, max(scatter, _LEAST_SCATTER), weight


def _quantiles(variance: float) -> tuple[float, float]:
    """Return the 5th and the 95th percentile of a gamma distribution of mean 1."""
    ninth = variance / 9
    low, high = (max(0.0, 1 - ninth + sign * Z * sqrt(ninth)) ** 3 for sign in (-1, 1))
    return low, high


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.4g}")
