"""The stages as LangChain runnables: each usable on its own, in anybody's pipe, with any chat or completion model.

    instruction_chain     demonstrations -> candidates and rejections
    classification_chain  an instruction -> is it a classification task?
    instance_chain        an instruction and its kind -> instances and rejections (output-first for classification)
    task_chain            an instruction -> a finished task: classify, branch, write, validate

Source: Wang et al. 2023, arXiv:2212.10560, section 2.2. The models are used as they are given: bind temperature and stops to
them (`Settings(...).instructions.parameters` holds ours). Novelty needs a pool: see `self_instruct.retrievers.NoveltyIndex`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from operator import itemgetter
from typing import Any

from langchain_core.runnables import Runnable, RunnableBranch, RunnableLambda, RunnablePassthrough
from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12, and so no schema could be made

from self_instruct.chains.models.loading import Model, answering
from self_instruct.chains.models.replies import REFUSED, message_to_reply
from self_instruct.chains.stages.candidate_rules import screen
from self_instruct.chains.stages.instance_rules import screen_instances
from self_instruct.prompts.prompt_set import PromptSet, prompt_set
from self_instruct.prompts.reading.classification_parser import ClassificationParser
from self_instruct.prompts.reading.instance_parser import InstanceParser
from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.prompts.reading.reply_parser import ReplyParser
from self_instruct.prompts.stage_prompt import StagePrompt
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection, Stage, Task
from self_instruct.settings.settings import Settings


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


def instruction_chain(
    model: Model, settings: Settings | None = None, prompts: PromptSet | None = None
) -> Runnable[InstructionInput, list[Candidate | Rejection]]:
    """Return a runnable from demonstrations to what a reply brings: well-formed candidates, and rejections.

    `modern` asks again after a reply that holds no task; then nothing is given out before the reply is whole.
    """
    settings = settings or Settings()
    prompts = prompts or prompt_set(classification_only=settings.instructions.classification_only)
    screening = RunnableLambda(partial(_screen_all, settings=settings), name="screening")
    parser = instruction_parser(settings)
    first = prompts.instructions | answering(model) | parser
    again = prompts.instructions_again | answering(model) | parser
    chain = _twice(first, again, settings.instructions.attempts) | screening
    return _typed(chain, InstructionInput, list[Candidate | Rejection])


def classification_chain(
    model: Model, settings: Settings | None = None, prompts: PromptSet | None = None
) -> Runnable[TaskInput, Classification | Rejection]:
    """Return a runnable from an instruction to its kind; `modern` asks again after a reply that is neither yes nor no."""
    settings = settings or Settings()
    prompts = prompts or prompt_set()
    parser = classification_parser(settings)
    first = prompts.classification | answering(model) | parser
    again = prompts.classification_again | answering(model) | parser
    return _typed(_twice(first, again, settings.classification.attempts), TaskInput, Classification | Rejection)


def instance_chain(
    model: Model, settings: Settings | None = None, prompts: PromptSet | None = None
) -> Runnable[InstanceInput, list[Instance | Rejection]]:
    """Return a runnable from an instruction and its kind to its instances, output-first for classification tasks.

    `modern` asks again after a reply that holds no instance.
    """
    settings = settings or Settings()
    prompts = prompts or prompt_set()

    def asking(output_first: StagePrompt, input_first: StagePrompt) -> Runnable[Any, Any]:
        labels_first, inputs_first = output_first | answering(model), input_first | answering(model)
        writing = RunnableBranch((itemgetter("is_classification"), labels_first), inputs_first)
        reading = RunnableLambda(partial(_read_answer, settings=settings), name="instance reading")
        return RunnablePassthrough.assign(answer=writing) | reading

    first = asking(prompts.output_first, prompts.input_first)
    again = asking(prompts.output_first_again, prompts.input_first_again)
    judging = RunnableLambda(partial(_judge_instances, settings=settings), name="instance rules")
    chain = RunnablePassthrough.assign(read=_twice(first, again, settings.instances.attempts)) | judging
    return _typed(chain, InstanceInput, list[Instance | Rejection])


def task_chain(model: Model, settings: Settings | None = None, prompts: PromptSet | None = None) -> Runnable[TaskInput, Task]:
    """Return a runnable from an instruction to a finished `Task`: classify it, write its instances, validate them."""
    classify: Runnable[Any, Any] = classification_chain(model, settings, prompts)
    write: Runnable[Any, Any] = instance_chain(model, settings, prompts)
    unclear = RunnableLambda(_unclear_task, name="unclear task")
    finish: Runnable[Any, Any] = (
        RunnablePassthrough.assign(is_classification=lambda given: given["kind"].is_classification)
        | RunnablePassthrough.assign(read=write)
        | RunnableLambda(_finished_task, name="task")
    )
    chain: Runnable[Any, Any] = RunnablePassthrough.assign(kind=classify) | RunnableBranch((_has_no_kind, unclear), finish)
    return _typed(chain, TaskInput, Task)


def instruction_parser(settings: Settings) -> InstructionParser:
    """Return the parser of instruction replies under these settings."""
    return InstructionParser(form=settings.instructions.form, casing=settings.instructions.casing)


def classification_parser(settings: Settings) -> ClassificationParser:
    """Return the parser of answers to the classification question under these settings."""
    return ClassificationParser(form=settings.classification.form)


def instance_parser(settings: Settings, *, is_classification: bool) -> InstanceParser:
    """Return the parser of instance replies under these settings."""
    return InstanceParser(form=settings.instances.form, is_classification=is_classification)


def why_unread(stage: Stage, reply: Reply, settings: Settings, *, is_classification: bool = False) -> Reason | None:
    """Return why nothing can be read in a reply, or None where there is something, be it refused by the rules later.

    None also where the provider refused to answer: asked again, it would refuse again.
    """
    if reply.finish_reason == REFUSED:
        return None
    return _why_nothing(_listed(_parser(stage, settings, is_classification=is_classification).read(reply)))


def read_instructions(reply: Reply, settings: Settings) -> list[Candidate | Rejection]:
    """Return the candidates in a reply that obey the instruction rules, and what was refused of it, in the reply's order."""
    return _screen_all(instruction_parser(settings).read(reply), settings)


