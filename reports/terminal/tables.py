"""The look of every table: plain enough to read in 80 columns, in a log file and in a pipe. No cell is ever read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from self_instruct.reports.text import printable


def plain(text: str, style: str = "") -> Text:
    """Return a text as it stands, harmless to the terminal."""
    return Text(printable(text), style)


def headline(text: str) -> Text:
    """Return the line that stands above a table, or in its place."""
    return plain(text, "bold")


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> RenderableType:
    """Return a table under its title, which is as wide as the terminal, or nothing where there are no rows.

    `numbers` are the places, from 0, of columns that hold numbers.
    """
    made = Table(box=box.SIMPLE_HEAD, show_header=any(headings))
    for place, heading in enumerate(headings):
        made.add_column(plain(heading), justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(plain, row))
    return Group(*([headline(title)] if title else []), made) if made.rows else Group()
