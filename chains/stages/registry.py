"""The stages there are, in the order in which a task goes through them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from self_instruct.chains.stages.back_translating import BackTranslateStage
from self_instruct.chains.stages.classification import ClassificationStage
from self_instruct.chains.stages.evolving import EvolveStage
from self_instruct.chains.stages.instances import InstanceStage
from self_instruct.chains.stages.instructions import InstructionStage
from self_instruct.chains.stages.judging import JudgingStage
from self_instruct.chains.stages.magpie import MagpieStage
from self_instruct.chains.stages.stage import Stage, TaskStage
from self_instruct.chains.stages.tagging import TaggingStage
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.records.errors import SettingsError
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import SeedTask, StageName
from self_instruct.retrievers.taxonomy import Taxonomy
from self_instruct.settings.settings import Settings

STAGES: list[type[Stage[Any]]] = [
    InstructionStage, EvolveStage, BackTranslateStage, MagpieStage, TaggingStage, ClassificationStage, InstanceStage,
    JudgingStage,
]  # fmt: skip
"""Those that propose bring tasks, each of the others asks about them. The paper's three are in every run, of ours and of
others those that its settings name."""


def register_stage(stage: type[TaskStage]) -> type[TaskStage]:
    """Add a stage of your own behind the others, and return it, so that it can be used as a decorator.

    A run asks its questions if its settings have a section for it: `stages.NAME`. The same class may be registered twice, as
    happens where its module is loaded again. Raises `SettingsError` where another stage has its name.
    """
    taken = next((one for one in STAGES if one.name == stage.name), None)
    if taken is not None and (taken.__module__, taken.__qualname__) != (stage.__module__, stage.__qualname__):
        raise SettingsError(f"there is a stage {stage.name!r} already ({taken.__module__}.{taken.__qualname__}).")
    if taken is None:
        STAGES.append(stage)
    else:
        STAGES[STAGES.index(taken)] = stage
    return stage


class RunStages:
    """The stages of one run or chain, made for its settings and prompts, and for the taxonomy by which tasks are tagged."""

    def __init__(self, settings: Settings, prompts: PromptSet, taxonomy: Taxonomy | None = None) -> None:
        self.tagging = TaggingStage(settings, prompts, taxonomy) if settings.tagging.enabled else None
        self.all: tuple[Stage[Any], ...] = tuple(
            self.tagging if self.tagging and stage is TaggingStage else stage(settings, prompts) for stage in _chosen(settings)
        )
        self._by_name = {stage.name: stage for stage in self.all}
        paper = self._by_name.get(StageName.INSTRUCTIONS)
        self.instructions = paper if isinstance(paper, InstructionStage) else InstructionStage(settings, prompts)
        """The paper's stage that brings tasks, though no request of the run may be its."""
        if taxonomy and settings.steer:
            self.instructions.may_ask_about(taxonomy.all_subjects)

    def __getitem__(self, name: str) -> Stage[Any]:
        """Return the stage of a name."""
        return self._by_name[name]

    def learn(self, seeds: Sequence[SeedTask], answer: Callable[[RequestId], Reply | Refusal | None]) -> None:
        """Let each stage learn from the stored answers about seed tasks, before it decides anything."""
        for stage in self.all:
            stage.learn(seeds, answer)

    def after(self, name: str) -> Sequence[Stage[Any]]:
        """Return the stages that a task goes through after this one, in order."""
        place = next(place for place, stage in enumerate(self.all) if stage.name == name)
        return self.all[place + 1 :]


def _chosen(settings: Settings) -> list[type[Stage[Any]]]:
    for name, section in settings.stages.items():
        if section.defined_in:
            _import(name, section.defined_in)
    known = {stage.name: stage for stage in STAGES}
    for name in settings.stage_names:
        if name not in known:
            raise SettingsError(
                f"stages.{name}: no stage of that name is registered;"
                f" set stages.{name}.defined_in to the module that registers it."
            )
    return [known[name] for name in settings.stage_names]


def _import(name: str, module: str) -> None:
    try:
        import_module(module)
    except ImportError as error:
        raise SettingsError(f"stages.{name}.defined_in: {module!r} cannot be imported ({error}).") from None
