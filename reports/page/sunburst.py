"""The verb-noun picture as inline SVG: a tree of arcs that a mouse hovers, a keyboard walks and a screen reader reads."""

from collections import Counter
from collections.abc import Sequence
from math import cos, pi, sin

from markupsafe import Markup

from self_instruct.reports.analysis.verb_nouns import VerbNouns
from self_instruct.reports.page.verb_arcs import Arc, arcs

SIZE = 600
_RADII = {1: (92, 186), 2: (188, 296)}
_LETTER = 6.2  # the width of a letter of the labels, on average
_LINE, _LARGE_LINE = 12.5, 21  # the least height of an arc that takes a label, and one as large as a phone needs


def sunburst(verbs: VerbNouns) -> Markup:
    """Return the picture of a run's verbs and objects."""
    found = list(arcs(verbs))
    summary = f"The {len(verbs.verbs)} commonest verbs and their direct objects; walk it with the arrow keys"
    return Markup(
        '<svg class="sunburst" viewBox="{0} {0} {1} {1}" role="tree" aria-label="{2}">{3}'
        '<g class="middle" aria-hidden="true"><text class="what" y="-4">{4:,} of {5:,}</text>'
        '<text class="much" y="18">verb–object pairs</text></g></svg>'
    ).format(-SIZE / 2, SIZE, summary, Markup("").join(_drawn(found)), sum(verbs.verbs.values()), verbs.with_noun)


def _drawn(found: Sequence[Arc]) -> list[Markup]:
    """Return every arc as an item of the tree; the first can be reached by Tab, the others from it by arrow keys."""
    verbs = sum(arc.ring == 1 for arc in found)
    places = _places(found)
    siblings = Counter(arc.verb for arc in found if arc.ring == 2)
    return [
        Markup(
            '<g role="treeitem" class="arc ring{0}{1}" tabindex="{2}" aria-level="{0}" aria-posinset="{3}" aria-setsize="{4}"'
            ' aria-label="{5}" data-what="{6}" data-much="{7:,}" style="--h:{8}"><path d="{9}"/>{10}</g>'
        ).format(
            arc.ring, " rest" if arc.noun == "" else "", 0 if number == 0 else -1, places[number],
            verbs if arc.ring == 1 else siblings[arc.verb], arc.said, _short(arc), arc.count, hue(arc.place),
            _outline(arc), _label(arc),
        )
        for number, arc in enumerate(found)
    ]  # fmt: skip


def _short(arc: Arc) -> str:
    return arc.verb if arc.noun is None else f"{arc.verb} · {arc.noun or 'other'}"


def _places(found: Sequence[Arc]) -> list[int]:
    """Return each arc's place among its siblings, from 1."""
    places: list[int] = []
    child = 0
    for arc in found:
        child = 0 if arc.ring == 1 else child + 1
        places.append(arc.place + 1 if arc.ring == 1 else child)
    return places


def hue(place: int) -> int:
    """Return the hue of a verb, in degrees; neighbours lie far apart."""
    return place * 137 % 360  # the golden angle


def _outline(arc: Arc) -> str:
    inner, outer = _RADII[arc.ring]
    end = min(arc.end, arc.start + 0.999)  # a whole circle would end where it begins, rounded, and be none
    (a, b), (c, d), (e, f), (g, h) = _at(outer, arc.start), _at(outer, end), _at(inner, end), _at(inner, arc.start)
    large = int(end - arc.start > 0.5)
    outside = f"M{a:.1f} {b:.1f}A{outer} {outer} 0 {large} 1 {c:.1f} {d:.1f}"
    return f"{outside}L{e:.1f} {f:.1f}A{inner} {inner} 0 {large} 0 {g:.1f} {h:.1f}Z"


def _at(radius: float, share: float) -> tuple[float, float]:
    angle = 2 * pi * share
    return radius * sin(angle), -radius * cos(angle)


def _label(arc: Arc) -> Markup:
    """Return the label along the middle radius of an arc, the right way up; none where it does not fit."""
    inner, outer = _RADII[arc.ring]
    middle = (inner + outer) / 2
    height = 2 * pi * inner * (arc.end - arc.start)
    if height < _LINE or not arc.label:
        return Markup("")
    letters = int((outer - inner - 8) / _LETTER)
    text = arc.label if len(arc.label) <= letters else arc.label[: letters - 1] + "…"
    x, y = _at(middle, (arc.start + arc.end) / 2)
    turn = 180 * (arc.start + arc.end) - 90
    turn += 180 if 90 < turn % 360 < 270 else 0
    size = "large" if arc.ring == 1 and height >= _LARGE_LINE and len(text) <= 9 else "small"
    return Markup('<text class="{}" transform="translate({:.1f} {:.1f}) rotate({:.1f})" dy=".35em">{}</text>').format(
        size, x, y, turn % 360, text
    )
