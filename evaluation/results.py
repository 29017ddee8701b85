"""The result of an evaluation: what a summary says as JSON, and two results side by side."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from self_instruct.evaluation.intervals import Interval, bootstrap
from self_instruct.evaluation.readings import Reading
from self_instruct.evaluation.scores import Figures, Likelihood, MeanInterval, Scored, Summary, columns, summary
from self_instruct.evaluation.task_sets import TaskInstance
from self_instruct.records.errors import InputError

DIGITS = 4
NAMES = {"rouge_l": "rougeL", "exact_match": "exact_match", "rouge_l_unicode": "rougeL_unicode"}
"""Our names of the figures, and those of the published script."""


@dataclass(frozen=True, slots=True)
class Result:
    """An evaluation's scores, with what they were made from: `source` is model, task set, encoding and parameters, if known.

    Of a file of predictions, `missing` ids have no prediction, which counts as an empty one; of `doubled` ids the last counts,
    as the published script has it; `unknown` ids are of no reference.
    """

    scored: tuple[Scored, ...]
    source: Mapping[str, Any] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def summary(self) -> Summary:
        """Return all that is to be said of the answers."""
        return summary(self.scored)


def asked_in(answers: Sequence[Scored]) -> TaskInstance:
    """Return what several systems answered, from one that knows the instruction; raises `InputError` where none does."""
    known = next((one.instance for one in answers if one.instance.instruction.strip()), None)
    if known is None:
        raise InputError(
            f"the instruction of {answers[0].instance.id!r} is not known; name the task set, which holds it, with `references`."
        )
    return known


@dataclass(frozen=True, slots=True)
class Difference:
    """What one result has more than another, over the instances that both have: mean and paired interval, in points."""

    name: str
    left: float
    right: float
    mean: float
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results side by side. `only_left` and `only_right` count the instances that the other has not."""

    instances: int
    only_left: int
    only_right: int
    differences: tuple[Difference, ...]


def compare(left: Result, right: Result) -> Comparison:
    """Return two results side by side, paired by instance; the differences are `right` less `left`.

    Raises `InputError` where they share no instance.
    """
    rights = {each.instance.id: each for each in right.scored}
    pairs = [(each, rights[each.instance.id]) for each in left.scored if each.instance.id in rights]
    if not pairs:
        raise InputError("the two results have no instance in common; compare answers to one task set.")
    if moved := next((a.instance.id for a, b in pairs if a.instance.references != b.instance.references), None):
        raise InputError(f"the two results have other references for {moved!r}; compare answers to one task set.")
    return Comparison(
        instances=len(pairs),
        only_left=len(left.scored) - len(pairs),
        only_right=len(rights) - len(pairs),
        differences=tuple(_differences(pairs)),
    )


def _differences(pairs: Sequence[tuple[Scored, Scored]]) -> list[Difference]:
    lefts, rights = zip(*pairs, strict=True)
    of_readings = [each for reading in Reading for each in _of_reading(lefts, rights, reading)]
    return [*_of_likelihoods(pairs), *of_readings]


def _of_likelihoods(pairs: Sequence[tuple[Scored, Scored]]) -> list[Difference]:
    both = [(a, b) for a, b in pairs if a.answer.log_likelihoods and b.answer.log_likelihoods]
    if not both:
        return []
    tasks = [a.instance.task for a, _ in both]
    lefts, rights = ({"nll": _nll(side, 0), "nll after first": _nll(side, 1)} for side in zip(*both, strict=True))
    return _paired(lefts, rights, tasks)


def _of_reading(lefts: Sequence[Scored], rights: Sequence[Scored], reading: Reading) -> list[Difference]:
    tasks = [each.instance.task for each in lefts]
    kept = NAMES if reading is Reading.RAW else {name: said for name, said in NAMES.items() if name != "rouge_l_unicode"}
    left, right = columns(lefts, reading), columns(rights, reading)
    named = {name: f"{said} {reading}" for name, said in kept.items()}
    return _paired({named[name]: left[name] for name in kept}, {named[name]: right[name] for name in kept}, tasks)


def _paired(
    left: Mapping[str, Sequence[float]], right: Mapping[str, Sequence[float]], tasks: Sequence[str]
) -> list[Difference]:
    more = {name: [b - a for a, b in zip(left[name], right[name], strict=True)] for name in left}
    intervals = bootstrap(more, tasks)
    return [Difference(name, fmean(left[name]), fmean(right[name]), fmean(more[name]), intervals[name]) for name in left]


def _nll(side: Iterable[Scored], skipped: int) -> list[float]:
    return [-sum((each.answer.log_likelihoods or ())[skipped:]) for each in side]


# as JSON


def as_json(result: Result, comparison: Comparison | None = None) -> dict[str, Any]:
    """Return a result as JSON values: the official figures on top, `tasks` and `categories` with the same keys below.

    Figures are in percent, to four digits, as the published script prints them.
    """
    found = result.summary()
    return {
        **_figures(found.figures),
        "readings": {str(reading): _figures(each) for reading, each in found.readings.items()},
        "log_likelihood": found.likelihood and _likelihood(found.likelihood),
        "answers": {
            "mean_words": round(found.words, DIGITS), "empty": found.empty, "refused": found.refused,
            "at_token_limit": found.at_token_limit,
        },
        "tasks": {name: _figures(each) for name, each in found.tasks.items()},
        "categories": {name: _figures(each) for name, each in found.categories.items()},
        "missing": list(result.missing), "doubled": list(result.doubled), "unknown": list(result.unknown),
        **({"source": dict(result.source)} if result.source else {}),
        **({"comparison": _comparison(comparison)} if comparison else {}),
    }  # fmt: skip


def _figures(figures: Figures) -> dict[str, Any]:
    named = {said: round(getattr(figures, name), DIGITS) for name, said in NAMES.items()}
    intervals = {NAMES[name]: bounds(each) for name, each in figures.intervals.items()}
    return {**named, "instances": figures.instances, **({"intervals": intervals} if intervals else {})}


def bounds(interval: Interval | None) -> list[float] | None:
    """Return an interval as a JSON value."""
    return None if interval is None else [round(interval.low, DIGITS), round(interval.high, DIGITS)]


def _likelihood(likelihood: Likelihood) -> dict[str, Any]:
    def shown(mean: MeanInterval) -> dict[str, Any]:
        return {"mean": round(mean.mean, DIGITS), "interval": bounds(mean.interval)}

    return {
        "instances": likelihood.instances,
        "nll": shown(likelihood.nll),
        "nll_after_first_token": shown(likelihood.after_first),
        "nll_per_token": round(likelihood.per_token, DIGITS),
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    def shown(each: Difference) -> dict[str, Any]:
        means = {"left": each.left, "right": each.right, "difference": each.mean}
        return {**{name: round(mean, DIGITS) for name, mean in means.items()}, "interval": bounds(each.interval)}

    return {
        "instances": comparison.instances,
        "only_left": comparison.only_left,
        "only_right": comparison.only_right,
        "differences": {each.name: shown(each) for each in comparison.differences},
    }
