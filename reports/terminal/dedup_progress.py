"""Show how far the filter is: a bar on a terminal, a plain line now and then elsewhere, and a line at the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import BinaryIO

from rich.console import Console, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from self_instruct.reports.dedup.dedup import DedupSummary
from self_instruct.reports.terminal.live import LiveDisplay


class DedupProgress(LiveDisplay):
    """Takes the summaries of one filtering; a context manager, and a callable to hand to `dedup`.

    The bar fills with the bytes of `source`, and where it is a stream only moves.
    """

    def __init__(self, console: Console, source: Path | BinaryIO, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, clock)
        self._begun_at = clock()
        self._latest = DedupSummary()
        columns = BarColumn(), TextColumn("{task.description}", markup=False), TimeRemainingColumn()
        self._bar = Progress(*columns, console=console, auto_refresh=False)
        size = source.stat().st_size if isinstance(source, Path) and source.is_file() else None
        self._task = self._bar.add_task("", total=size)

    def __call__(self, summary: DedupSummary) -> None:
        """Show how far the filter is, unless that was shown a moment ago."""
        self._latest = summary
        self.update(self._picture, lambda: [self._line()])

    def last_lines(self, kind: type[BaseException] | None) -> Iterable[str]:
        """Return what was skipped, and how far the filter came; nothing where an error says what happened."""
        at = self._latest
        if kind is None:
            yield from (f"skipped: {fault}" for fault in at.faults)
            if (more := at.skipped + at.against_skipped - len(at.faults)) > 0:
                yield f"... and {more:,} more"
            yield self._line()
        elif issubclass(kind, KeyboardInterrupt):
            yield f"stopped, nothing was written; {self._line()}"

    def _picture(self) -> RenderableType:
        self._bar.update(self._task, completed=self._latest.bytes_read, description=self._line())
        return self._bar.get_renderable()

    def _line(self) -> str:
        at = self._latest
        elapsed_s = self._clock() - self._begun_at
        rate = f"; {at.read / elapsed_s:,.0f} records/s" if elapsed_s > 0 else ""
        unread = f" ({at.against_skipped:,} more skipped)" if at.against_skipped else ""
        against = f", against {at.against:,}{unread}" if at.against or at.against_skipped else ""
        return f"{at.read:,} read, {at.kept:,} kept, {at.refused:,} refused, {at.skipped:,} skipped{against}{rate}"
