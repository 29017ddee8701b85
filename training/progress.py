"""Show how far a training is: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from rich.console import Console, Group
from rich.progress_bar import ProgressBar

from self_instruct.reports.terminal.live import LiveDisplay
from self_instruct.reports.terminal.tables import plain
from self_instruct.reports.text import duration
from self_instruct.training.training import TrainingSnapshot


class TrainingProgress(LiveDisplay):
    """Takes the snapshots of one training; a context manager, and a callable to hand to `train`."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, clock)
        self._latest: TrainingSnapshot | None = None

    def __call__(self, at: TrainingSnapshot) -> None:
        """Show where the training stands, unless that was shown a moment ago."""
        self._latest = at
        bar = ProgressBar(total=at.steps, completed=at.step, width=60)
        self.update(lambda: Group(bar, plain(_line(at))), lambda: [_line(at)])

    def last_lines(self, _: type[BaseException] | None) -> Iterable[str]:
        """Return where the training stands in the end."""
        if self._latest:
            yield _line(self._latest)


def _line(at: TrainingSnapshot) -> str:
    left = f"; {duration(at.seconds_left)} left" if at.step < at.steps else ""
    return f"step {at.step:,} of {at.steps:,}: loss {at.loss:.3f}, {at.tokens_per_s:,.0f} tokens/s{left}"
