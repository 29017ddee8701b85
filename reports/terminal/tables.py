"""The look of every table in a report: plain enough to read in 80 columns, in a log file and in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> Table:
    """Return a table; `numbers` are the places, from 0, of columns that hold numbers. No row is ever read as markup."""
    made = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_header=any(headings))
    for place, heading in enumerate(headings):
        made.add_column(heading, justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(Text, row))
    return made


def number(count: int | None) -> str:
    """Return a count as it is read; None is a count that nobody knows.

    >>> number(52000)
    '52,000'
    """
    return "unknown" if count is None else f"{count:,}"


def shortened(text: str, length: int = 100) -> str:
    """Return a text in one line of printable characters, cut at `length`; a model's text could hold terminal commands.

    >>> shortened("Name three rivers", 12)
    'Name three …'
    """
    line = printable(" ".join(text.split()))
    return line if len(line) <= length else line[: length - 1] + "…"


def printable(text: str) -> str:
    """Return a text in which nothing but line breaks and tabs commands the terminal."""
    return "".join(one if one.isprintable() or one in "\n\t" else "\N{REPLACEMENT CHARACTER}" for one in text)


def described(evidence: Mapping[str, str | int | float]) -> str:
    """Return the evidence of a rejection in one line; what is empty is left out.

    >>> described({"nearest": "Name a river.", "score": 0.714})
    'nearest: Name a river., score: 0.71'
    """
    return ", ".join(f"{name}: {_brief(value)}" for name, value in evidence.items() if value != "")


def _brief(value: str | float) -> str:
    return f"{value:.2f}" if isinstance(value, float) else shortened(str(value), 60)
