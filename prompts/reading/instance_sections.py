"""Find the instances in a reply as chat models write it: sections marked at the start of a line, with talk around them.

Below `prompts.reading.instance_parser`, for its `tolerant` form. A marker within a line or a code fence is text, so that
multi-line inputs, field names ("Paragraph: ...") and code survive. Every step takes linear time.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from textwrap import dedent

from self_instruct.prompts.reading.courtesies import ends_in_colon, is_preamble, only_follows
from self_instruct.prompts.reading.fences import Fence, find_fences, outside
from self_instruct.prompts.reading.instance_markers import (
    ASKED_FOR,
    LOOSE,
    Kind,
    Marker,
    find_markers,
    on_own_lines,
    with_outputs_on_own_lines,
    without_headings,
)
from self_instruct.prompts.reading.instance_values import input_of, label_of, without_reasons
from self_instruct.prompts.reading.structured_instances import Piece, structured_instances
from self_instruct.prompts.reading.thoughts import without_thinking
from self_instruct.records.tasks import Instance, Reason

_ECHO = re.compile(r"(?:\*\*)?Task[ \t]*+\d*+:")
_NOISE = re.compile(r"[ \t]*+(?:-{3,}+|\*{3,}+|_{3,}+|={3,}+)?+[ \t]*+$")
_UNSEEN_FIRST = re.compile("^[\u200b\u2060\ufeff]++", re.MULTILINE)
_STUTTER = re.compile(r"^((?:Input|Output|Class label):[ \t]*+)(?:\1)++", re.MULTILINE)  # "Input: Input: ..." of small models
_LONGEST_TITLE = 6  # words of "Example 1: Short list"


@dataclass(frozen=True, slots=True)
class Section:
    """The text from one marker to the next: `raw` with the marker, `body` without."""

    kind: Kind
    raw: str
    body: str


@dataclass(frozen=True, slots=True)
class Found:
    """The pieces of a reply in order.

    `went_on` says that the model went on to another task after the last of them, `has_answers` that an answer is marked.
    """

    pieces: list[Piece]
    went_on: bool = False
    has_answers: bool = True


def find_instances(text: str, *, is_classification: bool) -> Found:
    """Return the pieces of a reply; none where nothing in it is marked.

    A generation reply holds `Example`, `Input:` and `Output:` sections; a classification reply `Class label:` sections whose
    first line is the label and the rest the input. Where an input comes before the first label, or where there are only
    `Output:` sections, a classification reply is read like the other kind. A reply that has none of these words is read as
    JSON, as a table, by looser words and those of other languages, or with outputs behind their inputs, whichever holds any.
    """
    text = _UNSEEN_FIRST.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _without_farewell(_STUTTER.sub(r"\1", without_thinking(text)))
    plain = on_own_lines(text)
    asked_for = _marked(plain, ASKED_FOR, is_classification)
    if asked_for.has_answers:
        return asked_for
    if structured := structured_instances(text):
        return Found(structured)
    for other, words in ((plain, LOOSE), (with_outputs_on_own_lines(plain), ASKED_FOR)):
        marked = _marked(other, words, is_classification)
        if marked.has_answers:
            return marked
    return asked_for


def _marked(text: str, words: re.Pattern[str], is_classification: bool) -> Found:
    text = _unwrapped(text, words)
    markers = find_markers(text, words, "label") if is_classification else []
    answer: Kind = "label" if any(marker.kind == "label" for marker in markers) else "output"
    markers = without_headings(text, markers if answer == "label" else find_markers(text, words, "output"), answer)
    kinds = [marker.kind for marker in markers]
    if not kinds or (is_classification and answer not in kinds):
        return Found([], has_answers=False)
    went_on = kinds[-1] == "task"
    sections = list(_sections(text, markers))[: -1 if went_on else None]
    pieces = _labelled(sections) if answer == "label" and _is_label_first(sections) else _paired(sections, answer)
    if is_classification:
        pieces = _as_labels(pieces)
    return Found(pieces, went_on, has_answers=answer in kinds)


def _is_label_first(sections: Sequence[Section]) -> bool:
    """Return whether labels come before their inputs: nothing stands before the first, or something below the last."""
    first = next(at for at, section in enumerate(sections) if section.kind == "label")
    before = sections[:first]
    if any(section.kind == "input" for section in before):
        return False
    return not any(section.body for section in before) or sections[-1].kind != "label" or "\n" in sections[-1].body


def _without_farewell(text: str) -> str:
    """Return the text without a last paragraph that only follows the last answer."""
    before, _, last = text.rstrip().rpartition("\n\n")
    answer = before[max(before.rfind("Output:"), before.rfind("Class label:"), 0) :]
    return before if before and only_follows(last, answer.partition(":")[2].lstrip()) else text


def _unwrapped(text: str, words: re.Pattern[str]) -> str:
    """Return what is inside the code fences that hold all the markers, or the text without a fence line that wraps nothing."""
    fences = find_fences(text)
    closed = [fence for fence in fences if fence.is_closed]
    around = [fence for fence in closed if words.search(text[fence.inside : fence.outside])]
    heads = list(outside(words.finditer(text), closed)) if around else []
    if around and (inside := _fenced(text, words, around, heads)):
        return inside
    if fences and not text[fences[-1].inside :].strip() and not fences[-1].is_closed:
        return text[: fences[-1].start]
    return text


def _fenced(text: str, words: re.Pattern[str], around: Sequence[Fence], heads: Sequence[re.Match[str]]) -> str:
    """Return the insides of fences that hold all markers but for "Example 1" above them; "" if these do not.

    Of several fences all count if each begins with a marker and below nothing but a title, else the first one.
    """
    insides = [text[fence.inside : fence.outside].strip("\n") for fence in around]
    parts = sorted(
        [(fence.start, said) for fence, said in zip(around, insides, strict=True)] + [(head.start(), head[0]) for head in heads]
    )
    ends = sorted([0, *(fence.end for fence in around), *(head.end() for head in heads)])
    above = [text[ends[bisect_right(ends, fence.start) - 1] : fence.start].strip(" \n*") for fence in around]
    if all(head["example"] for head in heads) and all(map(words.match, insides)) and (not heads or all(map(_is_title, above))):
        return "\n\n".join(said for _, said in parts)
    return "" if heads else insides[0]


def _sections(text: str, markers: Sequence[Marker]) -> Iterator[Section]:
    head = _head(text[: markers[0].start])
    if head:
        yield Section("head", head, head)
    ends = [marker.start for marker in markers[1:]] + [len(text)]
    for marker, end in zip(markers, ends, strict=True):
        yield Section(marker.kind, text[marker.start : end], _value(text[marker.end : end]))


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
    for section in _without_titles(_split_labels(sections, answer)):
        if section.kind == "example" or not groups:
            groups.append([])
        groups[-1].append(section)
    return [piece for group in groups for piece in _pairs(group, answer)]


def _split_labels(sections: Sequence[Section], answer: Kind) -> Iterator[Section]:
    """Yield the sections; what stands below a label that follows its input is the next input."""
    for section in sections:
        label, _, below = section.body.partition("\n")
        if section.kind != "label" or answer != "label" or not below.strip():
            yield section
        else:
            yield Section("label", section.raw[: len(section.raw) - len(below)], label)
            yield Section("head", below, below.strip())


def _without_titles(sections: Iterator[Section]) -> Iterator[Section]:
    """Yield the sections; an example's few words before its input are its title."""
    before: Section | None = None
    for section in sections:
        if before and before.kind == "example" and section.kind == "input" and _is_title(before.body):
            before = Section("example", before.raw, "")
        if before:
            yield before
        before = section
    if before:
        yield before


