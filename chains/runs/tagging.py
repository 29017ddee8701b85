"""Tag the tasks of a run that is there, where neither words nor instances tell: by a model, through the run's own ledger.

What the run's own tagging has answered is not asked again; another model, other parameters, another taxonomy or prompt make
another tagger, whose answers stand beside those of the first. Each question is asked once over all starts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from self_instruct.chains.budgets.meter import check_budgets
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.replies import Model
from self_instruct.chains.runs.answering import ListWork, do_with
from self_instruct.chains.runs.askers import models_of
from self_instruct.chains.runs.asking_later import settings_for
from self_instruct.chains.runs.listener import NOBODY, Listener
from self_instruct.chains.runs.outcome import Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.stages.tagging import Tag, TaggingStage
from self_instruct.ledger import Ledger, RequestId, TaskId, tasks_with_instances
from self_instruct.prompts.stage_prompt import prompt_text
from self_instruct.records.errors import SettingsError
from self_instruct.records.json_text import json_text
from self_instruct.records.tasks import TAGGING, Task
from self_instruct.retrievers.taxonomy import Taxonomy
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings

TAGGERS = "taggers"
"""The fact that holds each tagger of a run by its name, once one was asked: model, parameters, hash of what it is told."""


@dataclass(frozen=True, slots=True)
class RunTagger:
    """Who tags a run: the name under which the replies are kept, the settings, and the stage that asks."""

    settings: Settings
    stage: TaggingStage
    identity: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The name of its replies in the ledger."""
        return self.stage.name


def run_tagger(ledger: Ledger, plan: RunPlan, given: Layer, taxonomy: Taxonomy) -> RunTagger:
    """Return who the settings name to tag a run by a taxonomy: one that it has already, or a new one.

    What is not given is as the run has it. Raises `SettingsError`.
    """
    settings = settings_for(plan, given, TAGGING)
    if settings.model_of(TAGGING) is None:
        raise SettingsError("this run knows no model; name one with `model=PROVIDER:NAME`.")
    known, identity = _known(ledger, plan), _identity(plan, settings, taxonomy)
    same = next((name for name, one in known.items() if one == identity), None)
    name = same or (f"{TAGGING}-{len(known) + 1}" if known else TAGGING)
    return RunTagger(settings, TaggingStage(settings, plan.prompts(), taxonomy, name), identity)


def _known(ledger: Ledger, plan: RunPlan) -> dict[str, Any]:
    tags_itself = plan.settings.tagging.enabled and plan.taxonomy
    own = {TAGGING: _identity(plan, plan.settings, plan.taxonomy)} if tags_itself and plan.taxonomy else {}
    return {**own, **(ledger.fact(TAGGERS) or {})}


def _identity(plan: RunPlan, settings: Settings, taxonomy: Taxonomy) -> dict[str, Any]:
    stage = TaggingStage(settings, plan.prompts(), taxonomy)
    axes = [RequestId(TAGGING, 0, instance=at) for at in range(len(taxonomy.all_axes))]
    told = [prompt_text(stage.question(axis, Task("{instruction}", None)).prompt) for axis in axes]
    digest = sha256(json_text([told, taxonomy.to_fields()]).encode("utf-8", "surrogatepass")).hexdigest()
    parameters = settings.tagging.model_dump(mode="json")["parameters"]
    return {"model": settings.model_of(TAGGING), "parameters": parameters, "told": digest}


def tag_run(
    ledger: Ledger,
    plan: RunPlan,
    tagger: RunTagger,
    models: Mapping[str, Model] | None = None,
    listener: Listener = NOBODY,
) -> Outcome:
    """Return how it ended to ask about every kept task on each axis that nothing else tells.

    `models` are by the tagger's name; without them its model is loaded. Raises `SettingsError` or `ModelDeniedError` where the
    model cannot be used.
    """
    check_budgets(tagger.settings)
    choices = {tagger.name: tagger.settings.choice(TAGGING)}
    loaded = models_of(tagger.settings, choices) if models is None else models
    ledger.set_fact(TAGGERS, {**_known(ledger, plan), tagger.name: tagger.identity})
    work = ListWork(list(_questions(ledger, tagger.stage)))
    return do_with(ledger, work, tagger.settings, choices, loaded, listener)


def stored_tags(ledger: Ledger, stage: TaggingStage) -> Iterator[tuple[Tag, ...]]:
    """Yield where each kept task belongs, in the order of the pool: by its instances and words, else by what is stored."""
    for task, about in kept_tasks(ledger):
        yield stage.tags(task, about, ledger.reply)


def kept_tasks(ledger: Ledger) -> Iterator[tuple[TaskId, Task]]:
    """Yield each kept task with the instances that it has, in the order of the pool."""
    for task, instances in tasks_with_instances(ledger):
        yield task.id, Task(task.instruction, task.is_classification, instances)


def _questions(ledger: Ledger, stage: TaggingStage) -> Iterator[Question]:
    for task, about in kept_tasks(ledger):
        for request in stage.questions(task, about):
            yield stage.question(request, about)
