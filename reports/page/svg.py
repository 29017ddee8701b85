"""Charts as inline SVG: sharp at every size, coloured by the page's style sheet, each mark with its own words to hover.

A chart is one picture with a summary to assistive technology; its figures stand in a table beside it. Numbers in, markup out:
every text is escaped here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10, sqrt

from markupsafe import Markup

WIDTH, HEIGHT = 520, 236
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 10, 14, 48
_LARGEST, _SMALLEST = 11.5, 2.0  # radii of bubbles


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a histogram: its height, what is said of it, and the label under its left edge ("" for none)."""

    value: float
    said: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve: its place from 0.0 to 1.0 in both directions, and what is said of it."""

    x: float
    y: float
    said: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """A bubble: the place of its middle from 0.0 to 1.0 in both directions, its area's share of the largest, what is said."""

    x: float
    y: float
    area: float
    said: str


def histogram(bars: Sequence[Bar], summary: str, axis: str, top: float | None = None) -> Markup:
    """Return a histogram; `axis` names what its bars stand along, `top` is the highest value of the scale (its own without)."""
    highest = nice_top(max([top or 0.0, *(bar.value for bar in bars)]))
    width = (WIDTH - _LEFT - _RIGHT) / max(len(bars), 1)
    drawn = [_bar(bar, _LEFT + place * width, width, highest) for place, bar in enumerate(bars)]
    labels = [_x_label(_LEFT + place * width, bar.label) for place, bar in enumerate(bars) if bar.label]
    grid = [_grid_line(_y(quarter / 4), f"{ceil(highest * quarter / 4):,}") for quarter in range(5)]
    return _chart(summary, axis, grid, [*drawn, *labels])


def curve(points: Sequence[Point], summary: str, axis: str, labels: Sequence[tuple[float, str]]) -> Markup:
    """Return a curve on a scale from 0 % to 100 %; `labels` name places, 0.0 to 1.0, along the axis."""
    places = [(_LEFT + point.x * (WIDTH - _LEFT - _RIGHT), _y(point.y)) for point in points]
    line = Markup('<polyline class="line" points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in places))
    dots = [
        Markup('<circle class="dot" data-tip="{}" cx="{:.1f}" cy="{:.1f}" r="3.5"/>').format(point.said, x, y)
        for point, (x, y) in zip(points, places, strict=True)
    ]
    names = [_x_label(_LEFT + place * (WIDTH - _LEFT - _RIGHT), name) for place, name in labels]
    grid = [(share, f"{share:.0%}") for share in (0.0, 0.25, 0.5, 0.75, 1.0)]
    return _chart(summary, axis, [_grid_line(_y(share), name) for share, name in grid], [line, *dots, *names])


def bubbles(marks: Sequence[Bubble], summary: str, axis: str, names: tuple[str, Sequence[str], Sequence[str]]) -> Markup:
    """Return bubbles over a grid.

    `names` are what goes up, its levels from below, of which the lowest is at 0.0 and the highest at 1.0 ("": no line), and the
    marks along `axis`, in equal steps.
    """
    upward, levels, along = names
    step = (WIDTH - _LEFT - _RIGHT) / (len(along) - 1)
    grid = [_grid_line(_inner_y(place / (len(levels) - 1)), name) for place, name in enumerate(levels) if name]
    labels = [_x_label(_LEFT + place * step, name) for place, name in enumerate(along)]
    title = Markup('<text class="upward" x="0" y="{}">{}</text>').format(_TOP - 8, upward)
    drawn = [
        Markup('<circle class="bubble" data-tip="{}" cx="{:.1f}" cy="{:.1f}" r="{:.1f}"/>').format(
            mark.said, _LEFT + mark.x * (WIDTH - _LEFT - _RIGHT), _inner_y(mark.y), max(_LARGEST * sqrt(mark.area), _SMALLEST)
        )
        for mark in marks
    ]
    return _chart(summary, axis, grid, [*drawn, *labels, title])


def nice_top(value: float) -> float:
    """Return the end of a scale that holds a value and divides into four round steps.

    >>> nice_top(37), nice_top(0)
    (40.0, 4.0)
    """
    step = max(1.0, value / 4)
    unit = 10.0 ** int(log10(step))
    steps = (unit * nice for nice in (1, 2, 2.5, 3, 4, 5, 10))
    return 4 * next(each for each in steps if each >= step and each % 1 == 0)


def _bar(bar: Bar, x: float, width: float, highest: float) -> Markup:
    y = _y(bar.value / highest)
    visible = Markup('<rect class="bar" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
        x + 0.75, y, max(width - 1.5, 1), HEIGHT - _BOTTOM - y
    )
    # The whole column can be hovered, however low its bar is.
    column = Markup('<rect class="column" data-tip="{}" x="{:.1f}" y="{}" width="{:.1f}" height="{}"/>').format(
        bar.said, x, _TOP, width, HEIGHT - _BOTTOM - _TOP
    )
    return visible + column


def _grid_line(y: float, name: str) -> Markup:
    return Markup(
        '<line class="grid" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/><text class="y" x="{}" y="{:.1f}">{}</text>'
    ).format(_LEFT, WIDTH - _RIGHT, y, y, _LEFT - 7, y + 4, name)


def _x_label(x: float, name: str) -> Markup:
    return Markup('<text class="x" x="{:.1f}" y="{}">{}</text>').format(x, HEIGHT - _BOTTOM + 18, name)


def _y(share: float) -> float:
    return HEIGHT - _BOTTOM - share * (HEIGHT - _BOTTOM - _TOP)


def _inner_y(share: float) -> float:
    """Return where a level is, so that a bubble on the lowest or the highest is within the chart."""
    return HEIGHT - _BOTTOM - _LARGEST - share * (HEIGHT - _BOTTOM - _TOP - 2 * _LARGEST)


def _chart(summary: str, axis: str, grid: Sequence[Markup], marks: Sequence[Markup]) -> Markup:
    name = Markup('<text class="axis" x="{}" y="{}">{}</text>').format((WIDTH + _LEFT - _RIGHT) / 2, HEIGHT - 6, axis)
    return Markup('<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">{}{}{}</svg>').format(
        WIDTH, HEIGHT, summary, Markup("").join(grid), Markup("").join(marks), name
    )
