"""The name of a model that somebody made: for the ledger, and for its price."""

from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel, FakeListLLM
from langchain_core.runnables import RunnableLambda
from langchain_openai import AzureChatOpenAI, ChatOpenAI, OpenAI
from support.own_models import Local

from self_instruct.chains import load_model
from self_instruct.chains.models.names import is_completion_model, model_name_of
from self_instruct.chains.offline import OfflineModel

CANARY = "sk-canary-3141592653"


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.setenv(name, CANARY)


@pytest.mark.parametrize("name", ["offline", "openai:gpt-4.1-mini", "openai-completion:davinci-002"])
def test_a_model_that_was_loaded_by_a_name_has_it(name: str) -> None:
    assert model_name_of(load_model(name)) == name


def test_a_model_is_named_by_who_provides_it_and_what_it_is_called() -> None:
    azure: Any = {"azure_endpoint": "https://r.openai.azure.com", "azure_deployment": "d", "api_version": "2024-10-21"}
    assert model_name_of(ChatOpenAI(model="gpt-4.1-mini")) == "openai:gpt-4.1-mini"
    assert model_name_of(OpenAI(model="davinci-002")) == "openai-completion:davinci-002"
    assert model_name_of(AzureChatOpenAI(model="gpt-4o", **azure)) == "azure_openai:gpt-4o"
    assert model_name_of(OfflineModel()) == "offline"


def test_a_class_that_does_not_say_who_provides_it_is_named_as_it_is_loaded() -> None:
    named = Local(model_path="a.gguf", model="org/name")
    assert model_name_of(named) == "support.own_models.Local:org/name"
    loaded = load_model(model_name_of(named), options={"model_path": "a.gguf"})
    assert model_name_of(loaded) == "support.own_models.Local:org/name"
    assert model_name_of(FakeListLLM(responses=["x"])).endswith(".FakeListLLM")


def test_bindings_retries_and_fallbacks_are_looked_through_to_the_model_that_is_asked_first() -> None:
    model, other = ChatOpenAI(model="a"), ChatOpenAI(model="b")
    for wrapped in (
        model.bind(stop=["#"]),
        model.with_config(tags=["mine"]),
        model.with_retry(),
        model.with_fallbacks([other]),
        model.with_retry().with_fallbacks([other]).with_config(tags=["mine"]),
        RunnableLambda(lambda prompt: prompt) | model,
        model.bind(stop=["#"]) | RunnableLambda(lambda message: message),
    ):
        assert model_name_of(wrapped) == "openai:a"


def test_what_is_no_model_has_its_own_name_or_that_of_its_class() -> None:
    def answer(prompt: object) -> str:
        return "No"

    assert model_name_of(RunnableLambda(answer, name="my cache")) == "my cache"
    assert model_name_of(RunnableLambda(lambda prompt: "No") | RunnableLambda(answer)) == "RunnableSequence"


def test_a_name_holds_no_secret() -> None:
    assert model_name_of(ChatOpenAI(model=CANARY)) == "ChatOpenAI"
    assert model_name_of(FakeListChatModel(responses=["x"], name=CANARY)).endswith(".FakeListChatModel")
    assert model_name_of(RunnableLambda(lambda prompt: "No", name=CANARY)) == "RunnableLambda"


@pytest.mark.parametrize(
    ("name", "is_completion"),
    [
        ("openai-completion:davinci-002", True), ("openai:gpt-4.1-mini", False), ("offline", False), (None, False),
        ("langchain_core.language_models.FakeListLLM:x", True), ("support.own_models.Local:x", False), ("gone.Model:x", False),
    ],
)  # fmt: skip
def test_a_name_says_whether_a_model_goes_on_with_a_text(name: str | None, is_completion: bool) -> None:
    assert is_completion_model(name) is is_completion
    if name and "FakeList" in name:
        assert is_completion_model(model_name_of(FakeListLLM(responses=["x"])))
