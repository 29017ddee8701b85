"""What improving a run fixes when it starts: writer, judge, steps, and the run it begins from; a fact of the new run's ledger.

The new run has the plan of the old one, so that whatever reads a run reads it, and beside that the settings of improving; its
judge is the one that improves.
What is given again when it goes on must be the same, but for what only paces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from self_instruct.chains.budgets.meter import check_budgets
from self_instruct.chains.models.replies import Model
from self_instruct.chains.refinement.asking import COMPARING, COMPARING_TASKS, CRITICISING, SCORING
from self_instruct.chains.refinement.refiner import RefinementRules
from self_instruct.chains.runs.askers import models_of
from self_instruct.chains.runs.image_runs import moved
from self_instruct.chains.runs.plan import IMPROVEMENT, RunPlan
from self_instruct.chains.runs.stored_facts import read_fact, settings_facts, stored_settings
from self_instruct.ledger import Ledger, StoredTask
from self_instruct.prompts.prompt_set import WRITING_PROMPTS
from self_instruct.prompts.template_files import Templates
from self_instruct.records.errors import SettingsError
from self_instruct.records.json_text import json_text
from self_instruct.records.judgements import JUDGING
from self_instruct.records.revisions import Operator
from self_instruct.records.tasks import Instance, StageName
from self_instruct.settings.dotted_keys import WHICH_MODEL, flatten, is_of
from self_instruct.settings.layers import Layer
from self_instruct.settings.sections import JUDGED, WRITTEN, ModelChoice
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import Settled, settle, settle_again

_OF_OUTPUTS = (Operator.REGENERATE.value, Operator.REVISE.value, CRITICISING, SCORING, COMPARING)
_OF_TASKS = (Operator.REWRITE.value, StageName.INSTANCES.value, COMPARING_TASKS)
ASKED = (*_OF_OUTPUTS, *_OF_TASKS)
"""Under these names the questions of improving are stored."""
ROUNDS, REGENERATE, REWRITE = "stages.revise.rounds", "stages.regenerate.enabled", "stages.rewrite.enabled"
COMPARE = "stages.compare.enabled"
_IMAGES = "images"
_JUDGED = (SCORING, COMPARING, COMPARING_TASKS)
_NOT_INHERITED = (
    *WHICH_MODEL, "stages", "tagging", "max_requests", "max_tokens", "max_cost", "num_instructions", "accept", "min_yield",
)  # fmt: skip
_TEMPLATES = ("critique", "compare", *WRITING_PROMPTS)
Source = Sequence[tuple[StoredTask, tuple[Instance, ...]]]
"""The finished tasks of a run that have instances, in the order of the pool."""


@dataclass(frozen=True, slots=True)
class ImprovementPlan:
    """All that decides an improved run but for the replies.

    `run` is the plan that it has from the old one, `source` the digest of that one's tasks, `tasks` their number.
    """

    run: RunPlan
    settings: Settings
    origins: Mapping[str, str]
    source: str
    tasks: int

    @classmethod
    def new(cls, before: RunPlan, tasks: Source, given: Layer, *, was_judged: bool = False) -> Self:
        """Return the plan of a new run that improves these tasks of another; raises `SettingsError`.

        `was_judged`: the other has verdicts, which may be of the same judge; its prompts for them are kept.
        """
        before = _with_images(before, given)
        defaults = _WITHOUT_JUDGE.over(_DEFAULTS) if given.values.get(COMPARE) is False else _DEFAULTS
        settled = settle(given.over(_inherited(before, given)).over(defaults))
        plan = cls(before, settled.settings, settled.origins, digest(tasks), len(tasks)).checked()
        run = _improved(before, settled.settings, is_judged=plan.rules.compares)
        return replace(plan, run=replace(run, templates=_with_ours(before, () if was_judged else ("judge",))))

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """Return the plan of an improved run; raises `LedgerError` where the ledger is of another kind of run."""
        missing = "is no run that was made by improving another; choose a new `run`."
        return read_fact(ledger, IMPROVEMENT, missing, lambda stored: cls._read(RunPlan.of(ledger), stored))

    @classmethod
    def _read(cls, run: RunPlan, stored: Mapping[str, Any]) -> Self:
        settled = stored_settings(dict(stored))
        return cls(run, settled.settings, settled.origins, str(stored["source"]), int(stored["tasks"]))

    def going_on(self, tasks: Source, given: Layer) -> Self:
        """Return this plan with the pacing settings that were given; raises `SettingsError` where anything else differs."""
        if digest(tasks) != self.source:
            raise SettingsError(
                "this run was begun from other tasks: from another run, or from that one before it went on;"
                " improve it into a new `run`."
            )
        told = Layer({key: value for key, value in given.values.items() if key != _IMAGES}, given.origins)
        settled = settle_again(told, Settled(self.settings, self.origins))
        run = _with_images(self.run, given)
        return replace(self, run=run, settings=settled.settings, origins=settled.origins).checked()

    def checked(self) -> Self:
        """Return it, if it can be carried out; raises `SettingsError`."""
        check_budgets(self.settings)
        if self.settings.model is None:
            raise SettingsError("this run knows no model; name the one that writes again with `model=PROVIDER:NAME`.")
        if self.settings.templates is not None:
            raise SettingsError("templates are the run's own; leave them out.")
        rules = self.rules
        if not rules.compares and (rules.rewrite or rules.rounds):
            raise SettingsError("instructions are written again, and outputs revised, only where a judge compares them.")
        if not (rules.regenerate or rules.rounds or rules.rewrite):
            raise SettingsError(
                "nothing is to be done: neither outputs nor instructions are written again, and there is no round of revision."
            )
        return self

    def facts(self) -> dict[str, Any]:
        """Return the plan as the JSON values that its ledger stores."""
        return {**self.run.facts(), IMPROVEMENT: self._fact()}

    def remember(self, ledger: Ledger) -> None:
        """Store what may have changed, for the next time it goes on."""
        with ledger.transaction():
            ledger.set_fact(IMPROVEMENT, self._fact())
            if self.run.images:
                ledger.set_fact(_IMAGES, self.run.images.to_fields())

    def _fact(self) -> dict[str, Any]:
        return {
            **settings_facts(Settled(self.settings, self.origins)), "source": self.source, "tasks": self.tasks,
        }  # fmt: skip

    @property
    def rules(self) -> RefinementRules:
        """What is done to each instance, and to its instruction; a run from before instructions were written again has none."""
        rounds = self._own(ROUNDS)
        if type(rounds) is not int or rounds < 0:
            raise SettingsError(f"{ROUNDS} is {rounds!r}; it must be a whole number from 0.")
        rewrites = self._own(REWRITE) is not None and self._is_on(REWRITE)
        return RefinementRules(self._is_on(REGENERATE), rounds, rewrites, self._own(COMPARE) is None or self._is_on(COMPARE))

    def _is_on(self, key: str) -> bool:
        said = self._own(key)
        if not isinstance(said, bool):
            raise SettingsError(f"{key} is {said!r}; it must be true or false.")
        return said

    def _own(self, key: str) -> object:
        _, stage, name = key.split(".")
        return (self.settings.section(stage).model_extra or {}).get(name)

    def choice(self, stage: str) -> ModelChoice:
        """Return which model is asked under a name: the judge for verdicts, comparisons, and critiques if no other is named."""
        is_judges = stage in _JUDGED or (stage == CRITICISING and self.settings.section(stage).model is None)
        return self.settings.choice(JUDGING if is_judges else stage)

    def parameters(self, stage: str) -> Mapping[str, Any]:
        """Return what goes to the model with a question."""
        return self.settings.section(JUDGING if stage in _JUDGED else stage).parameters

    @property
    def choices(self) -> dict[str, ModelChoice]:
        """Which model is asked under each name."""
        return {stage: self.choice(stage) for stage in ASKED}

    def models(self) -> dict[str, Model]:
        """Return the model for each name; those of one choice share one. There is none where actors of Ray hold them.

        Raises `SettingsError` where one cannot be loaded.
        """
        return models_of(self.settings, self.choices)


def digest(tasks: Source) -> str:
    """Return what tells these tasks, with their instances, from others."""
    whole = sha256()
    for task, instances in tasks:
        said = [task.id.request, task.id.item, task.instruction, [(one.input, one.output) for one in instances]]
        whole.update(json_text(said).encode("utf-8", "surrogatepass"))
    return whole.hexdigest()


_DEFAULTS = Layer.said(
    {
        "stages.regenerate.parameters": dict(WRITTEN), "stages.revise.parameters": dict(WRITTEN),
        "stages.rewrite.parameters": dict(WRITTEN), "stages.critique.parameters": dict(JUDGED), REGENERATE: True, ROUNDS: 1,
        REWRITE: True,
    },
    "default",
)  # fmt: skip
_WITHOUT_JUDGE = Layer.said({ROUNDS: 0, REWRITE: False}, "no judge")


def _inherited(before: RunPlan, given: Layer) -> Layer:
    """Return what the old run's settings say of improving: rules, judge, language, and the writer if none is given."""
    others = [*_NOT_INHERITED, *(f"{stage}.{name}" for stage in StageName for name in WHICH_MODEL)]
    if "judging.model" in given.values:  # a judge that is given is reached as is said with it
        others += [f"judging.{name}" for name in WHICH_MODEL]
    kept = dict(before.layer(lambda key: not is_of(key, others)).values)
    if "model" not in given.values:
        writer = before.settings.choice(StageName.INSTANCES)
        kept |= flatten({"model": writer.model, "model_options": dict(writer.options), "base_url": writer.base_url})
    elif given.values.get("judging.model") == given.values["model"]:  # a judge that is the writer is reached as the writer is
        reached = {key: value for key, value in given.values.items() if is_of(key, WHICH_MODEL[1:])}
        kept |= {f"judging.{key}": value for key, value in reached.items()}
    kept |= {"judging.enabled": True, "templates": None, "seeds": None}
    return Layer(kept, {key: before.origins.get(key, "default") for key in kept})


