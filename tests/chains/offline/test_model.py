"""The LangChain model: plain, streamed, asynchronous, stopped, cut short, and counted."""

import asyncio
from random import Random
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage

from self_instruct.chains.offline import OfflineModel
from self_instruct.chains.offline.grammar import grammar
from self_instruct.prompts import prompt_set
from self_instruct.settings.profiles import PAPER

PROMPTS = prompt_set()
LIST = PROMPTS.instructions.format_prompt(demonstrations=[f"Do the task number {number}, please." for number in range(1, 9)])
TASK = PROMPTS.input_first.format_prompt(instruction=grammar().instruction(Random(4)))


def streamed(model: OfflineModel, given: Any, **options: Any) -> AIMessageChunk:
    chunks = list(model.stream(given, **options))
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole = whole + chunk
    return whole


@pytest.mark.parametrize("options", [{}, {"stop": ["\n12"]}, {"max_tokens": 9}])
@pytest.mark.parametrize("given", [LIST, TASK, "Hello"])
def test_a_streamed_answer_is_the_answer(given: Any, options: dict[str, Any]) -> None:
    model = OfflineModel()
    whole, plain = streamed(model, given, **options), model.invoke(given, **options)
    assert (whole.content, whole.response_metadata, whole.usage_metadata) == (
        plain.content, plain.response_metadata, plain.usage_metadata,
    )  # fmt: skip


def test_a_stream_comes_in_small_pieces() -> None:
    assert len(list(OfflineModel().stream(LIST))) > 50


def test_an_asynchronous_answer_is_the_answer() -> None:
    model = OfflineModel(seed=3)

    async def both() -> tuple[AIMessage, str]:
        return await model.ainvoke(LIST), "".join([str(chunk.content) async for chunk in model.astream(LIST)])

    message, text = asyncio.run(both())
    assert message.content == text == model.invoke(LIST).content


def test_the_answer_depends_on_the_text_and_the_seed_alone() -> None:
    messages = LIST.to_messages()
    blocks: list[BaseMessage] = [
        SystemMessage(messages[0].content), HumanMessage([{"type": "text", "text": str(messages[1].content)}]),
    ]  # fmt: skip
    one = OfflineModel(model="another", temperature=1.5, api_key="none").invoke(blocks, top_p=0.5)
    assert one.content == OfflineModel().invoke(messages).content
    assert one.content != OfflineModel(seed=1).invoke(messages).content


def test_the_papers_stop_sequences_leave_seven_tasks() -> None:
    message = OfflineModel(faults=False).invoke(LIST, **PAPER["instructions"]["parameters"])
    assert str(message.content).count("\n") == 6
    assert "\n16" not in str(message.content)
    assert message.response_metadata["finish_reason"] == "stop"


def test_a_stop_of_the_constructor_holds_until_the_call_names_another() -> None:
    model = OfflineModel(faults=False, stop=["\n11"])
    assert "\n10." in model.invoke(LIST).content
    assert "\n11." not in model.invoke(LIST).content
    assert "\n11." in model.invoke(LIST, stop=["\n12"]).content


def test_too_few_tokens_cut_the_answer_off() -> None:
    message = OfflineModel(faults=False).invoke(LIST, max_tokens=5)
    assert len(str(message.content).split()) == 5
    assert message.response_metadata["finish_reason"] == "length"
    assert message.usage_metadata is not None
    assert message.usage_metadata["output_tokens"] == 5


def test_words_are_counted_as_tokens() -> None:
    message = OfflineModel().invoke([SystemMessage("Be brief."), HumanMessage("How are you today?")])
    assert message.usage_metadata is not None
    assert message.usage_metadata["input_tokens"] == 6
    assert message.usage_metadata["output_tokens"] == len(str(message.content).split())


def test_the_name_given_is_the_name_reported() -> None:
    model = OfflineModel(model_name="stand-in")
    assert model.invoke("Hello").response_metadata["model_name"] == "stand-in"
    assert model._get_ls_params()["ls_model_name"] == "stand-in"
    assert model._get_ls_params(model="other")["ls_model_name"] == "other"
