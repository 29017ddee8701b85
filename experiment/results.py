"""What came of an experiment: each condition's figures on each task set, and how they differ, with intervals over tasks.

A condition's models, one a training seed, are averaged instance by instance before tasks are drawn: the intervals say how sure
a mean over these seeds is for other tasks of this kind. Differences are paired by instance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import compress
from math import isnan, nan
from pathlib import Path
from statistics import fmean
from typing import Any

from self_instruct.evaluation.baselines import BASELINES
from self_instruct.evaluation.evaluating import load_result
from self_instruct.evaluation.intervals import Interval, bootstrap
from self_instruct.evaluation.readings import Reading
from self_instruct.evaluation.results import DIGITS, bounds
from self_instruct.evaluation.scores import Answer, Scored, score
from self_instruct.evaluation.task_sets import TaskSet
from self_instruct.experiment.conditions import SEEDS, VANILLA, Condition
from self_instruct.experiment.plan import Piece, TaskSets
from self_instruct.training.outputs import stored_training

NLL, AFTER_FIRST, RAW, CUT, EXACT = "nll_per_token", "nll_per_token_after_first", "rougeL", "rougeL_cut", "exact_match_cut"
_OWN = ""  # no condition is called so
FIGURES = (NLL, AFTER_FIRST, RAW, CUT, EXACT)
COPY_INPUT, STOP_RULE = "copy-input", "vanilla, stop rule"
Columns = Mapping[str, Sequence[float]]


@dataclass(frozen=True, slots=True)
class Figure:
    """A mean over instances with its interval, and what it has more than vanilla and than the seeds alone."""

    mean: float
    interval: Interval | None
    more_than: Mapping[str, tuple[float, Interval | None]]


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """What the models of a condition were trained on: `tokens` in all steps of one of them, asked and learned."""

    instructions: int | None = None
    rows: int = 0
    steps: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """A condition on one task set, over all its models.

    `words` is the mean length of an answer, `at_limit` the share of answers that the token limit ended, None where that is not
    known.
    """

    condition: str
    models: int
    trained: TrainedOn
    figures: Mapping[str, Figure]
    words: float
    at_limit: float | None


@dataclass(frozen=True, slots=True)
class ExperimentResult:
    """All conditions on all task sets, in the order they were asked for; baselines that need no training come first."""

    task_sets: Mapping[str, Sequence[Line]]

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values, figures to four digits."""
        return {named: [_line(one) for one in lines] for named, lines in self.task_sets.items()}


def gathered(
    found: Sequence[Condition], by_condition: Mapping[str, Sequence[Piece]], tasks: TaskSets, out: Path
) -> ExperimentResult:
    """Return the result of an experiment all of whose pieces are measured."""
    trained = {one.name: _trained_on(one, by_condition[one.name], out) for one in found}
    return ExperimentResult(
        {
            named: lines_of(
                {
                    name: [load_result(piece.answers(out, named, tasks)).scored for piece in own]
                    for name, own in by_condition.items()
                },
                asked,
                trained,
            )
            for named, asked in tasks.sets.items()
        }
    )


def _trained_on(condition: Condition, models: Sequence[Piece], out: Path) -> TrainedOn:
    stored = stored_training(Path(models[0].model(out))) if models[0].recipe else None
    result = (stored or {}).get("result") or {}
    return TrainedOn(condition.instructions, len(condition.rows), result.get("steps", 0), result.get("tokens", 0))


@dataclass(frozen=True, slots=True)
class _Measured:
    """What the models of one condition got: columns by figure, an instance each, averaged over models."""

    columns: Columns
    words: float
    at_limit: float | None


def lines_of(scored: Mapping[str, Sequence[Sequence[Scored]]], asked: TaskSet, trained: Mapping[str, TrainedOn]) -> list[Line]:
    """Return a line for each condition, from the scored answers of each of its models; baselines stand among them."""
    measured = {COPY_INPUT: _measured([_copied(asked)]), **_with_stop_rule({k: _measured(v) for k, v in scored.items()})}
    compared = {name: measured[name].columns for name in (VANILLA, SEEDS) if name in measured}
    tasks = [one.task for one in asked]
    return [
        Line(
            name, len(scored.get(VANILLA if name == STOP_RULE else name, ())), trained.get(name, TrainedOn()),
            _figures(name, own.columns, compared, tasks), own.words, own.at_limit,
        )
        for name, own in measured.items()
    ]  # fmt: skip


