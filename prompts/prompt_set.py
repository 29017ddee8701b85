"""The prompts of a run, built from its templates and its few-shot tasks (Wang et al. 2023, section 2.2, appendix A.1)."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from self_instruct.prompts.stage_prompt import StagePrompt, Templates
from self_instruct.records.tasks import Stage
from self_instruct.seeds.few_shot_tasks import FewShotTasks, shipped_few_shot_tasks

COMPLAINT = "The last answer was neither Yes nor No. Give the one word Yes or the one word No."


@dataclass(frozen=True, slots=True)
class PromptSet:
    """The prompts, each a runnable from its variables to a prompt value.

    `instructions` takes `demonstrations` (a list of instructions); `classification`, `input_first` and `output_first` take the
    `instruction`. The prompts named `again` are the same with a sentence before them that says what was wrong with the first
    answer; but for `classification_again` they also take `wrong`, the reason it could not be read.
    """

    instructions: StagePrompt
    instructions_again: StagePrompt
    classification: StagePrompt
    classification_again: StagePrompt
    input_first: StagePrompt
    input_first_again: StagePrompt
    output_first: StagePrompt
    output_first_again: StagePrompt

    def of(self, stage: Stage, attempt: int = 1, is_classification: bool = False) -> StagePrompt:
        """Return the prompt of an attempt (1 or 2) at a stage's request; what kind of task it is about counts for instances."""
        match stage:
            case Stage.INSTRUCTIONS:
                first, again = self.instructions, self.instructions_again
            case Stage.CLASSIFICATION:
                first, again = self.classification, self.classification_again
            case Stage.INSTANCES if is_classification:
                first, again = self.output_first, self.output_first_again
            case Stage.INSTANCES:
                first, again = self.input_first, self.input_first_again
        return first if attempt == 1 else again


def prompt_set(
    templates: Templates | None = None, shown: FewShotTasks | None = None, *, classification_only: bool = False
) -> PromptSet:
    """Return the prompts over these templates and few-shot tasks (by default, those that ship with us)."""
    templates = templates or Templates.load()
    shown = shown or shipped_few_shot_tasks()

    def prompt(stage: Stage, template: str, **partial: object) -> StagePrompt:
        return StagePrompt(stage=stage, template=template, templates=templates, partial_variables=partial)

    # As mappings: the sandbox checks every attribute of an object, which takes half the time of a prompt.
    classifying, inputs_first, outputs_first = (
        [asdict(task) for task in tasks] for tasks in (shown.classification, shown.input_first, shown.output_first)
    )

    classification = (Stage.CLASSIFICATION, "classification.jinja")
    listed, input_first, output_first = "instructions", "instances_input_first", "instances_output_first"
    only = {"classification_only": classification_only}
    return PromptSet(
        instructions=prompt(Stage.INSTRUCTIONS, f"{listed}.jinja", **only),
        instructions_again=prompt(Stage.INSTRUCTIONS, f"{listed}_again.jinja", **only),
        classification=prompt(*classification, demonstrations=classifying, complaint=""),
        classification_again=prompt(*classification, demonstrations=classifying, complaint=COMPLAINT),
        input_first=prompt(Stage.INSTANCES, f"{input_first}.jinja", demonstrations=inputs_first),
        input_first_again=prompt(Stage.INSTANCES, f"{input_first}_again.jinja", demonstrations=inputs_first),
        output_first=prompt(Stage.INSTANCES, f"{output_first}.jinja", demonstrations=outputs_first),
        output_first_again=prompt(Stage.INSTANCES, f"{output_first}_again.jinja", demonstrations=outputs_first),
    )
