"""Show how far a list of questions is answered: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar

from self_instruct.chains.models.retrying import RetryState
from self_instruct.chains.runs.listener import Listener
from self_instruct.chains.runs.outcome import AskingSnapshot
from self_instruct.reports.terminal.live import LiveDisplay
from self_instruct.reports.terminal.run_progress import failed_tries, tokens_in_words, waiting_requests
from self_instruct.reports.terminal.tables import plain
from self_instruct.reports.text import duration, number

_ENOUGH = 5  # answers, for a pace


class AskingProgress(LiveDisplay):
    """Takes the snapshots of one asking; a context manager, and a callable to hand to whoever asks.

    `done` says what is counted of what is finished, where that is not answers.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic, *, done: str = "answered") -> None:
        super().__init__(console, clock)
        self._done = done
        self._latest: AskingSnapshot | None = None
        self._begin: tuple[float, int] | None = None  # when, and how many answers were there

    def __call__(self, snapshot: AskingSnapshot) -> None:
        """Show where the asking stands, unless that was shown a moment ago."""
        self._latest = snapshot
        now = self._clock()
        self._begin = self._begin or (now, snapshot.answered)
        lines = _lines(snapshot, self._done, self._left(snapshot, now))
        self.update(lambda: _picture(snapshot, lines), lambda: lines)

    def last_lines(self, _: type[BaseException] | None) -> Iterable[str]:
        """Return where the asking stands in the end, and how many tries failed."""
        if self._latest:
            yield from _lines(self._latest, self._done)[:1]
            if self._latest.asking and self._latest.asking.failed:
                yield failed_tries(self._latest.asking)

    def listener(self) -> Listener:
        """Return who shows here all that is told of an asking."""
        stop = "stopping when what is in flight is answered; once more (Ctrl-C) stops at once"
        return Listener(self, on_stop=lambda: self.say(stop), on_warning=self.warn, on_news=self.say)

    def _left(self, at: AskingSnapshot, now: float) -> str:
        """Return the time left in words, at the pace so far; none before there is one, and none at the end."""
        began, before = self._begin or (now, at.answered)
        new = at.answered - before
        if new < _ENOUGH or at.answered >= at.total:
            return ""
        return f"; about {duration((now - began) * (at.total - at.answered) / new)} left"


def _picture(at: AskingSnapshot, lines: Iterable[str]) -> RenderableType:
    bar = ProgressBar(total=at.total, completed=at.answered, width=60)
    return Group(bar, *(plain(line) for line in lines))


def _lines(at: AskingSnapshot, done: str, left: str = "") -> list[str]:
    asking: RetryState | None = at.asking
    under_way = f", {at.in_flight} in flight" if at.in_flight else ""
    spent = f"{number(at.spent.requests)} requests, {tokens_in_words(at.spent)}"
    line = f"{number(at.answered)} of {number(at.total)} {done}{under_way}; {spent}{left}"
    return [line, *([waiting_requests(asking)] if asking and asking.waiting else [])]
