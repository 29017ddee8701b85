"""The format `prompt-completion`: fine-tuning rows, each instance in one of the paper's 13 templates.

The rows of the seed tasks come first, as in the original's file, then those of the dataset in the order of the pool. Which
template a row gets is drawn from the run's seed, its task and its place among the task's instances, and depends on no more.
Source: Wang et al. 2023, arXiv:2212.10560, section 2.3, "Finetuning the LM to Follow Instructions", and its published code.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from self_instruct.records.tasks import Instance
from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.retrievers.draws import Draws, draws
from self_instruct.settings.sections import FinetuningSettings
from self_instruct.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class Template:
    """How an instruction and an instance become a prompt, and what stands before the output in the completion."""

    prompt: str
    before_output: str = " "  # a prompt that ends in a word is continued by a space

    def row(self, instruction: str, instance: Instance, end_token: str = "") -> dict[str, str]:
        """Return {"prompt", "completion"} of an instance; white space around each part is removed."""
        prompt = self.prompt.format(instruction=instruction.strip(), input=instance.input.strip())
        return {"prompt": prompt, "completion": self.before_output + instance.output.strip() + end_token}


WITH_INPUT = (
    Template("{instruction}\nInput: {input}\nOutput:"),
    Template("{instruction}\n\nInput: {input}\n\nOutput:"),
    Template("Task: {instruction}\nInput: {input}\nOutput:"),
    Template("{instruction}\n\n{input}\n\nOutput:"),
    Template("{instruction}\n\n{input}\n\n", ""),
    Template("{instruction}\n{input}\n\n", ""),
    Template("Task: {instruction}\n\n{input}\n\n", ""),
)
WITHOUT_INPUT = (
    Template("{instruction} Output:"),
    Template("{instruction}\nOutput:"),
    Template("{instruction}\n\nOutput:"),
    Template("{instruction}\n", ""),
    Template("{instruction}\n\n", ""),
    Template("Task: {instruction}\n\n", ""),
)

_FIELD_NAME = re.compile(r"(\w+):")


def template_rows(task: DatasetTask, settings: Settings) -> Iterator[dict[str, str]]:
    """Yield {"prompt", "completion"} for every instance, each in a template drawn for it."""
    for position, instance in enumerate(task.instances):
        random = draws(task.draw, settings.seed, task.name, position)
        yield _draw_row(task.instruction, instance, settings.finetuning, random)


def without_field_name(instance: Instance) -> Instance:
    r"""Return the instance as the published code changes half of them.

    Where the input has one field name ("word:") and no other, all up to the first colon goes; then double new lines become
    single. It also takes a time for a field name, which is why the profile `modern` does without.

    >>> without_field_name(Instance("Text: The train leaves\n\nat noon.", "")).input
    'The train leaves\nat noon.'
    >>> without_field_name(Instance("The train leaves at 5:30 pm.", "")).input
    '30 pm.'
    """
    text = instance.input
    if len(set(_FIELD_NAME.findall(text))) == 1:
        text = text.split(":", 1)[1]
    return Instance(text.strip().replace("\n\n", "\n"), instance.output)


def _draw_row(instruction: str, instance: Instance, rules: FinetuningSettings, random: Draws) -> dict[str, str]:
    if random.random() < 0.5 and rules.strip_field_names:  # drawn in either case: the setting does not change the template
        instance = without_field_name(instance)
    templates = WITH_INPUT if instance.input.strip() else WITHOUT_INPUT
    return random.choice(templates).row(instruction, instance, rules.end_token)
