"""A form was asked for - CSV, a table, a list with bullets or numbers - and not kept."""

import csv
import re
from collections.abc import Callable, Mapping

from self_instruct.chains.verifiers.example import Example

MOST_LINES = 2_000
_GIVING = (
    r"\b(?:(?:in|as|into|to|using|with|make|create|write|give(?: me)?|return|output|produce|generate|provide|format(?:ted)? as"
    r"|print|prepare|draw up) (?:me )?(?:an? |the form of an? |the answer as an? )?(?:(?!the\b|this\b|each\b)[\w-]+ )?)"
)
_ABOUT = re.compile(
    r"\b(?:code|program|function|python|javascript|script|SQL|query|explain|what|how|HTML|difference|from (?:the |a "
    r"|this )?(?:CSV|table)|(?:CSV|table) (?:to|into))\b",
    re.IGNORECASE,
)
_MARKED = re.compile(r"^\s*(?:[-*•+–●▪]|\d{1,3}[.):])\s*\S")
_NUMBERED = re.compile(r"^\s*(?:\(?\d{1,3}[.):]|step \d{1,3}\b)\s*\S", re.IGNORECASE)


def wrong_format(example: Example) -> str | None:
    """Find an answer without the lines of CSV, a table, bullets or a numbered list, where those are asked for.

    Nothing is said where the task is about such a form rather than for it, nor of which of several forms is the better one.
    """
    if example.is_classification or not example.lines or not example.mentions("csv", "comma", "table", "bullet", "number"):
        return None
    for name, asked in _ASKED.items():
        if asked.search(example.request) and not _ABOUT.search(example.request):
            return None if _IS[name](example.lines[:MOST_LINES]) else f"no {name}"
    return None


def _is_csv(lines: list[str]) -> bool:
    rows = [line for line in lines if not line.startswith("```")]
    if not any("," in row or ";" in row or "\t" in row for row in rows):
        return False
    try:
        widths = {len(row) for row in csv.reader(rows) if row}
    except csv.Error:
        return False
    return len(widths) == 1 or any(row.count(";") + row.count("\t") for row in rows)


def _is_table(lines: list[str]) -> bool:
    fewest = max(2, len(lines) // 2)
    return any(sum(mark in line for line in lines) >= fewest for mark in ("|", "\t", ",", ";", "  ", ":"))


def _is_marked(lines: list[str]) -> bool:
    return any(map(_MARKED.match, lines))


def _is_numbered(lines: list[str]) -> bool:
    return any(map(_NUMBERED.match, lines))


_ASKED: Mapping[str, re.Pattern[str]] = {
    "CSV": re.compile(rf"{_GIVING}(?:CSV|comma[- ]separated values)\b", re.IGNORECASE),
    "table": re.compile(
        rf"{_GIVING}(?:two-column |three-column )?table\b(?! of contents)(?=[.,:;!?]| with| that| of| showing| from|$)",
        re.IGNORECASE,
    ),
    "bullets": re.compile(rf"{_GIVING}(?:bullet(?:ed)?[- ]?(?:points?|lists?)|bullets)\b", re.IGNORECASE),
    "numbered list": re.compile(rf"{_GIVING}(?:numbered (?:list|steps?)|list of numbered)\b", re.IGNORECASE),
}
_IS: Mapping[str, Callable[[list[str]], bool]] = {
    "CSV": _is_csv, "table": _is_table, "bullets": _is_marked, "numbered list": _is_numbered,
}  # fmt: skip
