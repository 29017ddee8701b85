"""What every stage is: what it asks of a model, and what a reply decides.

A `Stage` is made for the settings and prompts of one run or one chain. It stores nothing: the run's loop stores what a `Step`
says, the chains give it to their caller. A stage of your own is a subclass, registered with `register_stage`; see
docs/adding-a-stage.md.
Source of the three stages that ship: Wang et al. 2023, arXiv:2212.10560, section 2.2.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Generic, TypeVar

from self_instruct.chains.models.question import Question
from self_instruct.ledger import RequestId, TaskId
from self_instruct.prompts.custom_prompt import custom_prompt
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.reply_parser import ReplyParser
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.errors import InputError
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Candidate, Instance, Reason, Rejection, SeedTask, Task, Verdict
from self_instruct.settings.secrets import quoted
from self_instruct.settings.sections import ModelSettings
from self_instruct.settings.settings import Settings

S = TypeVar("S")
"""What a stage's questions are about: demonstrations, or a task."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a reply decides.

    `read` is what it holds, in its order: candidates, instances, rejections. `is_classification` is None where the stage does
    not say. What follows, and whether what was read counts:

        again and wrong     the same question once more: nothing could be read, `wrong` says why     it does not
        again alone         the stage's next question about the same task                            it does
        neither             the next stage's question                                                it does
        is_last             nothing: all stages are done with the task                               it does
    """

    read: tuple[Candidate | Instance | Rejection, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    is_classification: bool | None = None
    again: RequestId | None = None
    wrong: str | None = None
    is_last: bool = False

    @property
    def instances(self) -> tuple[Instance, ...]:
        """The instances that were read and obey the rules."""
        return tuple(each for each in self.read if isinstance(each, Instance))

    @property
    def rejections(self) -> tuple[Rejection, ...]:
        """What was read and refused."""
        return tuple(each for each in self.read if isinstance(each, Rejection))


@dataclass(frozen=True, slots=True)
class Sample(Generic[S]):
    """An example of a stage's questions, for showing its prompt before anything is asked. `kind` says which, in words."""

    kind: str
    about: S


class Stage(ABC, Generic[S]):
    """One stage of a run. Subclasses say the abstract methods; most need nothing else."""

    name: ClassVar[str]
    """How the stage is called in settings, ledger and display."""

    def __init__(self, settings: Settings, prompts: PromptSet) -> None:
        del prompts  # subclasses take theirs
        self.settings: ModelSettings = settings.section(self.name)
        self.model = settings.model_of(self.name)
        self.attempts: int = getattr(self.settings, "attempts", 1)

    # what is asked

    @abstractmethod
    def prompt(self, about: S, attempt: int = 1) -> Prompt:
        """Return the prompt of an attempt (from 1) at a question."""

    @abstractmethod
    def variables(self, about: S, request: RequestId) -> dict[str, Any]:
        """Return what the prompt is filled in with; a second attempt's prompt also gets `wrong`, if it asks for it."""

    def parameters(self, about: S) -> Mapping[str, Any]:
        """Return what goes to the model with a question."""
        del about
        return self.settings.parameters

    def question(self, request: RequestId, about: S, wrong: str | None = None) -> Question:
        """Return a question, rendered. Raises `TemplateError` where the prompt cannot be."""
        variables = self.variables(about, request) | ({"wrong": wrong} if wrong else {})
        prompt = custom_prompt(self.prompt(about, request.attempt), self.name, variables)
        return Question(request, prompt.format_prompt(**variables), self.parameters(about), self.model)

    def before(self, request: RequestId) -> RequestId | None:
        """Return the question whose reply led to this attempt, mostly since it could not be read; None where it is a first."""
        return replace(request, attempt=request.attempt - 1) if request.attempt > 1 else None

    def about_again(self, about: S, reply: Reply | Refusal) -> S:
        """Return what the attempt after this reply is about: the same, but where a stage asks about the reply itself."""
        del reply
        return about

    def bringing(self, request: RequestId) -> RequestId:
        """Return the attempt whose reply holds what the reply to this one decides: its own, but where that is about another."""
        return request

    # what a reply decides

    @abstractmethod
    def parser(self, about: S) -> ReplyParser[Any]:
        """Return the parser of replies to questions about this."""

    @abstractmethod
    def conclude(self, about: S, read: Any, request: RequestId) -> Step:
        """Return what it decides that the parser found `read` in a reply."""

    def decide(self, request: RequestId, about: S, reply: Reply | Refusal) -> Step:
        """Return what a reply decides. One in which nothing can be read is asked for again while there are attempts left."""
        if isinstance(reply, Refusal):
            return self.refused(reply.words)
        read = self.parser(about).read(reply)
        wrong = why_nothing(read)
        step = self.conclude(about, read, request)
        if wrong and wrong != Reason.REFUSED_BY_PROVIDER and request.attempt < self.attempts:
            return replace(step, again=replace(request, attempt=request.attempt + 1), wrong=wrong)
        return step

    def refused(self, words: str) -> Step:
        """Return what a provider's refusal of a question decides."""
        return Step((Rejection(self.name, Reason.REFUSED_BY_PROVIDER, words),), is_last=True)

    # what it learns from seed tasks, before anything is decided

    def lessons(self, seeds: Sequence[SeedTask]) -> Sequence[Question]:
        """Return questions about seed tasks whose answers the stage learns from; none, for most stages."""
        del seeds
        return ()

    def learn(self, seeds: Sequence[SeedTask], answer: Callable[[RequestId], Reply | Refusal | None]) -> None:
        """Learn from the answers to the `lessons`, as far as there are any; what it then decides rests on nothing else."""

    def learned(self) -> str:
        """Return what it learned, in a sentence; nothing where it had nothing to learn."""
        return ""

    # where it begins, and what it looks like

    def first(self, id: TaskId, about: S) -> RequestId | None:  # noqa: A002
        """Return the first question about a task, or None where there is nothing to ask about it."""
        del about
        return RequestId(self.name, id.request, id.item)

    @abstractmethod
    def samples(self, seeds: Sequence[SeedTask]) -> list[Sample[S]]:
        """Return an example of each kind of its questions, about seed tasks."""

    @abstractmethod
    def output_bytes(self, seeds: Sequence[SeedTask]) -> float:
        """Return how long a reply is likely to be, in bytes of text, if it is as the seeds are."""

    @property
    def questions_each(self) -> float:
        """How many questions a task is likely to take, before there is experience: some are asked again, some never."""
        return 1.0

    # as a chain

    @abstractmethod
    def about(self, given: Any) -> S:
        """Return what a caller of the stage's chain means; raises `InputError` that says what was expected."""

    @abstractmethod
    def result(self, about: S, step: Step) -> Any:
        """Return what the stage's chain gives for what a reply decided."""


