"""What is shown while a list of questions is asked."""

from io import StringIO

from rich.console import Console

from self_instruct.chains.models.retrying import RetryState
from self_instruct.chains.runs.outcome import AskingSnapshot
from self_instruct.ledger import Spent
from self_instruct.records.replies import Usage
from self_instruct.reports.terminal.asking_progress import AskingProgress


def snapshot(answered: int, **failed: int) -> AskingSnapshot:
    asking = RetryState(slots=1, most=2, failed=failed, waiting=1 if failed else 0, next_try_s=3.0, why="timeout")
    return AskingSnapshot(answered, 1200, Spent(answered, 0, Usage(answered, 2 * answered)), 2, asking)


def shown(*snapshots: AskingSnapshot, terminal: bool = False) -> str:
    seconds = iter(range(0, 1000, 10))
    out = StringIO()
    with AskingProgress(Console(file=out, width=100, force_terminal=terminal), lambda: float(next(seconds))) as progress:
        for each in snapshots:
            progress(each)
        progress.warn("something")
    return out.getvalue()


def test_it_says_now_and_then_how_far_it_is_and_at_the_end() -> None:
    said = shown(snapshot(1), snapshot(1000)).splitlines()
    line = "1,000 of 1,200 answered, 2 in flight; 1,000 requests, 3,000 tokens"
    assert said == [f"{line}; about 4 s left", "warning: something", line]  # 999 answers in 20 s


def test_before_there_is_a_pace_it_says_no_time() -> None:
    assert "left" not in shown(snapshot(1), snapshot(5))
    assert "left" not in shown(snapshot(1), snapshot(1200))


def test_it_says_who_waits_and_what_failed() -> None:
    said = shown(snapshot(1), snapshot(2, timeout=3))
    assert "1 request waits" in said
    assert "3 tries failed: timeout 3" in said


def test_on_a_terminal_it_draws_a_bar() -> None:
    assert "━" in shown(snapshot(600), terminal=True)
