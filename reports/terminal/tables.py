"""The look of every table: plain enough to read in 80 columns, in a log file and in a pipe. No cell is ever read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table as Drawing
from rich.text import Text

from self_instruct.reports.text import Table, printable


def plain(text: str, style: str = "") -> Text:
    """Return a text as it stands, harmless to the terminal."""
    return Text(printable(text), style)


def headline(text: str) -> Text:
    """Return the line that stands above a table, or in its place."""
    return plain(text, "bold")


def bullets(lines: Iterable[str]) -> RenderableType:
    """Return lines as a list, what is wrapped of one below its text."""
    grid = Drawing.grid(padding=(0, 1, 0, 0))
    for line in lines:
        grid.add_row("-", plain(line))
    return grid


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> RenderableType:
    """Return a table under its title, which is as wide as the terminal, or nothing where there are no rows.

    `numbers` are the places, from 0, of columns that hold numbers.
    """
    made = Drawing(box=box.SIMPLE_HEAD, show_header=any(headings))
    for place, heading in enumerate(headings):
        made.add_column(plain(heading), justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(plain, row))
    return Group(*([headline(title)] if title else []), made) if made.rows else Group()


def drawn(one: Table) -> RenderableType:
    """Return a table of figures as the terminal shows it."""
    rows = ((row.name, *row.cells) for row in one.rows)
    return table(one.caption, ("", *one.headings), rows, numbers=range(1, 1 + len(one.headings)))
