"""A user's own prompts, of LangChain's classes or any runnable, in the place of ours."""

from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.prompt_values import ChatPromptValue, ImagePromptValue, StringPromptValue
from langchain_core.prompts import BasePromptTemplate, ChatPromptTemplate, PromptTemplate
from langchain_core.runnables import Runnable, RunnableLambda, RunnablePassthrough

from self_instruct.chains import classification_chain, instance_chain
from self_instruct.chains.budgets.bounds import most_input_tokens
from self_instruct.prompts import PromptSet, prompt_set, prompt_text
from self_instruct.prompts.stage_prompt import StagePromptValue
from self_instruct.records.errors import TemplateError
from self_instruct.records.tasks import Classification
from self_instruct.settings.settings import Settings

CHAT = ChatPromptTemplate.from_messages([("system", "You label tasks."), ("human", "{instruction}\nLabels?")])
QUESTION = {"instruction": "Name a river."}


def test_a_chat_prompt_of_langchain_asks_a_stages_question_at_both_attempts() -> None:
    prompts = prompt_set().with_own(classification=CHAT)
    asked: list[Any] = []

    def model(value: Any) -> str:
        asked.append(value.to_messages())
        return "perhaps" if len(asked) == 1 else "Yes"

    chain = classification_chain(RunnableLambda(model), Settings(), prompts)  # type: ignore[arg-type]
    assert chain.invoke(QUESTION) == Classification(is_classification=True)
    assert asked == [[SystemMessage("You label tasks."), HumanMessage("Name a river.\nLabels?")]] * 2


def test_a_misspelt_name_of_a_prompt_is_named() -> None:
    with pytest.raises(TemplateError, match="there is no prompt 'clasification'; there are instructions, "):
        prompt_set().with_own(clasification=CHAT)


def test_a_prompt_of_their_own_for_the_second_attempt_may_say_what_was_wrong() -> None:
    again = PromptTemplate.from_template("{wrong}: {instruction}")
    prompts = prompt_set().with_own(classification=CHAT, classification_again=again)
    assert prompts.classification_again.format(**QUESTION, wrong="empty") == "empty: Name a river."
    assert prompts.classification.format(**QUESTION) == "system: You label tasks.\n\nhuman: Name a river.\nLabels?\n"


@pytest.mark.parametrize("template_format", ["f-string", "jinja2"])
def test_demonstrations_stand_in_a_users_prompt_as_numbered_lines(template_format: Any) -> None:
    text = "Go on:\n{{ demonstrations }}" if template_format == "jinja2" else "Go on:\n{demonstrations}"
    prompts = prompt_set().with_own(instructions=PromptTemplate.from_template(text, template_format=template_format))
    value = prompts.instructions.format_prompt(demonstrations=("Name a river.", "Sort."))
    assert value == StringPromptValue(text="Go on:\n1. Name a river.\n2. Sort.")


def test_a_prompt_that_walks_through_the_demonstrations_gets_them_one_by_one() -> None:
    prompt = PromptTemplate.from_template("{{#demonstrations}}- {{.}}\n{{/demonstrations}}", template_format="mustache")
    prompts = prompt_set().with_own(instructions=prompt)
    assert prompts.instructions.format(demonstrations=["a", "b"]) == "- a\n- b\n"


@pytest.mark.parametrize(
    "runnable", [CHAT | RunnableLambda(lambda value: value), RunnablePassthrough.assign(instruction=lambda _: "x") | CHAT]
)
def test_a_runnable_that_gives_a_prompt_value_is_a_prompt(runnable: Runnable[Any, Any]) -> None:
    prompts = prompt_set().with_own(input_first=runnable)
    prompts.try_all()
    assert isinstance(prompts.input_first.invoke({**QUESTION, "is_classification": False}), ChatPromptValue)
    chain = instance_chain(RunnableLambda(lambda _: "Output: Rhine"), Settings(), prompts)  # type: ignore[arg-type]
    assert [each.output for each in chain.invoke({**QUESTION, "is_classification": False})] == ["Rhine"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("name", "prompt", "words"),
    [
        ("classification", ChatPromptTemplate.from_template("{question}"), "asks for question; its stage gives instruction."),
        ("classification", PromptTemplate.from_template("{wrong}"), "asks for wrong; its stage gives instruction."),
        ("instructions", CHAT, "for instructions asks for instruction; its stage gives demonstrations, subjects."),
        (
            "output_first",
            PromptTemplate.from_template("{x}{y}") | RunnableLambda(str),
            "x, y; its stage gives instruction, is_",
        ),
        ("classification", "Is it?", "is a str; it must be a prompt or runnable of LangChain."),
    ],
)
def test_a_variable_that_its_stage_does_not_give_is_one_line_when_the_set_is_made(name: str, prompt: Any, words: str) -> None:
    with pytest.raises(TemplateError) as error:
        prompt_set().with_own(**{name: prompt})
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (CHAT | RunnableLambda(lambda value: value.to_string()), "for classification gives a str; it must give a PromptValue."),
        (RunnableLambda(lambda given: CHAT.invoke({"instruction": given["oops"]})), "the prompt for classification: 'oops'."),
        (PromptTemplate.from_template("{instruction:d}"), "the prompt for classification: Unknown format code 'd'"),
    ],
)
def test_a_prompt_that_fails_is_found_when_all_are_tried(prompt: Any, words: str) -> None:
    with pytest.raises(TemplateError) as error:
        prompt_set().with_own(classification=prompt).try_all()
    assert words in str(error.value)


def test_a_set_is_made_of_prompts_of_either_kind_and_each_is_a_prompt_of_langchain() -> None:
    ours = prompt_set()
    mixed = PromptSet(
        ours.instructions, ours.instructions_again, CHAT, CHAT, CHAT, CHAT, ours.output_first, ours.output_first_again
    )
    assert mixed.instructions is ours.instructions
    assert all(isinstance(getattr(mixed, name), BasePromptTemplate) for name in PromptSet.__slots__ if name != "subjects")
    assert mixed.classification.input_variables == ["instruction"]
    assert "classification prompt" in (mixed.classification | RunnableLambda(str)).get_graph().draw_mermaid()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (StagePromptValue(system="a", text="b"), "ab"),
        (StringPromptValue(text="b"), "b"),
        (ChatPromptValue(messages=[SystemMessage("a"), HumanMessage([{"type": "text", "text": "b"}])]), None),
        (ImagePromptValue(image_url={"url": "data:image/png;base64,AAAA"}), None),
    ],
)
def test_all_that_a_prompt_says_is_in_its_text_and_in_the_bound_of_its_tokens(value: Any, text: str | None) -> None:
    said = prompt_text(value)
    assert said == text if text else all(part in said for part in ("a", "b"))
    assert most_input_tokens(value) >= len(value.to_string().encode())
