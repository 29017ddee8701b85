"""Classification identification: whether a task's answer is chosen from a small, fixed set of labels.

Source: Wang et al. 2023, arXiv:2212.10560, section 2.2, "Classification Task Identification": few-shot, 12 and 19 tasks.
"""

from __future__ import annotations

from collections.abc import Sequence

from self_instruct.chains.stages.stage import Step, TaskStage
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.classification_parser import ClassificationParser
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.tasks import Classification, Rejection, SeedTask, StageName, Task
from self_instruct.settings.sections import ClassificationSettings
from self_instruct.settings.settings import Settings

YES_OR_NO = "Yes.\nNo."  # as long as a word and the token that ends it


class ClassificationStage(TaskStage):
    """Asks the few-shot question and reads yes or no."""

    name = StageName.CLASSIFICATION.value
    settings: ClassificationSettings
    needs_kind = False

    def __init__(self, settings: Settings, prompts: PromptSet) -> None:
        super().__init__(settings, prompts)
        self._prompts = (prompts.classification, prompts.classification_again)
        self._parser = ClassificationParser(form=self.settings.form)

    def prompt(self, about: Task, attempt: int = 1) -> Prompt:
        """Return the few-shot question."""
        del about
        return self._prompts[attempt > 1]

    def parser(self, about: Task) -> ClassificationParser:
        """Return the reader of yes and no."""
        del about
        return self._parser

    def conclude(self, about: Task, read: Classification | Rejection, request: RequestId) -> Step:
        """Return the kind of task; without one no stage goes on with it."""
        del about, request
        if isinstance(read, Rejection):
            return Step((read,), is_last=True)
        return Step(is_classification=read.is_classification)

    def output_bytes(self, seeds: Sequence[SeedTask]) -> float:
        """Return the length of one word."""
        del seeds
        return len(YES_OR_NO)

    def result(self, about: Task, step: Step) -> Classification | Rejection:
        """Return the kind, or why there is none."""
        del about
        return step.rejections[0] if step.is_classification is None else Classification(step.is_classification)
