"""Instance generation: a task's input/output pairs, output-first for classification tasks and input-first otherwise.

Source: Wang et al. 2023, arXiv:2212.10560, section 2.2, "Instance Generation".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from self_instruct.chains.stages.copies import ShownTexts
from self_instruct.chains.stages.instance_rules import has_few_labels, screen_instances, without_labels
from self_instruct.chains.stages.stage import Sample, Step, TaskStage, as_task
from self_instruct.chains.stages.verifying import verified
from self_instruct.chains.verifiers.registry import Verification
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import PromptSet, demonstrated_texts
from self_instruct.prompts.reading.instance_parser import InstanceParser
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Candidate, Instance, Rejection, SeedTask, StageName, Task
from self_instruct.settings.sections import InstanceSettings
from self_instruct.settings.settings import Settings

_MARKERS = len("Example 1\nInput: \nOutput: \n")


class InstanceStage(TaskStage):
    """Asks for examples of a task, in the order that fits its kind, refuses what is malformed, and flags what looks wrong."""

    name = StageName.INSTANCES.value
    settings: InstanceSettings

    def __init__(self, settings: Settings, prompts: PromptSet) -> None:
        super().__init__(settings, prompts)
        self._verification = Verification(settings.verifiers)
        self._prompts = {
            True: (prompts.output_first, prompts.output_first_again),
            False: (prompts.input_first, prompts.input_first_again),
        }
        self._shown = ShownTexts(demonstrated_texts(prompts) if self.settings.copies == "refuse" else ())
        self._parsers = {kind: InstanceParser(form=self.settings.form, is_classification=kind) for kind in (True, False)}

    def prompt(self, about: Task, attempt: int = 1) -> Prompt:
        """Return the output-first prompt for a classification task, else the input-first one."""
        return self._prompts[bool(about.is_classification)][attempt > 1]

    def parameters(self, about: Task) -> Mapping[str, Any]:
        """Return the parameters of the task's kind."""
        return self.settings.classification_parameters if about.is_classification else self.settings.parameters

    def parser(self, about: Task) -> InstanceParser:
        """Return the reader of the task's kind."""
        return self._parsers[bool(about.is_classification)]

    def conclude(self, about: Task, read: list[Instance | Rejection], request: RequestId) -> Step:
        """Return the valid instances with their flags, and what was refused."""
        del request
        kind = bool(about.is_classification)
        screened = screen_instances(
            read, instruction=about.instruction, is_classification=kind, rules=self.settings, shown=self._shown
        )
        return Step(*verified(screened, about, self._verification))

    def decide(self, request: RequestId, about: Task, reply: Reply | Refusal) -> Step:
        """Return what a reply decides. A classification task that shows too few labels is asked about as one of another kind.

        That is its second question, whose attempts are counted anew.
        """
        step = super().decide(request, about, reply)
        is_decided = step.again is None and not step.is_last
        if is_decided and about.is_classification and has_few_labels(step.read, about.instruction, self.settings.min_labels):
            refused = tuple(without_labels(step.read))
            return Step(refused, is_classification=False, again=replace(request, attempt=1, instance=request.instance + 1))
        return step

    def samples(self, seeds: Sequence[SeedTask]) -> list[Sample[Task]]:
        """Return one for each kind of task."""
        found = []
        for kind, words in ((True, "instances of a classification task"), (False, "instances of another task")):
            seed = next((seed for seed in seeds if seed.is_classification is kind), seeds[0])
            found.append(Sample(words, Task(as_task(seed).instruction, kind)))
        return found

    def output_bytes(self, seeds: Sequence[SeedTask]) -> float:
        """Return the mean length of the seeds' instances, with the markers around them."""
        return sum(_length(one) for seed in seeds for one in seed.instances) / len(seeds)

    def result(self, about: Task, step: Step) -> list[Instance | Rejection]:
        """Return instances and rejections in the reply's order."""
        del about
        return [each for each in step.read if not isinstance(each, Candidate)]


def _length(instance: Instance) -> int:
    return len(instance.input.encode()) + len(instance.output.encode()) + _MARKERS
