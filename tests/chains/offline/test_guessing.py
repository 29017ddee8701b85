"""Tasks the grammar does not know get modest, well-formed answers."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from self_instruct.chains.offline.answering import answer
from self_instruct.chains.offline.guessing import guessed_instances, is_probably_classification
from self_instruct.chains.stages.task import read_instances
from self_instruct.prompts import prompt_set
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Instance
from self_instruct.settings.settings import Settings


@pytest.mark.parametrize(
    "instruction",
    ["Classify the sentence as fact or opinion.", "Is this review positive or negative?", "Say whether the number is prime.",
     "Reply Yes/No.", "Categorise the animal.", "Answer with 'spam' or 'ham'."],
)  # fmt: skip
def test_a_choice_of_labels_is_taken_for_classification(instruction: str) -> None:
    assert is_probably_classification(instruction)


@pytest.mark.parametrize("instruction", ["Write a short poem.", "Explain why the sky is blue.", "Sort the list.", ""])
def test_anything_else_is_not(instruction: str) -> None:
    assert not is_probably_classification(instruction)


def test_labels_are_those_the_instruction_names() -> None:
    found = guessed_instances("Label the mail as 'spam', 'news' or 'private'.", True, Random(0))
    assert [instance.output for instance in found] == ["spam", "news", "private"]


@settings(max_examples=50)
@given(st.text(max_size=300))
def test_any_instruction_gets_instances_that_pass_the_rules(instruction: str) -> None:
    prompts, rules = prompt_set(), Settings()
    for prompt, is_it in ((prompts.input_first, False), (prompts.output_first, True)):
        text = answer(prompt.format(instruction=instruction), with_faults=False).text
        found = read_instances(Reply(text, "stop"), instruction="?", is_classification=is_it, settings=rules)
        assert found
        assert all(isinstance(each, Instance) for each in found)


def test_a_huge_instruction_is_answered_at_once() -> None:
    prompts = prompt_set()
    for instruction in ("as " + "a" * 200_000, "either " + "a, " * 70_000, "'" * 100_000, "a/" * 100_000):
        assert answer(prompts.output_first.format(instruction=instruction)).text
