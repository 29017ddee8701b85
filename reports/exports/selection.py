"""Which tasks an export shows, and on which side of a split: one stream of records that every format is written from.

Between the dataset and the formats. What is chosen depends on the run's seed and the instructions alone: instructions are
ranked by a hash, subsets are taken from one end of that order and held-out tasks from the other. So a smaller subset is within
a larger one, and a subset is the same with and without a held-out side.
Source: Wang et al. 2023, arXiv:2212.10560, section 4: the study of the data's size trains on subsets of the instructions.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import blake2b

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.stages.instance_rules import draw_instances
from self_instruct.ledger import Ledger
from self_instruct.records.tasks import SeedTask
from self_instruct.reports.dataset_tasks import DatasetTask, dataset
from self_instruct.reports.exports.choice import ALL_ROWS, Choice, Positions, chosen
from self_instruct.reports.writing import ExportError
from self_instruct.settings.settings import Settings


class Split(StrEnum):
    """A side of an export, by the name that its file has."""

    TRAIN = "train"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Selection:
    """What an export shows of a run; the default is all of it.

    `seeds`: with the seed tasks, on the side to train on (None: as the format has it). `max_instances`: at most so many of each
    task, the first of each label before any second (None: as the run's settings say). `held_out`: so many machine-written
    instructions, or, below 1, that share of them, on a side of their own. `subset`: only so many machine-written instructions
    to train on. `seed`: of all that is drawn (None: the run's). `choice`: which rows, before
    all of that. Instructions that differ only in case and white space count as
    one. Raises `ExportError` where a number cannot be meant.
    """

    seeds: bool | None = None
    max_instances: int | None = None
    held_out: int | float | None = None  # 12 instructions, or 0.12 of them
    subset: int | None = None
    seed: int | None = None
    choice: Choice = ALL_ROWS

    def __post_init__(self) -> None:
        for name, value in (("max_instances", self.max_instances), ("subset", self.subset)):
            if value is not None and value < 1:
                raise ExportError(f"`{name}` {value}: expected a number of 1 or more.")
        held_out = self.held_out
        if held_out is not None and not (0 < held_out < 1 if isinstance(held_out, float) else held_out >= 1):
            raise _no_amount(held_out)


@dataclass(frozen=True, slots=True)
class Selected:
    """The tasks that an export shows. Each pass reads them anew, one at a time: a run of any size fits.

    `sides` is the side of each instruction chosen, by its `_key`; None where all are to train on. `chosen` are the
    rows of the `choice`; None where that leaves none out.
    """

    ledger: Ledger
    plan: RunPlan
    seeds: tuple[SeedTask, ...]
    max_instances: int | None
    splits: tuple[Split, ...]
    sides: Mapping[bytes, Split] | None
    choice: Choice = ALL_ROWS
    chosen: Positions | None = None

    @property
    def settings(self) -> Settings:
        """The run's settings, with the seed that this export draws by."""
        return self.plan.settings

    def tasks(self, split: Split = Split.TRAIN) -> Iterator[DatasetTask]:
        """Yield the tasks of one side, in the order of the pool; seed tasks come first, on the side to train on."""
        if split is Split.TRAIN:
            yield from map(self._seed, self.seeds)
        for task in dataset(self.ledger, self.plan, self.max_instances, self.chosen):
            if split is (Split.TRAIN if self.sides is None else self.sides.get(_key(task.instruction))):
                yield task

    def _seed(self, seed: SeedTask) -> DatasetTask:
        instances = seed.instances
        if self.max_instances:
            random = self.plan.draws(seed.id)
            rules = self.settings.instances
            instances = tuple(draw_instances(instances, rules, seed.is_classification, random, self.max_instances))
        images = self.plan.images.seeds if self.plan.images else {}
        return DatasetTask(
            seed.id, seed.instruction, seed.is_classification, instances, is_seed=True, draw=self.plan.draw, images=images
        )


def read_held_out(text: str) -> int | float:
    """Return the number of instructions, or the share of them, that a text says; raises `ExportError` for another text.

    >>> read_held_out("100"), read_held_out("0.1")
    (100, 0.1)
    """
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        raise _no_amount(text) from None


def _no_amount(held_out: object) -> ExportError:
    return ExportError(f"`held_out` {held_out}: expected a number of instructions, or a share of them such as 0.1.")


def select(ledger: Ledger, plan: RunPlan, selection: Selection, *, with_seeds: bool) -> Selected:
    """Return the tasks that a selection shows; `with_seeds` where it does not say. Reads the run once if it has to choose.

    Raises `ExportError` where the run has fewer instructions than are asked for.
    """
    if selection.seed is not None:
        plan = replace(plan, settings=plan.settings.model_copy(update={"seed": selection.seed}))
    seeds = plan.seeds if (with_seeds if selection.seeds is None else selection.seeds) else ()
    rows = chosen(ledger, plan, selection.choice, selection.max_instances)
    if selection.held_out is None and selection.subset is None:
        return Selected(ledger, plan, seeds, selection.max_instances, (Split.TRAIN,), None, selection.choice, rows)
    order = _ranked((task.instruction for task in dataset(ledger, plan, chosen=rows)), plan.settings.seed)
    held_out = _held_out(order, {_key(seed.instruction) for seed in plan.seeds}, selection.held_out)
    sides = dict.fromkeys(held_out, Split.TEST)
    sides |= dict.fromkeys(_subset([key for key in order if key not in sides], selection.subset), Split.TRAIN)
    splits = tuple(Split) if held_out else (Split.TRAIN,)
    return Selected(ledger, plan, seeds, selection.max_instances, splits, sides, selection.choice, rows)


def _key(instruction: str) -> bytes:
    """Return what instructions that differ only in case and white space have in common, in 16 bytes."""
    return blake2b(" ".join(instruction.casefold().split()).encode(), digest_size=16).digest()


def _ranked(instructions: Iterable[str], seed: int) -> list[bytes]:
    """Return the key of every instruction once, in an order that depends on the seed and on no other instruction."""
    salt = f"{seed}:".encode()
    return sorted(set(map(_key, instructions)), key=lambda key: blake2b(salt + key, digest_size=16).digest())


def _held_out(order: Sequence[bytes], seeds: Collection[bytes], wanted: int | float | None) -> list[bytes]:
    """Return the keys of the instructions held out, from the end of the order; none that is also a seed task's."""
    if wanted is None:
        return []
    count = max(1, round(wanted * len(order))) if isinstance(wanted, float) else wanted
    found = [key for key in reversed(order) if key not in seeds][:count]
    if len(found) < count or count >= len(order):
        raise ExportError(
            f"`held_out` {wanted}: too much for a run of {len(order)} instructions with instances;"
            " hold out fewer, or generate more."
        )
    return found


def _subset(order: Sequence[bytes], wanted: int | None) -> Sequence[bytes]:
    if wanted is not None and wanted > len(order):
        raise ExportError(f"`subset` {wanted}: only {len(order)} instructions with instances are left to take it from.")
    return order[:wanted]
