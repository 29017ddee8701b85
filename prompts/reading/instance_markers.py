"""Find the markers of an instance reply ("Input:", "Output:", "Class label:", "Example 1") at the start of its lines.

Below `prompts.instance_sections`. Two sets of words are known: those that the prompt asks for, and, for a reply that has none
of them, looser ones ("input:", "Answer:", "Label:") and those of other languages ("Entrada:", "输出："). Every step takes
linear time.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from self_instruct.prompts.reading.fences import find_fences, outside

Kind = Literal["head", "example", "input", "output", "label", "task"]
KINDS: tuple[Kind, ...] = ("example", "input", "output", "label", "task")

_FEWEST_WORDS = 2  # below an answer's own heading; one is the begin of "Input:", where a reply was cut off
_BLANK = "[ \\t\u00a0\u202f]*+"
_COLON = rf"{_BLANK}\#?+\d*+(?:\*\*)?+{_BLANK}[:：](?(bold)(?:\*\*)?+)"
_DRESSED = r"(?(bold)\*\*[ \t]*+$|(?(hash)[ \t]*+$|(?!)))"  # "**Input**" or "### Input" alone on its line
_COUNT = r"(?:\#?+\d++|one|two|three|four|five|six|seven|eight|nine|ten|One|Two|Three|Four|Five|Six|Seven|Eight|Nine|Ten)"
_TITLE = r"[-–—][ ][^\n:]{1,60}+:?+"  # "Example 1 – A short list"
_ORDINAL = "(?i:(?:the[ ])?+(?:first|second|third|fourth|fifth)[ ]example)"


def _marker(words: Mapping[Kind, str], *, ignoring_case: bool) -> re.Pattern[str]:
    fields = "\n".join(f"| (?P<{kind}>(?:{words[kind]})(?:{_COLON}|{_DRESSED}))" for kind in ("input", "output", "label"))
    answered = rf"(?=[ \t]*+\n\s*+(?:[\#>]++[ ])?+(?:\*\*)?+(?:{words['input']}|{words['output']}|{words['label']})\b)"
    return re.compile(
        rf"""^(?:(?P<task>(?<=\n\n)(?:\*\*)?+(?:Task|Aufgabe){_COLON.replace("(?(bold)", "(?:")})
        | [ ]{{0,3}}+(?:(?:[-*•+]|(?P<hash>[>\#]++)|\d{{1,2}}[.)])[ \t]++)?+(?P<bold>\*\*)?+
          (?: (?P<example>(?:{words["example"]})(?:
                  {_BLANK}{_COUNT}(?:\*\*)?+{_BLANK}(?:\([^()\n]{{1,60}}+\)(?:\*\*)?+{_BLANK})?+
                      (?: [:：](?:\*\*)?+ | [.)](?:\*\*)?+(?=\s|\Z) | (?=[ \t]*+$) | {_TITLE}{answered} )
                | (?:\*\*)?+[:：]?+(?:\*\*)?+{answered}
              ) | {_ORDINAL}(?:\*\*)?+[:：]?+(?:\*\*)?+{answered})
            {fields}
          ))""",
        re.VERBOSE | re.MULTILINE | (re.IGNORECASE if ignoring_case else re.NOFLAG),
    )


ASKED_FOR = _marker(
    {"input": "Input|INPUT", "output": "Output|OUTPUT", "label": "(?i:class[ ]label)", "example": "Example|EXAMPLE"},
    ignoring_case=False,
)
LOOSE = _marker(
    {
        "input": "(?:(?:sample|example|test)[ ])?+input|question|entrada|eingabe|entrée|ввод|вход|входные[ ]данные"
        "|输入|輸入|入力|입력"
        "|المدخلات|المدخل|इनपुट|ingresso|invoer|wejście",
        "output": "(?:(?:sample|example|expected)[ ])?+output|answer|response|salida|saída|ausgabe|sortie|uscita|вывод|выход"
        "|输出|輸出|出力"
        "|출력|المخرجات|المخرج|आउटपुट|respuesta|antwort|réponse|ответ|答案|回答|答え|uitvoer|wyjście",
        "label": "class[ ]label|label|class|category|etiqueta(?:[ ]de[ ]clase)?+|clase|klassenbezeichnung|klasse|étiquette"
        "|classe"
        "|rótulo"
        "|etichetta|метка(?:[ ]класса)?+|класс|类别标签|分类标签|类别|标签|分类|クラスラベル|ラベル|クラス|레이블",
        "example": "example|sample|ejemplo|beispiel|exemple|exemplo|esempio|пример|示例|例子|例|예시|예|مثال|उदाहरण",
    },
    ignoring_case=True,
)
_INLINE = re.compile(r"(?<=\S)[ \t]*+(?:(?:->|→|=>|[|;,])[ \t]*+)?+(?<=[ \t,;|>→])(?=(?:\*\*)?+Output(?:\*\*)?+[ ]?+:)")
_BEHIND = re.compile(
    rf"^(?P<head>[ \t]*+(?:[>\#]++[ ]?+)?+(?:\*\*)?+Example[ ]*+{_COUNT}(?:\*\*)?+[ ]?+[:.](?:\*\*)?+)[ \t]++"
    r"(?=(?:\*\*)?+(?:Input|Output)\b)",
    re.MULTILINE,
)
_BREAK = re.compile(r"<br[ ]?/?>(?=\s*+(?:\*\*)?+(?:Input|Output|Class label|Example)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker at `[start, end)` of a text."""

    kind: Kind
    start: int
    end: int


def on_own_lines(text: str) -> str:
    """Return a reply with a new line for a marker that stands behind "Example 1:" or a line break of HTML."""
    return _BREAK.sub("\n", _BEHIND.sub(r"\g<head>\n", text))


def with_outputs_on_own_lines(text: str) -> str:
    """Return a reply with a new line for each "Output:" that stands behind its input."""
    return _INLINE.sub("\n", text)


def find_markers(text: str, marker: re.Pattern[str], answer: Kind) -> list[Marker]:
    """Return the markers of a reply whose answers follow `answer` markers, up to one that begins another task."""
    closed = [fence for fence in find_fences(text) if fence.is_closed]
    wanted = {"example", "input", answer}
    markers: list[Marker] = []
    answered = -1
    for found in _markers(outside(marker.finditer(text), closed)):
        if found.kind == "task" and answered >= 0 and text[answered : found.start].strip():
            return [*markers, found]
        if found.kind in wanted:
            markers.append(found)
        if found.kind == answer:
            answered = found.end
    return markers


def without_headings(text: str, markers: Sequence[Marker], answer: Kind) -> list[Marker]:
    """Return the markers without the "Example 1" of an answer's own: no marker is in it, and the answer is in no example."""
    kinds = [marker.kind for marker in markers]
    if answer != "output" or "output" not in kinds or "example" in kinds[: kinds.index("output")]:
        return list(markers)
    ends = [*((marker.start, marker.kind) for marker in markers[1:]), (len(text), "task")]
    return [
        one
        for one, (end, then) in zip(markers, ends, strict=True)
        if one.kind != "example" or then in ("input", answer) or len(text[one.end : end].split()) < _FEWEST_WORDS
    ]


def _markers(matches: Iterable[re.Match[str]]) -> Iterable[Marker]:
    for match in matches:
        kind = next(kind for kind in KINDS if match[kind] is not None)
        yield Marker(kind, match.start(), match.end())
