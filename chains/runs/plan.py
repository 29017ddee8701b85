"""What a run fixes when it starts: settings, seeds, few-shot tasks, templates; stored as facts in its ledger.

A run that goes on takes all of it from there. Files may be named again, and are compared by what they hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from self_instruct.chains.budgets.meter import check_budgets
from self_instruct.chains.models.names import OFFLINE, is_completion_model
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.replies import Model
from self_instruct.chains.runs.askers import models_of
from self_instruct.chains.runs.batch_doors import check_batched
from self_instruct.chains.runs.image_runs import (
    ABOUT_IMAGES,
    about_images,
    check_seeing,
    drawn_image,
    images_of,
    moved,
    shown_with,
)
from self_instruct.chains.runs.stored_facts import settings_facts
from self_instruct.chains.stages.registry import RunStages
from self_instruct.ledger import Ledger, RequestId
from self_instruct.prompts.prompt_set import PromptSet, prompt_set
from self_instruct.prompts.template_files import Templates
from self_instruct.prompts.wording import Wording, seeds_in
from self_instruct.records.errors import LedgerError, SettingsError
from self_instruct.records.tasks import Proposer, SeedTask, StageName
from self_instruct.retrievers.draws import DRAW, Draws, draws
from self_instruct.retrievers.taxonomy import Taxonomy, load_taxonomy
from self_instruct.seeds.few_shot_tasks import FewShotTasks
from self_instruct.seeds.images import Image, Images
from self_instruct.seeds.loading import load_seeds, seed_from_fields, seed_to_fields
from self_instruct.seeds.texts import load_texts
from self_instruct.settings.dotted_keys import flatten
from self_instruct.settings.layers import Layer
from self_instruct.settings.profiles import LANGUAGES, PROFILES
from self_instruct.settings.sections import ENGLISH, RULES, Language, ModelChoice
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import AS_CONCURRENCY, Settled, settle, settle_again

IMPROVEMENT = "improvement"
"""The fact of a run that was made by improving another."""
MAX_WORDS_SHOWN = 200  # characters of why a stored plan cannot be read
_TEXTS = "back_translate.texts"
_FILES = ("seeds", "images", "templates", "taxonomy", _TEXTS)


_NO_RUNS = {
    "evaluation": ("an evaluation's", "evaluate `run`"),
    "preferences": ("the preferences'", "prefer"),
}
"""Facts of ledgers that hold no run: whose they are, and what shows them."""


@dataclass(frozen=True, slots=True)
class RunPlan:
    """All that decides a run's dataset but for the replies.

    `origins` says where each setting's value came from, `draw` how the run draws (`retrievers.draws`), `taxonomy` by which
    kinds of tasks it steers; None: it does not. `images` are what its tasks are about, None in a run about texts.
    `texts` are those that instructions are to be found for.
    """

    settings: Settings
    origins: Mapping[str, str]
    seeds: tuple[SeedTask, ...]
    shown: FewShotTasks
    templates: Templates
    draw: int = DRAW
    taxonomy: Taxonomy | None = None
    images: Images | None = None
    texts: tuple[str, ...] = ()

    @classmethod
    def new(cls, given: Layer) -> Self:
        """Return the plan of a new run.

        Raises `SettingsError`, `TemplateError`, or the error of a file; also where there are fewer seeds than demonstrations.
        """
        settled = settle(given)
        seeds = _seeds(settled.settings.seeds, settled.settings.language)
        images = images_of(settled.settings, seeds)
        settled = settle(about_images(given, settled)) if images else settled
        settings = settled.settings.judging_fixed()
        wording = _wording(settings.templates, settings.language)
        taxonomy = _taxonomy(settings) if settings.steer else None
        if settings.tagging.enabled and not settings.steer:
            raise SettingsError("tagging is for a run that steers; set `steer`, or ask afterwards with `coverage RUN --model`.")
        texts = _texts(settings)
        if images and set(settings.shares) != {Proposer.SELF_INSTRUCT}:
            raise SettingsError("proposers: only self-instruct asks about images; leave the others, or the images, out.")
        plan = cls(
            settings, settled.origins, seeds, wording.shown, wording.templates, taxonomy=taxonomy, images=images, texts=texts
        )
        plan._check_seeds()
        return plan

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """Return the plan of a run that exists; raises `LedgerError` where what it was started with cannot be read."""
        for fact, (what, how) in _NO_RUNS.items():
            if ledger.fact(fact) is not None:
                raise LedgerError(f"{ledger.path}: is {what} ledger, not a run's; look at it with {how}.")
        try:
            return cls(
                settings=Settings.model_validate(_complete(ledger.fact("settings"))),
                origins=dict(ledger.fact("origins")),
                seeds=tuple(seed_from_fields(fields) for fields in ledger.fact("seeds")),
                shown=FewShotTasks.from_fields(ledger.fact("shown")),
                templates=Templates.stored(ledger.fact("templates"), folder=str(ledger.path.parent)),
                draw=int(ledger.fact("draw") or 2),  # runs of ledger version 2 and before did not say so
                taxonomy=Taxonomy.from_fields(stored) if (stored := ledger.fact("taxonomy")) else None,
                images=Images.from_fields(stored) if (stored := ledger.fact("images")) else None,
                texts=tuple(ledger.fact("texts") or ()),
            )
        except (ValueError, TypeError, LookupError) as error:
            words = " ".join(str(error).split())[:MAX_WORDS_SHOWN]
            raise LedgerError(f"{ledger.path}: is damaged ({words}); restore a copy, or choose another `run`.") from error

    def going_on(self, given: Layer) -> Self:
        """Return this plan with the pacing settings that were given; raises `SettingsError` where a deciding one differs."""
        named = given.values
        language = self.settings.language
        if "seeds" in named and _seeds(named["seeds"], language) != self.seeds:
            raise _other_files("seeds", named["seeds"])
        if "templates" in named and self._is_worded_otherwise(_wording(named["templates"], language)):
            raise _other_files("templates", named["templates"])
        if self.taxonomy and "taxonomy" in named and _taxonomy(self.settings, named["taxonomy"]) != self.taxonomy:
            raise _other_files("taxonomy", named["taxonomy"])
        if _TEXTS in named and load_texts(Path(str(named[_TEXTS]))) != self.texts:
            raise _other_files("texts", named[_TEXTS])
        images = self.images
        if named.get("images") is not None:
            images = moved(images, Path(str(named["images"])))
        told = {key: value for key, value in given.values.items() if key not in _FILES}
        settled = settle_again(Layer(told, given.origins), Settled(self.settings, self.origins))
        return replace(self, settings=settled.settings, origins=settled.origins, images=images)

    def _is_worded_otherwise(self, wording: Wording) -> bool:
        return (wording.templates.sources, wording.shown) != (self.templates.sources, self.shown)

    def said(self) -> Layer:
        """Return the settings that somebody gave: those that are neither defaults nor a profile's."""
        profiles, languages = (f"profile {name}" for name in PROFILES), (f"language {name}" for name in LANGUAGES)
        unsaid = {"default", AS_CONCURRENCY, ABOUT_IMAGES, *profiles, *languages}
        return self.layer(lambda key: self.origins.get(key, "default") not in unsaid)

    def layer(self, keep: Callable[[str], bool] = lambda _: True) -> Layer:
        """Return the settings whose dotted keys are to be kept, each with its origin, to lay others over."""
        values = {key: value for key, value in flatten(self.settings.model_dump(mode="json")).items() if keep(key)}
        return Layer(values, {key: self.origins.get(key, "default") for key in values})

    def facts(self) -> dict[str, Any]:
        """Return the plan as the JSON values that its ledger stores."""
        return {
            **settings_facts(Settled(self.settings, self.origins)),
            "seeds": [seed_to_fields(seed) for seed in self.seeds],
            "shown": self.shown.to_fields(),
            "templates": self.templates.sources,
            "draw": self.draw,
            "taxonomy": self.taxonomy.to_fields() if self.taxonomy else None,
            "images": self.images.to_fields() if self.images else None,
            "texts": self.texts or None,
        }

    def remember(self, ledger: Ledger) -> None:
        """Store the plan as it is now, for the next time the run goes on."""
        with ledger.transaction():
            for name, value in self.facts().items():
                ledger.set_fact(name, value)

    def models(self, objects: Mapping[str, Model] | None = None) -> dict[str, Model]:
        """Return the model of each stage; stages that chose the same share one, and with it its client.

        `objects` are models that are there already, by the name that the run has for them. There is none where actors of Ray
        hold them. Raises `SettingsError` where one is not named or cannot be loaded.
        """
        self._check_named(self.settings.choices)
        return models_of(self.settings, self.settings.choices, objects)

    def _check_named(self, choices: Mapping[str, ModelChoice]) -> None:
        if self.settings.base_url and (self.settings.model, self.origins.get("model")) == (OFFLINE, "default"):
            raise SettingsError(
                f"base_url is {self.settings.base_url}, but no model is named; name one with `model=openai:NAME`."
            )
        unnamed = [stage for stage, choice in choices.items() if choice.model is None]
        if len(unnamed) == len(choices):
            raise SettingsError("this run was imported, so no model is known to it; name one with `model=PROVIDER:NAME`.")
        if unnamed:
            raise SettingsError(
                f"no model is named for {' and '.join(unnamed)}; name it with `model=PROVIDER:NAME`, or set {unnamed[0]}.model."
            )

    def draws(self, *key: object) -> Draws:
        """Return what is drawn by for something of the run's dataset, by its seed."""
        return draws(self.draw, self.settings.seed, *key)

    def prompts(self) -> PromptSet:
        """Return the run's prompts."""
        settings = self.settings
        completion = [stage for stage, asked in settings.choices.items() if is_completion_model(asked.model, asked.options)]
        only = settings.instructions.classification_only
        is_about_images = self.images is not None
        return prompt_set(self.templates, self.shown, classification_only=only, completion=completion, image=is_about_images)

    def image(self, request: int) -> Image | None:
        """Return the image that an instruction request and all that follows from it are about; None in a run about texts."""
        return drawn_image(self.images.pool, self.draw, self.settings.seed, request) if self.images else None

    def with_image(self, question: Question) -> Question:
        """Return a question of this run with the image that it is about; raises `ImageError` where that has changed."""
        image = self.image(question.id.request)
        return question if image is None else shown_with(image, question)

    def try_prompts(self) -> None:
        """Render every prompt once; raises the `TemplateError` or `SettingsError` of what could not be asked."""
        self.prompts().try_all()
        for stage in self.stages().all:
            for sample in stage.samples(self.seeds):
                stage.question(RequestId(stage.name, 0), sample.about)

    def stages(self) -> RunStages:
        """Return the run's stages, for its settings and prompts."""
        return RunStages(self.settings, self.prompts(), self.taxonomy)

    def _check_seeds(self) -> None:
        only = self.settings.instructions.classification_only
        usable = sum(seed.is_classification or not only for seed in self.seeds)
        needed = self.settings.instructions.demonstrations
        if usable < needed:
            kind = ("classification seed task" if only else "seed task") + ("" if usable == 1 else "s")
            where = self.settings.seeds or "the seeds that ship with us"
            raise SettingsError(
                f"{where}: a prompt shows {needed} demonstrations, but there are only {usable} {kind};"
                f" add seeds, or set instructions.demonstrations to {usable}."
            )