class TaskStage(Stage[Task]):
    """A stage whose questions are about a kept task: all but the first."""

    needs_kind: ClassVar[bool] = True
    """Whether a task must have been found to be a classification task or another."""

    def variables(self, about: Task, request: RequestId) -> dict[str, Any]:
        """Return the task's instruction."""
        del request
        return {"instruction": about.instruction}

    def first(self, id: TaskId, about: Task) -> RequestId | None:  # noqa: A002
        """Return the first question about a task; None where its kind is needed and not known."""
        return None if self.needs_kind and about.is_classification is None else super().first(id, about)

    def samples(self, seeds: Sequence[SeedTask]) -> list[Sample[Task]]:
        """Return one: the first seed."""
        return [Sample(self.name, as_task(seeds[0]))]

    def about(self, given: Any) -> Task:
        """Return the task that a string, a seed task, a task or a mapping means."""
        task = as_task(given)
        if self.needs_kind and task.is_classification is None:
            raise InputError(
                f"the {self.name} chain was given no 'is_classification'; give a SeedTask, or"
                " {'instruction': ..., 'is_classification': True or False}."
            )
        return task


def as_task(given: object) -> Task:
    """Return the task that a caller means by a string, a `SeedTask`, a `Task` or a mapping with 'instruction'.

    Raises `InputError` for anything else.
    """
    if isinstance(given, Task):
        return given
    if isinstance(given, SeedTask):
        return Task(given.instruction, given.is_classification, given.instances)
    fields = {"instruction": given} if isinstance(given, str) else given
    if isinstance(fields, Mapping):
        instruction, kind = fields.get("instruction"), fields.get("is_classification")
        if isinstance(instruction, SeedTask | Task):
            return as_task(instruction)
        if isinstance(instruction, str) and instruction.strip() and isinstance(kind, bool | None):
            return Task(instruction, kind, _instances(fields.get("instances")))
    raise InputError(f"expected an instruction as text, a SeedTask, or {{'instruction': text}}; got {quoted(given)}.")


def _instances(given: object) -> tuple[Instance, ...]:
    if given is None:
        return ()
    ones = [given] if isinstance(given, str) or not isinstance(given, Sequence) else given
    return tuple(one if isinstance(one, Instance) else _instance(one) for one in ones)


def _instance(given: object) -> Instance:
    try:
        return Instance.from_dict(given)  # type: ignore[arg-type]  # whatever it is
    except ValueError:
        raise InputError(f"'instances' are Instances, or {{'input': text, 'output': text}}; got {quoted(given)}.") from None


def why_nothing(read: object) -> str | None:
    """Return why nothing was found in a reply, or None where something was, be it refused by the rules later."""
    records: Iterable[object] = read if isinstance(read, list) else [read]
    reason = None
    for each in records:
        if not isinstance(each, Rejection):
            return None
        reason = each.reason
    return reason
