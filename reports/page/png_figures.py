"""The page's figures as PNG, for a paper or a slide: drawn with matplotlib, one panel for each run.

Matplotlib is of the extra `report` and imported when a figure is drawn; no window is opened.
"""

import io
from collections.abc import Callable, Sequence
from colorsys import hls_to_rgb
from math import cos, radians, sin
from typing import Any

from self_instruct.reports.analysis.extra_packages import from_extra
from self_instruct.reports.analysis.run_report import RunReport
from self_instruct.reports.analysis.statistics import Measured
from self_instruct.reports.page.charts import LENGTHS, NOVELTY
from self_instruct.reports.page.sunburst import hue
from self_instruct.reports.page.verb_arcs import Arc, arcs

DPI = 160
_BAR, _GRID, _QUIET, _REST = "#4a7fcb", "#dfe1e6", "#585d68", "#ebecef"
_RINGS = {1: (0.30, 0.32, 0.74), 2: (0.63, 0.37, 0.87)}  # inner radius, width, lightness
_SMALLEST_LABELLED = {1: 0.010, 2: 0.007}  # shares of the circle
_LETTERS = 13

NAMES = (
    "verbs-and-objects.png", "similarity-to-seeds.png", "novelty-and-quality.png", "lengths.png", "acceptance.png",
)  # fmt: skip
Panel = Callable[[Any, RunReport], None]


def png_files(reports: Sequence[RunReport]) -> dict[str, bytes]:
    """Return the figures by their file names. Raises `MissingExtraError` without the extra `report`."""
    drawn = (
        _drawn(reports, [_sunburst], (7.4, 7.4)),
        _drawn(reports, [_similarity], (6.2, 3.4)),
        _drawn(reports, [_balance], (6.2, 3.4)),
        _drawn(reports, [*map(_lengths, LENGTHS)], (4.4, 3.0)),
        _drawn(reports, [_acceptance], (6.2, 3.4)),
    )
    return dict(zip(NAMES, drawn, strict=True))


def _drawn(reports: Sequence[RunReport], panels: Sequence[Panel], inches: tuple[float, float]) -> bytes:
    """Return a PNG with the panels of each run in a row; of one panel each, those of all runs in one row."""
    figure_class = from_extra("matplotlib.figure").Figure
    rows, columns = (len(reports), len(panels)) if len(panels) > 1 else (1, len(reports))
    figure = figure_class(figsize=(inches[0] * columns, inches[1] * rows), dpi=DPI, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).flat
    for report in reports:
        for panel in panels:
            one = next(axes)
            panel(one, report)
            one.set_title(_without_mathematics(report.name), color=_QUIET, fontsize=10)
    written = io.BytesIO()
    figure.savefig(written, format="png", metadata={"Software": None})
    return written.getvalue()


def _without_mathematics(text: str) -> str:
    return text.replace("$", r"\$")


def _plain(axes: Any, x_name: str) -> None:
    axes.set_xlabel(x_name, color=_QUIET)
    axes.tick_params(colors=_QUIET, length=0)
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in axes.spines.values():
        side.set_visible(False)


def _similarity(axes: Any, report: RunReport) -> None:
    bins = report.seed_similarity.bins
    axes.bar([each.least for each in bins], [each.count for each in bins], width=0.047, align="edge", color=_BAR)
    axes.set_xlim(0, 1)
    _plain(axes, "highest ROUGE-L with any seed task")


def _balance(axes: Any, report: RunReport) -> None:
    cells, by_score = report.balance.cells, report.balance.measure == "score"
    largest = max((cell.count for cell in cells), default=1)
    middles, levels = [(cell.least + cell.below) / 2 for cell in cells], [cell.level for cell in cells]
    axes.scatter(middles, levels, s=[180 * cell.count / largest for cell in cells], color=_BAR, alpha=0.75, linewidths=0)
    axes.set_xlim(0, 1)
    axes.set_ylim(*((-0.4, 5.4) if by_score else (3.4, -0.4)))
    axes.set_ylabel("the judge's score" if by_score else "flags an instance", color=_QUIET)
    _plain(axes, NOVELTY)


def _lengths(text: Measured) -> Panel:
    def draw(axes: Any, report: RunReport) -> None:
        bins = [each for each in report.lengths if each.text == text]
        axes.bar(range(len(bins)), [each.count for each in bins], width=0.93, align="edge", color=_BAR)
        labelled = range(0, len(bins), 3)
        axes.set_xticks(list(labelled), [str(bins[place].least) for place in labelled])
        _plain(axes, f"words of {LENGTHS[text]}")

    return draw


def _acceptance(axes: Any, report: RunReport) -> None:
    steps = [step for step in report.acceptance if step.share is not None]
    middles = [(step.first + step.last) / 2 + 1 for step in steps]
    axes.plot(middles, [100 * (step.share or 0) for step in steps], color=_BAR, marker="o", markersize=3.5)
    axes.set_ylim(0, 105)
    axes.set_ylabel("candidates kept, %", color=_QUIET)
    _plain(axes, "instruction requests decided")


def _sunburst(axes: Any, report: RunReport) -> None:
    axes.set_aspect("equal")
    axes.set_xlim(-1.03, 1.03)
    axes.set_ylim(-1.03, 1.03)
    axes.axis("off")
    for arc in arcs(report.verbs):
        _wedge(axes, arc)


def _wedge(axes: Any, arc: Arc) -> None:
    inner, width, lightness = _RINGS[arc.ring]
    begin, end = 90 - 360 * arc.end, 90 - 360 * arc.start  # matplotlib counts against the clock, from the right
    colour = _REST if arc.noun == "" else hls_to_rgb(hue(arc.place) / 360, lightness, 0.52)
    wedge = from_extra("matplotlib.patches").Wedge
    axes.add_patch(wedge((0, 0), inner + width, begin, end, width=width, facecolor=colour, edgecolor="white", linewidth=0.8))
    if arc.label and arc.end - arc.start >= _SMALLEST_LABELLED[arc.ring]:
        _write(axes, arc, inner + width / 2, (begin + end) / 2 % 360)


def _write(axes: Any, arc: Arc, radius: float, degrees: float) -> None:
    turn = degrees + 180 if 90 < degrees < 270 else degrees
    x, y = radius * cos(radians(degrees)), radius * sin(radians(degrees))
    text = arc.label if len(arc.label) <= _LETTERS else arc.label[: _LETTERS - 1] + "…"
    style = {"ha": "center", "va": "center", "fontsize": 7.5, "fontweight": "bold" if arc.ring == 1 else "normal"}
    axes.text(x, y, _without_mathematics(text), rotation=turn, color="#1b1d22", **style)
