"""The account of a run as a table: where every candidate went, and what it cost."""

from collections.abc import Sequence

from rich.console import RenderableType

from self_instruct.reports.analysis.account import AccountRow
from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import dollars, number


def account_table(rows: Sequence[AccountRow]) -> RenderableType:
    """Return the table, with the sum of all in its last row."""
    costs = [row.cost for row in rows]
    known = [each for each in costs if each is not None]
    total = AccountRow("in all", sum(row.candidates for row in rows), sum(row.tokens for row in rows), sum(known))
    lines = [[row.fate, number(row.candidates), number(round(row.tokens)), dollars(row.cost)] for row in (*rows, total)]
    if len(known) < len(costs):
        lines[-1][-1] = dollars(None)
    return table("Where every candidate went", ("", "candidates", "tokens", "cost"), lines, numbers=(1, 2, 3))
