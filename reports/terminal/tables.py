"""The look of every table: plain enough to read in 80 columns, in a log file and in a pipe. No cell is ever read as markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from self_instruct.reports.text import printable


def plain(text: str, style: str = "") -> Text:
    """Return a text as it stands, harmless to the terminal."""
    return Text(printable(text), style)


def table(title: str, headings: Sequence[str], rows: Iterable[Sequence[str]], numbers: Sequence[int] = ()) -> Table:
    """Return a table; `numbers` are the places, from 0, of columns that hold numbers."""
    made = Table(title=plain(title), title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, show_header=any(headings))
    for place, heading in enumerate(headings):
        made.add_column(plain(heading), justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        made.add_row(*map(plain, row))
    return made


def table_of_columns(title: str, names: Sequence[str], columns: Sequence[Sequence[str]]) -> Table:
    """Return a table of numbers given by columns, each with its heading first; `names` are those of its rows."""
    headings = ["", *(heading for heading, *_ in columns)]
    rows = zip(names, *(cells for _, *cells in columns), strict=True)
    return table(title, headings, list(rows), numbers=range(1, len(headings)))
