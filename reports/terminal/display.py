"""Show a run while it is under way: a live table on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import ceil
from types import TracebackType
from typing import Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from self_instruct.chains.models.retrying import Weather
from self_instruct.chains.runs.loop import Snapshot
from self_instruct.ledger import Spent
from self_instruct.reports.terminal.tables import number

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
            if self._latest.weather and self._latest.weather.failed:
                self._console.print(_failed(self._latest.weather), soft_wrap=True)

    def say(self, line: str) -> None:
        """Print a line, above the live table if there is one."""
        self._console.print(line, soft_wrap=True, markup=False, highlight=False)

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
            if snapshot.weather and snapshot.weather.waiting:
                self._console.print(_waiting(snapshot.weather), soft_wrap=True)

    def warn(self, sentence: str) -> None:
        """Show a warning in a line of its own, above the table if there is one."""
        self._console.print(f"warning: {sentence}", soft_wrap=True, markup=False)

    def _line(self, at: Snapshot) -> str:
        refused = ", ".join(f"{reason} {count}" for reason, count in _by_reason(at)) or "none"
        target = f" of {at.target}" if at.target else ""
        return (
            f"{at.kept}{target} instructions kept, {at.finished} finished; {at.spent.requests} requests,"
            f" {_tokens(at.spent)} tokens; refused: {refused}"
        )

    def _table(self, at: Snapshot) -> Group:
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold")
        grid.add_column()
        grid.add_row("", ProgressBar(total=at.target, completed=min(at.kept, at.target or at.kept), width=60))
        grid.add_row("kept", f"{at.kept} of {at.target}, {at.finished} of them finished")
        grid.add_row("requests", f"{at.spent.requests} answered, {at.in_flight} in flight")
        grid.add_row("tokens", f"{number(at.spent.usage.input_tokens)} in, {number(at.spent.usage.output_tokens)} out")
        grid.add_row("pace", self._pace(at))
        if at.weather and at.weather.failed:
            grid.add_row("weather", _waiting(at.weather) if at.weather.waiting else _slots(at.weather))
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


def _tokens(spent: Spent) -> str:
    """Return the tokens in and out together, as far as they are known."""
    given, written = spent.usage.input_tokens, spent.usage.output_tokens
    known = None if given is None or written is None else given + written
    return f"at least {number(known)}" if spent.unreported and known is not None else number(known)


def _by_reason(at: Snapshot) -> list[tuple[str, int]]:
    """Return what was refused by reason, over all stages, the most frequent first."""
    counts: dict[str, int] = {}
    for (_, reason), count in at.rejected.items():
        counts[reason.value] = counts.get(reason.value, 0) + count
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def _waiting(weather: Weather) -> str:
    """Return in words who waits, for how long and why."""
    who = "1 request waits" if weather.waiting == 1 else f"{weather.waiting} requests wait"
    first = "" if weather.waiting == 1 else " the first"
    return f"{who},{first} {_duration(ceil(weather.next_try_s))}: {weather.why}; {_slots(weather)}"


def _slots(weather: Weather) -> str:
    return f"{weather.slots} of {weather.most} slots"


def _failed(weather: Weather) -> str:
    """Return in words how many tries failed, the most frequent kind first."""
    kinds = sorted(weather.failed.items(), key=lambda pair: (-pair[1], pair[0]))
    tries = "1 try" if (total := sum(weather.failed.values())) == 1 else f"{total} tries"
    return f"{tries} failed: {', '.join(f'{kind} {count}' for kind, count in kinds)}"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
