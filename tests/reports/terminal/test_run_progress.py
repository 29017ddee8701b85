"""What is shown of a run under way: on a terminal, and line by line elsewhere."""

import io
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from rich.console import Console

from self_instruct.chains.models.retrying import RetryState
from self_instruct.chains.runs.outcome import Snapshot
from self_instruct.chains.runs.outlook import Outlook, Range
from self_instruct.ledger import Spent
from self_instruct.records.replies import Usage
from self_instruct.reports.terminal.live import PLAIN_EVERY_S
from self_instruct.reports.terminal.run_progress import RunProgress

FAIR = RetryState(slots=16, most=16, failed={}, waiting=0, next_try_s=0, why="")
ROUGH = RetryState(4, 16, {"timeout": 2, "429 Too Many Requests": 15}, waiting=3, next_try_s=11.4, why="429 Too Many Requests")
SNAPSHOT = Snapshot(kept=7, target=50, finished=2, spent=Spent(30, 0, Usage(1000, 500)), in_flight=16, rejected={}, asking=FAIR)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(*snapshots: Snapshot, is_terminal: bool = False) -> str:
    """Return what is printed when these snapshots come, each a while after the one before."""
    console = Console(file=io.StringIO(), width=100, force_terminal=is_terminal, color_system=None)
    clock = Clock()
    with RunProgress(console, clock) as display:
        for snapshot in snapshots:
            display(snapshot)
            clock.now += PLAIN_EVERY_S
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_where_no_try_fails_nothing_is_said_of_retries() -> None:
    line = "7 of 50 instructions kept, 2 finished; 30 requests, 1,500 tokens; refused: none\n"
    assert shown(SNAPSHOT, SNAPSHOT) == line * 2


def test_a_run_that_waits_says_how_long_and_why() -> None:
    rough = replace(SNAPSHOT, asking=ROUGH)
    said = shown(SNAPSHOT, rough).splitlines()
    assert "3 requests wait, the first 12 s: 429 Too Many Requests; 4 of 16 slots" in said


def test_a_single_request_that_waits_is_no_first_of_many() -> None:
    said = shown(SNAPSHOT, replace(SNAPSHOT, asking=replace(ROUGH, waiting=1)))
    assert "1 request waits, 12 s: 429 Too Many Requests; 4 of 16 slots\n" in said


def test_on_a_terminal_retries_are_a_row_once_there_were_any() -> None:
    waiting, narrowed = replace(SNAPSHOT, asking=ROUGH), replace(SNAPSHOT, asking=replace(ROUGH, waiting=0))
    assert "retries" not in shown(SNAPSHOT, is_terminal=True)
    assert "3 requests wait, the first 12 s: 429 Too Many Requests; 4 of 16 slots" in shown(waiting, is_terminal=True)
    assert "retries   4 of 16 slots" in shown(narrowed, is_terminal=True)


@pytest.mark.parametrize("is_terminal", [False, True])
def test_the_last_line_says_how_many_tries_failed(is_terminal: bool) -> None:
    rough = replace(SNAPSHOT, asking=replace(ROUGH, waiting=0))
    assert shown(rough, is_terminal=is_terminal).endswith("17 tries failed: 429 Too Many Requests 15, timeout 2\n")
    once = replace(SNAPSHOT, asking=replace(FAIR, failed={"timeout": 1}))
    assert shown(once).endswith("1 try failed: timeout 1\n")


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
    with RunProgress(Console(file=out, width=200)) as display:
        display(Snapshot(kept=2, target=4, finished=1, spent=spent, in_flight=0, rejected={}))
        display.say("[red]as it is[/red]")
    assert words in out.getvalue()
    assert "[red]as it is[/red]" in out.getvalue()


EXPECTED = Outlook(
    Range(4.2, 3.1, 5.6), Range(120, 90, 160), Range(41_234, 30_000, 60_000), Range(0.5, 0.25, 0.75), Range(150, 100, 240)
)
SLOW = replace(SNAPSHOT, cost=Decimal("0.25"), oldest_s=43.0, newest="Name three rivers of Asia. " * 3, outlook=EXPECTED)


def test_a_terminal_shows_age_cost_the_newest_instruction_and_what_is_to_be_expected() -> None:
    said = shown(SLOW, SLOW, is_terminal=True)
    for words in (
        "30 answered, 16 in flight, the oldest for 43 s",
        "$0.2500",
        "4.2 (3.1 to 5.6)",
        "120 (90 to 160) requests, 41,000 (30,000 to 60,000) tokens, $0.5000 ($0.2500 to",
        "2 min 30 s (1 min 40 s to 4 min 0 s)",
        "Name three rivers of Asia. Name three",
        "elapsed",
    ):
        assert words in said


@pytest.mark.parametrize("width", [30, 60, 100, 200])
def test_the_display_wraps_at_the_terminals_width_and_loses_nothing(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, height=60, force_terminal=True, color_system=None)
    with RunProgress(console, Clock()) as display:
        display(SLOW)
    assert isinstance(console.file, io.StringIO)
    frame = re.sub(
        r"\x1b\[[0-9;?]*[A-Za-z]", "", console.file.getvalue().partition("kept")[2].partition("7 of 50 instructions")[0]
    )
    assert max(map(len, frame.splitlines())) <= width
    assert "".join(frame.split()).count("NamethreeriversofAsia." * 3) == 2, "as it is shown, and as it stays in the end"


def test_elsewhere_a_line_says_what_is_to_be_expected() -> None:
    assert "kept a request: 4.2 (3.1 to 5.6); to go: 120 (90 to 160) requests, " in shown(SLOW, SLOW)
    unending = replace(EXPECTED, requests=Range(80, 20, None), tokens=None, cost=None, seconds=None)
    assert "to go: 80 (20 to no saying how many) requests\n" in shown(SLOW, replace(SLOW, outlook=unending))


def test_a_line_comes_at_most_every_few_seconds() -> None:
    clock, console = Clock(), Console(file=io.StringIO(), width=100)
    with RunProgress(console, clock) as display:
        for _ in range(100):
            display(SNAPSHOT)
            clock.now += 0.1
        assert isinstance(console.file, io.StringIO)
        assert console.file.getvalue().count("\n") == 1
