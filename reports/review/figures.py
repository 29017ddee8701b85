"""A figure with its 95 % interval, and the intervals of shares.

Sources: Wilson 1927; Zou & Donner 2008, "Construction of confidence limits about effect measures" (MOVER), for a sum of shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

from self_instruct.reports.text import NOTHING

Z = 1.959963984540054  # of 95 %


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and the bounds of its 95 % interval; None where it is undefined, or cannot be told."""

    value: float | None
    interval: tuple[float, float] | None = None

    @property
    def percent(self) -> str:
        """A share in percent, or a dash."""
        return NOTHING if self.value is None else f"{100 * self.value:.0f} %"

    @property
    def percents(self) -> str:
        """The interval of a share in percent, or a dash."""
        return NOTHING if self.interval is None else f"{100 * self.interval[0]:.0f} to {100 * self.interval[1]:.0f} %"

    @property
    def with_percents(self) -> str:
        """A share in percent with its interval, such as `54 % [47 to 61 %]`."""
        return self.percent if self.interval is None else f"{self.percent} [{self.percents}]"

    @property
    def with_bounds(self) -> str:
        """A figure that is no share with its interval, such as `0.57 [0.41, 0.70]`."""
        if self.value is None:
            return NOTHING
        return f"{self.value:.2f}" + (f" [{self.interval[0]:.2f}, {self.interval[1]:.2f}]" if self.interval else "")


def wilson(yes: float, of: float) -> Figure:
    """Return a share with its interval by Wilson's score; undefined of none.

    >>> paper = wilson(108, 200)
    >>> [round(bound, 2) for bound in paper.interval]
    [0.47, 0.61]
    """
    if of <= 0:
        return Figure(None)
    share = yes / of
    middle = (share + Z**2 / (2 * of)) / (1 + Z**2 / of)
    half = Z / (1 + Z**2 / of) * sqrt(share * (1 - share) / of + Z**2 / (4 * of**2))
    return Figure(share, (0.0 if yes == 0 else middle - half, 1.0 if yes == of else middle + half))


def stratified(strata: Sequence[tuple[float, int, int]], shares_known_from: int | None = None) -> Figure:
    """Return the share in a whole of strata `(share of the whole, yes, of)`, each with a random sample of at least one.

    The interval joins those of the strata (MOVER), so it keeps its width where all of a stratum's answers are the same. Where
    the shares of the strata are themselves only known from so many random instances, that is added.

    >>> stratified([(0.5, 10, 10), (0.5, 0, 10)]).value
    0.5
    """
    found = [(weight, wilson(yes, of)) for weight, yes, of in strata]
    whole = below = above = square = 0.0
    for weight, each in found:
        assert each.value is not None  # noqa: S101  for the type checker
        assert each.interval is not None  # noqa: S101
        whole += weight * each.value
        square += weight * each.value**2
        below += (weight * (each.value - each.interval[0])) ** 2
        above += (weight * (each.interval[1] - each.value)) ** 2
    more = Z**2 * max(0.0, square - whole**2) / shares_known_from if shares_known_from else 0.0
    return Figure(whole, (max(0.0, whole - sqrt(below + more)), min(1.0, whole + sqrt(above + more))))
