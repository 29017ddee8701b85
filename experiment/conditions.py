"""What a model is trained on in each condition of an experiment, made from one run.

vanilla      nothing
seeds        the run's human-written tasks alone
generated    what the run wrote alone
both         the two together, as the paper trains
exchanged    both, but outputs stand with another row of their kind: how much the pairing is worth
eighth ...   the seeds and a part of the generated instructions; a smaller part is within a larger one
random ...   the seeds and half of the generated rows: random, longest, best by the judge's score; or those accepted

Source: Wang et al. 2023, arXiv:2212.10560, section 4.4, "Effect of Data Size and Quality".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from self_instruct.records.errors import InputError
from self_instruct.records.tasks import SeedTask
from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.reports.exports.choice import Choice
from self_instruct.reports.exports.selection import Selection
from self_instruct.reports.loaded_run import LoadedRun
from self_instruct.retrievers.draws import HashDraws
from self_instruct.training.rows import Conversation, Parts, Row, read_rows

VANILLA, SEEDS, GENERATED, BOTH, EXCHANGED = "vanilla", "seeds", "generated", "both", "exchanged"
PARTS = {"eighth": 8, "quarter": 4, "half": 2}
CHOICES = ("random", "longest", "best", "accepted")
NAMES = (VANILLA, SEEDS, GENERATED, BOTH, EXCHANGED, *PARTS, *CHOICES)
DEFAULT = (VANILLA, SEEDS, GENERATED, "eighth", "quarter", "half", BOTH, EXCHANGED)


@dataclass(frozen=True, slots=True)
class Condition:
    """The rows of one condition; `instructions` counts the machine-written ones among them, where they come from the run."""

    name: str
    rows: tuple[Row, ...]
    instructions: int | None = None


def conditions(run: LoadedRun, names: Sequence[str], others: Mapping[str, Path], seed: int = 0) -> Iterator[Condition]:
    """Yield the conditions of these names, and those of rows from elsewhere (`others`: a file by its name).

    Raises `InputError` for a name that is none, and where the run has not what one needs.
    """
    made = _Conditions(run, seed)
    for name in names:
        yield made.named(name)
    for name, path in others.items():
        if name in NAMES:
            raise InputError(f"`rows` {name}: is the name of a condition; choose another for {path}.")
        yield Condition(name, read_rows(path).rows)


class _Conditions:
    def __init__(self, run: LoadedRun, seed: int) -> None:
        self._run = run
        self._seed = seed
        self._seeds = list(_rows(run.seeds))
        self._tasks = list(run.dataset(Selection(seed=seed)))
        if not self._tasks:
            raise InputError(f"{run.path}: holds no finished task to train on; generate more first.")

    def named(self, name: str) -> Condition:
        match name:
            case "vanilla":
                return Condition(VANILLA, (), 0)
            case "seeds":
                return Condition(SEEDS, tuple(self._seeds), 0)
            case "generated":
                return self._condition(GENERATED, self._tasks, with_seeds=False)
            case "both":
                return self._condition(BOTH, self._tasks)
            case "exchanged":
                return self._exchanged()
            case "eighth" | "quarter" | "half":
                count = max(1, len(self._tasks) // PARTS[name])
                return self._condition(name, list(self._run.dataset(Selection(seed=self._seed, subset=count))))
            case "random" | "longest" | "best" | "accepted":
                return self._chosen(name)
        raise InputError(f"`conditions` {name}: there is no such condition; choose from {', '.join(NAMES)}.")

    def _condition(self, name: str, tasks: Sequence[DatasetTask], *, with_seeds: bool = True) -> Condition:
        rows = [*(self._seeds if with_seeds else ()), *_rows(tasks)]
        return Condition(name, tuple(rows), len(tasks))

    def _exchanged(self) -> Condition:
        both = self._condition(BOTH, self._tasks)
        seeds = [task.is_classification for task in self._run.seeds for _ in task.instances]
        kinds = [*seeds, *(task.is_classification for task in self._tasks for _ in task.instances)]
        rows = [row for row in both.rows if isinstance(row, Parts)]
        return Condition(EXCHANGED, tuple(exchanged(rows, kinds, self._seed)), both.instructions)

    def _chosen(self, name: str) -> Condition:
        half = max(1, sum(len(task.instances) for task in self._tasks) // 2)
        choices = {
            "random": Choice(random=half), "longest": Choice(longest=half),
            "best": Choice(best=half), "accepted": Choice(accepted=True),
        }  # fmt: skip
        tasks = list(self._run.dataset(Selection(seed=self._seed, choice=choices[name])))
        if not tasks:
            raise InputError(f"`conditions` {name}: {self._run.path} has no such row.")
        return self._condition(name, tasks)


def exchanged(rows: Sequence[Parts], kinds: Sequence[bool], seed: int) -> list[Parts]:
    """Return the rows with each output moved to another row of its kind: classification or not, with an input or without.

    Only the pairing is lost: every instruction, input and output is still there once. `kinds` says which rows classify.
    """
    groups: defaultdict[tuple[bool, bool], list[int]] = defaultdict(list)
    for place, (row, is_classification) in enumerate(zip(rows, kinds, strict=True)):
        groups[is_classification, bool(row.input.strip())].append(place)
    outputs = [row.output for row in rows]
    for places in groups.values():
        order = HashDraws(f"{seed}:exchange").sample(places, len(places))
        for place, giver in zip(order, [*order[1:], order[0]], strict=True):
            outputs[place] = rows[giver].output
    return [Parts(row.instruction, row.input, output) for row, output in zip(rows, outputs, strict=True)]


def as_fields(row: Row) -> dict[str, object]:
    """Return a row as a line of a file that `train` reads."""
    if isinstance(row, Parts):
        return {"instruction": row.instruction, "input": row.input, "output": row.output}
    if isinstance(row, Conversation):
        return {"messages": row.messages()}
    return {"prompt": row.prompt, "completion": row.completion}


def _rows(tasks: Iterable[SeedTask | DatasetTask]) -> Iterator[Parts]:
    for task in tasks:
        for one in task.instances:
            yield Parts(task.instruction, one.input, one.output)