def _with_images(run: RunPlan, given: Layer) -> RunPlan:
    """Return a run's plan with its images where they are now, if somebody says so."""
    folder = given.values.get(_IMAGES)
    return run if folder is None else replace(run, images=moved(run.images, Path(str(folder))))


def _improved(before: RunPlan, settings: Settings, *, is_judged: bool) -> RunPlan:
    """Return the plan of the new run: that of the old one, with the judge that improves it, whose verdicts it will hold."""
    choice = settings.choice(JUDGING)
    chosen = {"model": choice.model, "base_url": choice.base_url, "model_options": choice.options, "enabled": True}
    judging = settings.judging.model_copy(update=chosen) if is_judged else before.settings.judging
    whole = before.settings.without_target().model_copy(update={"judging": judging})
    return replace(before, settings=whole)


def _with_ours(before: RunPlan, also: Sequence[str]) -> Templates:
    """Return the templates of a run, those of improving and `also` as they are today; a user's, but for what they lack."""
    sources, is_ours = before.templates.sources, before.settings.templates is None
    today = Templates.load(language=before.settings.language).sources
    taken = {
        name: text for name, text in today.items() if name.startswith((*_TEMPLATES, *also)) and (is_ours or name not in sources)
    }
    return Templates({**sources, **taken}, before.templates.folder)
