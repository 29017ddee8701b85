"""The command `judge`: how far the judging of a run is, and what the judge says."""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from self_instruct.chains.runs.judging import judge_run, run_judge
from self_instruct.chains.runs.listener import Listener
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.analysis.judged import Judged, judged
from self_instruct.reports.review.shares import NAMES
from self_instruct.reports.terminal.command_line import conclude
from self_instruct.reports.terminal.generating import say_it_stops
from self_instruct.reports.terminal.live import LiveDisplay
from self_instruct.reports.terminal.printing import console as terminal
from self_instruct.reports.terminal.printing import show
from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import number
from self_instruct.settings.layers import Layer


class JudgingProgress(LiveDisplay):
    """Takes how many votes are there, and of how many; a context manager, and a callable to hand to `judge_run`."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(console, clock)
        self._latest = ""
        columns = BarColumn(), TextColumn("{task.description}", markup=False), TimeRemainingColumn()
        self._bar = Progress(*columns, console=console, auto_refresh=False)
        self._task = self._bar.add_task("", total=None)

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is, unless that was shown a moment ago."""
        self._latest = f"{done:,} of {total:,} verdicts"
        self._bar.update(self._task, completed=done, total=total, description=self._latest)
        self.update(self._bar.get_renderable, lambda: [self._latest])

    def last_lines(self, _: type[BaseException] | None) -> Iterable[str]:
        """Return how far it came."""
        return [self._latest] if self._latest else []


def judge_and_show(run: Path, given: Layer, sample: int | None, *, as_json: bool) -> None:
    """Let a judge look at a run's instances, print what it says, and leave with the exit code of how that ended."""
    with Ledger.open(run) as ledger, JudgingProgress(terminal(stderr=True)) as progress:
        plan = RunPlan.of(ledger)
        chosen = run_judge(ledger, plan, given)
        listener = Listener(on_stop=say_it_stops, on_warning=progress.warn, on_news=progress.say)
        outcome = judge_run(ledger, plan, chosen, sample, listener=listener, on_progress=progress)
        said = judged(ledger, chosen.name)
    if as_json:
        print(said.to_json())  # noqa: T201  for programs, not for a terminal
    else:
        show(judged_tables(said))
    return conclude(outcome, run, is_error=as_json)


def judged_tables(said: Judged) -> RenderableType:
    """Return what a judge says: answers by question, and scores."""
    rows = [(NAMES[name], *(number(counts[one]) for one in ("yes", "no", "unsure"))) for name, counts in said.answers.items()]
    title = f"What {said.model} says of {number(said.instances)} instances (a judge's opinion, not the truth)"
    answers = table(title, ("", "yes", "no", "unsure"), rows, numbers=(1, 2, 3))
    read = said.instances - said.unread_instances
    counts = [
        ("all three yes", f"{number(said.all_right)} of {number(read)}"),
        ("accepted by the rule", f"{number(said.accepted)} of {number(said.instances)}"),
        ("verdicts unread", f"{number(said.unread_votes)} of {number(said.votes)}"),
        ("instances without a verdict that can be read", number(said.unread_instances)),
    ]
    concerns = [
        (f"concern: {name}", f"{number(count)} of {number(said.asked_concerns)}") for name, count in said.concerns.items()
    ]
    scores = [(f"score {score}", number(count)) for score, count in said.scores.items()]
    return Group(answers, table("", ("", ""), [*counts, *(concerns if said.asked_concerns else []), *scores], (1,)))
