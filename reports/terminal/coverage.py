"""The command `coverage`: what a run has of each kind of task, as a grid, and of which it has least."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group, RenderableType

from self_instruct.chains.models.embeddings import load_embeddings, unit_vectors
from self_instruct.chains.runs.outcome import Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.tagging import kept_tasks, run_tagger, stored_tags, tag_run
from self_instruct.chains.stages.tagging import By, tags_by_rule
from self_instruct.ledger import Ledger
from self_instruct.records.errors import SettingsError
from self_instruct.records.tasks import TAGGING
from self_instruct.reports.analysis.clusters import Clusters, clusters, usual_count
from self_instruct.reports.analysis.coverage import Coverage, coverage
from self_instruct.reports.terminal.asking_progress import AskingProgress
from self_instruct.reports.terminal.command_line import leave_with
from self_instruct.reports.terminal.printing import console, say, show
from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import number
from self_instruct.retrievers.taxonomy import Taxonomy, load_taxonomy
from self_instruct.settings.layers import Layer

AXES_OF_A_GRID = 2
THINNEST = 12  # cells that are named


@dataclass(frozen=True, slots=True)
class Clustering:
    """Whose embeddings make clusters, and how many; None: as many as is usual."""

    embeddings: str
    count: int | None


def show_coverage(run: Path, taxonomy: Path | None, given: Layer, by: Clustering | None, *, as_json: bool) -> None:
    """Print how a run's kept tasks cover a taxonomy, the one named, or the run's own, or ours; and in which clusters they are.

    Where `given` names a model it is asked first where words do not tell, and the command ends as that ended.
    """
    outcome: Outcome | None = None
    if given.values.get(f"{TAGGING}.model"):
        with Ledger.open(run) as ledger:
            found, grid, outcome = _asked(ledger, taxonomy, given)
    elif given.values:
        raise SettingsError("nobody is asked without a model; name one with `model=PROVIDER:NAME`, or leave the others out.")
    else:
        with Ledger.open(run, read_only=True) as ledger, ledger.snapshot():
            found, grid = _stored(ledger, taxonomy)
    alike = _clustered(run, by) if by else None
    if as_json:
        clustered = {"clustering": alike.to_dict()} if alike else {}
        print(json.dumps({**found.to_dict(), **clustered}, indent=2, ensure_ascii=False))  # noqa: T201  for programs
    else:
        show(coverage_tables(found, grid))
        for line in coverage_lines(found):
            say(line)
        if alike:
            show_clusters(alike)
    if outcome:
        leave_with(outcome, run, is_error=as_json)


def _asked(ledger: Ledger, taxonomy: Path | None, given: Layer) -> tuple[Coverage, Taxonomy, Outcome]:
    """Ask the model that is named about what words do not tell, as far as that goes."""
    plan = RunPlan.of(ledger)
    grid = _grid(plan, taxonomy)
    tagger = run_tagger(ledger, plan, given, grid)
    with AskingProgress(console(stderr=True)) as progress:
        outcome = tag_run(ledger, plan, tagger, listener=progress.listener())
    return coverage(stored_tags(ledger, tagger.stage), grid), grid, outcome


def _stored(ledger: Ledger, taxonomy: Path | None) -> tuple[Coverage, Taxonomy]:
    """Return what words tell, and where the run tags by itself and by this taxonomy, what its model has said."""
    plan = RunPlan.of(ledger)
    grid = _grid(plan, taxonomy)
    own = plan.stages().tagging if grid == plan.taxonomy else None
    told = (
        stored_tags(ledger, own)
        if own
        else (tags_by_rule(grid, one.instruction, one.instances) for _, one in kept_tasks(ledger))
    )
    return coverage(told, grid), grid


def _grid(plan: RunPlan, taxonomy: Path | None) -> Taxonomy:
    return load_taxonomy(taxonomy) if taxonomy or plan.taxonomy is None else plan.taxonomy


def _clustered(run: Path, by: Clustering) -> Clusters:
    with Ledger.open(run, read_only=True) as ledger:
        instructions = [task.instruction for task in ledger.tasks()]
    if not instructions:
        raise SettingsError("the run has kept no task yet; there is nothing to put into clusters.")
    vectors = unit_vectors(load_embeddings(by.embeddings), instructions, by.embeddings)
    return clusters(instructions, vectors, by.count or usual_count(len(instructions)))


def show_clusters(found: Clusters) -> None:
    """Print the clusters, the largest first, and what they come to."""
    rows = [
        (number(one.tasks), f"{one.likeness:.2f}", ", ".join(one.words), " ".join(one.nearest.split()))
        for one in found.clusters
    ]
    show(table("clusters", ("tasks", "likeness", "words that set it apart", "in its middle"), rows, numbers=(0, 1)))
    say(f"entropy over {number(len(found.clusters))} clusters: {found.entropy:.2f} of {found.most:.2f} bits")


def coverage_tables(found: Coverage, taxonomy: Taxonomy) -> RenderableType:
    """Return a table of each axis, has and should have; of two axes the grid; each aspect; and the cells that lack most."""
    by_axis = {axis.name: found.by_axis(at) for at, axis in enumerate(taxonomy.axes)}
    tables: list[RenderableType] = [_has_and_should(name, entries) for name, entries in by_axis.items()]
    if len(taxonomy.axes) == AXES_OF_A_GRID:
        rows, columns = ([entry.name for entry in axis.entries] for axis in taxonomy.axes)
        cells = [(row, *(number(found.counts[row, column]) for column in columns)) for row in rows]
        tables.append(table("tasks by cell", ("", *columns), cells, numbers=range(1, 1 + len(columns))))
    lacking = sorted(found.targets, key=lambda cell: found.counts[cell] - found.targets[cell])[:THINNEST]
    lack = {" / ".join(cell): (found.counts[cell], found.targets[cell]) for cell in lacking}
    tables.append(_has_and_should("cells furthest below their target", lack))
    tables.extend(_has_and_should(aspect.name, aspect.entries) for aspect in found.aspects)
    return Group(*tables)


def _has_and_should(title: str, entries: Mapping[str, tuple[int, float]]) -> RenderableType:
    rows = [(name, number(count), f"{target:.1f}") for name, (count, target) in entries.items()]
    return table(title, ("", "tasks", "target"), rows, numbers=(1, 2))


def coverage_lines(found: Coverage) -> Iterator[str]:
    """Yield what the tables come to, and what they rest on."""
    by_rule = found.told.get(By.WORDS, 0) + found.told.get(By.INSTANCES, 0)
    yield f"{number(by_rule)} of {number(found.instructions)} tasks put into a cell by their words"
    if any(count for by, count in found.told.items() if by not in (By.WORDS, By.INSTANCES, By.NOT_ASKED)):
        said = (f"{by.value} {number(found.told.get(by, 0))}" for by in (By.NO_ENTRY, By.UNREAD, By.NOT_ASKED))
        yield f"{number(found.told.get(By.MODEL, 0))} more by a model; of the others: {', '.join(said)}"
    yield f"entropy over {number(len(found.counts))} cells: {found.entropy:.2f} of {found.most:.2f} bits"
    yield f"in the emptiest fifth of the cells: {number(found.emptiest)} tasks"
    for aspect in found.aspects:
        told = ", ".join(f"{by.value} {number(aspect.told[by])}" for by in By if aspect.told.get(by))
        yield f"{aspect.name} is told by: {told}"
