"""Find the items of a list as chat models write it: numbered in many styles, or bulleted, with talk around it.

Below `prompts.instruction_parser`, for its `tolerant` form. The prompt ends in the first item's number, so the reply may begin
with an unnumbered item. Every step takes linear time: no pattern has nested or overlapping quantifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from self_instruct.prompts.replies import (
    Fence,
    blanked,
    ends_in_colon,
    find_fences,
    is_farewell,
    is_preamble,
    outside,
    without_thinking,
)

PUBLISHED_NUMBER = re.compile(r"\n\d++\s?\. ")  # where the published code splits a reply

_NUMBER = re.compile(
    r"""^(?P<indent>[ \t]*+)(?:[>\#]++[ \t]*+)?+(?P<bold>\*\*)?+
    (?: (?P<label>task|instruction)[ \t]*+\#?+(?P<labelled>\d{1,3}+)(?!\d)(?:\*\*)?+[ \t]*+(?:[:.)–—-]|(?=[ \t\r]*+$))
      | (?P<number>\d{1,3}+)(?!\d)(?:\*\*)?+[ ]?+(?P<mark>[.)])(?=\s|\Z|\*|[^\W\d])   # neither 2016. nor 3.5
    )(?(bold)(?:\*\*)?+)""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_BULLET = re.compile(r"^(?P<indent>[ \t]*+)(?P<mark>[-*+•‣●–—])[ \t]++(?=\S)", re.MULTILINE)
_RULE = re.compile(r"^[ \t]*+(?:-{3,}+|\*{3,}+|_{3,}+|={3,}+)[ \t\r]*+$", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t\r]*+\n")
_NESTED = 2  # columns deeper than the first number: a list within an item


@dataclass(frozen=True, slots=True)
class ListItem:
    """One item of a list: where it begins and ends in the reply, number included, and its text without number and bold."""

    start: int
    end: int
    text: str


def list_items(text: str, *, is_whole: bool = True) -> list[ListItem]:
    """Return the items of a reply in order; of one that is still coming (not `is_whole`), those that are finished.

    A number counts if it starts a line that is neither indented into an item nor inside a code fence within an item; four
    digits are a year. Bullets count only where nothing is numbered. What leads up to the list or follows it is no item.
    """
    visible, fences = _without_wrapping(without_thinking(text), is_whole)
    marks = _of_one_list(outside(_NUMBER.finditer(visible), fences))
    if not is_whole:
        return _items_between(text, visible, marks)[:-1] if marks else []
    marks = marks or _of_one_list(outside(_BULLET.finditer(visible), fences))
    return _without_farewell(_items_between(text, visible, marks))


def _without_wrapping(text: str, is_whole: bool) -> tuple[str, list[Fence]]:
    """Blank rules and the lines of fences that wrap the list or were never closed; return also the fences within items."""
    first = _NUMBER.search(text) or _BULLET.search(text)
    begin = len(text) - len(text.lstrip())
    within: list[Fence] = []
    noise: list[tuple[int, int]] = []
    for fence in find_fences(text):
        wraps = fence.start < first.start() < fence.end if first else fence.start <= begin
        may_close = not is_whole and fence.end == len(text)
        if wraps or not (fence.is_closed or may_close):
            noise += fence.lines
        else:
            within.append(fence)
    noise += [rule.span() for rule in outside(_RULE.finditer(text), within)]
    return blanked(text, sorted(noise)), within


def _of_one_list(marks: Iterable[re.Match[str]]) -> list[re.Match[str]]:
    """Return the marks of the outermost list: those that look as the first one does."""
    chosen: list[re.Match[str]] = []
    for mark in marks:
        if not chosen or _continues(chosen[0], mark):
            chosen.append(mark)
    return chosen


def _continues(first: re.Match[str], mark: re.Match[str]) -> bool:
    if _columns(mark) >= _columns(first) + _NESTED:
        return False
    if _group(mark, "label"):
        return True
    return not _group(first, "label") and mark["mark"] in {".", _group(first, "mark")}


def _columns(mark: re.Match[str]) -> int:
    return len(mark["indent"].expandtabs(4))


def _group(mark: re.Match[str], name: str) -> str | None:
    return mark.groupdict().get(name)


def _items_between(text: str, visible: str, marks: Sequence[re.Match[str]]) -> list[ListItem]:
    """Return the items that the marks begin, after the unnumbered one before them, if there is one."""
    if not marks:
        head = _head(visible, None)
        return [ListItem(0, len(text), head)] if head else []
    starts = [mark.end("indent") for mark in marks]
    starts[0] = _first_start(text, starts[0])
    ends = [*starts[1:], len(text)]
    items = [
        ListItem(start, end, _unbolded(visible[mark.end() : end], is_open=mark[0].count("**") == 1))
        for mark, start, end in zip(marks, starts, ends, strict=True)
    ]
    head = _head(visible[: marks[0].start()], marks[0])
    return [ListItem(0, starts[0], head), *items] if head else items


def _first_start(text: str, start: int) -> int:
    """Return 0 for a first item with nothing before it, unless the published code splits there: one place for every form."""
    if text[:start].strip() or PUBLISHED_NUMBER.match(text, max(start - 1, 0)):
        return start
    return 0


def _unbolded(text: str, *, is_open: bool = False) -> str:
    """Return an item's text; a bold title or a wholly bold item loses its asterisks and keeps its words.

    `is_open` says that the asterisks before it were already read with the number.
    """
    body = text.strip()
    if not is_open:
        if not body.startswith("**") or body.find("**", 2) < 0:
            return body
        body = body[2:]
    bold, _, plain = body.partition("**")
    return (bold + plain).strip()


def _head(text: str, first: re.Match[str] | None) -> str:
    """Return the item that continues the prompt's own number, without the lines that only lead up to the list."""
    lines = text.split("\n")
    if first is not None and _announces(text, first):
        lines = text.rstrip().split("\n")[:-1]
    begin = next((at for at, line in enumerate(lines) if line.strip() and not is_preamble(line)), len(lines))
    return _unbolded("\n".join(lines[begin:]))


def _announces(head: str, first: re.Match[str]) -> bool:
    """Return whether the text before a list ends in a colon and either a blank line, or a list that begins at 1, follows."""
    has_blank_line = head[len(head.rstrip()) :].count("\n") > 1
    number = _group(first, "number") or _group(first, "labelled")
    return ends_in_colon(head) and (has_blank_line or number == "1")


def _without_farewell(items: list[ListItem]) -> list[ListItem]:
    """Cut from the last item what only follows the list: a paragraph where no other item has two, or a known phrase."""
    if not items:
        return items
    *others, last = items
    first_paragraph = _BLANK_LINE.split(last.text, maxsplit=1)[0]
    is_short_list = bool(others) and not any(_BLANK_LINE.search(item.text) for item in others)
    text = first_paragraph if is_short_list and not ends_in_colon(first_paragraph) else last.text
    lines = text.split("\n")
    end = next((at for at, line in enumerate(lines) if at and is_farewell(line)), len(lines))
    return [*others, replace(last, text="\n".join(lines[:end]).rstrip())]
