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
from self_instruct.reports.text import number


class AskingProgress(LiveDisplay):
    """Takes the snapshots of one asking; a context manager, and a callable to hand to whoever asks.

    `done` says what is counted of what is finished, where that is not answers.
    """

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic, *, done: str = "answered") -> None:
        super().__init__(console, clock)
        self._done = done
        self._latest: AskingSnapshot | None = None

    def __call__(self, snapshot: AskingSnapshot) -> None:
        """Show where the asking stands, unless that was shown a moment ago."""
        self._latest = snapshot
        self.update(lambda: _picture(snapshot, self._done), lambda: _lines(snapshot, self._done))

    def last_lines(self, _: type[BaseException] | None) -> Iterable[str]:
        """Return where the asking stands in the end, and how many tries failed."""
        if self._latest:
            yield _line(self._latest, self._done)
            if self._latest.asking and self._latest.asking.failed:
                yield failed_tries(self._latest.asking)

    def listener(self) -> Listener:
        """Return who shows here all that is told of an asking."""
        stop = "stopping when what is in flight is answered; once more (Ctrl-C) stops at once"
        return Listener(self, on_stop=lambda: self.say(stop), on_warning=self.warn, on_news=self.say)


def _picture(at: AskingSnapshot, done: str) -> RenderableType:
    bar = ProgressBar(total=at.total, completed=at.answered, width=60)
    return Group(bar, *(plain(line) for line in _lines(at, done)))


def _lines(at: AskingSnapshot, done: str) -> list[str]:
    asking: RetryState | None = at.asking
    return [_line(at, done), *([waiting_requests(asking)] if asking and asking.waiting else [])]


def _line(at: AskingSnapshot, done: str) -> str:
    under_way = f", {at.in_flight} in flight" if at.in_flight else ""
    spent = f"{number(at.spent.requests)} requests, {tokens_in_words(at.spent)}"
    return f"{number(at.answered)} of {number(at.total)} {done}{under_way}; {spent}"