def read_instances(
    reply: Reply, *, instruction: str, is_classification: bool, settings: Settings
) -> list[Instance | Rejection]:
    """Return the valid instances in a reply, and what was refused of it."""
    read = instance_parser(settings, is_classification=is_classification).read(reply)
    rules = settings.instances
    return screen_instances(read, instruction=instruction, is_classification=is_classification, rules=rules)


def _typed(chain: Runnable[Any, Any], given: Any, returned: Any) -> Runnable[Any, Any]:
    """Return the chain with the types that its schemas and drawings show; unions are not `type`s to a type checker."""
    return chain.with_types(input_type=given, output_type=returned)


def _screen_all(read: list[Candidate | Rejection], settings: Settings) -> list[Candidate | Rejection]:
    rules, tokens = settings.instructions, settings.novelty.tokens
    return [screen(each, rules, tokens) if isinstance(each, Candidate) else each for each in read]


def _twice(first: Runnable[Any, Any], again: Runnable[Any, Any], attempts: int) -> Runnable[Any, Any]:
    """Return a runnable that asks again, with what was wrong, where nothing could be read in the first answer."""
    if attempts == 1:
        return first
    answering_first = RunnablePassthrough.assign(answer=first)
    saying_why = RunnablePassthrough.assign(wrong=lambda given: _why_nothing(_listed(given["answer"])))
    return answering_first | saying_why | RunnableBranch((itemgetter("wrong"), again), itemgetter("answer"))


def _read_answer(given: dict[str, Any], settings: Settings) -> list[Instance | Rejection]:
    return instance_parser(settings, is_classification=given["is_classification"]).read(message_to_reply(given["answer"]))


def _judge_instances(given: dict[str, Any], settings: Settings) -> list[Instance | Rejection]:
    return screen_instances(
        given["read"],
        instruction=given["instruction"],
        is_classification=given["is_classification"],
        rules=settings.instances,
    )


def _parser(stage: Stage, settings: Settings, *, is_classification: bool) -> ReplyParser[Any]:
    match stage:
        case Stage.INSTRUCTIONS:
            return instruction_parser(settings)
        case Stage.CLASSIFICATION:
            return classification_parser(settings)
        case Stage.INSTANCES:
            return instance_parser(settings, is_classification=is_classification)


def _listed(read: object) -> list[object]:
    return read if isinstance(read, list) else [read]


def _why_nothing(read: Sequence[object]) -> Reason | None:
    refused = [each.reason for each in read if isinstance(each, Rejection)]
    return refused[-1] if len(refused) == len(read) else None


def _has_no_kind(given: dict[str, Any]) -> bool:
    return isinstance(given["kind"], Rejection)


def _unclear_task(given: dict[str, Any]) -> Task:
    return Task(given["instruction"], None, (), (given["kind"],))


def _finished_task(given: dict[str, Any]) -> Task:
    return Task(
        instruction=given["instruction"],
        is_classification=given["is_classification"],
        instances=tuple(each for each in given["read"] if isinstance(each, Instance)),
        rejections=tuple(each for each in given["read"] if isinstance(each, Rejection)),
    )
