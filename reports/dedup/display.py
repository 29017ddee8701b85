"""Show how far the filter is: a bar on a terminal, a plain line now and then elsewhere, and a line at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from self_instruct.reports.dedup.dedup import DedupSummary

PLAIN_EVERY_S = 5.0
BAR_EVERY_S = 0.125


class DedupDisplay:
    """Takes the summaries of one filtering; a context manager, and a callable to hand to `dedup`.

    The bar fills with the bytes of `source`, and where it is a stream only moves. `clock` gives seconds and is only used for
    the rate and for pacing the display. Everything is printed on the console alone, so standard output can hold records.
    """

    def __init__(self, console: Console, source: Path | BinaryIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._begun_at = self._shown_at = clock()
        self._latest = DedupSummary()
        columns = BarColumn(), TextColumn("{task.description}", markup=False), TimeRemainingColumn()
        self._bar = Progress(*columns, console=console, auto_refresh=False, transient=True)
        self._task = self._bar.add_task("", total=_size(source))

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._console.is_terminal:
            self._bar.stop()
        if kind is None:
            self._show_end()
        elif issubclass(kind, KeyboardInterrupt):
            self._print(f"stopped, nothing was written; {self._line()}")

    def __call__(self, summary: DedupSummary) -> None:
        """Show how far the filter is, unless that was shown a moment ago."""
        self._latest = summary
        now = self._clock()
        if now - self._shown_at < (BAR_EVERY_S if self._console.is_terminal else PLAIN_EVERY_S):
            return
        self._shown_at = now
        if self._console.is_terminal:
            self._bar.update(self._task, completed=summary.bytes_read, description=self._line(), refresh=True)
        else:
            self._print(self._line())

    def _show_end(self) -> None:
        for fault in self._latest.faults:
            self._print(f"skipped: {fault}")
        more = self._latest.skipped + self._latest.against_skipped - len(self._latest.faults)
        if more > 0:
            self._print(f"... and {more:,} more")
        self._print(self._line())

    def _line(self) -> str:
        at = self._latest
        elapsed_s = self._clock() - self._begun_at
        rate = f"; {at.read / elapsed_s:,.0f} records/s" if elapsed_s > 0 else ""
        unread = f" ({at.against_skipped:,} more skipped)" if at.against_skipped else ""
        against = f", against {at.against:,}{unread}" if at.against or at.against_skipped else ""
        return f"{at.read:,} read, {at.kept:,} kept, {at.refused:,} refused, {at.skipped:,} skipped{against}{rate}"

    def _print(self, line: str) -> None:
        self._console.print(line, soft_wrap=True, markup=False, highlight=False)


def _size(source: Path | BinaryIO) -> int | None:
    return source.stat().st_size if isinstance(source, Path) and source.is_file() else None
