"""Classification identification: whether a task's answer is chosen from a small, fixed set of labels.

A completion model that tells how likely it found its words is asked which of two kinds a task is, about seed tasks first, whose
kind is known: what it leans to is taken away by a threshold between them.
Source: Wang et al. 2023, arXiv:2212.10560, section 2.2, "Classification Task Identification": few-shot, 12 and 19 tasks. The
threshold is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from self_instruct.chains.models.log_probabilities import chat_parameters, completion_parameters
from self_instruct.chains.models.names import is_completion_model, tells_probabilities
from self_instruct.chains.models.question import Question
from self_instruct.chains.stages.stage import Step, TaskStage, as_task
from self_instruct.ledger import RequestId
from self_instruct.prompts.custom_prompt import custom_prompt
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.classification_parser import ClassificationParser
from self_instruct.prompts.reading.log_odds import LogOdds, balanced_accuracy, threshold
from self_instruct.prompts.stage_prompt import Prompt, prompt_text
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Classification, Rejection, SeedTask, StageName, Task
from self_instruct.retrievers.draws import HashDraws
from self_instruct.settings.sections import ClassificationSettings
from self_instruct.settings.settings import Settings

YES_OR_NO = "Yes.\nNo."  # as long as a word and the token that ends it
CALIBRATION = "calibration"
"""The name of the questions about seed tasks, in the ledger and in what is spent; the classification model answers them."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was learned of a model from seed tasks: above which log-odds one is a classification task, and how well that tells.

    `threshold` is None where the model tells no probabilities, or ranks the tasks no better than chance: then its words decide.
    `tasks` are those that it was asked about, `accuracy` the mean of the shares of both kinds told rightly.
    """

    threshold: LogOdds | None
    tasks: int
    accuracy: float | None = None

    def sentence(self) -> str:
        """Return it in words."""
        if self.accuracy is None:
            why = f"ranks {self.tasks} seed tasks no better than chance" if self.tasks else "tells no probabilities"
            return f"the model {why}, so that its words decide what is a classification task"
        return (
            f"a classification task is one whose log-odds are above {self.threshold:.2f};"
            f" of {self.tasks} seed tasks that tells {self.accuracy:.0%} rightly (balanced accuracy)"
        )


class ClassificationStage(TaskStage):
    """Asks the few-shot question and reads the answer; or, once it is calibrated, how likely the model found its two words."""

    name = StageName.CLASSIFICATION.value
    settings: ClassificationSettings
    needs_kind = False

    def __init__(self, settings: Settings, prompts: PromptSet) -> None:
        super().__init__(settings, prompts)
        self._prompts = (prompts.classification, prompts.classification_again)
        self._prompt_of_kind = prompts.classification_kind
        self._parser = ClassificationParser(form=self.settings.form, words=self.settings.words)
        choice = settings.choice(StageName.CLASSIFICATION)
        self._is_completion = is_completion_model(choice.model, choice.options)
        self._may_tell = self.settings.decide_by == "probabilities" or (
            self.settings.decide_by == "auto" and tells_probabilities(choice.model, choice.options)
        )
        self.calibration: Calibration | None = None

    @property
    def _is_calibrated(self) -> bool:
        return self.calibration is not None and self.calibration.threshold is not None

    # what is asked

    def prompt(self, about: Task, attempt: int = 1) -> Prompt:
        """Return the few-shot question."""
        del about
        if self._is_calibrated and self._is_completion and attempt == 1:
            return self._prompt_of_kind
        return self._prompts[attempt > 1]

    def variables(self, about: Task, request: RequestId) -> dict[str, Any]:
        """Return the task's instruction, and the words of which the prompt may ask for one."""
        return super().variables(about, request) | {"words": self.settings.words}

    def parameters(self, about: Task) -> Mapping[str, Any]:
        """Return what goes to the model: also what asks for probabilities, where they decide."""
        return {**super().parameters(about), **(self._asking_for_probabilities if self._is_calibrated else {})}

    @property
    def _asking_for_probabilities(self) -> Mapping[str, Any]:
        return completion_parameters() if self._is_completion else chat_parameters()

    # what a reply decides

    def parser(self, about: Task) -> ClassificationParser:
        """Return the reader of the answer."""
        del about
        return self._parser

    def conclude(self, about: Task, read: Classification | Rejection, request: RequestId) -> Step:
        """Return the kind of task; without one no stage goes on with it."""
        del about, request
        if isinstance(read, Rejection):
            return Step((read,), is_last=True)
        return Step(is_classification=read.is_classification)

    # what it learns of its model

    def lessons(self, seeds: Sequence[SeedTask]) -> Sequence[Question]:
        """Return the questions about seed tasks of both kinds, as many of each as there are and the settings say."""
        return [question for question, _ in self._lessons(seeds)]

    def learn(self, seeds: Sequence[SeedTask], answer: Callable[[RequestId], Reply | Refusal | None]) -> None:
        """Set the threshold between the two words by how likely the model found them of seed tasks."""
        if not self._may_tell:
            return
        found: dict[bool, list[LogOdds]] = {True: [], False: []}
        for question, is_classification in self._lessons(seeds):
            said = answer(question.id)
            if isinstance(said, Reply) and (odds := self._parser.log_odds(said)) is not None:
                found[is_classification].append(odds)
        self.calibration = _calibration(found[True], found[False])
        above = self.calibration.threshold
        self._parser = self._parser.model_copy(update={"threshold": above})

    def learned(self) -> str:
        """Return in a sentence what was learned of the model."""
        return "" if self.calibration is None else self.calibration.sentence()

    def _lessons(self, seeds: Sequence[SeedTask]) -> Iterator[tuple[Question, bool]]:
        """Yield each question with its answer; none about a task that the prompt shows with it."""
        for kind in (True, False) if self._may_tell else ():
            numbers = [number for number, seed in enumerate(seeds) if seed.is_classification is kind]
            drawn = HashDraws(CALIBRATION).sample(numbers, len(numbers))
            asked = (question for number in drawn if (question := self._lesson(number, seeds[number])))
            yield from ((question, kind) for question in islice(asked, self.settings.calibration_tasks))

    def _lesson(self, number: int, seed: SeedTask) -> Question | None:
        """Return the question about a seed task, which one word answers; None where the prompt shows it among its examples."""
        variables: dict[str, Any] = {"instruction": seed.instruction, "words": self.settings.words}
        template = self._prompt_of_kind if self._is_completion else self._prompts[0]
        prompt = custom_prompt(template, self.name, variables).format_prompt(**variables)
        if prompt_text(prompt).count(seed.instruction) > 1:
            return None
        parameters = {**super().parameters(as_task(seed)), **self._asking_for_probabilities, "max_tokens": 1}
        return Question(RequestId(CALIBRATION, number), prompt, parameters, self.model)

    # what it looks like

    def output_bytes(self, seeds: Sequence[SeedTask]) -> float:
        """Return the length of one word."""
        del seeds
        return len(YES_OR_NO)

    def result(self, about: Task, step: Step) -> Classification | Rejection:
        """Return the kind, or why there is none."""
        del about
        return step.rejections[0] if step.is_classification is None else Classification(step.is_classification)


def _calibration(yes: Sequence[LogOdds], no: Sequence[LogOdds]) -> Calibration:
    above, tasks = threshold(yes, no), len(yes) + len(no)
    return Calibration(above, tasks, None if above is None else balanced_accuracy(yes, no, above))
