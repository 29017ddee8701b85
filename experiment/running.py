"""Run an experiment: write each condition's rows, train and measure its models, and gather what came out.

Everything goes on where it stood: trainings from their checkpoints, answers from their ledgers, and what is there is not made
again. Several processes may work on the pieces side by side; each loads its own models.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import ceil
from multiprocessing import get_context
from pathlib import Path

from self_instruct.chains.models.folder_model import FolderModel
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.evaluation.evaluating import PREDICTIONS, evaluate
from self_instruct.evaluation.plan import said
from self_instruct.experiment.conditions import BOTH, Condition, as_fields, conditions
from self_instruct.experiment.plan import Experiment, Piece, TaskSets, pieces
from self_instruct.experiment.results import ExperimentResult, gathered
from self_instruct.reports.loaded_run import load_run
from self_instruct.reports.writing import new_file, write_lines
from self_instruct.settings.layers import Layer
from self_instruct.training.base_models import BaseModel
from self_instruct.training.outputs import stored_training
from self_instruct.training.rows import read_rows
from self_instruct.training.training import TrainingSnapshot, train


@dataclass(frozen=True, slots=True)
class Work:
    """A piece with all that a process needs to do it."""

    piece: Piece
    tasks: TaskSets
    out: Path
    keep_models: bool


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told how an experiment goes: a sentence now and then, and each step of a training in this process."""

    on_event: Callable[[str], None] = lambda _: None
    on_training: Callable[[TrainingSnapshot], None] = lambda _: None


class ExperimentStoppedError(Exception):
    """The answers to a task set stopped short; `outcome` says why. What is there stays, and the same call goes on."""

    def __init__(self, outcome: Outcome, folder: Path) -> None:
        super().__init__(outcome, folder)
        self.outcome = outcome
        self.folder = folder


def run_experiment(
    experiment: Experiment,
    tasks: TaskSets,
    *,
    workers: int = 1,
    listener: Listener = Listener(),
) -> ExperimentResult:
    """Return what came of an experiment, begun in its folder or gone on with there.

    With more than one of `workers` each is a process of its own: worth it on a GPU, which a small model leaves idle.
    Raises `InputError` of every kind, and `ExperimentStoppedError` where the asking was stopped.
    """
    found = _conditions(experiment)
    base = _base(experiment, listener)
    recipe = replace(experiment.recipe, max_steps=_steps(experiment, found))
    base_hash = BaseModel(base).fingerprint()
    by_condition = {
        one.name: pieces(one.name, base, base_hash, _written(experiment.out, one), recipe, experiment.seeds) for one in found
    }
    todo = [
        Work(piece, tasks, experiment.out, experiment.keep_models)
        for own in by_condition.values()
        for piece in own
        if not _is_measured(piece, tasks, experiment.out)
    ]
    _do(todo, workers, listener)
    return gathered(found, by_condition, tasks, experiment.out)


def _conditions(experiment: Experiment) -> list[Condition]:
    with load_run(experiment.run) as run:
        return list(conditions(run, experiment.conditions, dict(experiment.rows)))


def _steps(experiment: Experiment, found: Sequence[Condition]) -> int:
    """Return the steps of every training: those that the most rows of the run take, unless they are given."""
    recipe = experiment.recipe
    if recipe.max_steps:
        return recipe.max_steps
    sizes = {one.name: len(one.rows) for one in found}
    rows = sizes.get(BOTH) or max(sizes.values())
    return max(1, ceil(recipe.epochs * rows / recipe.batch_size))


def _base(experiment: Experiment, listener: Listener) -> str:
    """Return the base model's place; a GGUF file becomes a folder once, which is read faster."""
    if not experiment.base.endswith(".gguf"):
        return experiment.base
    source = BaseModel(experiment.base)
    folder = experiment.out / "base" / source.fingerprint()[:12]
    if not folder.exists():
        listener.on_event(f"dequantizing {Path(experiment.base).name}")
        unfinished = folder.with_suffix(".unfinished")
        source.save(unfinished)
        unfinished.rename(folder)
    return str(folder)


def _written(out: Path, condition: Condition) -> Path:
    path = out / "rows" / f"{condition.name}.jsonl"
    with new_file(path) as file:
        write_lines(file, map(as_fields, condition.rows))
    return path


def _is_measured(piece: Piece, tasks: TaskSets, out: Path) -> bool:
    return all((piece.answers(out, named, tasks) / PREDICTIONS).exists() for named in tasks.sets)


# the work


def _do(todo: Sequence[Work], workers: int, listener: Listener) -> None:
    listener.on_event(f"{len(todo)} model{'' if len(todo) == 1 else 's'} to train and measure")
    for count, work in enumerate(_done(todo, workers, listener), start=1):
        listener.on_event(f"{count} of {len(todo)}: {work.piece.name} is measured")


def _done(todo: Sequence[Work], workers: int, listener: Listener) -> Iterator[Work]:
    """Yield each piece of work when it is done."""
    if workers == 1 or len(todo) < 2:
        for work in todo:
            do_work(work, listener.on_training)
            yield work
        return
    with _processes(min(workers, len(todo))) as pool:
        running = {pool.submit(do_work, work): work for work in todo}
        for done in as_completed(running):
            done.result()
            yield running[done]


@contextmanager
def _processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Give processes that share nothing with this one; what has not begun when an error ends the block is not begun."""
    pool = ProcessPoolExecutor(count, mp_context=get_context("spawn"))
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


def do_work(work: Work, on_training: Callable[[TrainingSnapshot], None] = lambda _: None) -> None:
    """Train a piece's model, measure it on every task set, and let its weights go unless they are to be kept."""
    piece, model = work.piece, work.piece.model(work.out)
    if piece.recipe is not None:
        _train(piece, Path(model), on_training)
    asked = FolderModel(model=model, batch_size=work.tasks.batch_size)
    for named in work.tasks.sets:
        _measure(asked, piece, named, work)
    if piece.recipe is not None and not work.keep_models:
        for weights in Path(model).glob("*.safetensors"):
            weights.unlink()


def _train(piece: Piece, folder: Path, on_training: Callable[[TrainingSnapshot], None]) -> None:
    assert piece.rows is not None and piece.recipe is not None  # noqa: S101, PT018  for the type checker
    stored = stored_training(folder)
    if stored and stored.get("result") and not any(folder.glob("*.safetensors")):  # they were let go
        shutil.rmtree(folder)
    train(read_rows(piece.rows), piece.base, folder, piece.recipe, on_progress=on_training)
    shutil.rmtree(folder / "checkpoints", ignore_errors=True)


def _measure(model: FolderModel, piece: Piece, named: str, work: Work) -> None:
    tasks, folder = work.tasks, piece.answers(work.out, named, work.tasks)
    given = said(f"transformers:{model.model}", tasks.encoding, 0, tasks.answer_tokens)
    pacing = Layer.said({"concurrency": tasks.batch_size}, "experiment")
    done = evaluate(folder, given.over(pacing), tasks.sets[named], named, model=model, with_likelihood=True)
    if done.outcome.ending is not Ending.DONE:
        raise ExperimentStoppedError(done.outcome, folder)
