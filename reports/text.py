"""Counts, amounts, texts and tables of them as a person reads them; what came from outside is made harmless first."""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

NOTHING = "–"  # where there is nothing to measure


@dataclass(frozen=True, slots=True)
class Row:
    """A row: what it is, its cells, and whether it is a part of the row above."""

    name: str
    cells: tuple[str, ...]
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table, whoever draws it, with its caption and the headings of all columns but the first."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def counted(count: int, noun: str) -> str:
    """Return a count with what is counted.

    >>> counted(1, "task"), counted(1200, "task")
    ('1 task', '1,200 tasks')
    """
    return f"{number(count)} {noun}" if count == 1 else f"{number(count)} {noun}s"


def number(count: int | None) -> str:
    """Return a count as it is read; None is a count that nobody knows.

    >>> number(52000)
    '52,000'
    """
    return "unknown" if count is None else f"{count:,}"


def dollars(amount: Decimal | float | None, uncounted: int = 0) -> str:
    """Return US dollars as they are read; None is an amount that nobody knows, and `uncounted` requests are not in it.

    >>> dollars(1.23456), dollars(0), dollars(2.5, uncounted=3)
    ('$1.2346', '$0', 'at least $2.5000')
    """
    if amount is None:
        return "unknown"
    return f"{'at least ' if uncounted and amount else ''}${amount:,.{4 if amount else 0}f}"


def duration(seconds: float) -> str:
    """Return a time as it is read.

    >>> duration(43.4), duration(125), duration(7_320)
    ('43 s', '2 min 5 s', '2 h 2 min')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"


def mean(value: float | None, digits: int = 1) -> str:
    """Return a mean, or a dash where there was nothing to measure."""
    return NOTHING if value is None else f"{value:,.{digits}f}"


def share(part: int, whole: int) -> str:
    """Return a share in percent.

    >>> share(1, 3), share(0, 0)
    ('33.3 %', '–')
    """
    return f"{100 * part / whole:.1f} %" if whole else NOTHING


def difference(left: float | None, right: float | None, digits: int = 0) -> str:
    """Return what must be added to the left figure for the right one, with its sign.

    >>> difference(200, 186), difference(1.5, 3.25, digits=1), difference(2, 2), difference(None, 2)
    ('−14', '+1.8', '0', '–')
    """
    if left is None or right is None:
        return NOTHING
    rounded = round(right - left, digits)
    return ("+" if rounded > 0 else "−" if rounded < 0 else "") + f"{abs(rounded):,.{digits if rounded else 0}f}"


def printable(text: str) -> str:
    r"""Return a text that commands no terminal: of what is not printed, only line breaks, tabs and spaces stay as they are.

    >>> printable("ok\x1b[2J")
    'ok�[2J'
    """
    if text.isprintable():
        return text
    return "".join(one if _is_harmless(one) else "\N{REPLACEMENT CHARACTER}" for one in text)


def shortened(text: str, length: int = 100) -> str:
    """Return a text in one line of printable characters, cut at `length`.

    >>> shortened("Name three rivers", 12)
    'Name three …'
    """
    line = printable(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1] + "…"


def described(evidence: Mapping[str, str | int | float]) -> str:
    """Return the evidence of a rejection in one line; what is empty is left out.

    >>> described({"nearest": "Name a river.", "score": 0.714})
    'nearest: Name a river., score: 0.71'
    """
    return ", ".join(f"{name}: {_brief(value)}" for name, value in evidence.items() if value != "")


def readable(text: str, length: int = 700) -> str:
    r"""Return a text as it can stand in HTML: control characters replaced, cut at `length` with what is missing said.

    >>> readable("line\x00s", 20)
    'line�s'
    """
    clean = "".join(one if one.isprintable() or one in "\n\t" else _replacement(one) for one in text.replace("\r\n", "\n"))
    return clean if len(clean) <= length else f"{clean[:length].rstrip()} … ({len(clean) - length:,} more characters)"


def readable_json(value: Any, indent: int | None = 2) -> str:
    r"""Return JSON in any script, in which all that could command a terminal is escaped.

    >>> print(readable_json(["é", "\x1b\u202e"], indent=None))
    ["é", "\u001b\u202e"]
    """
    written = json.dumps(value, indent=indent, ensure_ascii=False, default=str)
    if written.isprintable():
        return written
    return "".join(one if _is_harmless(one) else json.dumps(one)[1:-1] for one in written)


def _is_harmless(one: str) -> bool:
    return one.isprintable() or one in "\n\t" or unicodedata.category(one) == "Zs"  # spaces other than " "


def _brief(value: str | float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else shortened(str(value), 60)


def _replacement(one: str) -> str:
    return one if ord(one) > 0x9F and not 0xD800 <= ord(one) <= 0xDFFF else "\N{REPLACEMENT CHARACTER}"
