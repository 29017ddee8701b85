"""The command `judge`: how far the judging of a run is, and what the judge says."""

from pathlib import Path

from rich.console import Group, RenderableType

from self_instruct.chains.runs.judging import judge_run, run_judge
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.analysis.judged import Judged, judged
from self_instruct.reports.review.shares import NAMES
from self_instruct.reports.terminal.asking_progress import AskingProgress
from self_instruct.reports.terminal.command_line import leave_with
from self_instruct.reports.terminal.printing import console, show
from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import number
from self_instruct.settings.layers import Layer


def judge_and_show(run: Path, given: Layer, sample: int | None, *, as_json: bool) -> None:
    """Let a judge look at a run's instances, print what it says, and leave with the exit code of how that ended."""
    with Ledger.open(run) as ledger, AskingProgress(console(stderr=True), done="verdicts") as progress:
        plan = RunPlan.of(ledger)
        chosen = run_judge(ledger, plan, given)
        outcome = judge_run(ledger, plan, chosen, sample, listener=progress.listener())
        said = judged(ledger, chosen.name)
    if as_json:
        print(said.to_json())  # noqa: T201  for programs, not for a terminal
    else:
        show(judged_tables(said))
    return leave_with(outcome, run, is_error=as_json)


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