def _complete(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return stored settings with what earlier versions did unsaid: nothing was asked again, verified, judged, or flagged."""
    unsaid = {"attempts": 1, "copies": "count"}
    stages = {
        StageName.INSTRUCTIONS.value: {**unsaid, **settings[StageName.INSTRUCTIONS]},
        StageName.INSTANCES.value: {**unsaid, "min_labels": 0, **settings[StageName.INSTANCES]},
    }
    judging = {"refused_flags": [], **settings.get("judging", {"enabled": False})}
    kind = {StageName.CLASSIFICATION.value: {"decide_by": "text", **settings[StageName.CLASSIFICATION]}}
    return {"verifiers": dict.fromkeys(RULES, "off"), **settings, **stages, **kind, "judging": judging}


def _seeds(path: object, language: Language) -> tuple[SeedTask, ...]:
    return seeds_in(language) if path is None else load_seeds(Path(str(path)))


def _taxonomy(settings: Settings, named: object = None) -> Taxonomy:
    path = named or settings.taxonomy
    if path is None and settings.language != ENGLISH:
        raise SettingsError(
            f"steer: our taxonomy is for English, and the language is {settings.language!r}; name a `taxonomy`."
        )
    return load_taxonomy(None if path is None else Path(str(path)))


def _texts(settings: Settings) -> tuple[str, ...]:
    """Return a user's texts, where the settings name a file of them, and who asks about them."""
    path, is_asked = settings.back_translate.texts, Proposer.BACK_TRANSLATE in settings.shares
    if path is None and is_asked:
        raise SettingsError(f"proposers names 'back-translate', which needs a file of texts; name one as {_TEXTS}.")
    if path is not None and not is_asked:
        raise SettingsError(f"{_TEXTS} is {path!r}, and nobody asks about texts; add 'back-translate' to proposers.")
    return () if path is None else load_texts(Path(path))


def _wording(path: object, language: Language) -> Wording:
    return Wording.load(language, None if path is None else Path(str(path)))


def _other_files(kind: str, path: object) -> SettingsError:
    others = "ours" if path is None else f"those in {path}"
    return SettingsError(f"this run was started with other {kind} than {others}; start another run with `run`.")


def open_with_models(
    directory: Path, given: Layer, objects: Mapping[str, Model] | None = None
) -> tuple[Ledger, RunPlan, dict[str, Model]]:
    """Return the ledger and plan of the run in `directory`, begun there if there is none, and the model of each stage.

    It is for one writer that asks a model. `objects` are models that are there already, by the name that the run has for them.
    A run that has no reply yet takes other settings too, over those it was given before. Raises `InputError` of every kind,
    also where a model cannot be loaded; then nothing has changed and no new run is there.
    """
    if not Ledger.exists(directory):
        plan = planned(None, given)
        models = _checked(plan, objects)
        return Ledger.create(directory, plan.facts()), plan, models
    with ExitStack() as undo:
        ledger = undo.enter_context(Ledger.open(directory))
        plan = planned(ledger, given)
        models = _checked(plan, objects)
        plan.remember(ledger)
        undo.pop_all()
        return ledger, plan, models


def planned(ledger: Ledger | None, given: Layer) -> RunPlan:
    """Return the plan that `generate` would follow: that of the run in `ledger`, or of a new one where there is none.

    No model is loaded. Raises `InputError` of every kind that settings, seeds and templates can bring.
    """
    if ledger and ledger.fact(IMPROVEMENT) is not None:
        raise LedgerError(f"{ledger.path}: was made by improving another run; that is the `run` to generate into.")
    plan = RunPlan.of(ledger) if ledger else None
    if ledger and plan and ledger.has_replies:
        return plan.going_on(given)
    return RunPlan.new(_with_default_model(given.over(plan.said()) if plan else given))


def _checked(plan: RunPlan, objects: Mapping[str, Model] | None) -> dict[str, Model]:
    """Return a plan's models, once its prompts can be rendered too and its budgets kept."""
    if plan.images:
        check_seeing(plan.settings)
    models = plan.models(objects)
    plan.try_prompts()
    check_budgets(plan.settings)
    check_batched(plan.settings, models)
    return models


def names_model(given: Layer) -> bool:
    """Return whether a model is named, for the run or for a stage."""
    return any(given.values.get(key) for key in ("model", *(key for key in given.values if key.endswith(".model"))))


def _with_default_model(given: Layer) -> Layer:
    """Return what was given, with the offline model where none is named for any stage: it never fills in beside another."""
    return given if names_model(given) else given.over(Layer({"model": OFFLINE}, {"model": "default"}))
