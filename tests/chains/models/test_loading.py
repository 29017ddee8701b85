"""Models by name, options, keys by variable, and what is said of those that cannot be had."""

import asyncio
import re
import socket
import sys
import warnings
from collections.abc import Callable
from typing import Any, cast

import pytest
from langchain_core.messages import AIMessage
from support import own_models
from support.openai_server import serving
from support.questions import question

from self_instruct.chains.models import loading
from self_instruct.chains.models.answering import answering
from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.loading import load_model
from self_instruct.chains.offline import OfflineModel
from self_instruct.records.errors import ModelUnavailableError, SettingsError
from self_instruct.settings.settings import Settings

CANARY = "sk-canary-3141592653"
LOCAL = "support.own_models.Local"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)


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
def test_a_model_that_cannot_be_had_is_named_with_what_to_do(
    without_package: Callable[[str], None], name: str, words: str
) -> None:
    for package in ("langchain_anthropic", "langchain_aws", "langchain_ollama"):
        without_package(package)
    with pytest.raises(SettingsError, match=re.escape(words)) as error:
        load_model(name)
    assert str(error.value).startswith(f"model {name!r}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["openai:any", "openai-completion:any"])
def test_a_model_answers_in_its_own_event_loop_whatever_ran_before_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)

    async def ask_once(base_url: str) -> AIMessage | str:
        model: Any = load_model(name, base_url=base_url)
        async with model.http_async_client:
            return await answering(model).ainvoke("Is it classification?")

    with serving(OfflineModel()) as server:
        for _ in range(3):
            assert isinstance(asyncio.run(ask_once(server.base_url)), AIMessage)


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
        ("nowhere_at_all.models.Chat", {}, "or its folder in PYTHONPATH"),
        ("support.own_models.Missing", {}, "support.own_models has no Missing"),
        ("support.own_models.NoModel", {}, "is not a LangChain chat or completion model"),
        ("support.own_models.A_NUMBER", {}, "is not a LangChain chat or completion model"),
        ("support.own_models.Broken", {}, "no GPU is here"),
        (LOCAL, {}, "option 'model_path': field required"),
        (LOCAL, {"model_path": "a", "n_ctxx": 5}, "takes no option 'n_ctxx'; did you mean 'n_ctx'?"),
        (LOCAL, {"model_path": "a", "zzz": 5}, "takes no option 'zzz'."),
        (LOCAL, {"n_ctxx": 5, "zzz": 5}, "takes no option 'n_ctxx'; did you mean 'n_ctx'?; takes no option 'zzz'."),
        (LOCAL, {"context_size": "X"}, "option 'model_path': field required; option 'context_size': input should be"),
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


def test_a_package_that_lacks_one_that_it_needs_is_told_from_one_that_is_not_there(
    without_package: Callable[[str], None],
) -> None:
    without_package("langchain_anthropic")
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


@pytest.mark.parametrize("name", ["openai:x", "openai-completion:x"])
async def test_a_server_that_takes_a_connection_and_says_nothing_is_given_up_soon(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(loading, "CONNECT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        model: Any = load_model(name, base_url=f"https://127.0.0.1:{silent.getsockname()[1]}/v1", client_retries=False)
        async with asyncio.timeout(10), model.http_async_client:
            with pytest.raises(ModelUnavailableError) as raised:
                await ModelAsker({"classification": model})(question())
    assert (raised.value.kind, raised.value.is_overload) == ("no connection", True)


def test_a_connection_has_a_limit_and_an_answer_none_but_what_the_options_say() -> None:
    for name in ("openai:x", "openai-completion:x"):
        model: Any = load_model(name)
        assert model.request_timeout.as_dict() == {"connect": loading.CONNECT_S, "read": None, "write": None, "pool": None}
        assert cast(Any, load_model(name, options={"request_timeout": 3})).request_timeout == 3


def test_options_that_are_frozen_are_given_as_plain_ones_that_a_constructor_may_change() -> None:
    settings = Settings(model_options={"default_headers": {"a": "b"}, "stop": ["#"]})
    model: Any = load_model("openai:x", options=settings.model_options)
    assert [type(each) for each in (model.default_headers, model.stop)] == [dict, list]


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
