"""Improve a run into a new one: instructions written again, each instance refined, each question stored (`refining`).

Between the old run, which is only read, and the new one's ledger. A killed run goes on from the replies that it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from self_instruct.chains.models.families import same_family
from self_instruct.chains.models.replies import Model
from self_instruct.chains.refinement.asking import SCORING
from self_instruct.chains.runs.answering import do_with
from self_instruct.chains.runs.askers import batching_of
from self_instruct.chains.runs.improvement_plan import ImprovementPlan, Source
from self_instruct.chains.runs.judging import known_judges
from self_instruct.chains.runs.listener import NOBODY, Listener
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.refining import Improving, Votes
from self_instruct.ledger import Ledger, Lineage, TaskId, finished_with_instances
from self_instruct.records.errors import SettingsError
from self_instruct.records.judgements import JUDGING
from self_instruct.records.revisions import Operator
from self_instruct.records.tasks import StageName
from self_instruct.settings.layers import Layer


def improve(
    before: Path,
    run: Path,
    given: Layer,
    *,
    models: Mapping[str, Model] | None = None,
    listener: Listener = NOBODY,
) -> Outcome:
    """Return how improving the run in `before` into `run` ended, begun there or gone on with.

    `models` are there already, by the names of `improvement_plan.ASKED`; without them those that the settings name are loaded.
    Raises `InputError` of every kind.
    """
    if before.resolve() == run.resolve():
        raise SettingsError("the old run stays as it is; name another directory with `run`.")
    with ExitStack() as closing:
        with Ledger.open(before, read_only=True) as old, old.snapshot():
            old_plan, tasks = RunPlan.of(old), list(finished_with_instances(old))
            was_judged = bool(known_judges(old, old_plan))
            ledger, plan, asked = _opened(run, old_plan, tasks, given, models, old.lineages(), was_judged=was_judged)
            closing.enter_context(ledger)
            votes = _known_votes(old, old_plan, ledger, plan)
        for sentence in _warnings(plan, old_plan):
            listener.on_warning(sentence)
        work = Improving(ledger, plan, tasks, votes)
        batched = [*asked] if plan.settings.batch.is_on else ()  # all of it: nothing of improving reads the pool
        batching = batching_of(ledger, plan.settings, plan.choices, asked, batched, listener)
        outcome = do_with(ledger, work, plan.settings, plan.choices, asked, listener, batching)
        if outcome.ending is Ending.DONE:
            return Outcome(Ending.DONE, f"{work.done} instances looked at")
        return outcome


def _opened(
    run: Path,
    before: RunPlan,
    tasks: Source,
    given: Layer,
    models: Mapping[str, Model] | None,
    lineages: Iterable[Lineage],
    *,
    was_judged: bool,
) -> tuple[Ledger, ImprovementPlan, Mapping[str, Model]]:
    """Return the new run, begun if it is not there; where a model cannot be loaded nothing has changed."""
    if not Ledger.exists(run):
        if not tasks:
            raise SettingsError("the run has no finished task with an instance; there is nothing to improve.")
        plan = ImprovementPlan.new(before, tasks, given, was_judged=was_judged)
        asked = models or plan.models()
        return Ledger.create(run, plan.facts(), lineages=lineages), plan, asked
    with ExitStack() as undo:
        ledger = undo.enter_context(Ledger.open(run))
        plan = ImprovementPlan.of(ledger).going_on(tasks, given)
        asked = models or plan.models()
        plan.remember(ledger)
        undo.pop_all()
        return ledger, plan, asked


def _known_votes(old: Ledger, old_plan: RunPlan, ledger: Ledger, plan: ImprovementPlan) -> Votes:
    """Return what the judge that improves has said of the old run's instances; none of those that lack a vote."""
    ours = known_judges(ledger, plan.run).get(JUDGING)  # none, where nothing is compared
    judge = next((name for name, known in known_judges(old, old_plan).items() if known == ours), None)
    found: dict[tuple[TaskId, int], list[dict[str, Any]]] = {}
    for task, verdict in old.verdicts():
        if verdict.stage == judge:
            found.setdefault((task, verdict.instance), []).append(dict(verdict.answers))
    return {key: votes for key, votes in found.items() if len(votes) == plan.settings.judging.vote_count}


def _warnings(plan: ImprovementPlan, before: RunPlan) -> Iterator[str]:
    writer, judge = plan.choice(Operator.REGENERATE).model, plan.choice(SCORING).model
    if plan.rules.compares and (warning := same_family(writer, judge)):
        yield warning
    if plan.rules.regenerate and writer == before.settings.model_of(StageName.INSTANCES):
        yield f"{writer!r} wrote these outputs and is to write them again; name another with model, or give --no-regenerate"
