"""The command `prefer`: two evaluations and a judge become a count of wins with its interval."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import RenderableType

from self_instruct.evaluation.evaluating import load_result
from self_instruct.evaluation.preferring import Preferences, prefer
from self_instruct.records.errors import InputError
from self_instruct.reports.terminal.asking_progress import AskingProgress
from self_instruct.reports.terminal.command_line import leave_with
from self_instruct.reports.terminal.printing import console, show
from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import NOTHING, number
from self_instruct.settings.layers import Layer


def report_on(
    run: Path, answers: Sequence[Path], references: str | None, tasks: int | None, given: Layer, *, as_json: bool
) -> None:
    """Have a judge compare two systems, and print what it says; where asking stops short, say how to go on and leave."""
    systems = {path.name: load_result(path, references) for path in answers} or None
    if systems is not None and (len(answers) != 2 or len(systems) != 2):
        raise InputError("a judge compares two systems with names of their own; name two evaluations with `answers`.")
    with AskingProgress(console(stderr=True)) as progress:
        outcome, found = prefer(run, given, systems, tasks, listener=progress.listener())
    if found is None:
        leave_with(outcome, run)
        raise InputError(f"{run}: {outcome.sentence}.")
    if as_json:
        print(json.dumps(asdict(found), indent=2))  # noqa: T201  for programs, not for a terminal
    else:
        show(preference_table(found))


def preference_table(found: Preferences) -> RenderableType:
    """Return what a judge says as a table."""
    interval = "" if found.interval is None else f" [{found.interval.low:.1f} {found.interval.high:.1f}]"
    first, second = found.names
    rows = [
        (f"{first} wins", number(found.wins[0])),
        (f"{second} wins", number(found.wins[1])),
        ("tie", number(found.ties)),
        ("- of which by place: whatever stood first, or second", number(found.by_place)),
        ("unread in one order or both", number(found.unread)),
        (f"{second} wins more often, points", NOTHING if found.more is None else f"{found.more:+.1f}{interval}"),
        (f"words: {first}, {second}", f"{found.words[0]:.1f}, {found.words[1]:.1f}"),
    ]
    return table(f"What {found.judge} prefers, in both orders (a judge's opinion)", ("", ""), rows, numbers=(1,))
