"""The command `experiment`: a run and a base model become one table and one figure that say whether training helps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from self_instruct.evaluation.encodings import checked_encoding
from self_instruct.evaluation.task_sets import load_task_set
from self_instruct.experiment.figure import figure_svg
from self_instruct.experiment.plan import Experiment, TaskSets
from self_instruct.experiment.results import ExperimentResult
from self_instruct.experiment.running import ExperimentStoppedError, Listener, run_experiment
from self_instruct.experiment.tables import as_markdown, result_tables
from self_instruct.records.errors import InputError, SettingsError
from self_instruct.reports.analysis.extra_packages import from_extra
from self_instruct.reports.terminal.command_line import going_on_later, leave_with
from self_instruct.reports.terminal.printing import console, say, show
from self_instruct.reports.writing import new_file
from self_instruct.training.progress import TrainingProgress

RESULTS, TABLES, FIGURE = "results.json", "results.md", "figure.svg"


def named_rows(given: Sequence[str]) -> tuple[tuple[str, Path], ...]:
    """Return the rows from elsewhere, each given as NAME=FILE; raises `SettingsError` for another text."""
    found = []
    for one in given:
        name, equals, path = one.partition("=")
        if not (name and equals and path):
            raise SettingsError(f"`rows` {one}: expected NAME=FILE.")
        found.append((name, Path(path)))
    return tuple(found)


def task_sets(named: Sequence[str], encoding: str | None, answer_tokens: int, batch_size: int) -> TaskSets:
    """Return the task sets of these names; raises `InputError` for one that is none."""
    if not named:
        raise InputError("no task set is named; name one with `tasks`.")
    found = {_shown(one): load_task_set(one) for one in named}
    return TaskSets(found, checked_encoding(encoding or "self-instruct"), answer_tokens, batch_size)


def _shown(named: str) -> str:
    """Return a task set's name without its place on this machine.

    >>> _shown("superni:/data/tasks"), _shown("mine/own.jsonl")
    ('superni:tasks', 'own.jsonl')
    """
    kind, colon, path = named.rpartition(":")
    return f"{kind}{colon}{Path(path).name}"


def report_on(experiment: Experiment, tasks: TaskSets, workers: int, *, as_json: bool) -> None:
    """Run an experiment, write what came out beside it, and print it; where it stops short, say how to go on."""
    from_extra("matplotlib.figure")  # before hours of work, not after
    try:
        with going_on_later(experiment.out), TrainingProgress(console(stderr=True)) as progress:
            result = run_experiment(experiment, tasks, workers=workers, listener=Listener(progress.say, progress))
    except ExperimentStoppedError as stopped:
        leave_with(stopped.outcome, experiment.out)
        raise InputError(f"{stopped.folder}: {stopped.outcome.sentence}.") from None
    _write(result, experiment.out)
    if as_json:
        print(json.dumps(result.as_json(), indent=2))  # noqa: T201  for programs, not for a terminal
        return
    show(result_tables(result))
    say(f"done: {TABLES}, {RESULTS} and {FIGURE} in {experiment.out}")


def _write(result: ExperimentResult, out: Path) -> None:
    for name, text in (
        (RESULTS, json.dumps(result.as_json(), indent=2) + "\n"),
        (TABLES, as_markdown(result)),
        (FIGURE, figure_svg(result).decode()),
    ):
        with new_file(out / name) as file:
            file.write(text)
