"""The command `evaluate`: what was asked for becomes a result, which is shown as tables or as JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from self_instruct.evaluation.contamination import Contamination, contamination
from self_instruct.evaluation.encodings import checked_encoding
from self_instruct.evaluation.evaluating import REFERENCES, evaluate, load_result
from self_instruct.evaluation.other_harnesses import LM_EVAL_TASK, write_lm_eval_folder
from self_instruct.evaluation.plan import MOST_TOKENS
from self_instruct.evaluation.predictions import scored_files
from self_instruct.evaluation.results import Result, as_json, compare
from self_instruct.evaluation.tables import contamination_table, remarks, result_tables
from self_instruct.evaluation.task_sets import load_task_set
from self_instruct.records.errors import InputError
from self_instruct.reports.terminal.asking_progress import AskingProgress
from self_instruct.reports.terminal.command_line import leave_with
from self_instruct.reports.terminal.printing import console, say, show
from self_instruct.settings.layers import Layer


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the command was told, but for settings."""

    tasks: str | None = None
    split: Path | None = None
    run: Path | None = None
    predictions: Path | None = None
    references: str | None = None
    against: Path | None = None
    training: Path | None = None
    likelihood: bool = False


def report_on(wanted: Wanted, given: Layer, *, as_json: bool) -> None:
    """Evaluate what is wanted and print it; where asking stops short, say how to go on and leave with the exit code."""
    _check_used(wanted)
    result = _result(wanted, given)
    other = load_result(wanted.against, _references(wanted), wanted.split) if wanted.against else None
    for named, each in (("", result), (f"{wanted.against}: ", other)):
        for line in remarks(each) if each else ():
            say(f"{named}{line}", is_error=True)
    found = contamination(wanted.training, [each.instance for each in result.scored]) if wanted.training else None
    _print(result, other, found, is_json=as_json)


def write_lm_eval(folder: Path, tasks: str | None, split: Path | None, encoding: str | None, answer_tokens: int | None) -> None:
    """Write a task set as a folder for lm-evaluation-harness."""
    if tasks is None:
        raise InputError("no task set is named; name it with `tasks`.")
    way = checked_encoding(encoding or "self-instruct")
    found = load_task_set(tasks, split)
    write_lm_eval_folder(folder, found, way, answer_tokens or MOST_TOKENS)
    say(f"{len(found)} instances in {folder}: lm_eval --include_path {folder} --tasks {LM_EVAL_TASK}")


def _check_used(wanted: Wanted) -> None:
    """Raise `InputError` for what would be passed over."""
    if wanted.likelihood and wanted.predictions:
        raise InputError("`likelihood` asks a model, and `predictions` are only scored; give one of them.")
    if wanted.split and not wanted.tasks and not wanted.references:
        raise InputError("`split` names tasks of a folder; name that with `tasks` or `references`, as superni:DIR.")
    if wanted.references and not wanted.predictions and not wanted.against:
        raise InputError("`references` are what `predictions`, or those of `against`, are scored by; leave them out.")


def _result(wanted: Wanted, given: Layer) -> Result:
    if wanted.predictions is None:
        if wanted.run is None:
            raise InputError("nothing to evaluate; name a MODEL with `tasks` and `run`, or score a file of `predictions`.")
        return _evaluated(wanted.run, wanted, given)
    if wanted.run:
        raise InputError("`predictions` are only scored and `run` asks a model; give one of them.")
    if given.values:
        raise InputError("`predictions` are only scored: leave out MODEL, and what says how it is asked.")
    return scored_files(wanted.predictions, wanted.references or wanted.tasks, wanted.split)


def _evaluated(run: Path, wanted: Wanted, given: Layer) -> Result:
    tasks = load_task_set(wanted.tasks, wanted.split) if wanted.tasks else None
    with AskingProgress(console(stderr=True)) as progress:
        done = evaluate(run, given, tasks, wanted.tasks, with_likelihood=wanted.likelihood, listener=progress.listener())
    if done.result is None:
        leave_with(done.outcome, run)
        raise InputError(f"{run}: {done.outcome.sentence}.")
    return done.result


def _references(wanted: Wanted) -> str | None:
    return wanted.references or (str(wanted.run / REFERENCES) if wanted.run else wanted.tasks)


def _print(result: Result, other: Result | None, found: Contamination | None, *, is_json: bool) -> None:
    comparison = compare(other, result) if other else None
    if is_json:
        told = as_json(result, comparison) | ({"contamination": found.to_json()} if found else {})
        print(json.dumps(told, indent=2))  # noqa: T201  for programs, not for a terminal
        return
    show(result_tables(result, comparison))
    if found:
        show(contamination_table(found))
