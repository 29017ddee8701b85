"""Show a run while it is under way: a live table on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from self_instruct.chains.loop import Snapshot

PLAIN_EVERY_S = 5.0
REFRESHES_PER_S = 8


class Display:
    """Takes the snapshots of one run; a context manager, and a callable to hand to the loop.

    `clock` gives seconds and is only used for rates and for pacing the display.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._begun: tuple[float, Snapshot] | None = None
        self._shown_at = float("-inf")
        self._latest: Snapshot | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()
        if self._latest:
            self._console.print(self._line(self._latest), soft_wrap=True)

    def __call__(self, snapshot: Snapshot) -> None:
        """Show where the run stands, unless that was shown a moment ago."""
        now = self._clock()
        self._begun = self._begun or (now, snapshot)
        self._latest = snapshot
        if now - self._shown_at < (1 / REFRESHES_PER_S if self._live else PLAIN_EVERY_S):
            return
        is_first = self._shown_at == float("-inf")
        self._shown_at = now
        if self._live:
            self._live.update(self._table(snapshot), refresh=True)
        elif not is_first:
            self._console.print(self._line(snapshot), soft_wrap=True)

    def warn(self, sentence: str) -> None:
        """Show a warning in a line of its own, above the table if there is one."""
        self._console.print(f"warning: {sentence}", soft_wrap=True, markup=False)

    def _line(self, at: Snapshot) -> str:
        refused = ", ".join(f"{reason} {count}" for reason, count in _by_reason(at)) or "none"
        target = f" of {at.target}" if at.target else ""
        return (
            f"{at.kept}{target} instructions kept, {at.finished} finished; {at.spent.requests} requests,"
            f" {at.spent.input_tokens + at.spent.output_tokens:,} tokens; refused: {refused}"
        )

    def _table(self, at: Snapshot) -> Group:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold")
        grid.add_column()
        grid.add_row("", ProgressBar(total=at.target, completed=min(at.kept, at.target or at.kept), width=60))
        grid.add_row("kept", f"{at.kept} of {at.target}, {at.finished} of them finished")
        grid.add_row("requests", f"{at.spent.requests} answered, {at.in_flight} in flight")
        grid.add_row("tokens", f"{at.spent.input_tokens:,} in, {at.spent.output_tokens:,} out")
        grid.add_row("pace", self._pace(at))
        for reason, count in _by_reason(at):
            grid.add_row("refused", f"{count} {reason}")
        return Group(Text("self-instruct", style="bold"), grid)

    def _pace(self, at: Snapshot) -> str:
        """Return requests a second since the display began, and the time left at that pace of kept tasks."""
        begun_at, begun = self._begun or (self._clock(), at)
        elapsed_s = self._clock() - begun_at
        if elapsed_s <= 0:
            return "-"
        rate = f"{(at.spent.requests - begun.spent.requests) / elapsed_s:.1f} requests/s"
        kept = at.kept - begun.kept
        if not kept or at.target is None:
            return rate
        left_s = max(0, at.target - at.kept) * elapsed_s / kept
        return f"{rate}, about {_duration(left_s)} to the target"


def _by_reason(at: Snapshot) -> list[tuple[str, int]]:
    """Return what was refused by reason, over all stages, the most frequent first."""
    counts: dict[str, int] = {}
    for (_, reason), count in at.rejected.items():
        counts[reason.value] = counts.get(reason.value, 0) + count
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
