"""A run as a program reads it: tasks, instances and rejections as plain records, one at a time; its counts and settings.

    with load_run("runs/mini") as run:
        frame = pandas.DataFrame(run.instances())
        run.export("alpaca", "alpaca.json")

Every record is flat, so that a list of them is a table; `task` tells the task in each of them, and in the exports too. The
ledger is read and never written, also while another process writes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, tasks_with_instances
from self_instruct.records.errors import LedgerError
from self_instruct.records.tasks import Instance, SeedTask
from self_instruct.reports.analysis.status import Status, status
from self_instruct.reports.dataset_tasks import DatasetTask, task_name
from self_instruct.reports.exports.selection import Selection, select
from self_instruct.settings.settings import Settings

if TYPE_CHECKING:
    from self_instruct.reports.exports.card import CardFields
    from self_instruct.reports.exports.export import Exported


@dataclass(frozen=True, slots=True)
class RunTask:
    """A kept task. `awaits` is the stage whose reply comes next, None when finished; `instances` are all that are valid.

    `is_classification` is None where that is not known, or not yet.
    """

    task: str
    instruction: str
    is_classification: bool | None
    awaits: str | None
    instances: tuple[Instance, ...]


@dataclass(frozen=True, slots=True)
class RunInstance:
    """A valid instance, with the task it belongs to; `position` counts a task's instances from 0."""

    task: str
    position: int
    instruction: str
    is_classification: bool | None
    input: str
    output: str


@dataclass(frozen=True, slots=True)
class RunRejection:
    """What was refused. `task` is what it would have been, or been part of; `evidence` what the decision rests on."""

    task: str
    stage: str
    reason: str
    text: str
    evidence: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunVerdict:
    """What a stage says of an instance, the `position`-th of its task: answers by the names of their questions.

    `vote` numbers those of a stage that asks the same several times, from 1.
    """

    task: str
    position: int
    stage: str
    vote: int
    answers: dict[str, Any]


class LoadedRun:
    """A run that is open for reading; `load_run` returns it. Used as a context manager it closes itself.

    Each iteration reads the run anew and shows it as it stands at one moment; none of them holds more than a task in memory.
    Raises `LedgerError` where the run is damaged, or was closed.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger: Ledger | None = ledger
        self.path: Path = ledger.path.parent
        self._plan = RunPlan.of(ledger)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; a second time does nothing."""
        if self._ledger:
            self._ledger.close()
        self._ledger = None

    @property
    def settings(self) -> Settings:
        """The settings the run was started with, and its latest pacing."""
        return self._plan.settings

    @property
    def seeds(self) -> tuple[SeedTask, ...]:
        """The human-written tasks it began from."""
        return self._plan.seeds

    def counts(self) -> Status:
        """Return how much there is of everything, what was spent, and where each setting came from."""
        return status(self._open())

    def tasks(self) -> Iterator[RunTask]:
        """Yield every kept task with its instances, in the order of the pool."""
        for task, instances in tasks_with_instances(self._open()):
            awaits = task.awaits.stage if task.awaits else None
            yield RunTask(task_name(task.id), task.instruction, task.is_classification, awaits, instances)

    def instances(self) -> Iterator[RunInstance]:
        """Yield every valid instance, in the order of the pool."""
        for task in self.tasks():
            for position, one in enumerate(task.instances):
                yield RunInstance(task.task, position, task.instruction, task.is_classification, one.input, one.output)

    def rejections(self) -> Iterator[RunRejection]:
        """Yield everything that was refused, in the order of its request."""
        for task, one in self._open().rejections():
            yield RunRejection(task_name(task), one.stage, one.reason, one.text, dict(one.evidence))

    def verdicts(self) -> Iterator[RunVerdict]:
        """Yield what is said of instances, by verifiers, the judge or stages of a user's own, in the order of the pool."""
        for task, one in self._open().verdicts():
            yield RunVerdict(task_name(task), one.instance, one.stage, one.vote, dict(one.answers))

    def dataset(self, selection: Selection | None = None) -> Iterator[DatasetTask]:
        """Yield the tasks that an export shows, with the instances drawn for it; those to train on, where some are held out."""
        return select(self._open(), self._plan, selection or Selection(), with_seeds=False).tasks()

    def export(
        self,
        format: str,  # noqa: A002  the word of the command line
        out: str | Path,
        *,
        selection: Selection | None = None,
        card: CardFields | None = None,
        with_similarities: bool = True,
    ) -> Exported:
        """Write the dataset to `out` in a `format` of `FORMATS`; for all of it see `reports.exports.export.export`."""
        from self_instruct.reports.exports.export import export  # with what only exports need

        choice = selection or Selection()
        return export(self._open(), self._plan, format, out, selection=choice, card=card, with_similarities=with_similarities)

    def _open(self) -> Ledger:
        if self._ledger is None:
            raise LedgerError(f"{self.path}: this run was closed; open it again with load_run.")
        return self._ledger


def load_run(path: str | PathLike[str]) -> LoadedRun:
    """Return the run in a directory, open for reading; raises `LedgerError` where there is none, or it is damaged."""
    ledger = Ledger.open(Path(path), read_only=True)
    try:
        return LoadedRun(ledger)
    except BaseException:
        ledger.close()
        raise


def export(run: str | PathLike[str], format: str, out: str | Path, **choices: Any) -> Exported:  # noqa: A002
    """Write the dataset of the run in a directory to `out`; what else may be said is what `LoadedRun.export` takes."""
    with load_run(run) as loaded:
        return loaded.export(format, out, **choices)
