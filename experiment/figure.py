"""The paper's figure 7 for an experiment: what more data brings, and every condition with its interval. Drawn by matplotlib."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from self_instruct.experiment.conditions import BOTH, PARTS, SEEDS
from self_instruct.experiment.results import CUT, NLL, ExperimentResult, Line
from self_instruct.reports.analysis.extra_packages import from_extra

_NAMES = {NLL: "negative log-likelihood of the references, nats a token", CUT: "ROUGE-L, cut at the task's end"}
_BY_SIZE = (SEEDS, *PARTS, BOTH)
_COLOUR, _GRID, _QUIET = "#4a7fcb", "#dfe1e6", "#585d68"
_WIDTH, _HEIGHT = 5.2, 3.4  # of a panel, in inches


def figure_svg(result: ExperimentResult) -> bytes:
    """Return the figure as SVG: a row for each task set and figure, the curve over the data's size beside all conditions.

    Raises `MissingExtraError` without the extra `report`.
    """
    rows = [(named, lines, figure) for named, lines in result.task_sets.items() for figure in _NAMES]
    made = from_extra("matplotlib.figure").Figure(figsize=(2 * _WIDTH, _HEIGHT * len(rows)), layout="constrained")
    for (curve, forest), (named, lines, figure) in zip(made.subplots(len(rows), 2, squeeze=False), rows, strict=True):
        _curve(curve, lines, figure, named)
        _forest(forest, lines, figure)
    written = io.BytesIO()
    made.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()


def _curve(axes: Any, lines: Sequence[Line], figure: str, title: str) -> None:
    """Draw a figure over the number of instructions trained on, as far as the conditions by size are there."""
    by_name = {one.condition: one for one in lines}
    sized = [by_name[name] for name in _BY_SIZE if name in by_name and figure in by_name[name].figures]
    places = [max(1, one.trained.rows) for one in sized]
    axes.set_xscale("log")
    axes.set_xticks(places, [f"{place:,}" for place in places])
    axes.minorticks_off()
    axes.errorbar(
        places, [one.figures[figure].mean for one in sized], _bars(sized, figure), color=_COLOUR, marker="o", capsize=3
    )
    vanilla = by_name.get("vanilla")
    if vanilla and figure in vanilla.figures:
        axes.axhline(vanilla.figures[figure].mean, color=_QUIET, linestyle="--", linewidth=1)
    axes.set_title(title, fontsize=10, color=_QUIET)
    axes.set_ylabel(_NAMES[figure], fontsize=8)
    axes.set_xlabel("rows trained on (dashed: not trained)", fontsize=8)
    _plain(axes)


def _forest(axes: Any, lines: Sequence[Line], figure: str) -> None:
    """Draw every condition's mean with its interval, the first on top."""
    shown = [one for one in lines if figure in one.figures][::-1]
    means = [one.figures[figure].mean for one in shown]
    axes.errorbar(means, range(len(shown)), xerr=_bars(shown, figure), fmt="o", color=_COLOUR, capsize=3)
    axes.set_yticks(range(len(shown)), [one.condition for one in shown], fontsize=8)
    axes.set_xlabel(_NAMES[figure], fontsize=8)
    _plain(axes)


def _bars(lines: Sequence[Line], figure: str) -> list[list[float]]:
    """Return how far the interval reaches below and above the mean; nowhere where there is none."""
    found = [one.figures[figure] for one in lines]
    below = [one.mean - one.interval.low if one.interval else 0.0 for one in found]
    above = [one.interval.high - one.mean if one.interval else 0.0 for one in found]
    return [below, above]


def _plain(axes: Any) -> None:
    axes.tick_params(colors=_QUIET, length=0, labelsize=8)
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)
