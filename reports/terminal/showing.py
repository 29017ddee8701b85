"""The command `show`: rows of a run as a person reads them, text under text, in as many columns as the terminal has."""

from __future__ import annotations

from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from self_instruct.ledger import Ledger
from self_instruct.reports.analysis.shown_rows import ShownRow, ShownRows, shown_rows
from self_instruct.reports.terminal.printing import say, show
from self_instruct.reports.terminal.tables import plain
from self_instruct.reports.text import number

LONGEST = 2_000  # characters of a text; what is beyond is counted


def show_rows(run: Path, grep: str, refused: str | None, random: int | None) -> None:
    """Print rows of a run, and how many there are where those are not all."""
    with Ledger.open(run, read_only=True) as ledger:
        found = shown_rows(ledger, grep=grep, refused=refused, random=random)
    show(Group(*map(_row, found.rows)))
    say(_counted(found))


def _row(row: ShownRow) -> RenderableType:
    head = Text.assemble(plain(row.task, "bold"), plain("".join(f"  {remark}" for remark in row.remarks), "dim"))
    return Group(head, *(_text(name, text) for name, text in row.texts.items() if text.strip()), Text())


def _text(name: str, text: str) -> RenderableType:
    cut = text.strip()[:LONGEST]
    more = f" … ({number(len(text.strip()) - LONGEST)} more characters)" if len(text.strip()) > LONGEST else ""
    label = Text(f"{name}: ", "bold cyan" if name != "instruction" else "bold green")
    return Padding(Text.assemble(label, plain(cut + more)), (0, 0, 0, 2), expand=False)


def _counted(found: ShownRows) -> str:
    if not found.found:
        return "no row"
    if len(found.rows) == found.found:
        return f"{number(found.found)} row{'' if found.found == 1 else 's'}"
    return f"{number(len(found.rows))} of {number(found.found)} rows; --random N draws others, --grep TEXT looks for some"
