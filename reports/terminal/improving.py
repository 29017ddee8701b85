"""The command `improve`: how far it is, and the account of what it came to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from rich.console import Group, RenderableType

from self_instruct.chains.runs.improving import improve
from self_instruct.ledger import Ledger
from self_instruct.reports.analysis.improvement import Improvement, improvement
from self_instruct.reports.terminal.asking_progress import AskingProgress
from self_instruct.reports.terminal.command_line import leave_with
from self_instruct.reports.terminal.printing import console, say, show
from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import number
from self_instruct.settings.layers import Layer

OPERATORS = {"regenerate": "written again", "revise": "revised after a critique", "rewrite": "instruction written again"}


def improve_and_show(run: Path, new: Path, given: Layer, *, as_json: bool) -> None:
    """Improve a run into a new one, print the account, and leave with the exit code of how that ended."""
    with AskingProgress(console(stderr=True), done="instances through") as progress:
        outcome = improve(run, new, given, listener=progress.listener())
    with Ledger.open(new, read_only=True) as ledger:
        found = improvement(ledger)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2))  # noqa: T201  for programs, not for a terminal
    elif found.instances:
        show(improvement_tables(found))
        for line in improvement_lines(found):
            say(line)
    return leave_with(outcome, new, is_error=as_json)


def improvement_tables(found: Improvement) -> RenderableType:
    """Return what was tried and what became of it, and the flags before and after."""
    results = list(dict.fromkeys(result for counts in found.tried.values() for result in counts))
    tried = [
        (OPERATORS[operator], number(sum(counts.values())), *(number(counts.get(result, 0)) for result in results))
        for operator, counts in found.tried.items()
        if counts
    ]
    flags = [(rule.replace("_", " "), number(before), number(after)) for rule, (before, after) in found.flags.items()]
    flags.append(("any", number(found.flagged[0]), number(found.flagged[1])))
    return Group(
        table("What was tried", ("", "tries", *results), tried, numbers=range(1, 2 + len(results))),
        table("Instances with a flag", ("", "before", "after"), flags, numbers=(1, 2)),
    )


def improvement_lines(found: Improvement) -> Iterator[str]:
    """Yield the account in sentences: what was replaced, how the scores changed, and whether that paid."""
    yield f"{number(found.replaced)} of {number(found.instances)} outputs replaced"
    if found.rewritten:
        yield f"{number(found.rewritten)} of these for an instruction that was written again, with instances of its own"
    if found.unread:
        yield f"of {number(found.unread)} outputs the judge's verdict could not be read; they were let be unless flagged"
    gain = found.gain
    if not found.is_judged:
        yield "no judge was asked, so nobody knows whether they are better: judge both runs, or let people review them"
        return
    if gain is None:
        yield "no score of the judge could be read before and after, so nobody knows whether it paid"
        return
    interval = "" if gain.low is None or gain.high is None else f", 95 % interval {gain.low:+.2f} to {gain.high:+.2f}"
    yield (
        f"the judge's mean score: {gain.before:.2f} before, {gain.after:.2f} after"
        f" ({gain.after - gain.before:+.2f}{interval}; {number(gain.count)} instances)"
    )
    if found.preferred.value is not None:
        yield f"of the comparisons that the judge decided, the new output won {found.preferred.with_percents}"
    spent = f"{number(found.spent.requests)} requests, {number(found.tokens)} tokens"
    if not found.pays:
        yield f"it did not pay: {_why_not(found)}, for {spent}{_dollars(found.spent.cost)}"
        return
    a_point = "" if found.tokens is None else f", {found.tokens / gain.points:,.0f} tokens a point"
    cost = "" if not found.spent.cost else f", ${found.spent.cost / gain.points:.4f} a point"
    yield f"{gain.points:.0f} points gained for {spent}{_dollars(found.spent.cost)}{a_point}{cost}"
    yield "these are scores of the judge that chose the outputs; have another one judge both runs before you believe them"


def _why_not(found: Improvement) -> str:
    if found.gain is None or not found.gain.is_plain:
        return "no gain beyond chance"
    return "scores rose, as low ones do by themselves, but new outputs did not win more than half"


def _dollars(cost: float | None) -> str:
    return f", ${cost:.4f}" if cost else ""