def _is_title(text: str) -> bool:
    return "\n" not in text and ":" not in text and len(text.split()) <= _LONGEST_TITLE


def _pairs(group: Sequence[Section], answer: Kind) -> Iterator[Piece]:
    """Yield the pieces of one example. A second output belongs to the same input; a second input begins another piece.

    Of two outputs, the first is part of the input if that ends in a colon: "My program prints:".
    """
    given: list[str] = []
    raw: list[str] = []
    told: str | None = None  # what is given as one text; put together once, however many answers there are to it
    is_open = False
    answers = sum(section.kind == answer for section in group)
    for section in group:
        raw.append(section.raw)
        answers -= section.kind == answer
        if section.kind == answer and not (answers and is_open):
            told = input_of(given) if told is None else told
            yield Piece("".join(raw), Instance(told, section.body))
            raw = []
            continue
        if len(raw) == 1:
            given = []
        if section.body:
            given.append(section.raw.strip() if given else section.body)
        told, is_open = None, bool(given) and ends_in_colon(given[-1])
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
    return Piece("".join(section.raw for section in group), Instance(input_of(given), label.strip(" \t*")))


def _as_labels(pieces: Sequence[Piece]) -> list[Piece]:
    """Return the pieces of a classification reply without what explains their labels."""
    cleaned = cache(without_reasons)  # one input may have many labels
    return [
        Piece(piece.raw, Instance(cleaned(piece.read.input), label_of(without_reasons(piece.read.output))))
        if isinstance(piece.read, Instance)
        else piece
        for piece in pieces
    ]
