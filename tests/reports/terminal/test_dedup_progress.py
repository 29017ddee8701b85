"""What the filter shows while it works, and at its end."""

import contextlib
import io
from pathlib import Path

import pytest
from rich.console import Console

from self_instruct.reports.dedup.dedup import DedupSummary
from self_instruct.reports.dedup.record_files import RecordFileError
from self_instruct.reports.terminal.dedup_progress import DedupProgress
from self_instruct.reports.terminal.live import PLAIN_EVERY_S


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A file of 100 bytes; only its size counts here."""
    path = tmp_path / "data.jsonl"
    path.write_bytes(bytes(100))
    return path


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def console(*, is_terminal: bool = False) -> Console:
    return Console(file=io.StringIO(), width=200, force_terminal=is_terminal, color_system=None, legacy_windows=False)


def shown(console: Console) -> str:
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_plain_lines_appear_now_and_then_and_one_at_the_end(clock: Clock, source: Path) -> None:
    plain = console()
    with DedupProgress(plain, source, clock) as display:
        display(DedupSummary(kept=1))
        clock.now = PLAIN_EVERY_S
        display(DedupSummary(kept=1500, refused=500))
        clock.now += 1
        display(DedupSummary(kept=2000, refused=999, skipped=1, faults=("a:1: is wrong.",)))
    assert shown(plain).splitlines() == [
        "2,000 read, 1,500 kept, 500 refused, 0 skipped; 400 records/s",
        "skipped: a:1: is wrong.",
        "3,000 read, 2,000 kept, 999 refused, 1 skipped; 500 records/s",
    ]


def test_what_was_skipped_is_named_at_the_end(clock: Clock, source: Path) -> None:
    plain = console()
    with DedupProgress(plain, source, clock) as display:
        display(DedupSummary(kept=1, skipped=10, against=5, against_skipped=2, faults=("a:1: [red]is[/red] wrong.",)))
    assert shown(plain).splitlines() == [
        "skipped: a:1: [red]is[/red] wrong.",
        "... and 11 more",
        "11 read, 1 kept, 0 refused, 10 skipped, against 5 (2 more skipped)",
    ]


def test_on_a_terminal_a_bar_fills_with_the_bytes_read(clock: Clock, source: Path) -> None:
    terminal = console(is_terminal=True)
    with DedupProgress(terminal, source, clock) as display:
        clock.now = 1.0
        display(DedupSummary(kept=50, bytes_read=source.stat().st_size // 2))
        halfway = shown(terminal)
    assert "50 read, 50 kept, 0 refused, 0 skipped; 50 records/s" in halfway
    assert "━━" in halfway
    assert shown(terminal).endswith("50 read, 50 kept, 0 refused, 0 skipped; 50 records/s\n")


def test_a_stream_has_a_bar_without_an_end(clock: Clock) -> None:
    terminal = console(is_terminal=True)
    with DedupProgress(terminal, io.BytesIO(), clock) as display:
        clock.now = 1.0
        display(DedupSummary(kept=50, bytes_read=10))
    assert "50 read" in shown(terminal)


def shown_after(error: type[BaseException], source: Path) -> list[str]:
    plain = console()
    with contextlib.suppress(error), DedupProgress(plain, source, Clock()) as display:
        display(DedupSummary(kept=1))
        raise error
    return shown(plain).splitlines()


def test_no_summary_follows_an_error(source: Path) -> None:
    assert shown_after(RecordFileError, source) == []


def test_an_interruption_says_that_nothing_was_written(source: Path) -> None:
    assert shown_after(KeyboardInterrupt, source) == ["stopped, nothing was written; 1 read, 1 kept, 0 refused, 0 skipped"]
