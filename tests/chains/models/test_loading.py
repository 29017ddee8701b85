"""Models by name, and one shape for what chat and completion models answer."""

import asyncio
import re
import sys
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.language_models import BaseLLM, FakeListChatModel, FakeListLLM
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.outputs import Generation, LLMResult
from langchain_core.prompt_values import StringPromptValue
from langchain_core.runnables import RunnableLambda
from pydantic import Field
from support.openai_server import serving

from self_instruct.chains.models.loading import CompletionMessages, answering, load_model
from self_instruct.chains.offline import OfflineModel
from self_instruct.records.errors import SettingsError

CANARY = "sk-canary-3141592653"


class Completer(BaseLLM):
    """A completion model that remembers what it was asked, and gives an answer with all that a provider tells."""

    result: LLMResult = LLMResult(
        generations=[[Generation(text=" An answer.\n", generation_info={"finish_reason": "length"})]],
        llm_output={"token_usage": {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}},
    )
    asked: list[tuple[list[str], dict[str, Any]]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "completer"

    def _generate(self, prompts: list[str], stop: list[str] | None = None, run_manager: Any = None, **kwargs: Any) -> LLMResult:
        self.asked.append((prompts, {"stop": stop, **kwargs}))
        return self.result


class Events(BaseCallbackHandler):
    """Remembers which runs began and ended, with their tags and names."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, list[str] | None, str | None]] = []

    def on_llm_start(self, serialized: Any, prompts: Any, *, tags: list[str] | None = None, **kwargs: Any) -> None:
        self.seen.append(("start", tags, kwargs.get("name")))

    def on_llm_end(self, response: Any, **kwargs: Any) -> None:
        self.seen.append(("end", kwargs.get("tags"), None))


@pytest.fixture
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_BASE_URL", "OPENAI_API_BASE"):
        monkeypatch.delenv(name, raising=False)


# by name


def test_offline_is_the_model_that_ships_with_us_and_takes_the_seed() -> None:
    model = load_model("offline", seed=5)
    assert isinstance(model, OfflineModel)
    assert model == OfflineModel(seed=5)


@pytest.mark.parametrize(
    ("name", "kind", "model"),
    [("openai:some-name", "ChatOpenAI", "some-name"), ("openai-completion:davinci:ft", "OpenAI", "davinci:ft")],
)
def test_openai_models_are_made_by_the_real_client(monkeypatch: pytest.MonkeyPatch, name: str, kind: str, model: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    loaded: Any = load_model(name, base_url="http://127.0.0.1:9/v1")
    assert (type(loaded).__name__, loaded.model_name, loaded.openai_api_base) == (kind, model, "http://127.0.0.1:9/v1")


@pytest.mark.usefixtures("no_key")
def test_a_server_of_ones_own_needs_no_key() -> None:
    loaded: Any = load_model("openai:local", base_url="http://127.0.0.1:9/v1")
    assert loaded.openai_api_key.get_secret_value() == "none"


def test_a_key_that_is_set_goes_to_a_server_of_ones_own_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    loaded: Any = load_model("openai:local", base_url="http://127.0.0.1:9/v1")
    assert loaded.openai_api_key.get_secret_value() == CANARY
    assert CANARY not in repr(loaded)


@pytest.mark.usefixtures("no_key")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nonsense:x", "no such provider; expected PROVIDER:NAME, e.g. openai:gpt-4.1-mini, of anthropic, "),
        ("nonsense", "no such provider; expected PROVIDER:NAME"),
        (":x", "no such provider"),
        ("openai:", "names no model; expected PROVIDER:NAME"),
        ("openai-completion:", "names no model; expected PROVIDER:NAME"),
        ("anthropic:claude", "pip install langchain-anthropic"),
        ("bedrock:titan", "pip install langchain-aws"),
        ("ollama:llama", "pip install langchain-ollama"),
        ("openai:gpt", "OPENAI_API_KEY"),
        ("openai-completion:gpt", "OPENAI_API_KEY"),
    ],
)
def test_a_model_that_cannot_be_had_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch, name: str, words: str) -> None:
    for package in ("langchain_anthropic", "langchain_aws", "langchain_ollama"):
        monkeypatch.setitem(sys.modules, package, None)  # as if it were not installed
    with pytest.raises(SettingsError, match=re.escape(words)) as error:
        load_model(name)
    assert str(error.value).startswith(f"model {name!r}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["openai:any", "openai-completion:any"])
def test_a_model_answers_in_its_own_event_loop_whatever_ran_before_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)

    async def ask_once(base_url: str) -> AIMessage | str:
        return await answering(load_model(name, base_url=base_url)).ainvoke("Is it classification?")

    with serving(OfflineModel()) as server:
        for _ in range(3):
            assert isinstance(asyncio.run(ask_once(server.base_url)), AIMessage)


# one shape


def test_a_completion_models_answer_keeps_its_text_finish_reason_and_usage() -> None:
    message = answering(Completer()).invoke("A prompt")
    assert isinstance(message, AIMessage)
    assert message.text == " An answer.\n"
    assert message.response_metadata["finish_reason"] == "length"
    assert message.usage_metadata == {"input_tokens": 7, "output_tokens": 3, "total_tokens": 10}


async def test_a_completion_model_answers_alike_however_it_is_called() -> None:
    model = answering(Completer())
    once = model.invoke("A prompt")
    assert isinstance(once, AIMessage)
    answers = [
        await model.ainvoke("A prompt"),
        *model.batch(["A", "B"]),
        *model.stream("A"),
        *[one async for one in model.astream("A")],
    ]
    assert [(answer.content, answer.usage_metadata) for answer in answers if isinstance(answer, AIMessage)] == [
        (once.content, once.usage_metadata)
    ] * 5


@pytest.mark.parametrize("output", [None, {}, {"token_usage": None}, {"token_usage": {}}])
def test_a_completion_model_that_counts_no_tokens_has_no_usage(output: dict[str, Any] | None) -> None:
    result = LLMResult(generations=[[Generation(text="x")]], llm_output=output)
    message = CompletionMessages(Completer(result=result)).invoke("A prompt")
    assert message.usage_metadata is None
    assert message.response_metadata["finish_reason"] is None


def test_a_count_that_a_server_leaves_open_is_zero() -> None:
    result = LLMResult(
        generations=[[Generation(text="x")]], llm_output={"token_usage": {"prompt_tokens": 4, "completion_tokens": None}}
    )
    message = CompletionMessages(Completer(result=result)).invoke("A prompt")
    assert message.usage_metadata == {"input_tokens": 4, "output_tokens": 0, "total_tokens": 0}


def test_of_several_answers_to_one_prompt_the_first_is_taken() -> None:
    result = LLMResult(generations=[[Generation(text="first"), Generation(text="second")]])
    assert CompletionMessages(Completer(result=result)).invoke("A prompt").text == "first"


@pytest.mark.parametrize(
    ("given", "prompt"),
    [
        ("A prompt", "A prompt"),
        (StringPromptValue(text="A prompt"), "A prompt"),
        ([SystemMessage("Be brief."), HumanMessage("A prompt")], "System: Be brief.\nHuman: A prompt"),
        ([("human", "A prompt")], "Human: A prompt"),
    ],
)
def test_a_completion_model_takes_what_any_model_of_langchain_takes(given: Any, prompt: str) -> None:
    model = Completer()
    answering(model).invoke(given)
    assert model.asked[0][0] == [prompt]


def test_parameters_reach_the_model_with_every_request() -> None:
    model = Completer()
    answering(model, {"stop": ["\n"], "temperature": 0}).invoke("A prompt")
    assert model.asked == [(["A prompt"], {"stop": ["\n"], "temperature": 0})]


def test_a_chat_model_or_any_runnable_is_taken_as_it_is() -> None:
    chat, runnable = FakeListChatModel(responses=["x"]), RunnableLambda(lambda given: AIMessage("x"))
    assert answering(chat) is chat
    assert answering(runnable) is runnable


async def test_callbacks_tags_and_names_reach_a_completion_model() -> None:
    events = Events()
    model = answering(FakeListLLM(responses=["x"]))
    calls: list[Callable[[], Any]] = [
        lambda: model.invoke("A", {"callbacks": [events], "tags": ["mine"], "run_name": "asked"}),
        lambda: model.ainvoke("A", {"callbacks": [events], "tags": ["mine"], "run_name": "asked"}),
    ]
    calls[0]()
    await calls[1]()
    assert events.seen == [("start", ["mine"], "asked"), ("end", ["mine"], None)] * 2
