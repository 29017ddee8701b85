"""The command `coverage`: what a run has of each kind of task, as a grid, and of which it has least."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from rich.console import Group, RenderableType

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.analysis.coverage import Coverage, coverage
from self_instruct.reports.terminal.printing import say, show
from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import number
from self_instruct.retrievers.taxonomy import Taxonomy, load_taxonomy

AXES_OF_A_GRID = 2
THINNEST = 12  # cells that are named


def show_coverage(run: Path, taxonomy: Path | None, *, as_json: bool) -> None:
    """Print how a run's kept tasks cover a taxonomy: the one named, or the run's own, or ours."""
    with Ledger.open(run, read_only=True) as ledger, ledger.snapshot():
        plan = RunPlan.of(ledger)
        grid = load_taxonomy(taxonomy) if taxonomy or plan.taxonomy is None else plan.taxonomy
        found = coverage((task.instruction for task in ledger.tasks()), grid)
    if as_json:
        print(json.dumps(found.to_dict(), indent=2, ensure_ascii=False))  # noqa: T201  for programs, not for a terminal
        return
    show(coverage_tables(found, grid))
    for line in coverage_lines(found):
        say(line)


def coverage_tables(found: Coverage, taxonomy: Taxonomy) -> RenderableType:
    """Return a table of each axis, has and should have; and of two axes the grid."""
    tables: list[RenderableType] = [
        table(
            axis.name,
            ("", "tasks", "target"),
            [(name, number(count), f"{target:.1f}") for name, (count, target) in found.by_axis(at).items()],
            numbers=(1, 2),
        )
        for at, axis in enumerate(taxonomy.axes)
    ]
    if len(taxonomy.axes) == AXES_OF_A_GRID:
        rows, columns = ([entry.name for entry in axis.entries] for axis in taxonomy.axes)
        cells = [(row, *(number(found.counts[row, column]) for column in columns)) for row in rows]
        tables.append(table("tasks by cell", ("", *columns), cells, numbers=range(1, 1 + len(columns))))
    return Group(*tables)


def coverage_lines(found: Coverage) -> Iterator[str]:
    """Yield what the tables come to, and the cells furthest below their target."""
    yield f"{number(found.instructions - found.untold)} of {number(found.instructions)} instructions told by their words"
    yield f"entropy over {number(len(found.counts))} cells: {found.entropy:.2f} of {found.most:.2f} bits"
    yield f"in the emptiest fifth of the cells: {number(found.emptiest)} tasks"
    lacking = sorted(found.targets, key=lambda cell: found.counts[cell] - found.targets[cell])[:THINNEST]
    yield f"furthest below their target: {', '.join(' / '.join(cell) for cell in lacking)}"
