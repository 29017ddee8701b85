"""What is shown of work under way: a picture that changes in place on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live

from self_instruct.reports.terminal.tables import plain

PLAIN_EVERY_S = 5.0
PICTURE_EVERY_S = 0.125


class LiveDisplay:
    """Shows work under way on one console alone, and its end when the block ends; subclasses say what.

    `clock` gives seconds and is only used for rates and for pacing what is shown.
    """

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console = console
        self._clock = clock
        self._shown_at: float | None = None
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live = Live(console=self._console, auto_refresh=False, transient=True)
            self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._live:
            self._live.stop()
        for line in self.last_lines(kind):
            self.say(line)

    def say(self, line: str) -> None:
        """Print a line, above the picture if there is one."""
        self._console.print(plain(line), soft_wrap=True)

    def warn(self, sentence: str) -> None:
        """Show a warning in a line of its own, above the picture if there is one."""
        self.say(f"warning: {sentence}")

    def last_lines(self, kind: type[BaseException] | None) -> Iterable[str]:
        """Return what is said at the end, which an exception of this kind may have brought."""
        del kind
        return ()

    def update(self, picture: Callable[[], RenderableType], lines: Callable[[], Iterable[str]]) -> None:
        """Show how far the work is, unless that was shown a moment ago; elsewhere than on a terminal not at its beginning."""
        now, is_first = self._clock(), self._shown_at is None
        if self._shown_at is not None and now - self._shown_at < (PICTURE_EVERY_S if self._live else PLAIN_EVERY_S):
            return
        self._shown_at = now
        if self._live:
            self._live.update(picture(), refresh=True)
        elif not is_first:
            for line in lines():
                self.say(line)
