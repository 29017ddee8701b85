"""The stage of a prompt and what stands in it are read from its text, as the real templates render it."""

from typing import Any

import pytest

from self_instruct.chains.offline.reading import InstancePrompt, ListPrompt, PlainPrompt, Prompt, QuestionPrompt, read_prompt
from self_instruct.prompts import PromptSet, prompt_set
from self_instruct.prompts.stage_prompt import StagePrompt

STAGES = ("instructions", "classification", "instances")
CHAT = prompt_set()
COMPLETION = prompt_set(completion=STAGES)


def read(prompt: StagePrompt, *, with_system: bool = True, **variables: object) -> Prompt:
    value: Any = prompt.format_prompt(wrong="empty", **variables)
    return read_prompt(value.text, value.system if with_system else "")


@pytest.mark.parametrize("prompt", [CHAT.instructions, CHAT.instructions_again])
def test_as_many_new_tasks_are_written_as_a_request_asks_for(prompt: StagePrompt) -> None:
    shown = ["Sort a list.", "Explain 2. and 3. in a word."]
    expected = ListPrompt(tuple(shown), 3, 4, classification_only=False, is_begun=False)
    assert read(prompt, demonstrations=shown, subjects=["tea", "maps"]) == expected


@pytest.mark.parametrize("of_labels", [False, True])
def test_a_list_that_breaks_off_goes_on_to_sixteen_and_says_in_its_header_what_it_wants(of_labels: bool) -> None:
    shown = tuple(f"Do the task {number}." for number in range(8))
    prompt = prompt_set(classification_only=of_labels, completion=STAGES).instructions
    assert read(prompt, demonstrations=shown, with_system=False) == ListPrompt(shown, 9, 16, of_labels, is_begun=True)


def test_a_system_message_says_how_far_a_list_goes_that_breaks_off() -> None:
    asked = read_prompt("Tasks:\n1. Sort a list.\n2.", "Go on, up to number 4.")
    assert asked == ListPrompt(("Sort a list.",), 2, 4, classification_only=False, is_begun=True)


@pytest.mark.parametrize("prompts", [CHAT, COMPLETION])
@pytest.mark.parametrize("task", ["Sort it.", "Is it spam?", "Name what follows:\n1. a\n2. b", "Count to\n\n9 now."])
def test_the_question_and_the_instances_are_about_the_last_task(prompts: PromptSet, task: str) -> None:
    words = ("label", "text") if prompts is CHAT else (" Yes", " No")
    assert read(prompts.classification, instruction=task) == QuestionPrompt(task, is_reminded=False, words=words)
    assert read(prompts.classification_again, instruction=task) == QuestionPrompt(task, is_reminded=True, words=words)
    for prompt in (prompts.input_first, prompts.input_first_again, prompts.output_first, prompts.output_first_again):
        assert read(prompt, instruction=task) == InstancePrompt(task, is_output_first="output" in prompt.template)


def test_the_question_may_come_without_worked_tasks() -> None:
    assert read_prompt("Decide.\n\nTask: Sort it.\nIs it classification?") == QuestionPrompt("Sort it.", is_reminded=False)
    again = read_prompt("Decide.\n\nYes or No, please.\n\nTask: Sort it.\nIs it classification?")
    assert again == QuestionPrompt("Sort it.", is_reminded=True)


@pytest.mark.parametrize("text", ["", "Hello", "How are you?\nFine.", "2 and 3 make 5."])
def test_anything_else_is_plain_talk(text: str) -> None:
    assert read_prompt(text) == PlainPrompt(text)
