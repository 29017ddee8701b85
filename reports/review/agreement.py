"""How far raters agree: raw agreement, Cohen's, weighted and Fleiss' kappa, Krippendorff's alpha, Spearman's rho.

A figure is None where it is undefined, as a kappa is where only one label occurs: then chance alone agrees always. Items are
drawn with replacement for the intervals; since every figure depends only on how often each pattern of labels occurs, what is
drawn is how often. Sources: Cohen 1960 and 1968; Fleiss 1971; Krippendorff 2011, "Computing Krippendorff's Alpha-Reliability".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from self_instruct.reports.review.figures import Figure

if TYPE_CHECKING:
    import numpy as np

    Matrix: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.float64]]
    Codes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int64]]

RESAMPLES = 2_000
_BOUNDS = (2.5, 97.5)  # percent
_LEAST_DEFINED = 0.95  # of the resamples, for an interval
_ROUNDING = 1e-12
Weights: TypeAlias = Literal["linear", "quadratic"]
Figures: TypeAlias = dict[str, Figure]


@dataclass(frozen=True, slots=True)
class Rating:
    """The label that a rater gives an item."""

    item: str
    rater: str
    label: str


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two raters agree on the `items` that both rated; weighted kappa and Spearman's rho are of ordered labels only."""

    raters: tuple[str, str]
    items: int
    raw: Figure
    kappa: Figure
    weighted_kappa: Figure
    spearman: Figure


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far raters agree: each pair, and all of them on the `items` that two or more have rated.

    `raw` is the share of pairs of ratings of one item that are the same. `majority` has how many items got each label from more
    than half of their raters, the other items are `without_majority`. Fleiss' kappa is of the items with the most ratings.
    """

    raters: tuple[str, ...]
    items: int
    pairs: tuple[PairAgreement, ...]
    raw: Figure
    fleiss_kappa: Figure
    krippendorff_alpha: Figure
    majority: Mapping[str, int]
    without_majority: int

    def to_fields(self) -> dict[str, Any]:
        """Return it as plain values: figures by their names, their intervals beside them in `intervals`."""
        named = {name: getattr(self, name) for name in ("raw", "fleiss_kappa", "krippendorff_alpha")}
        return {
            "raters": list(self.raters), "items": self.items, "pairs": [_pair_fields(each) for each in self.pairs],
            **_with_intervals(named), "majority": dict(self.majority), "without_majority": self.without_majority,
        }  # fmt: skip


def agreement(
    ratings: Iterable[Rating], order: Sequence[str] = (), *, weights: Weights = "quadratic", resamples: int = RESAMPLES
) -> Agreement:
    """Return how far raters agree. `order` has the labels from one end to the other, where they have an order.

    Each rater rates an item at most once; a label outside `order` raises `ValueError`.

    >>> rated = [Rating(str(item), rater, label) for rater in "xy" for item, label in enumerate("AABB")]
    >>> [pair] = agreement([*rated, Rating("4", "x", "A"), Rating("4", "y", "B")]).pairs
    >>> pair.raw.value, round(pair.kappa.value, 3)
    (0.8, 0.615)
    """
    by_item: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for each in ratings:
        by_item[each.item][each.rater] = each.label
    raters = tuple(dict.fromkeys(rater for rated in by_item.values() for rater in rated))
    labels = list(order) or sorted({label for rated in by_item.values() for label in rated.values()})
    several = [list(rated.values()) for rated in by_item.values() if len(rated) > 1]
    majorities = Counter(map(_majority, several))
    return Agreement(
        raters,
        len(several),
        tuple(_pair(pair, by_item, labels, bool(order), weights, resamples) for pair in combinations(raters, 2)),
        **_of_all(several, labels, bool(order), resamples),
        majority={label: majorities[label] for label in labels},
        without_majority=majorities[None],
    )


def _majority(given: Sequence[str]) -> str | None:
    label, times = Counter(given).most_common(1)[0]
    return label if 2 * times > len(given) else None


def _pair_fields(pair: PairAgreement) -> dict[str, Any]:
    named = {name: getattr(pair, name) for name in ("raw", "kappa", "weighted_kappa", "spearman")}
    return {"raters": list(pair.raters), "items": pair.items, **_with_intervals(named)}


def _with_intervals(figures: Figures) -> dict[str, Any]:
    intervals = {name: list(each.interval) if each.interval else None for name, each in figures.items()}
    return {**{name: each.value for name, each in figures.items()}, "intervals": intervals}


def _figures(
    counts: Codes, statistics: Callable[[Matrix], dict[str, Any]], resamples: int, *, seed: int = 0
) -> dict[str, Figure]:
    """Return figures of how often each pattern occurs, with intervals. `statistics` takes a row of counts per resample."""
    import numpy as np

    items = int(counts.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        values = {name: float(found[0]) for name, found in statistics(counts[None, :].astype(float)).items()}
        if items < 2 or not resamples:
            return {name: Figure(None if np.isnan(value) else value) for name, value in values.items()}
        drawn = np.random.default_rng(seed).multinomial(items, counts / items, size=resamples).astype(float)
        found = statistics(drawn)
    return {name: Figure(None) if np.isnan(value) else Figure(value, _interval(found[name])) for name, value in values.items()}


def _interval(drawn: Codes) -> tuple[float, float] | None:
    import numpy as np

    defined = drawn[~np.isnan(drawn)]
    if len(defined) < _LEAST_DEFINED * len(drawn):
        return None
    low, high = np.percentile(defined, _BOUNDS)
    return float(low), float(high)


def _pair(
    raters: tuple[str, str], by_item: Mapping[str, Mapping[str, str]], labels: list[str], is_ordered: bool, weights: Weights,
    resamples: int,
) -> PairAgreement:  # fmt: skip
    """Return how far two raters agree."""
    import numpy as np

    place = {label: at for at, label in enumerate(labels)}
    first, second = raters
    both = [(rated[first], rated[second]) for rated in by_item.values() if first in rated and second in rated]
    names = ("raw", "kappa", "weighted_kappa", "spearman")
    if not both:
        return PairAgreement(raters, 0, **dict.fromkeys(names, Figure(None)))
    _check(both, place)
    cells = Counter((place[left], place[right]) for left, right in both)
    left, right = np.array(list(cells)).T
    found = _figures(np.array(list(cells.values())), _PairStatistics(left, right, len(labels), is_ordered, weights), resamples)
    return PairAgreement(raters, len(both), **{name: found.get(name, Figure(None)) for name in names})


def _check(rated: Iterable[Iterable[str]], place: Mapping[str, int]) -> None:
    unknown = next((label for given in rated for label in given if label not in place), None)
    if unknown is not None:
        raise ValueError(f"label {unknown!r} is none of {', '.join(place)}")


@dataclass(frozen=True, slots=True)
class _PairStatistics:
    """The figures of two raters, from how often each pair of labels (`left`, `right`) occurs in each resample."""

    left: Codes
    right: Codes
    labels: int
    is_ordered: bool
    weights: Weights

    def __call__(self, counts: Matrix) -> dict[str, Any]:
        import numpy as np

        each = np.eye(self.labels)
        items = counts.sum(axis=1)
        left, right = counts @ each[self.left], counts @ each[self.right]  # how often each label, by rater
        raw = counts @ (self.left == self.right) / items
        chance = (left * right).sum(axis=1) / items**2
        found = {"raw": raw, "kappa": _beyond(raw, chance)}
        if self.is_ordered:
            found["weighted_kappa"] = self._weighted_kappa(counts, left, right)
            found["spearman"] = self._spearman(counts, left, right)
        return found

    def _weighted_kappa(self, counts: Matrix, left: Matrix, right: Matrix) -> Any:
        import numpy as np

        places = np.arange(self.labels)
        apart = np.abs(places[:, None] - places[None, :]).astype(float) ** (2 if self.weights == "quadratic" else 1)
        items = counts.sum(axis=1)
        expected = ((left @ apart) * right).sum(axis=1) / items**2
        observed = counts @ apart[self.left, self.right] / items
        return np.where(expected > 0, 1 - observed / expected, np.nan)

    def _spearman(self, counts: Matrix, left: Matrix, right: Matrix) -> Any:
        import numpy as np

        x, y = (_ranks(each) - (counts.sum(axis=1, keepdims=True) + 1) / 2 for each in (left, right))
        together = (counts * x[:, self.left] * y[:, self.right]).sum(axis=1)
        spread = np.sqrt((left * x**2).sum(axis=1) * (right * y**2).sum(axis=1))
        return np.where(spread > 0, together / spread, np.nan)


def _beyond(agreeing: Any, chance: Any) -> Any:
    """Return how far agreement goes beyond that of chance; undefined where chance agrees always."""
    import numpy as np

    return np.where(1 - chance > _ROUNDING, (agreeing - chance) / (1 - chance), np.nan)


def _ranks(counts: Matrix) -> Any:
    """Return the mean rank of each label, for each row of how often it occurs."""
    import numpy as np

    return np.cumsum(counts, axis=1) - (counts - 1) / 2


def _of_all(several: list[list[str]], labels: list[str], is_ordered: bool, resamples: int) -> Figures:
    """Return the figures of all raters together, from the labels of each item that has two or more."""
    import numpy as np

    names = ("raw", "fleiss_kappa", "krippendorff_alpha")
    if not several:
        return dict.fromkeys(names, Figure(None))
    place = {label: at for at, label in enumerate(labels)}
    _check(several, place)
    patterns = Counter(tuple(sorted(place[label] for label in given)) for given in several)
    table = np.array([np.bincount(pattern, minlength=len(labels)) for pattern in patterns]).astype(float)
    return _figures(np.array(list(patterns.values())), _StatisticsOfAll(table, is_ordered), resamples)


@dataclass(frozen=True, slots=True)
class _StatisticsOfAll:
    """The figures of all raters. `patterns` has for each pattern how often it holds each label."""

    patterns: Matrix
    is_ordered: bool

    def __call__(self, counts: Matrix) -> dict[str, Any]:
        sizes = self.patterns.sum(axis=1)
        same = (self.patterns * (self.patterns - 1)).sum(axis=1) / (sizes * (sizes - 1))
        return {
            "raw": counts @ same / counts.sum(axis=1),
            "fleiss_kappa": self._fleiss(counts * (sizes == sizes.max()), same, sizes.max()),
            "krippendorff_alpha": self._alpha(counts, sizes),
        }

    def _fleiss(self, counts: Matrix, same: Any, size: float) -> Any:
        items = counts.sum(axis=1)
        shares = counts @ self.patterns / (items * size)[:, None]
        chance = (shares**2).sum(axis=1)
        return _beyond(counts @ same / items, chance)

    def _alpha(self, counts: Matrix, sizes: Any) -> Any:
        """Return alpha: the square of a distance of ranks where labels have an order, else 1 for two that differ."""
        import numpy as np

        totals = counts @ self.patterns
        ratings = totals.sum(axis=1)
        observed = (counts * self._apart(totals) / (sizes - 1)).sum(axis=1)
        expected = self._spread(totals, _ranks(totals))
        return np.where(expected > 0, 1 - (ratings - 1) * observed / expected, np.nan)

    def _apart(self, totals: Matrix) -> Any:
        """Return how far the labels within each pattern are apart, for each resample's ranks."""
        if not self.is_ordered:
            return self.patterns.sum(axis=1) ** 2 - (self.patterns**2).sum(axis=1)
        ranks = _ranks(totals)
        sizes = self.patterns.sum(axis=1)
        return 2 * (sizes * (ranks**2 @ self.patterns.T) - (ranks @ self.patterns.T) ** 2)

    def _spread(self, totals: Matrix, ranks: Any) -> Any:
        if not self.is_ordered:
            return totals.sum(axis=1) ** 2 - (totals**2).sum(axis=1)
        return 2 * (totals.sum(axis=1) * (totals * ranks**2).sum(axis=1) - (totals * ranks).sum(axis=1) ** 2)
