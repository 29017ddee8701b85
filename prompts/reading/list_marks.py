"""Find where the items of a list begin: numbers in many styles and scripts, labels, bullets.

Below `prompts.numbered_list`. Understood: `9.` `9)` `(9)` `[9]` `9:` `9 -` `**9.**` `### 9.` `#9.` `９．` `9、` `九、` `٩.` `①`
`9️⃣`, and a word with a number (`Task 9:`, `**Task #9**`, `Tarea 9:`, `Tâche 9 :`, `任务9：`). Every step takes linear time: no
pattern has nested or overlapping quantifiers.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from self_instruct.prompts.reading.courtesies import ends_in_colon
from self_instruct.prompts.reading.fences import Fence, outside

_OWN_LABELS = "task|instruction"
_LABELS = (
    f"{_OWN_LABELS}|prompt|question|exercise|example|item|tarea|instrucción|ejercicio|ejemplo|pregunta|aufgabe|anweisung|übung"
    "|frage|beispiel|tâche|consigne|exercice|exemple|tarefa|instrução|exercício|exemplo|compito|istruzione|esercizio|taak"
    "|opdracht|uppgift|zadanie|polecenie|задание|задача|инструкция|вопрос|пример|завдання|任务|任務|指令|题目|问题|示例|タスク|指示|課題"
    "|과제|작업|مهمة|المهمة|कार्य|görev|tugas|nhiệm vụ"
)
_GAP = "[ \\t\u00a0\u3000\u200b\u2060\ufeff]*+"
_THEN = r"(?=\s|\Z|\*|[^\W\d])"  # neither 2016. nor 3.5
_NUMBER = re.compile(
    rf"""^(?P<indent>{_GAP})(?P<lead>[>\#]++[ \t]*+)?+(?P<bold>\*\*)?+
    (?: (?P<label>{_LABELS})[ \t]*+(?:n[°ºo]\.?|nr\.?|№|\#)?+[ \t]*+(?P<labelled>\d{{1,3}}+)(?!\d)(?:\*\*)?+
            [ \t\u00a0\u202f]*+(?:[:：.)–—-]|(?=[ \t\r]*+$))
      | (?P<open>[(\[（【])(?P<within>\d{{1,3}}+)[)\]）】]{_THEN}
      | (?P<hanzi>[一二三四五六七八九十]{{1,3}}+)[、．.]
      | (?P<sign>[①-⑳])
      | (?P<number>\d{{1,3}}+)(?!\d)(?: \ufe0f?+(?P<keycap>\u20e3)
            | (?:\*\*)?+(?:[ ]?+(?P<mark>[.)．。）:：]){_THEN} | (?P<comma>、) | [ ]++(?P<dash>[–—-])[ ]++(?=[^\W\d])))
      | (?P<ten>🔟)
    )(?(bold)(?:\*\*)?+)""",
    re.VERBOSE | re.MULTILINE | re.IGNORECASE,
)
_BULLET = re.compile(rf"^(?P<indent>{_GAP})(?P<mark>[-*+•‣●–—])[ \t]++(?=\S)", re.MULTILINE)
_INLINE = re.compile(r"(?<=[.?!:;。！？；)\]\"'”’*])[ \t]+(?P<number>\d{1,3}+)[.)](?=[ \t]+\S)")
_STYLES = str.maketrans("．。）：", "..):")
_HANZI = {sign: at for at, sign in enumerate("一二三四五六七八九", 1)}
_NESTED = 2  # columns deeper than the first number: a list within an item


@dataclass(frozen=True, slots=True)
class Mark:
    """Where an item begins: its mark is `[start, end)`. `number` is None for a bullet; `is_bold` if its bold goes on."""

    start: int
    end: int
    number: int | None
    style: str
    columns: int = 0
    is_bold: bool = False
    is_heading: bool = False


def continues_a_list(text: str) -> bool:
    """Return whether a text begins with a number above 1, as an answer does that goes on with the prompt's list."""
    begin = len(text) - len(text.lstrip())
    first = _NUMBER.match(text, text.rfind("\n", 0, begin) + 1)
    return first is not None and (_mark(first).number or 0) > 1


def find_marks(text: str, fences: Sequence[Fence]) -> list[Mark]:
    """Return the marks of the outermost list; bullets count only where nothing is numbered."""
    numbered = _of_one_list(map(_mark, outside(_NUMBER.finditer(text), fences)))
    if not numbered:
        numbered = []
        bullets = _of_one_list(map(_bullet, outside(_BULLET.finditer(text), fences)))
        return bullets or list(_inline(text, 0, len(text), None, None, fences))
    return _with_inline(text, _without_inner_lists(text, numbered), fences)


def find_certain_marks(text: str, fences: Sequence[Fence]) -> list[Mark]:
    """Return the marks of a list that is still coming, as far as each number follows the one before."""
    marks = _of_one_list(map(_mark, outside(_NUMBER.finditer(text), fences)))
    end = next((at for at in range(1, len(marks)) if marks[at].number != (marks[at - 1].number or 0) + 1), len(marks))
    return marks[:end]


def first_mark(text: str) -> Mark | None:
    """Return the first mark of any list, within a fence or not."""
    number = _NUMBER.search(text)
    bullet = None if number else _BULLET.search(text)
    return _mark(number) if number else _bullet(bullet) if bullet else None


def _mark(match: re.Match[str]) -> Mark:
    label = match["label"]
    style = (
        label.casefold()
        if label
        else "()"
        if match["open"]
        else (match["mark"] or "").translate(_STYLES) or match["comma"] or (match["dash"] and "-") or "sign"
    )
    lead = match["lead"] or ""
    return Mark(
        start=match.end("indent"),
        end=match.end(),
        number=_number(match),
        style="、" if match["hanzi"] else style,
        columns=len(match["indent"].expandtabs(4)),
        is_bold=match[0].count("**") == 1,
        is_heading="#" in lead and lead.endswith((" ", "\t")),
    )


def _bullet(match: re.Match[str]) -> Mark:
    return Mark(match.end("indent"), match.end(), None, match["mark"], len(match["indent"].expandtabs(4)))


def _number(match: re.Match[str]) -> int:
    if match["hanzi"]:
        tens, ten, ones = match["hanzi"].rpartition("十")
        return (_HANZI.get(tens, 1) * 10 if ten else 0) + _HANZI.get(ones, 0)
    if match["sign"]:
        return ord(match["sign"]) - ord("①") + 1
    return 10 if match["ten"] else int(match["labelled"] or match["within"] or match["number"])


def _of_one_list(marks: Iterable[Mark]) -> list[Mark]:
    """Return the marks of the outermost list: those that look as the first one does."""
    chosen: list[Mark] = []
    for mark in marks:
        if not chosen or _continues(chosen[0], mark):
            chosen.append(mark)
    return chosen


def _continues(first: Mark, mark: Mark) -> bool:
    if mark.columns >= first.columns + _NESTED:
        return False
    if first.style in _LABELS.split("|"):
        return mark.style == first.style
    return mark.style in {".", first.style, *_OWN_LABELS.split("|")}


def _without_inner_lists(text: str, marks: Sequence[Mark]) -> list[Mark]:
    """Return the marks without those that count from 1 within an item, after which the list goes on or the reply ends.

    At the end of a reply it is an inner list only if the item before it ends in a colon; else the numbering was restarted.
    """
    kept: list[Mark] = []
    at = 0
    while at < len(marks):
        mark, last = marks[at], kept[-1].number if kept else None
        if last is None or mark.number != 1:
            kept.append(mark)
            at += 1
            continue
        before = text[max(kept[-1].end, marks[at - 1].start) : mark.start]
        announced = ends_in_colon(before) and not before.rstrip(" \t").endswith("\n\n")
        end = at + 1
        while end < len(marks) and marks[end].number == (marks[end - 1].number or 0) + 1:
            if announced and marks[end].number == last + 1:
                break
            end += 1
        goes_on = end < len(marks) and marks[end].number == last + 1
        if not (goes_on or announced):
            kept += marks[at:end]
        at = end
    return kept


def _with_inline(text: str, marks: Sequence[Mark], fences: Sequence[Fence]) -> list[Mark]:
    """Return the marks with those of items that begin within a line, after the end of a sentence, with the next number."""
    found = list(_inline(text, 0, marks[0].start, None, marks[0].number, fences))
    ends = [*(mark.start for mark in marks[1:]), len(text)]
    following = [*(mark.number for mark in marks[1:]), None]
    for mark, end, number in zip(marks, ends, following, strict=True):
        found += mark, *_inline(text, mark.end, end, mark.number, number, fences)
    return found


def _inline(
    text: str, begin: int, end: int, number: int | None, following: int | None, fences: Sequence[Fence]
) -> Iterator[Mark]:
    """Yield the marks within one item with this number (None: not known), which the item numbered `following` follows."""
    wanted = None if number is None else number + 1
    if wanted is not None and wanted == following:
        return
    for match in outside(_INLINE.finditer(text, begin, end), fences):
        said = int(match["number"])
        if said == 1 or (wanted is None and said == following):
            return
        if wanted is None or said == wanted:
            yield Mark(match.start("number"), match.end(), said, ".")
            wanted = said + 1
