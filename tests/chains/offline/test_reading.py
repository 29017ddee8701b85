"""The stage of a prompt and what stands in it are read from its text, as the real templates render it."""

import pytest

from self_instruct.chains.offline.reading import InstancePrompt, ListPrompt, PlainPrompt, QuestionPrompt, read_prompt
from self_instruct.prompts import prompt_set
from self_instruct.prompts.stage_prompt import StagePrompt, StagePromptValue

PROMPTS = prompt_set()


def rendered(prompt: StagePrompt, **given: object) -> StagePromptValue:
    value = prompt.format_prompt(**given)
    assert isinstance(value, StagePromptValue)
    return value


def test_a_list_is_gone_on_with_from_its_last_number_to_twice_as_many() -> None:
    value = rendered(PROMPTS.instructions, demonstrations=["Sort a list.", "Explain 2. and 3. in a word."])
    assert read_prompt(value.text, value.system) == ListPrompt(("Sort a list.", "Explain 2. and 3. in a word."), 3, 4, False)


def test_a_list_without_a_system_message_goes_on_to_sixteen() -> None:
    value = rendered(PROMPTS.instructions, demonstrations=[f"Do the task {number}." for number in range(8)])
    prompt = read_prompt(value.text)
    assert isinstance(prompt, ListPrompt)
    assert (prompt.first, prompt.last) == (9, 16)


def test_a_list_of_classification_tasks_is_known_by_its_header() -> None:
    value = rendered(prompt_set(classification_only=True).instructions, demonstrations=["Is it spam?"])
    prompt = read_prompt(value.text, value.system)
    assert isinstance(prompt, ListPrompt)
    assert prompt.classification_only


@pytest.mark.parametrize("instruction", ["Sort it.", "Is it spam?", "Name what follows:\n1. a\n2. b", "Count to\n\n9."])
def test_the_question_is_about_the_last_task(instruction: str) -> None:
    value = rendered(PROMPTS.classification, instruction=instruction)
    assert read_prompt(value.text, value.system) == QuestionPrompt(instruction, is_reminded=False)


def test_a_complaint_in_the_question_is_noticed() -> None:
    value = rendered(PROMPTS.classification_again, instruction="Sort it.")
    assert read_prompt(value.text, value.system) == QuestionPrompt("Sort it.", is_reminded=True)


def test_the_question_may_come_without_worked_tasks() -> None:
    assert read_prompt("Decide.\n\nTask: Sort it.\nIs it classification?") == QuestionPrompt("Sort it.", is_reminded=False)
    asked_again = "Decide.\n\nYes or No, please.\n\nTask: Sort it.\nIs it classification?"
    assert read_prompt(asked_again) == QuestionPrompt("Sort it.", is_reminded=True)


@pytest.mark.parametrize("instruction", ["Sort it.", "Turn this into a table:\nname, age"])
def test_instances_are_asked_for_input_first_or_output_first(instruction: str) -> None:
    for prompt, is_output_first in ((PROMPTS.input_first, False), (PROMPTS.output_first, True)):
        value = rendered(prompt, instruction=instruction)
        assert read_prompt(value.text, value.system) == InstancePrompt(instruction, is_output_first)


@pytest.mark.parametrize("text", ["", "Hello", "How are you?\nFine.", "2 and 3 make 5."])
def test_anything_else_is_plain_talk(text: str) -> None:
    assert read_prompt(text) == PlainPrompt(text)
