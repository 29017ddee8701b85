"""The display of a run: tokens that nobody counted are unknown, never 0."""

import io

import pytest
from rich.console import Console

from self_instruct.chains.loop import Snapshot
from self_instruct.ledger import Spent
from self_instruct.reports.display import Display
from self_instruct.seeds.records import Usage


@pytest.mark.parametrize(
    ("spent", "words"),
    [
        (Spent(3, 0, Usage(1000, 234)), "3 requests, 1,234 tokens;"),
        (Spent(3, 3), "3 requests, unknown tokens;"),
        (Spent(3, 1, Usage(1000, 234)), "3 requests, at least 1,234 tokens;"),
    ],
)
def test_the_last_line_says_what_is_known_of_the_tokens(spent: Spent, words: str) -> None:
    out = io.StringIO()
    with Display(Console(file=out, width=200)) as display:
        display(Snapshot(kept=2, target=4, finished=1, spent=spent, in_flight=0, rejected={}))
        display.say("[red]as it is[/red]")
    assert words in out.getvalue()
    assert "[red]as it is[/red]" in out.getvalue()
