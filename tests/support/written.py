"""Runs written straight into a ledger: any number of finished tasks, without a loop or a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from support.scripted import plan

from self_instruct.ledger import Ledger, StoredTask, TaskId
from self_instruct.records.tasks import Instance

ITEMS_PER_REQUEST = 8


def instructions(count: int) -> list[str]:
    return [f"Write a note of {number} words to neighbour {number % 7}." for number in range(count)]


def write_run(directory: Path, told: Iterable[str], each: Sequence[Instance] = (), **settings: Any) -> Ledger:
    """Return the ledger of a run whose pool is `told`, every task with the instances `each`, or with two of its own.

    Every third task is one of classification.
    """
    ledger = Ledger.create(directory, plan(**settings).facts())
    with ledger.transaction():
        for number, instruction in enumerate(told):
            task = TaskId(number // ITEMS_PER_REQUEST, number % ITEMS_PER_REQUEST * 40)
            ledger.add_task(StoredTask(task, instruction, number % 3 == 0, None))
            ledger.add_instances(task, each or (Instance("", f"note {number}"), Instance(f"in {number}", f"out {number}")))
    return ledger
