"""How sure a mean is: bootstrap intervals over tasks, and the interval of a paired difference.

Tasks are drawn with replacement, each with all its instances, since instances of one task are alike; the mean stays one over
instances. Source: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", the percentile interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

RESAMPLES = 10_000
SHARE = 95  # percent
_AT_ONCE = 2**19  # tasks drawn at a time: of four columns 16 MB


@dataclass(frozen=True, slots=True)
class Interval:
    """The bounds of a 95 % interval."""

    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether zero lies outside."""
        return self.low > 0 or self.high < 0


def bootstrap(
    values: Mapping[str, Sequence[float]], tasks: Sequence[str], *, resamples: int = RESAMPLES, seed: int = 0
) -> dict[str, Interval | None]:
    """Return the interval of the mean of each column of `values`, all from the same resamples.

    `tasks` names the task of each place. With fewer than two tasks there is nothing to draw, and no interval.
    """
    import numpy as np

    names, place = np.unique(np.asarray(tasks, dtype=str), return_inverse=True)
    if len(names) < 2:
        return dict.fromkeys(values)
    sizes = np.bincount(place).astype(float)
    sums = np.stack([np.bincount(place, weights=np.asarray(column, dtype=float)) for column in values.values()], axis=1)
    means = _resampled(np.column_stack([sums, sizes]), resamples, np.random.default_rng(seed))
    low, high = np.percentile(means, [(100 - SHARE) / 2, (100 + SHARE) / 2], axis=0)
    return {name: Interval(float(low[at]), float(high[at])) for at, name in enumerate(values)}


def _resampled(
    sums: np.ndarray[tuple[int, int], np.dtype[np.float64]], resamples: int, random: np.random.Generator
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Return the mean of each column in each resample; the last column of `sums` has the tasks' sizes."""
    import numpy as np

    tasks = len(sums)
    at_once = max(1, _AT_ONCE // tasks)
    drawn = []
    for begin in range(0, resamples, at_once):
        rows = min(at_once, resamples - begin)
        totals = sums[random.integers(tasks, size=(rows, tasks))].sum(axis=1)
        drawn.append(totals[:, :-1] / totals[:, -1:])
    return np.concatenate(drawn)