def _copied(asked: TaskSet) -> list[Scored]:
    return [score(one, Answer(BASELINES[COPY_INPUT](one))) for one in asked]


def _with_stop_rule(measured: Mapping[str, _Measured]) -> Mapping[str, _Measured]:
    """Return what was measured, with vanilla stopped by a rule behind vanilla: a greedy answer that is stopped is cut there."""
    vanilla = measured.get(VANILLA)
    if vanilla is None:
        return measured
    cut = {RAW: vanilla.columns[CUT], CUT: vanilla.columns[CUT], EXACT: vanilla.columns[EXACT]}
    stopped = _Measured(cut, vanilla.words, None)
    rest = {name: own for name, own in measured.items() if name != VANILLA}
    return {VANILLA: vanilla, STOP_RULE: stopped, **rest}


def _measured(models: Sequence[Sequence[Scored]]) -> _Measured:
    columns = [_columns(scored) for scored in models]
    answers = [one.answer for scored in models for one in scored]
    known = [one.is_at_token_limit for one in answers if one.is_at_token_limit is not None]
    return _Measured(
        {name: [fmean(values) for values in zip(*(own[name] for own in columns), strict=True)] for name in columns[0]},
        fmean(len(one.text.split()) for one in answers),
        fmean(known) if known else None,
    )


def _columns(scored: Sequence[Scored]) -> dict[str, list[float]]:
    """Return the figures of one model's answers; the log-likelihoods only where they are known.

    They are means over a reference's tokens, so that a long reference counts no more than a short one.
    """
    columns = {
        RAW: [100 * one.scores[Reading.RAW].rouge_l for one in scored],
        CUT: [100 * one.scores[Reading.CUT].rouge_l for one in scored],
        EXACT: [100 * one.scores[Reading.CUT].exact_match for one in scored],
    }
    known = [one.answer.log_likelihoods for one in scored]
    if all(each is not None for each in known):
        columns[NLL] = [-fmean(each or (0.0,)) for each in known]
        if any(len(each or ()) > 1 for each in known):
            columns[AFTER_FIRST] = [-fmean(rest) if (rest := (each or ())[1:]) else nan for each in known]
    return columns


def _figures(name: str, own: Columns, compared: Mapping[str, Columns], tasks: Sequence[str]) -> dict[str, Figure]:
    others = {other: columns for other, columns in compared.items() if other != name}
    return {
        figure: _figure_of(own[figure], {each: columns[figure] for each, columns in others.items() if figure in columns}, tasks)
        for figure in FIGURES
        if figure in own
    }


def _figure_of(own: Sequence[float], others: Columns, tasks: Sequence[str]) -> Figure:
    """Return a figure over the instances that have it: of a reference of one token, nothing comes after the first."""
    has = [not isnan(value) for value in own]
    mine, of_task = list(compress(own, has)), list(compress(tasks, has))
    more = {
        other: [ours - theirs for ours, theirs in zip(mine, compress(column, has), strict=True)]
        for other, column in others.items()
    }
    intervals = bootstrap({_OWN: mine, **more}, of_task)
    return Figure(fmean(mine), intervals[_OWN], {other: (fmean(column), intervals[other]) for other, column in more.items()})


# as JSON


def _line(line: Line) -> dict[str, Any]:
    return {
        "condition": line.condition, "models": line.models, **asdict(line.trained), "mean_words": round(line.words, DIGITS),
        "at_token_limit": None if line.at_limit is None else round(line.at_limit, DIGITS),
        **{name: _figure(figure) for name, figure in line.figures.items()},
    }  # fmt: skip


def _figure(figure: Figure) -> dict[str, Any]:
    more = {
        f"more_than_{other}": {"difference": round(mean, DIGITS), "interval": bounds(interval)}
        for other, (mean, interval) in figure.more_than.items()
    }
    return {"mean": round(figure.mean, DIGITS), "interval": bounds(figure.interval), **more}
