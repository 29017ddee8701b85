"""Find the items of a list as chat models write it: numbered or not, as JSON or as a table, with talk around it.

Below `prompts.reading.instruction_parser`, for its `tolerant` form; `list_marks` says which numbers are understood. The prompt
ends in the first item's number, so the reply may begin with an unnumbered item. Every step takes linear time.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from html import unescape

from self_instruct.prompts.reading.courtesies import ends_in_colon, is_farewell, is_preamble, is_refusal
from self_instruct.prompts.reading.fences import Fence, find_fences, outside
from self_instruct.prompts.reading.json_and_tables import (
    as_text,
    entries_by_key,
    json_begins,
    json_entries,
    table_begins,
    table_rows,
)
from self_instruct.prompts.reading.list_marks import Mark, continues_a_list, find_certain_marks, find_marks, first_mark
from self_instruct.prompts.reading.quotes import unquoted
from self_instruct.prompts.reading.thoughts import blanked, without_thinking
from self_instruct.records.tasks import Reason

PUBLISHED_NUMBER = re.compile(r"\n\d++\s?\. ")  # where the published code splits a reply

_RULE = re.compile(r"^[ \t]*+(?:-{3,}+|\*{3,}+|_{3,}+|={3,}+)[ \t\r]*+$", re.MULTILINE)
_BLANK_LINE = re.compile(r"\n[ \t\r]*+\n")
_LONE_RETURN = re.compile(r"\r(?!\n)")
_LINE_BREAK = re.compile(r"<br[ ]?/?>", re.IGNORECASE)
_UNSEEN = re.compile("[\u200b\u2060\ufeff]")
_UNSEEN_FIRST = re.compile("^[ \t]*+[\u200b\u2060\ufeff][ \t\u200b\u2060\ufeff]*+", re.MULTILINE)
_WORD = re.compile(r"\w")
_SENTENCE_END = (".", "?", "!", "…", "。", "？", "！", "।", "؟", '."', '?"', '!"', ".”", "?”", ".)", "?)")
_LABEL = re.compile(
    r"(?:\*\*)?+(?:instruction|task|prompt|description|aufgabe|anweisung)s?+(?:\*\*)?+[ ]?+[:：](?:\*\*)?+\s*+", re.IGNORECASE
)
_GLUED = re.compile(
    r"\n[ \t>*#-]*+(?:(?:sample|example|expected)[ ])?+(?:input|output|entrada|salida|saída|eingabe|ausgabe|entrée|sortie"
    r"|输入|输出|入力|出力|ввод|вывод)[ ]?+(?:\*\*)?+[ \u00a0]?+[:：]",
    re.IGNORECASE,
)
_GLUED_INPUT = re.compile(r"(?<=[.?!:*])[ \t]++(?:\*\*)?+Input(?:\*\*)?+:")
_GLUED_OUTPUT = re.compile(r"\bOutput(?:\*\*)?+:")
_ABOUT_MARKUP = re.compile(r"html|xml|entit|escap|markup|tag\b|`", re.IGNORECASE)
_INSTRUCTION_KEYS = (
    "instruction", "task", "prompt", "request", "question", "description", "text", "tarea", "aufgabe", "anfrage", "bitte",
    "tâche", "任务", "指令",
)  # fmt: skip
_LONGEST_TITLE = 8  # words
_SHORTEST_TASK = 4  # words of what stands below a title


@dataclass(frozen=True, slots=True)
class ListItem:
    """One item of a list: where it begins and ends in the reply, number included, and its text, or why it has none.

    `is_closed` says that its end is certain, even in a reply that was cut off.
    """

    start: int
    end: int
    read: str | Reason
    is_closed: bool = False


def list_items(text: str, subjects: Collection[str] = ()) -> list[ListItem]:
    """Return the items of a reply in order; none where it only refuses or leads up to a list.

    A number counts if it starts a line that is neither indented into an item nor inside a code fence within an item, or if it
    is the next one and follows a sentence; four digits are a year. What leads up to the list or follows it is no item. Of JSON
    whose keys are `subjects`, each value is one.
    """
    answer = _answer(text)
    if items := _structured(answer, subjects):
        return items
    visible, fences = _without_wrapping(_LINE_BREAK.sub(_as_newline, answer), is_whole=True)
    marks = find_marks(visible, fences)
    if not marks:
        return [] if is_refusal(visible) or json_begins(visible) == _begin(visible) else _unnumbered(visible)
    return _judged(_without_farewell(_items_between(text, visible, marks)))


def finished_items(text: str) -> list[ListItem]:
    """Return the items of a reply that is still coming, as far as nothing that may follow can change them."""
    if not continues_a_list(text):
        return []  # it may be thinking aloud, or writing JSON
    visible, fences = _without_wrapping(_LINE_BREAK.sub(_as_newline, _answer(text)), is_whole=False)
    marks = find_certain_marks(visible, fences)
    return _judged(_items_between(text, visible, marks)[:-1]) if marks else []


def _answer(text: str) -> str:
    """Return the reply with a newline for each lone carriage return and without thinking; positions stay."""
    text = _UNSEEN_FIRST.sub(lambda first: _UNSEEN.sub(" ", first[0]), _LONE_RETURN.sub("\n", text))
    return without_thinking(text, may_begin_within=not continues_a_list(text))


def _as_newline(line_break: re.Match[str]) -> str:
    return " " * (len(line_break[0]) - 1) + "\n"


def _begin(text: str) -> int:
    return len(text) - len(text.lstrip())


# JSON and tables


def _structured(text: str, subjects: Collection[str]) -> list[ListItem]:
    """Return the items of a reply that is JSON or a table; none where that stands within an item."""
    begins = [begin for begin in (json_begins(text), table_begins(text)) if begin is not None]
    if not begins:
        return []
    begin = min(begins)
    before = blanked(text, [line for fence in find_fences(text) for line in fence.lines])[:begin]
    if not all(_leads_up(line) for line in before.split("\n")) or first_mark(before):
        return []
    items = list(_json_items(text, subjects) if json_begins(text) == begin else _table_items(text))
    return items if any(isinstance(item.read, str) for item in items) else []


def _leads_up(line: str) -> bool:
    return not line.strip() or is_preamble(line) or ends_in_colon(line)


def _json_items(text: str, subjects: Collection[str]) -> Iterator[ListItem]:
    for entry in json_entries(text):
        if entry.value is None:
            yield ListItem(entry.start, entry.end, Reason.UNREADABLE)
        elif isinstance(entry.value, str):
            yield ListItem(entry.start, entry.end, entry.value.strip() or Reason.EMPTY, is_closed=True)
        elif instruction := _instruction_in(entry.fields):
            yield ListItem(entry.start, entry.end, instruction, is_closed=True)
        elif any(name in subjects for name in entry.fields):
            for name, one in entries_by_key(text, entry):
                if name in subjects and isinstance(one.value, str):
                    yield ListItem(one.start, one.end, one.value.strip() or Reason.EMPTY, is_closed=True)


def _instruction_in(fields: Mapping[str, object]) -> str:
    """Return the instruction that a JSON object or a row of a table holds, or an empty text."""
    named = {name.casefold(): value for name, value in fields.items()}
    return next((as_text(named[key]) for key in _INSTRUCTION_KEYS if isinstance(named.get(key), str)), "")


def _table_items(text: str) -> Iterator[ListItem]:
    for row in table_rows(text):
        cells = [cell for cell in row.fields.values() if _WORD.search(cell.strip("0123456789. "))]
        instruction = _instruction_in(row.fields) or (cells[0] if len(cells) == 1 else "")
        if instruction:
            yield ListItem(row.start, row.end, _plain(instruction), is_closed=True)


# plain text


def _without_wrapping(text: str, is_whole: bool) -> tuple[str, list[Fence]]:
    """Blank rules and the lines of fences that wrap the list or were never closed; return also the fences within items."""
    first = first_mark(text)
    begin = _begin(text)
    within: list[Fence] = []
    noise: list[tuple[int, int]] = []
    for fence in find_fences(text):
        wraps = fence.start < first.start < fence.end if first else fence.start <= begin
        may_close = not is_whole and fence.end == len(text)
        if wraps or not (fence.is_closed or may_close):
            noise += fence.lines
        else:
            within.append(fence)
    noise += [rule.span() for rule in outside(_RULE.finditer(text), within)]
    return blanked(text, sorted(noise)), within


def _items_between(text: str, visible: str, marks: Sequence[Mark]) -> list[ListItem]:
    """Return the items that the marks begin, after the unnumbered one before them, if there is one."""
    starts = [mark.start for mark in marks]
    starts[0] = _first_start(text, starts[0])
    ends = [*starts[1:], len(text)]
    items = [
        ListItem(start, end, _cleaned(visible[mark.end : end], mark))
        for mark, start, end in zip(marks, starts, ends, strict=True)
    ]
    head = _head(visible[: marks[0].start], marks[0])
    return [ListItem(0, starts[0], head), *items] if head else items


def _first_start(text: str, start: int) -> int:
    """Return 0 for a first item with nothing before it, unless the published code splits there: one place for every form."""
    if text[:start].strip() or PUBLISHED_NUMBER.match(text, max(start - 1, 0)):
        return start
    return 0


def _unnumbered(visible: str) -> list[ListItem]:
    """Return the one item of a reply without numbers, or each line of it where every line is a sentence."""
    head = _head(visible, None)
    if not head:
        return []
    at = len(visible) - len(visible.lstrip()) if visible.strip().startswith(head[:1]) else 0
    lines = [line for line in re.finditer(r"[^\n]+", visible[at:]) if line[0].strip()]
    said = [line for line in lines if not is_preamble(line[0])]
    while len(said) > 1 and is_farewell(said[-1][0]):
        said.pop()
    if len(said) < 2 or not all(line[0].rstrip().endswith(_SENTENCE_END) for line in said):
        return _judged(_without_farewell([ListItem(0, len(visible), head)]))
    starts = [0, *(at + line.start() for line in said[1:])]
    ends = [*starts[1:], len(visible)]
    return _judged([ListItem(begin, end, _plain(line[0])) for begin, end, line in zip(starts, ends, said, strict=True)])


def _judged(items: Sequence[ListItem]) -> list[ListItem]:
    """Return the items, with the reason in place of a text that holds no word."""
    return [replace(item, read=_judge(item.read)) for item in items]


def _judge(read: str | Reason) -> str | Reason:
    if isinstance(read, Reason):
        return read
    alone = _alone(read)
    if not _WORD.search(alone):
        return Reason.UNREADABLE if alone.strip(" \t\r\n*_#") else Reason.EMPTY
    return alone


def _alone(text: str) -> str:
    """Return an instruction without its label, the instance glued to it, the JSON around it and what HTML put into it."""
    text = _UNSEEN.sub("", text)
    if text.startswith("{"):
        text = next((_instruction_in(entry.fields) for entry in json_entries(text) if entry.fields), "") or text
    label = _LABEL.match(text)
    text = text[label.end() :] if label and _WORD.search(text, label.end()) else text
    glued = _GLUED.search(text) or _GLUED_INPUT.search(text)
    if glued and (glued.re is _GLUED or _GLUED_OUTPUT.search(text, glued.end())) and _WORD.search(text[: glued.start()]):
        text = text[: glued.start()]
    return unquoted((text if _ABOUT_MARKUP.search(text) else unescape(text)).strip())


def _cleaned(text: str, mark: Mark) -> str:
    """Return an item's text without a title on the mark's line, and without bold."""
    line, newline, below = text.partition("\n")
    is_title = mark.is_heading or line.strip().rstrip(":：").endswith("**")
    title = line.strip(" \t\r*_#:：")
    if (
        newline
        and is_title
        and not title.endswith(_SENTENCE_END)
        and len(title.split()) <= _LONGEST_TITLE
        and (len(below.split()) >= _SHORTEST_TASK or below.rstrip().endswith(_SENTENCE_END))
    ):
        return _plain(below)
    return _plain(text, is_open=mark.is_bold)


def _plain(text: str, *, is_open: bool = False) -> str:
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


def _head(text: str, first: Mark | None) -> str:
    """Return the item that continues the prompt's own number, without the lines that only lead up to the list."""
    lines = text.split("\n")
    if first is not None and _announces(text, first):
        lines = text.rstrip().split("\n")[:-1]
    begin = next((at for at, line in enumerate(lines) if line.strip() and not is_preamble(line)), len(lines))
    return _plain("\n".join(lines[begin:]))


def _announces(head: str, first: Mark) -> bool:
    """Return whether the text before a list ends in a colon and either a blank line, or a list that begins at 1, follows."""
    has_blank_line = head[len(head.rstrip()) :].count("\n") > 1
    return ends_in_colon(head) and (has_blank_line or first.number == 1)


def _without_farewell(items: list[ListItem]) -> list[ListItem]:
    """Cut from the last item what only follows the list: a paragraph where no other item has two, or a known phrase."""
    if not items or isinstance(items[-1].read, Reason):
        return items
    *others, last = items
    text = items[-1].read
    first_paragraph = _BLANK_LINE.split(text, maxsplit=1)[0]
    is_short_list = bool(others) and not any(isinstance(item.read, str) and _BLANK_LINE.search(item.read) for item in others)
    text = first_paragraph if is_short_list and not ends_in_colon(first_paragraph) else text
    lines = text.split("\n")
    end = next((at for at, line in enumerate(lines) if at and is_farewell(line)), len(lines))
    return [*others, replace(last, read="\n".join(lines[:end]).rstrip())]
