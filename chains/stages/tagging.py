"""Tagging: to which entry of each axis of a taxonomy a task belongs; a model says what its words and instances do not tell.

One question for each axis that nothing else tells, answered by the name of an entry or by "none". Between a kept task and its
classification in a run that steers so, and for `coverage` over a run that is there. What was answered is read anew wherever it
is asked for: it is stored as a reply, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from self_instruct.chains.stages.stage import Sample, Step, TaskStage, as_task
from self_instruct.ledger import RequestId, TaskId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.choice_parser import ChoiceParser
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import TAGGING, Instance, SeedTask, Task
from self_instruct.retrievers.taxonomy import Axis, Entries, Taxonomy, shipped_taxonomy
from self_instruct.settings.settings import Settings

NONE = "none"
"""What the model says of a task that belongs to no entry of an axis."""
UNTOLD = 0.2  # of the axes of a task, before there is experience


class By(StrEnum):
    """What says where a task belongs on an axis, or why nothing does."""

    WORDS = "words"
    INSTANCES = "instances"
    MODEL = "model"
    NO_ENTRY = "no entry fits"
    UNREAD = "unread"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Tag:
    """The entry of an axis that a task belongs to, None for none, and what says so."""

    entry: str | None
    by: By


def tags_by_rule(taxonomy: Taxonomy, instruction: str, instances: Sequence[Instance] = ()) -> tuple[Tag, ...]:
    """Return the tag of a task on each axis, the aspects too: by its instances, where they tell, or by its words.

    >>> [tag.entry for tag in tags_by_rule(shipped_taxonomy(), "Say something about this bread.")]
    ['food', None, 'with an input', None, 'easy']
    """
    return tuple(_tag_by_rule(axis, instruction, instances) for axis in taxonomy.all_axes)


def _tag_by_rule(axis: Axis, instruction: str, instances: Sequence[Instance]) -> Tag:
    if by_instances := axis.entry_of_instances(instances):
        return Tag(by_instances, By.INSTANCES)
    by_words = axis.entry_of(instruction)
    return Tag(by_words, By.WORDS if by_words else By.NOT_ASKED)


def entries_of(tags: Sequence[Tag]) -> Entries:
    """Return the entry of each axis."""
    return tuple(tag.entry for tag in tags)


class TaggingStage(TaskStage):
    """Asks about each axis that neither words nor instances tell; `name` is another for each further model of a run."""

    name = TAGGING
    needs_kind = False

    def __init__(self, settings: Settings, prompts: PromptSet, taxonomy: Taxonomy | None = None, name: str = TAGGING) -> None:
        super().__init__(settings, prompts)
        self.name = name  # type: ignore[misc]  # as of a run's second judge
        self.taxonomy = taxonomy or shipped_taxonomy()
        self._prompt = prompts.tagging
        self._parsers = [ChoiceParser(choices=(*axis.names, NONE)) for axis in self.taxonomy.all_axes]

    # what is asked

    def prompt(self, about: Task, attempt: int = 1) -> Prompt:
        """Return its one prompt."""
        del about, attempt
        return self._prompt

    def variables(self, about: Task, request: RequestId) -> dict[str, Any]:
        """Return the instruction, and the axis with its entries."""
        axis = self.taxonomy.all_axes[request.instance]
        entries = [{"name": entry.name, "wanted": entry.wanted} for entry in axis.entries]
        return {"instruction": about.instruction, "axis": axis.name, "entries": entries}

    def first(self, id: TaskId, about: Task) -> RequestId | None:  # noqa: A002
        """Return the question about the first axis that is not told; None where all are."""
        return self._next(RequestId(self.name, id.request, id.item), about, 0)

    def questions(self, id: TaskId, about: Task) -> list[RequestId]:  # noqa: A002
        """Return all questions about a task: one for each axis that is not told."""
        asked = RequestId(self.name, id.request, id.item)
        return [replace(asked, instance=at) for at in self._untold(about)]

    def _next(self, asked: RequestId, about: Task, begin: int) -> RequestId | None:
        untold = (at for at in self._untold(about) if at >= begin)
        return next((replace(asked, instance=at) for at in untold), None)

    def _untold(self, about: Task) -> list[int]:
        tags = tags_by_rule(self.taxonomy, about.instruction, about.instances)
        return [at for at, tag in enumerate(tags) if tag.entry is None]

    # what a reply decides

    def parser(self, about: Task) -> ChoiceParser:
        """Return the reader of the first axis that is not told."""
        return self._parsers[next(iter(self._untold(about)), 0)]

    def decide(self, request: RequestId, about: Task, reply: Reply | Refusal) -> Step:
        """Return the question about the next axis; what was answered, `tags` says."""
        return self.conclude(about, reply, request)

    def conclude(self, about: Task, read: Any, request: RequestId) -> Step:
        """Return the question about the next axis."""
        del read
        return Step(again=self._next(request, about, request.instance + 1))

    def tags(self, task: TaskId, about: Task, answer: Callable[[RequestId], Reply | Refusal | None]) -> tuple[Tag, ...]:
        """Return where a task belongs on each axis: by its instances and words, else by the stored answers."""
        found = list(tags_by_rule(self.taxonomy, about.instruction, about.instances))
        for request in self.questions(task, about):
            found[request.instance] = self._tag(request.instance, answer(request))
        return tuple(found)

    def _tag(self, axis: int, reply: Reply | Refusal | None) -> Tag:
        if reply is None:
            return Tag(None, By.NOT_ASKED)
        said = None if isinstance(reply, Refusal) else self._parsers[axis].read(reply)
        if not isinstance(said, str):
            return Tag(None, By.UNREAD)
        return Tag(None, By.NO_ENTRY) if said == NONE else Tag(said, By.MODEL)

    # where it begins, and what it looks like

    def samples(self, seeds: Sequence[SeedTask]) -> list[Sample[Task]]:
        """Return one: the first seed, as if its words said nothing."""
        return [Sample("tagging where words do not tell", as_task(seeds[0]))]

    def output_bytes(self, seeds: Sequence[SeedTask]) -> float:
        """Return the mean length of an entry's name."""
        del seeds
        names = [name for axis in self.taxonomy.all_axes for name in axis.names]
        return sum(map(len, names)) / len(names)

    @property
    def questions_each(self) -> float:
        """How many axes of a task are likely not to be told."""
        return UNTOLD * len(self.taxonomy.all_axes)

    # as a chain

    def result(self, about: Task, step: Step) -> Any:
        """Return nothing: the answers are in the ledger."""
        del about, step
        return None
