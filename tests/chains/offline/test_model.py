"""The LangChain model: the standard tests of langchain-tests, streamed, asynchronous, stopped, cut short, and counted."""

from typing import Any, ClassVar

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.unit_tests import ChatModelUnitTests

from self_instruct.chains.offline import OfflineModel
from self_instruct.prompts import prompt_set
from self_instruct.settings.profiles import PAPER

LIST = prompt_set().instructions.format_prompt(
    demonstrations=[f"Do the task number {number}, please." for number in range(1, 9)], subjects=["tea"] * 8
)
TASK = prompt_set().input_first.format_prompt(instruction="Sort the garden herbs alphabetically.")


class Offline:
    chat_model_class = OfflineModel
    chat_model_params: ClassVar = {"model": "offline", "seed": 1}
    supports_model_override = True
    model_override_value = "another-name"


class TestUnit(Offline, ChatModelUnitTests): ...


class TestIntegration(Offline, ChatModelIntegrationTests): ...


@pytest.mark.parametrize("options", [{}, {"stop": ["\n12"]}, {"max_tokens": 9}])
@pytest.mark.parametrize("prompt", [LIST, TASK, "Hello"])
async def test_a_streamed_answer_is_the_answer_in_small_pieces(prompt: Any, options: dict[str, Any]) -> None:
    model = OfflineModel(seed=3)
    chunks = list(model.stream(prompt, **options))
    whole = sum(chunks[1:], chunks[0])
    assert len(chunks) >= len(str(whole.content).split())
    for plain in (model.invoke(prompt, **options), await model.ainvoke(prompt, **options)):
        assert (whole.content, whole.response_metadata) == (plain.content, plain.response_metadata)
        assert whole.usage_metadata == plain.usage_metadata
    assert "".join([str(chunk.content) async for chunk in model.astream(prompt, **options)]) == whole.content


def test_the_answer_depends_on_the_text_and_the_seed_alone() -> None:
    messages = LIST.to_messages()
    blocks = [*messages[:-1], HumanMessage([{"type": "text", "text": str(messages[-1].content)}])]
    one = OfflineModel(model="another", temperature=1.5, api_key="none").invoke(blocks, top_p=0.5)
    assert one.content == OfflineModel().invoke(messages).content
    assert one.content != OfflineModel(seed=1).invoke(messages).content
    assert one.response_metadata["model_name"] == "another"


def test_a_stop_of_the_constructor_holds_until_the_call_names_others() -> None:
    model = OfflineModel(faults=False, stop=["\n11"])
    message = model.invoke(LIST, **PAPER["instructions"]["parameters"])
    assert [str(each.content).count("\n") for each in (model.invoke(LIST), message)] == [1, 6]
    assert message.response_metadata["finish_reason"] == "stop"


def test_words_are_counted_as_tokens_and_too_few_cut_the_answer_off() -> None:
    message = OfflineModel(faults=False).invoke([SystemMessage("Be brief."), HumanMessage("How are you?")], max_tokens=5)
    assert (len(str(message.content).split()), message.response_metadata["finish_reason"]) == (5, "length")
    assert message.usage_metadata is not None
    assert (message.usage_metadata["input_tokens"], message.usage_metadata["output_tokens"]) == (5, 5)
