"""Show a run while it is under way: a live table on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from math import ceil

from rich.console import Console, Group
from rich.progress_bar import ProgressBar
from rich.table import Table

from self_instruct.chains.models.retrying import RetryState
from self_instruct.chains.runs.outcome import Snapshot
from self_instruct.ledger import Spent
from self_instruct.reports.terminal.live import LiveDisplay
from self_instruct.reports.terminal.outlook import outlook_rows, outlook_words
from self_instruct.reports.terminal.tables import plain
from self_instruct.reports.text import dollars, duration, number, shortened

BAR, MARGIN = 60, 18  # columns of the bar at most, and of what stands before it
NEWEST = 160  # characters of the newest instruction


class RunProgress(LiveDisplay):
    """Takes the snapshots of one run; a context manager, and a callable to hand to the loop."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, clock)
        self._begun: tuple[float, Snapshot] | None = None
        self._latest: Snapshot | None = None

    def __call__(self, snapshot: Snapshot) -> None:
        """Show where the run stands, unless that was shown a moment ago."""
        self._begun = self._begun or (self._clock(), snapshot)
        self._latest = snapshot
        asking = snapshot.asking
        waiting = [waiting_requests(asking)] if asking and asking.waiting else []
        self.update(lambda: self._table(snapshot), lambda: [*_lines(snapshot), *waiting])

    def last_lines(self, _: type[BaseException] | None) -> Iterable[str]:
        """Return where the run stands in the end, and how many tries failed."""
        if self._latest:
            yield _line(self._latest)
            if self._latest.asking and self._latest.asking.failed:
                yield failed_tries(self._latest.asking)

    def _table(self, at: Snapshot) -> Group:
        oldest = f", the oldest for {duration(at.oldest_s)}" if at.in_flight else ""
        kept = f"{at.kept}" if at.accept else f"{at.kept} of {at.target}"
        rows = [
            *([("accepted", f"{at.accepted} of {at.accept}")] if at.accept else []),
            ("kept", f"{kept}, {at.finished} of them finished"),
            ("requests", f"{at.spent.requests} answered, {at.in_flight} in flight{oldest}"),
            ("tokens", f"{number(at.spent.usage.input_tokens)} in, {number(at.spent.usage.output_tokens)} out"),
            ("cost", dollars(at.cost, at.spent.unreported)),
            ("elapsed", self._elapsed(at)),
            *(outlook_rows(at.outlook) if at.outlook else ()),
            ("refused", _refused(at)),
            ("newest", shortened(at.newest, NEWEST) or "-"),
        ]
        if at.asking and at.asking.failed:
            rows.append(("retries", waiting_requests(at.asking) if at.asking.waiting else _slots(at.asking)))
        done, total = (at.accepted or 0, at.accept) if at.accept else (at.kept, at.target)
        grid = Table.grid(padding=(0, 2))
        grid.add_column(style="bold", no_wrap=True)
        grid.add_column(overflow="fold")
        width = max(1, min(BAR, self._console.width - MARGIN))
        grid.add_row("", ProgressBar(total=total, completed=min(done, total or done), width=width))
        for row in rows:
            grid.add_row(*map(plain, row))
        return Group(plain("self-instruct", "bold"), grid)

    def _elapsed(self, at: Snapshot) -> str:
        """Return the time since the display began, and the requests a second in it."""
        begun_at, begun = self._begun or (self._clock(), at)
        elapsed_s = self._clock() - begun_at
        rate = f", {(at.spent.requests - begun.spent.requests) / elapsed_s:.1f} requests/s" if elapsed_s > 0 else ""
        return f"{duration(elapsed_s)}{rate}"


def _lines(at: Snapshot) -> list[str]:
    """Return where a run stands in a line, and in another what is to be expected of it."""
    return [_line(at), *([outlook_words(at.outlook)] if at.outlook else [])]


def _line(at: Snapshot) -> str:
    target = f" of {at.target}" if at.target and not at.accept else ""
    accepted = f"{at.accepted} of {at.accept} tasks accepted, " if at.accept else ""
    return (
        f"{accepted}{at.kept}{target} instructions kept, {at.finished} finished; {at.spent.requests} requests,"
        f" {tokens_in_words(at.spent)}; refused: {_refused(at)}"
    )


def tokens_in_words(spent: Spent) -> str:
    """Return how many tokens were spent, in and out."""
    usage = spent.usage
    known = None if usage.input_tokens is None or usage.output_tokens is None else usage.input_tokens + usage.output_tokens
    return f"{'at least ' if spent.unreported and known is not None else ''}{number(known)} tokens"


def _refused(at: Snapshot) -> str:
    return ", ".join(f"{reason} {count:,}" for reason, count in _by_reason(at)) or "none"


def _by_reason(at: Snapshot) -> list[tuple[str, int]]:
    """Return what was refused by reason, over all stages, the most frequent first."""
    counts = Counter[str]()
    for (_, reason), count in at.rejected.items():
        counts[reason] += count
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


def waiting_requests(asking: RetryState) -> str:
    """Return in words who waits, for how long and why."""
    who = "1 request waits" if asking.waiting == 1 else f"{asking.waiting} requests wait"
    first = "" if asking.waiting == 1 else " the first"
    return f"{who},{first} {duration(ceil(asking.next_try_s))}: {asking.why}; {_slots(asking)}"


def _slots(asking: RetryState) -> str:
    return f"{asking.slots} of {asking.most} slots"


def failed_tries(asking: RetryState) -> str:
    """Return in words how many tries failed, the most frequent kind first."""
    kinds = sorted(asking.failed.items(), key=lambda pair: (-pair[1], pair[0]))
    tries = "1 try" if (total := sum(asking.failed.values())) == 1 else f"{total} tries"
    return f"{tries} failed: {', '.join(f'{kind} {count}' for kind, count in kinds)}"
