"""The chains that a LangChain app takes: made from the same stages as a run.

    instruction_chain     demonstrations -> candidates and rejections
    classification_chain  an instruction -> is it a classification task?
    instance_chain        an instruction and its kind -> instances and rejections (output-first for classification)
    task_chain            an instruction -> a finished task: classified, written, validated
    judge_chain           an instance -> what the judge's votes on it come to
    compare_chain         two outputs for a task -> which is better, asked in both orders

Novelty needs a pool: see `self_instruct.retrievers.NoveltyIndex`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NotRequired, TypeAlias, TypeVar, get_args

from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12, and so no schema could be made

from self_instruct.chains.models.answering import answering, as_model
from self_instruct.chains.models.loading import load_model
from self_instruct.chains.models.names import is_completion_model, model_name_of
from self_instruct.chains.models.refused_parameters import LeftOut, TakenParameters
from self_instruct.chains.models.replies import Model
from self_instruct.chains.stages.chains import FlaggingChain, InstructionChain, OnRejection, StageChain, TaskChain
from self_instruct.chains.stages.comparing import CompareChain
from self_instruct.chains.stages.judging import JudgingStage
from self_instruct.chains.stages.registry import RunStages
from self_instruct.chains.stages.stage import Stage
from self_instruct.prompts.prompt_set import PromptSet, prompt_set
from self_instruct.prompts.wording import Wording
from self_instruct.records.errors import SettingsError
from self_instruct.records.judgements import JUDGING, Comparison, Judgement
from self_instruct.records.tasks import (
    PROPOSING,
    TAGGING,
    Candidate,
    Classification,
    Instance,
    Rejection,
    SeedTask,
    StageName,
    Task,
    Verdict,
)
from self_instruct.settings.sections import ModelChoice
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import settle_made

S = TypeVar("S")


class InstructionInput(TypedDict):
    """The instructions shown as examples, usually 8: six human-written, two machine-written."""

    demonstrations: Sequence[str]


class TaskInput(TypedDict):
    """One instruction."""

    instruction: str


class InstanceInput(TypedDict):
    """One instruction, and whether it is a classification task."""

    instruction: str
    is_classification: bool


class JudgeInput(TypedDict):
    """An instance: an instruction, its input ("" for none) and an output."""

    instruction: str
    input: NotRequired[str]
    output: str


class CompareInput(TypedDict):
    """An instruction, its input ("" for none) and two outputs."""

    instruction: str
    input: NotRequired[str]
    first: str
    second: str


AnyTask: TypeAlias = TaskInput | str | SeedTask | Task
AnyKnownTask: TypeAlias = InstanceInput | SeedTask | Task


def instruction_chain(
    model: Model | None = None,
    settings: Settings | None = None,
    prompts: PromptSet | None = None,
    *,
    on_rejection: OnRejection = "return",
) -> Runnable[InstructionInput | Sequence[str], list[Candidate | Rejection]]:
    """Return a runnable from demonstrations to what a reply brings: well-formed candidates, and rejections.

    Without `settings` the rules are those of `modern`, and the model is used as it is given. With them, the parameters,
    templates and model that they name are used too; a model both given and named is an error, and so are two sets of prompts.
    `on_rejection="raise"` raises `RejectedError` where a reply brings rejections alone. A reply that holds no task is asked
    for again (`instructions.attempts`); with one attempt, tasks are streamed as they are read. Raises `SettingsError`.
    """
    stages, asking = _stages(model, settings, prompts)
    first = stages.instructions
    return InstructionChain(first, asking(first), _checked(on_rejection), InstructionInput, list[Candidate | Rejection])


def classification_chain(
    model: Model | None = None,
    settings: Settings | None = None,
    prompts: PromptSet | None = None,
    *,
    on_rejection: OnRejection = "return",
) -> Runnable[AnyTask, Classification | Rejection]:
    """Return a runnable from an instruction (text, a seed task, or a dict) to its kind.

    A reply that is neither yes nor no is asked for again (`classification.attempts`), so nothing is streamed. Its words decide:
    a threshold for probabilities is learned by runs alone. For the rest see `instruction_chain`.
    """
    stages, asking = _stages(model, settings, prompts, is_classifying=True)
    stage = stages[StageName.CLASSIFICATION]
    return StageChain(stage, asking(stage), _checked(on_rejection), TaskInput, Classification | Rejection)


def instance_chain(
    model: Model | None = None,
    settings: Settings | None = None,
    prompts: PromptSet | None = None,
    *,
    on_rejection: OnRejection = "return",
    with_flags: bool = False,
) -> Runnable[AnyKnownTask, list[Instance | Rejection | Verdict]]:
    """Return a runnable from an instruction and its kind to its instances, output-first for classification tasks.

    A reply that holds no instance is asked for again (`instances.attempts`), and conflicts show only when all are read, so
    nothing is streamed. `with_flags` adds a `Verdict` for each instance that a verifier flags: `flags_in(verdict)` are the
    flags, `verdict.instance` is its position among the instances. For the rest see `instruction_chain`.
    """
    stages, asking = _stages(model, settings, prompts)
    stage = stages[StageName.INSTANCES]
    kind = FlaggingChain if with_flags else StageChain
    return kind(stage, asking(stage), _checked(on_rejection), InstanceInput, list[Instance | Rejection | Verdict])


def task_chain(
    model: Model | None = None,
    settings: Settings | None = None,
    prompts: PromptSet | None = None,
    *,
    on_rejection: OnRejection = "return",
) -> Runnable[AnyTask, Task]:
    """Return a runnable from an instruction to a finished `Task`: classify it, write its instances, validate and verify them.

    `on_rejection="raise"` raises `RejectedError` for a task without instances. For the rest see `instruction_chain`.
    """
    stages, asking = _stages(model, settings, prompts, is_classifying=True)
    chains: list[StageChain[Any, Any, Task]] = [
        StageChain(stage, asking(stage), "return", TaskInput, Any)
        for stage in stages.all
        if stage.name not in (*PROPOSING, JUDGING, TAGGING)  # who judges has `judge_chain`; who tags looks at a run's pool
    ]
    return TaskChain(chains, _checked(on_rejection), TaskInput)


def judge_chain(
    model: Model | None = None, settings: Settings | None = None, prompts: PromptSet | None = None
) -> Runnable[JudgeInput | SeedTask | Task, Judgement]:
    """Return a runnable from an instance to a `Judgement`: the paper's three questions, and a score of 0 to 5.

    It is asked as often as `judging.votes` says. A verdict that cannot be read is asked for once more (`judging.attempts`), and
    is then counted as unread: never a score. For the rest see `instruction_chain`.
    """
    settled = _settled(settings)
    stage = JudgingStage(settled, _prompts(model, settled, prompts))
    return StageChain(stage, _asking(stage, model, settings and settled), "return", JudgeInput, Judgement)


def compare_chain(
    model: Model | None = None, settings: Settings | None = None, prompts: PromptSet | None = None
) -> Runnable[CompareInput, Comparison]:
    """Return a runnable from two outputs to a `Comparison`: asked in both orders, and a win only where both agree.

    Model, parameters and attempts are the judge's. For the rest see `instruction_chain`.
    """
    settled = _settled(settings)
    chosen = _prompts(model, settled, prompts)
    stage = JudgingStage(settled, chosen)
    return CompareChain(chosen, _asking(stage, model, settings and settled), stage.attempts, CompareInput)


def _stages(
    model: Model | None, settings: Settings | None, prompts: PromptSet | None, *, is_classifying: bool = False
) -> tuple[RunStages, Callable[[Stage[S]], Callable[[S], Runnable[Any, AIMessage | str]]]]:
    """Return the stages, by the settings as a run has them, and what says of each of them who answers."""
    settled = _settled(settings)
    if is_classifying and settled.classification.decide_by == "probabilities":
        raise SettingsError(
            "classification.decide_by is 'probabilities', and a chain has no seed tasks to learn a threshold from; a run has."
        )
    stages = RunStages(settled, _prompts(model, settled, prompts))
    return stages, lambda stage: _asking(stage, model, settings and settled)


def _settled(settings: Settings | None) -> Settings:
    return Settings() if settings is None else settle_made(settings)


def _checked(on_rejection: OnRejection) -> OnRejection:
    if on_rejection not in get_args(OnRejection):
        raise SettingsError(f"on_rejection is 'return' or 'raise', not {on_rejection!r}.")
    return on_rejection


def _prompts(model: Model | None, settings: Settings, prompts: PromptSet | None) -> PromptSet:
    if prompts is not None and settings.templates is not None:
        raise SettingsError(f"templates is {settings.templates!r} in the settings, and prompts are given too; leave one out.")
    if prompts is not None and not isinstance(prompts, PromptSet):
        raise SettingsError(f"prompts is a PromptSet, e.g. prompt_set().with_own(...), not a {type(prompts).__name__}.")
    if prompts is not None:
        return prompts
    wording = Wording.load(settings.language, None if settings.templates is None else Path(settings.templates))
    given = None if model is None else model_name_of(as_model(model))
    stages = {*settings.stage_names, JUDGING}
    completion = [stage for stage in stages if _is_completion(given, settings.choice(stage))]
    only = settings.instructions.classification_only
    return prompt_set(wording.templates, wording.shown, classification_only=only, completion=completion)


def _is_completion(given: str | None, choice: ModelChoice) -> bool:
    return is_completion_model(given) if given else is_completion_model(choice.model, choice.options)


def _asking(stage: Stage[S], model: Model | None, settings: Settings | None) -> Callable[[S], Runnable[Any, AIMessage | str]]:
    """Return who answers a stage's questions: the model given or named, with the parameters that the settings name."""
    choice = (settings or Settings()).choice(stage.name)
    if model is not None and choice.model is not None:
        raise SettingsError(f"the settings name the model {choice.model!r}, and a model is given too; leave one out.")
    if model is not None and (choice.base_url is not None or choice.options):
        raise SettingsError(
            "base_url and model_options are for a model that the settings name, and a model is given; leave one out."
        )
    if model is None and choice.model is None:
        raise SettingsError("no model is given, and the settings name none; give one, or set model to PROVIDER:NAME.")
    named = load_model(choice.model, base_url=choice.base_url, options=choice.options) if choice.model else None
    asked = answering(as_model(named or model))
    if settings is None:
        return lambda _: asked
    taken = TakenParameters(asked, choice.model or "", LeftOut())
    return lambda about: taken.bind(**stage.parameters(about))
