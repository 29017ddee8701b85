"""Settings that hold a key or a password are refused, and never shown."""

from typing import Any

import pytest
from support.said import STARTED, dotted, said

from self_instruct.records.errors import SettingsError
from self_instruct.settings.config_file import from_assignments
from self_instruct.settings.layers import Layer
from self_instruct.settings.settling import settle, settle_again

PASSWORD = "canary-2718281828"


@pytest.mark.parametrize(
    "address", [f"https://me:{PASSWORD}@host/v1", f"http://{PASSWORD}@127.0.0.1:8000", f"http://:{PASSWORD}@h"]
)
def test_an_address_with_a_password_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(SettingsError, match="--base-url: base_url must hold no user name or password") as error:
        settle(Layer({"base_url": address}, {"base_url": "--base-url"}))
    assert PASSWORD not in str(error.value)
    with pytest.raises(SettingsError) as error:
        settle_again(Layer({"base_url": address}, {"base_url": "--base-url"}), settle(Layer()))
    assert PASSWORD not in str(error.value)


@pytest.mark.parametrize("address", ["localhost:8000", "127.0.0.1", "ftp://host/v1", "http://", "http://[::1", "", "http:host"])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(SettingsError, match="base_url"):
        settle(said(base_url=address))


def test_an_address_without_secrets_is_taken() -> None:
    for address in ("http://127.0.0.1:8000/v1", "https://host.example/v1?api-version=2", "http://[::1]:8000"):
        assert settle(said(base_url=address)).settings.base_url == address


@pytest.mark.parametrize(
    "key",
    [
        "instructions.parameters.api_key",
        "classification.parameters.openai_api_key",
        "instances.classification_parameters.extra_headers.Authorization",
        "instances.parameters.extra_headers.x-api-key",
        "instructions.parameters.password",
        "instructions.parameters.access_token",
        "instances.parameters.extra_headers.X-Auth",
        "model_options.default_headers.x-functions-key",
    ],
)
def test_a_secret_among_the_parameters_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(SettingsError, match="put a secret into the environment") as error:
        settle(dotted({key: PASSWORD}))
    assert PASSWORD not in str(error.value)
    assert key in str(error.value)


def test_parameters_that_only_sound_like_secrets_are_taken() -> None:
    keys = ("max_tokens", "max_completion_tokens", "eos_token_id", "prompt_cache_key", "logit_bias")
    parameters = settle(dotted({f"instructions.parameters.{key}": 1 for key in keys})).settings.instructions.parameters
    assert set(keys) <= set(parameters)


@pytest.mark.parametrize("place", ["", "instructions.", "instances."])
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model_options.api_key", "x"),
        ("model_options.azure_ad_token", "x"),
        ("model_options.default_headers", {"x-api-key": "x"}),
        ("model_options.default_headers", [{"Authorization": "x"}]),
        ("model_options.organization", "sk-canary-3141592653"),
        ("model_options.model_kwargs.list", ["a", {"b": "sk-canary-3141592653"}]),
        ("model", "openai:sk-canary-3141592653"),
    ],
)
def test_what_looks_like_a_secret_in_any_setting_is_refused_without_showing_it(place: str, key: str, value: Any) -> None:
    given = dotted({"instructions.model": "a:b", "instances.model": "a:b", f"{place}{key}": value})
    for attempt in (lambda: settle(given), lambda: settle_again(given, STARTED)):
        with pytest.raises(SettingsError, match="would be stored with the run; put a secret into the environment") as error:
            attempt()
        assert "canary" not in str(error.value)
        assert str(error.value).startswith(f"config.yaml:1: {place}{key}")


def test_a_value_of_the_environment_that_is_a_secret_is_refused_wherever_it_is_put(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", PASSWORD)
    for key in ("model_options.user", "instructions.parameters.user", "seeds", "instances.model_options.model_kwargs.a.b"):
        with pytest.raises(SettingsError, match="put a secret into the environment") as error:
            settle(dotted({"instances.model": "a:b", key: PASSWORD}))
        assert PASSWORD not in str(error.value)


def test_a_wrong_value_that_is_a_secret_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_TOKEN", PASSWORD)
    for assignment in (f"profile={PASSWORD}", f"{PASSWORD}=1", PASSWORD, f"seed={PASSWORD}", f"seed=[{PASSWORD}"):
        with pytest.raises(SettingsError) as error:
            settle(from_assignments([assignment]))
        assert PASSWORD not in str(error.value)


@pytest.mark.parametrize(
    "address", ["https://host/v1?api-key=canary-271", "https://host/v1?key=canary-271", "https://host/v1?code=canary-271"]
)
def test_an_address_with_a_key_in_its_query_is_refused_without_showing_it(address: str) -> None:
    with pytest.raises(SettingsError, match="base_url must hold no key") as error:
        settle(said(base_url=address))
    assert "canary" not in str(error.value)


@pytest.mark.parametrize("variable", ["sk-x", "HOME", 5, ["A_KEY"], "NOT A KEY"])
def test_a_variable_whose_value_would_not_be_hidden_is_refused(variable: object) -> None:
    with pytest.raises(SettingsError, match="environment variable that ends in KEY or TOKEN"):
        settle(dotted({"model_options": {"api_key_env": variable}}))
    assert settle(dotted({"model_options.api_key_env": "MY_KEY"})).settings.model_options == {"api_key_env": "MY_KEY"}
