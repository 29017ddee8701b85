"""The settings of a run: their names, types, ranges and defaults, which are those of the profile `modern`.

*Deciding* settings fix what a run's dataset will be and are stored with it; *pacing* settings (`is_pacing`) only say how far
and how fast it goes, and may change at any time. All of them are frozen, whatever mappings and lists they hold too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, ValidationInfo, field_validator

from self_instruct.records.judgements import JUDGING
from self_instruct.records.tasks import PROPOSING, TAGGING, Proposer, StageName
from self_instruct.settings.frozen import FrozenDict, frozen
from self_instruct.settings.proposers import BackTranslateSettings, EvolveSettings, MagpieSettings, Shares, TaggingSettings
from self_instruct.settings.sections import (
    ENGLISH,
    Address,
    BatchSettings,
    ClassificationSettings,
    FinetuningSettings,
    InstanceSettings,
    InstructionSettings,
    JudgingSettings,
    Language,
    ModelChoice,
    ModelName,
    ModelOptions,
    ModelSettings,
    NewStageName,
    NoveltySettings,
    Price,
    ProfileName,
    RaySettings,
    Section,
    StageSettings,
    VerifierSettings,
    new_stages,
)

OURS = (*dict.fromkeys((*PROPOSING, *StageName)), JUDGING, TAGGING)
"""The names of the stages that have a section of their own."""
_ANSWERING = (StageName.CLASSIFICATION.value, StageName.INSTANCES.value)


class Settings(Section):
    """All settings of a run; the defaults are the profile `modern`. Sections may be given as mappings."""

    if TYPE_CHECKING:  # what pydantic takes is more than the types of the fields say

        def __init__(self, **settings: Any) -> None: ...

    profile: ProfileName = "modern"
    """The set of values that stands below all that is given."""
    seed: int = 0
    """The seed of everything drawn."""
    model: ModelName | None = None
    """The model of every stage that names none; the command line's default is `offline`."""
    model_options: ModelOptions = Field(default_factory=FrozenDict)
    """What that model is constructed with; `api_key_env`, which paces, names the variable with its key."""
    language: Language = ENGLISH
    """The language of our prompts, their few-shot tasks and complaints, and of banned words and seeds where none are given."""
    seeds: str | None = None
    """A JSONL file of seed tasks; null: the 175 that ship with us, or in another language its few-shot tasks."""
    images: str | None = None
    """A folder of images that all tasks are to be about; null: where seed tasks have images, those."""
    templates: str | None = None
    """A directory with prompt templates, few-shot tasks (`demonstrations.yaml`), or all, that replace ours by name."""
    steer: bool = False
    """Let each request for new instructions ask for a kind of task that the pool lacks, by its taxonomy."""
    taxonomy: str | None = None
    """A YAML file that says which kinds of tasks there are, for `steer`; null: ours, which is for English."""
    window: PositiveInt = 16
    """Request i draws its demonstrations from the pool as request i - window left it; so many may be in flight. Where nobody
    names one, a run that starts with more slots (`concurrency`) than this takes as many as those."""
    batched: bool = False
    """Look at the pool once per `window` requests, as the published code does."""
    proposers: Shares = Field(default_factory=FrozenDict)
    """Who brings new instructions, and what share of the requests is each one's; none: self-instruct alone."""
    instructions: InstructionSettings = InstructionSettings()
    evolve: EvolveSettings = EvolveSettings()
    back_translate: BackTranslateSettings = BackTranslateSettings()
    magpie: MagpieSettings = MagpieSettings()
    novelty: NoveltySettings = NoveltySettings()
    tagging: TaggingSettings = TaggingSettings()
    classification: ClassificationSettings = ClassificationSettings()
    instances: InstanceSettings = InstanceSettings()
    verifiers: VerifierSettings = VerifierSettings()
    judging: JudgingSettings = JudgingSettings()
    stages: Annotated[Mapping[NewStageName, StageSettings], AfterValidator(new_stages)] = Field(default_factory=FrozenDict)
    """The sections of stages of your own, by their names; `defined_in` names the module that registers one, and paces."""
    finetuning: FinetuningSettings = FinetuningSettings()
    # pacing
    num_instructions: PositiveInt | None = 100
    """How many instructions to keep in all; null: as many as stored replies give."""
    accept: PositiveInt | None = None
    """How many tasks to have accepted in all; where it is given, it is the target in the place of `num_instructions`."""
    concurrency: PositiveInt = 16
    """How many requests may be in flight."""
    max_requests: PositiveInt | None = None
    """How many requests the run may spend in all."""
    max_tokens: PositiveInt | None = None
    """How many tokens, in and out, the run may spend in all."""
    max_cost: Annotated[Decimal, Field(gt=0)] | None = None
    """What the run may cost in all, in US dollars."""
    prices: Annotated[Mapping[str, Price], AfterValidator(frozen)] = Field(default_factory=FrozenDict)
    """US dollars per million tokens, `{input, output, cached_input}`, by a model's name as the run names it."""
    base_url: Address | None = None
    """The address of a server that speaks OpenAI's protocol, for the run's model."""
    batch: BatchSettings = BatchSettings()
    ray: RaySettings = RaySettings()
    min_yield: float = Field(default=0, ge=0, allow_inf_nan=False)
    """Stop where the last 20 instruction requests brought fewer tasks each than this; 0: only where they brought none."""
    retries: int = Field(default=8, ge=0)
    """How often a request that failed is tried again."""
    timeout_s: PositiveFloat = 300
    """How many seconds one try may take."""

    @field_validator("judging")
    @classmethod
    def _know_flags(cls, judging: JudgingSettings, info: ValidationInfo) -> JudgingSettings:
        """Check that each refused flag is that of a verifier there is."""
        verifiers = info.data.get("verifiers")
        unknown = [] if verifiers is None else [one for one in judging.refused_flags if one not in verifiers.actions()]
        if unknown:
            raise ValueError(f"refused_flags names {unknown[0]!r}, which is no verifier and not in verifiers.own")
        return judging

    @field_validator("batch")
    @classmethod
    def _know_batched(cls, batch: BatchSettings, info: ValidationInfo) -> BatchSettings:
        """Check that each stage asked in batches is one of the run's."""
        known = (*OURS, *info.data.get("stages", ()))
        unknown = [name for name in batch.stages or () if name not in known]
        if unknown and "stages" in info.data:
            raise ValueError(f"stages names {unknown[0]!r}, which is no stage of this run")
        return batch

    @property
    def stage_names(self) -> tuple[str, ...]:
        """The names of the stages that this run has, in order: those that write, the judge if enabled, those of `stages`.

        Tagging, if enabled, comes right behind those that bring instructions.
        """
        tagging = [TAGGING] if self.tagging.enabled else []
        return (*self._bringing, *tagging, *_ANSWERING, *([JUDGING] if self.judges else []), *self.stages)

    @property
    def writing_stages(self) -> tuple[str, ...]:
        """The names of the stages whose replies become data: those that bring instructions, and the paper's other two."""
        return (*self._bringing, *_ANSWERING)

    @property
    def _bringing(self) -> tuple[str, ...]:
        return tuple(proposer.stage for proposer in self.shares)

    @property
    def shares(self) -> Mapping[Proposer, float]:
        """The share of the requests for instructions that each proposer has, more than 0, in sum 1."""
        weights = self.proposers or {Proposer.SELF_INSTRUCT: 1.0}
        whole = sum(weights.values())
        return {one: weights[one] / whole for one in Proposer if one in weights}

    @property
    def judges(self) -> bool:
        """Whether the run judges its instances as they come."""
        if self.judging.enabled is None:
            return self.judging.model is not None or self.accept is not None
        return self.judging.enabled

    @property
    def batched_stages(self) -> frozenset[str]:
        """The names of the stages that are asked in a provider's batches."""
        if not self.batch.is_on:
            return frozenset()
        others = (name for name in self.stage_names if name not in (*PROPOSING, TAGGING))
        return frozenset(others if self.batch.stages is None else self.batch.stages)

    def judging_fixed(self) -> Settings:
        """Return these settings with it said whether the run judges, so that a target given later does not change that."""
        return self.model_copy(update={"judging": self.judging.model_copy(update={"enabled": self.judges})})

    def section(self, stage: str) -> ModelSettings:
        """Return the settings of a stage; those of a user's own, of which nothing is said, are the defaults."""
        if stage not in OURS:
            return self.stages.get(stage) or StageSettings()
        section: ModelSettings = getattr(self, section_key(stage))
        return section

    def choice(self, stage: str) -> ModelChoice:
        """Return which model answers a stage: its own, or the run's; for tagging before that the one that classifies."""
        section = self.section(stage)
        if stage == TAGGING and section.model is None:
            section = self.classification
        chosen: ModelSettings | Settings = self if section.model is None else section
        return ModelChoice(chosen.model, chosen.base_url, chosen.model_options)

    @property
    def choices(self) -> dict[str, ModelChoice]:
        """Which model answers each of the run's stages."""
        return {stage: self.choice(stage) for stage in self.stage_names}

    def model_of(self, stage: str) -> str | None:
        """Return the name of the model that a stage asks; None where the run knows of none."""
        return self.choice(stage).model

    def without_target(self) -> Settings:
        """Return these settings for a run that only decides the replies it has."""
        return self.model_copy(update={"num_instructions": None, "accept": None})


def section_key(stage: str) -> str:
    """Return the dotted key of a stage's section.

    >>> section_key("instances"), section_key("judging"), section_key("difficulty")
    ('instances', 'judging', 'stages.difficulty')
    """
    return stage.replace("-", "_") if stage in OURS else f"stages.{stage}"


def is_pacing(key: str) -> bool:
    """Return whether the setting with this dotted key only paces a run, and so may change at any time.

    >>> [is_pacing(key) for key in ("concurrency", "instances.base_url", "instances.model", "stages.x.defined_in")]
    [True, True, False, True]
    """
    return key in _PACING or _PACING_OF_STAGES.fullmatch(key) is not None


_PACING = frozenset({
    "num_instructions", "accept", "judging.max_unread", "concurrency", "max_requests", "max_tokens", "max_cost", "prices",
    "min_yield", "retries", "timeout_s",
})  # fmt: skip
_PACING_OF_STAGES = re.compile(
    rf"(({'|'.join(map(section_key, OURS))}|stages\.[^.]+)\.)?(base_url|model_options\.api_key_env)"
    r"|(stages\.[^.]+|verifiers)\.defined_in|(batch|ray)\.\w+"
)
