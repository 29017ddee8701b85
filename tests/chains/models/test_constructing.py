"""Models by dotted name, options, keys by variable, and what is said of those that cannot be had."""

import re
import sys
import warnings
from typing import Any, cast

import pytest
from support import own_models

from self_instruct.chains import load_model
from self_instruct.chains.offline import OfflineModel
from self_instruct.records.errors import SettingsError

CANARY = "sk-canary-3141592653"
LOCAL = "support.own_models.Local"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)


# by dotted name


def test_a_class_is_constructed_with_the_options_and_without_retries_of_its_own() -> None:
    model: Any = load_model(LOCAL, options={"model_path": "a.gguf", "context_size": 4096}, client_retries=False)
    assert isinstance(model, own_models.Local)
    assert (model.model_path, model.n_ctx, model.model, model.max_retries) == ("a.gguf", 4096, None, 0)
    assert model.invoke("Is it?").text == "No"


def test_what_follows_the_class_is_the_models_name() -> None:
    model: Any = load_model(f"{LOCAL}:org/name:tag", options={"model_path": "a.gguf", "max_retries": 2}, client_retries=False)
    assert (model.model, model.max_retries) == ("org/name:tag", 2)


def test_a_class_is_reached_at_the_base_url_if_it_takes_one() -> None:
    model: Any = load_model("support.own_models.Elsewhere", base_url="http://127.0.0.1:9")
    assert model.base_url == "http://127.0.0.1:9"


def test_a_class_is_imported_only_when_its_model_is_loaded() -> None:
    sys.modules.pop("langchain_community.chat_models.fake", None)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # langchain-community warns on import; that is not for who names a model
        model = load_model("langchain_community.chat_models.fake.FakeListChatModel", options={"responses": ["x"]})
    assert type(model).__module__ == "langchain_community.chat_models.fake"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("nowhere_at_all.models.Chat", {}, "cannot be imported (No module named 'nowhere_at_all')"),
        ("nowhere_at_all.models.Chat", {}, "`pip install nowhere-at-all`"),
        ("support.own_models.Missing", {}, "support.own_models has no Missing"),
        ("support.own_models.NoModel", {}, "is not a LangChain chat or completion model"),
        ("support.own_models.A_NUMBER", {}, "is not a LangChain chat or completion model"),
        ("support.own_models.Broken", {}, "no GPU is here"),
        (LOCAL, {}, "option 'model_path': field required"),
        (LOCAL, {"model_path": "a", "n_ctxx": 5}, "takes no option 'n_ctxx'; did you mean 'n_ctx'?"),
        (LOCAL, {"model_path": "a", "zzz": 5}, "takes no option 'zzz'."),
        (LOCAL, {"model_path": ["a"]}, "option 'model_path': input should be a valid string."),
        ("langchain_community.chat_models.ChatLlamaCpp", {"model_path": "x", "n_ctxx": 5}, "did you mean 'n_ctx'?"),
        ("offline", {"fault": False}, "takes no option 'fault'; did you mean 'faults'?"),
        ("openai:x", {"azure_deploymnt": "x"}, "takes no option 'azure_deploymnt'"),
        ("openai:x", {"organisation": "x"}, "takes no option 'organisation'; did you mean 'organization'?"),
        ("openai:x", {"configurable_fields": "any"}, "is not a LangChain chat or completion model"),
        ("openai-completion:x", {"tempreature": 1}, "did you mean 'temperature'?"),
        ("openai:x", {"max_retries": "many"}, "option 'max_retries': input should be a valid integer"),
        ("azure_openai:x", {}, "azure_endpoint"),
        ("opnai:x", {}, "no such provider; expected PROVIDER:NAME, e.g. openai:gpt-4.1-mini; did you mean 'openai'?"),
        ("openai:x", {"api_key_env": "NOT_SET_KEY"}, "the environment variable NOT_SET_KEY, named by api_key_env, is not set"),
    ],
)
def test_a_model_that_cannot_be_had_is_named_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, options: dict[str, Any], words: str
) -> None:
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", CANARY)
    monkeypatch.setenv("OPENAI_API_VERSION", "2024-10-21")
    with pytest.raises(SettingsError, match=re.escape(words)) as error:
        load_model(name, options=options)
    assert str(error.value).startswith(f"model {name!r}: ")
    assert "\n" not in str(error.value)
    assert CANARY not in str(error.value)
    assert error.value.__cause__ is None


def test_a_package_that_lacks_one_that_it_needs_is_told_from_one_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain_anthropic", None)
    with pytest.raises(SettingsError, match=r"pip install langchain-anthropic` \(import of langchain_anthropic halted"):
        load_model("anthropic:claude")


def test_a_name_with_dots_is_no_class_unless_it_ends_in_one() -> None:
    assert type(load_model("gpt-4.1-mini")).__name__ == "ChatOpenAI"
    assert type(load_model("openai:org.unit/Model.Name")).__name__ == "ChatOpenAI"


# options of models that are known by name


def test_the_offline_model_takes_options_too() -> None:
    assert load_model("offline", options={"faults": False}, seed=3) == OfflineModel(seed=3, faults=False)


@pytest.mark.parametrize("name", ["openai:x", "openai-completion:x", "azure_openai:x"])
def test_the_clients_own_retries_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", CANARY)
    options = {"azure_endpoint": "https://r.openai.azure.com", "api_version": "2024-10-21"} if "azure" in name else {}
    for model, retries in (
        (cast(Any, load_model(name, options=options, client_retries=False)), 0),
        (cast(Any, load_model(name, options=options)), 2),
    ):
        assert (model.root_async_client if "completion" not in name else model.async_client._client).max_retries == retries


def test_options_reach_the_real_client() -> None:
    model: Any = load_model("openai:x", options={"organization": "mine", "timeout": 7.5})
    assert (model.openai_organization, model.request_timeout) == ("mine", 7.5)


# keys


def test_the_key_is_that_of_the_variable_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_OWN_KEY", "another-canary-27182818")
    model: Any = load_model("openai:x", base_url="http://127.0.0.1:9/v1", options={"api_key_env": "MY_OWN_KEY"})
    assert model.openai_api_key.get_secret_value() == "another-canary-27182818"
    assert "another-canary" not in repr(model)


def test_a_key_that_a_constructor_repeats_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_OWN_KEY", "another-canary-27182818")
    with pytest.raises(SettingsError) as error:
        load_model(LOCAL, options={"api_key_env": "MY_OWN_KEY", "model_path": 5})
    assert "another-canary" not in str(error.value)
