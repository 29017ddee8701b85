"""The command `generate`: a run is opened, goes on, and ends with what it spent and what to look at first in its dataset."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from self_instruct.chains.budgets.meter import check_budgets
from self_instruct.chains.runs.estimating import estimate
from self_instruct.chains.runs.listener import Listener
from self_instruct.chains.runs.plan import planned
from self_instruct.chains.runs.self_instruct import SelfInstruct
from self_instruct.ledger import Ledger
from self_instruct.reports.analysis.account import account
from self_instruct.reports.analysis.checked_run import failing_checks
from self_instruct.reports.analysis.spending import spending
from self_instruct.reports.terminal.account import account_table
from self_instruct.reports.terminal.command_line import going_on_later, leave_with
from self_instruct.reports.terminal.estimate import estimate_tables, first_prompts
from self_instruct.reports.terminal.log_file import log_file as logging_to
from self_instruct.reports.terminal.printing import console, say, show
from self_instruct.reports.terminal.run_progress import RunProgress
from self_instruct.reports.terminal.spending import spending_lines
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings


def generate(run: Path, given: Layer, log_file: Path | None = None) -> None:
    """Generate a dataset, or go on with one, and say how it ended; leaves with the exit code of that."""
    with (
        logging_to(log_file),
        SelfInstruct.with_settings(given).open(run) as opened,
        going_on_later(run),
        _progress(opened.plan.settings) as progress,
    ):
        outcome = opened.generate(Listener(progress, on_stop=say_it_stops, on_warning=progress.warn, on_news=progress.say))
        for line in spending_lines(spending(opened.ledger, opened.plan.settings)):
            progress.say(line)
        for check in failing_checks(opened.ledger):
            progress.say(f"look at {check.sentence}")
        if opened.plan.settings.accept:
            show(account_table(account(opened.ledger)))
    return leave_with(outcome, run)


def show_estimate(run: Path, given: Layer, *, with_prompts: bool) -> None:
    """Show what `generate` would ask and what that would cost; nothing is asked and nothing written."""
    with Ledger.open(run, read_only=True) if Ledger.exists(run) else nullcontext() as ledger:
        plan = planned(ledger, given)
        check_budgets(plan.settings)
        found = estimate(plan, ledger)
    show(estimate_tables(found))
    if with_prompts:
        show(first_prompts(found), crop=False)  # each as it would be sent


def say_it_stops() -> None:
    """Say that the first Ctrl-C was heard."""
    say("stopping when what is in flight is answered; once more (Ctrl-C) stops at once", is_error=True)


def _progress(settings: Settings) -> RunProgress:
    progress = RunProgress(console(stderr=True))
    offline = [str(stage) for stage in settings.stage_names if settings.choice(stage).model == "offline"]
    if offline:
        what = "" if len(offline) == len(settings.stage_names) else f" {' and '.join(offline)}"
        progress.say(f"The offline model answers{what}: a rule-based stand-in for trying the chain, not for training.")
    return progress
