"""Measure what islands lose: runs that do not see each other's pools, merged through the exact index when they end.

    .venv/bin/python benchmarks/islands.py [--tasks 4000] [--islands 1,2,4,8,16] [--seed 0]

Every row keeps as many tasks in all, by the offline model: one pool, or that many islands with seeds of their own that keep an
equal part each. Merging offers the islands' tasks to one index in turn, one of each and then the next of each, which decides as
any pool does. What falls there was kept by an island in vain: two further requests were spent on it, its classification and its
instances, unless pools are merged before tasks are finished.
"""

import argparse
import asyncio
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from window import InstructionsAlone

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.runs.askers import retrying
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.plan import open_with_models
from self_instruct.retrievers import Kept, NoveltyIndex
from self_instruct.settings.layers import Layer

FINISHING = 2  # requests that a kept task takes after the one that brought it


@dataclass(frozen=True, slots=True)
class Island:
    """What one run kept, and how many instruction requests it had made when it kept each."""

    kept: list[str]
    after: list[int]


def island(seed: int, tasks: int) -> Island:
    """Return what a run of this seed keeps by itself."""
    said = {"model": "offline", "seed": seed, "num_instructions": tasks, "verifiers.repeats_input": "off"}
    with tempfile.TemporaryDirectory() as folder:
        ledger, plan, _ = open_with_models(Path(folder) / "run", Layer.said(said, "benchmark"))
        with ledger:
            asker = InstructionsAlone(ModelAsker(plan.models()))
            asyncio.run(Loop(ledger, plan, retrying(asker, plan.settings)).run())
            tasks_kept = list(ledger.tasks())
    return Island([task.instruction for task in tasks_kept], [task.id.request + 1 for task in tasks_kept])


def in_turn(islands: list[Island]) -> Iterator[str]:
    """Yield the islands' tasks: the first of each, then the second of each ..."""
    for row in zip_longest(*(one.kept for one in islands)):
        yield from (text for text in row if text is not None)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=4_000, help="kept in all before merging")
    parser.add_argument("--islands", default="1,2,4,8,16")
    parser.add_argument("--seed", type=int, default=0, help="of the first island")
    options = parser.parse_args()
    print(
        "| islands | kept by all | after merging | lost | requests a task: one pool | merged at the end | merged unfinished |"
    )
    print("|---:|---:|---:|---:|---:|---:|---:|")
    alone = island(options.seed, options.tasks)
    for count in map(int, options.islands.split(",")):
        islands = [island(options.seed + number, options.tasks // count) for number in range(count)]
        decisions = NoveltyIndex().offer_all(in_turn(islands))
        merged, requests = sum(isinstance(one, Kept) for one in decisions), sum(one.after[-1] for one in islands)
        together = alone.after[merged - 1] / merged + FINISHING
        finished, unfinished = (requests + FINISHING * len(decisions)) / merged, requests / merged + FINISHING
        lost = f"{1 - merged / len(decisions):.1%}"
        costs = f"{together:.2f} | {finished:.2f} | {unfinished:.2f}"
        print(f"| {count} | {len(decisions):,} | {merged:,} | {lost} | {costs} |", flush=True)


if __name__ == "__main__":
    main()
