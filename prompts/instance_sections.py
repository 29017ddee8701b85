"""Find the instances in a reply as chat models write it: sections marked at the start of a line, with talk around them.

Below `prompts.instance_parser`, for its `tolerant` form. A marker within a line or a code fence is text, so that multi-line
inputs, field names ("Paragraph: ...") and code survive. Every step takes linear time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import dedent
from typing import Literal

from self_instruct.prompts.replies import find_fences, is_farewell, is_preamble, outside, without_thinking
from self_instruct.seeds.records import Instance, Reason

Kind = Literal["head", "example", "input", "output", "label", "task"]

_COLON = r"[ \t]*+\#?+\d*+(?:\*\*)?+[ \t]*+[:：](?(bold)(?:\*\*)?+)"
_MARKER = re.compile(
    rf"""^(?:(?P<task>(?<=\n\n)(?:\*\*)?+Task{_COLON.replace("(?(bold)", "(?:")})
    | [ ]{{0,3}}+(?:(?:[-*•+]|[>\#]++|\d{{1,2}}[.)])[ \t]++)?+(?P<bold>\*\*)?+
      (?: (?P<input>(?:Input|INPUT){_COLON})
        | (?P<output>(?:Output|OUTPUT){_COLON})
        | (?P<label>(?i:class[ ]label){_COLON})
        | (?P<example>(?:Example|EXAMPLE)(?:
              [ \t]*+\#?+\d++(?:\*\*)?+[ \t]*+(?: :(?:\*\*)?+ | [.)](?:\*\*)?+(?=\s|\Z) | (?=[ \t]*+$) )
            | (?:\*\*)?+:?+(?:\*\*)?+(?=[ \t]*+\n\s*+(?:\*\*)?+(?:Input|INPUT|Output|OUTPUT|(?i:class[ ]label))\b)
          ))
      ))""",
    re.VERBOSE | re.MULTILINE,
)
_ECHO = re.compile(r"(?:\*\*)?Task[ \t]*+\d*+:")
_NOISE = re.compile(r"[ \t]*+(?:-{3,}+|\*{3,}+|_{3,}+|={3,}+)?+[ \t]*+$")
_NO_INPUT = frozenset({
    "n/a", "none", "noinput", "no input", "no input needed", "no input required", "no input necessary", "none needed",
    "none required", "not applicable", "not needed", "not required",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Section:
    """The text from one marker to the next: `raw` with the marker, `body` without."""

    kind: Kind
    raw: str
    body: str


@dataclass(frozen=True, slots=True)
class Piece:
    """The raw text that should be one instance, and what it was read as: the instance, or why it is none."""

    raw: str
    read: Instance | Reason


@dataclass(frozen=True, slots=True)
class Found:
    """The pieces of a reply in order, and whether the model went on to another task after the last of them."""

    pieces: list[Piece]
    went_on: bool


def find_instances(text: str, *, is_classification: bool) -> Found:
    """Return the pieces of a reply; none where it has no marker.

    A generation reply holds `Example`, `Input:` and `Output:` sections; a classification reply `Class label:` sections whose
    first line is the label and the rest the input. Where an `Input:` comes before the first label, or where there are only
    `Output:` sections, a classification reply is read like the other kind.
    """
    text = _unwrapped(_without_farewell(without_thinking(text.replace("\r\n", "\n"))))
    markers = _markers(text, "label") if is_classification else []
    answer: Kind = "label" if any(_kind(marker) == "label" for marker in markers) else "output"
    markers = markers if answer == "label" else _markers(text, "output")
    kinds = [_kind(marker) for marker in markers]
    if not kinds or (is_classification and answer not in kinds):
        return Found([], went_on=False)
    went_on = kinds[-1] == "task"
    sections = list(_sections(text, markers))[: -1 if went_on else None]
    is_label_first = answer == "label" and "input" not in kinds[: kinds.index("label")]
    return Found(_labelled(sections) if is_label_first else _paired(sections, answer), went_on)


def _without_farewell(text: str) -> str:
    before, _, last = text.rstrip().rpartition("\n\n")
    return before if before and is_farewell(last) and "example" in last.casefold() else text


def _unwrapped(text: str) -> str:
    """Return what is inside a code fence that holds all the markers, or the text without a fence line that wraps nothing."""
    fences = find_fences(text)
    closed = [fence for fence in fences if fence.is_closed]
    first = _MARKER.search(text)
    if first and next(outside(_MARKER.finditer(text), closed), None) is None:
        around = next(fence for fence in closed if fence.start <= first.start() < fence.end)
        return text[around.inside : around.outside]
    if fences and not text[fences[-1].inside :].strip() and not fences[-1].is_closed:
        return text[: fences[-1].start]
    return text


def _markers(text: str, answer: Kind) -> list[re.Match[str]]:
    """Return the markers of a reply whose answers follow `answer` markers, up to one that begins another task."""
    closed = [fence for fence in find_fences(text) if fence.is_closed]
    wanted = {"example", "input", answer}
    markers: list[re.Match[str]] = []
    answered = -1
    for marker in outside(_MARKER.finditer(text), closed):
        kind = _kind(marker)
        if kind == "task" and answered >= 0 and text[answered : marker.start()].strip():
            return [*markers, marker]
        if kind in wanted:
            markers.append(marker)
        if kind == answer:
            answered = marker.end()
    return markers


def _kind(marker: re.Match[str]) -> Kind:
    return next(kind for kind in ("example", "input", "output", "label", "task") if marker[kind] is not None)


def _sections(text: str, markers: Sequence[re.Match[str]]) -> Iterator[Section]:
    head = _head(text[: markers[0].start()])
    if head:
        yield Section("head", head, head)
    ends = [marker.start() for marker in markers[1:]] + [len(text)]
    for marker, end in zip(markers, ends, strict=True):
        yield Section(_kind(marker), text[marker.start() : end], _value(text[marker.end() : end]))


def _head(text: str) -> str:
    """Return the text before the first marker, without what only leads up to it: a greeting, the task repeated, a fence."""
    lines = text.split("\n")
    unclosed = {text.count("\n", 0, fence.start) for fence in find_fences(text)[-1:] if not fence.is_closed}
    leads_up = (not line.strip() or is_preamble(line) or _ECHO.match(line) or at in unclosed for at, line in enumerate(lines))
    begin = next((at for at, leads in enumerate(leads_up) if not leads), len(lines))
    return _value("\n".join(lines[begin:]))


def _value(text: str) -> str:
    """Return a section's text without blank lines and rules around it; lines below the marker keep their relative indent."""
    lines = text.split("\n")
    while lines and _NOISE.match(lines[-1]):
        lines.pop()
    begin = next((at for at, line in enumerate(lines) if line.strip()), 0)
    kept = "\n".join(lines[begin:])
    is_indented = begin > 0 and kept[:1].isspace()  # else leave it alone: dedent also empties lines of white space
    return (dedent(kept) if is_indented else kept).strip()


def _paired(sections: Sequence[Section], answer: Kind) -> list[Piece]:
    """Return the pieces of sections in which the input comes before its output."""
    groups: list[list[Section]] = []
    for section in sections:
        if section.kind == "example" or not groups:
            groups.append([])
        groups[-1].append(section)
    return [piece for group in groups for piece in _pairs(group, answer)]


def _pairs(group: Sequence[Section], answer: Kind) -> Iterator[Piece]:
    """Yield the pieces of one example. A second output belongs to the same input; a second input begins another piece."""
    given: list[str] = []
    raw: list[str] = []
    for section in group:
        raw.append(section.raw)
        if section.kind == answer:
            yield Piece("".join(raw), Instance(_input(given), section.body))
            raw = []
            continue
        if len(raw) == 1:
            given = []
        if section.body:
            given.append(section.raw.strip() if given else section.body)
    if raw:
        yield Piece("".join(raw), _without_answer(group, given))


def _without_answer(group: Sequence[Section], given: list[str]) -> Instance | Reason:
    """Return an example without any marker as an output alone, as the published code does; an input alone is unreadable."""
    if not given:
        return Reason.EMPTY
    return Instance("", given[0]) if len(group) == 1 and group[0].kind == "example" else Reason.UNREADABLE


def _labelled(sections: Sequence[Section]) -> list[Piece]:
    """Return the pieces of sections in which the class label comes before the input that it fits."""
    groups: list[list[Section]] = []
    for section in sections:
        if section.kind == "label":
            groups.append([section])
        elif groups and section.body:
            groups[-1].append(section)
    return [_labelled_piece(group) for group in groups]


def _labelled_piece(group: Sequence[Section]) -> Piece:
    label, _, rest = group[0].body.partition("\n")
    given = [rest.strip()] if rest.strip() else []
    for section in group[1:]:
        given.append(section.raw.strip() if given else section.body)
    return Piece("".join(section.raw for section in group), Instance(_input(given), label.strip(" \t*")))


def _input(parts: Sequence[str]) -> str:
    """Return an input from its parts; "N/A", "None", "<noinput>" and the like are no input."""
    text = "\n".join(part for part in parts if part)
    return "" if text.strip(" <>()*_`.").casefold() in _NO_INPUT else text
