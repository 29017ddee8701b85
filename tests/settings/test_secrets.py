"""What looks like a secret, and what only sounds like one."""

import pytest

from self_instruct.settings.secrets import HIDDEN, address_holds_secret, holds_secret, is_secret_name, without_secrets

CANARY = "sk-canary-3141592653"


@pytest.mark.parametrize(
    "name",
    [
        "api_key", "openai_api_key", "API-Key", "x-api-key", "aws_access_key_id", "aws_secret_access_key", "azure_ad_token",
        "huggingfacehub_api_token", "aws_session_token", "extra_headers.Authorization", "password", "credentials", "Cookie",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens", "max_completion_tokens", "eos_token_id", "pad_token", "prompt_cache_key", "logit_bias", "api_key_env",
        "credentials_profile_name", "end_token", "azure_deployment", "api_version",
    ],
)  # fmt: skip
def test_names_that_only_sound_like_secrets(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "text",
    [
        CANARY, "sk-proj-abcdefghijklmnop1234", "sk-ant-api03-abcdefghijklm", "gsk_abcdefghij7klmnopqrst",
        "hf_abcdefghijklmnopqrst",
        "ghp_abcdefghijklmnopqrstuvwxyz", "AKIAABCDEFGHIJKLMNOP", "AIzaSyA1234567890abcdefghijklmnopqrstu", "Bearer abcdefghij",
        "https://me:word@host/v1", "-----BEGIN RSA PRIVATE KEY-----",
    ],
)  # fmt: skip
def test_texts_that_look_like_secrets(text: str) -> None:
    assert holds_secret(f"it is {text}.")
    assert holds_secret(without_secrets(text)) is False


@pytest.mark.parametrize(
    "text",
    [
        "gpt-4.1-mini", "risk-assessment-of-a-large-dam", "sk-learn", "sk-learn-and-other-libraries",
        "https://host.example/v1", "/models/q4_k_m.gguf",
        "the bearer",
        "2024-10-21", "hf_hub", "meta-llama/Llama-3.1-8B-Instruct", "Bearer",
    ],
)  # fmt: skip
def test_texts_that_do_not(text: str) -> None:
    assert not holds_secret(text)


def test_a_key_in_the_query_of_an_address_is_one() -> None:
    assert address_holds_secret("https://host/v1?api-key=abc")
    assert address_holds_secret("https://host/v1?key=abc")
    assert not address_holds_secret("https://host/v1?api-version=2024-10-21")


def test_a_secret_that_begins_another_hides_neither_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_KEY", CANARY)
    monkeypatch.setenv("B_KEY", CANARY + "-longer")
    assert without_secrets(f"{CANARY}-longer and {CANARY}") == f"{HIDDEN} and {HIDDEN}"


def test_other_words_of_the_environment_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("EDITOR", "an-editor-of-mine")
    assert without_secrets("none of an-editor-of-mine") == "none of an-editor-of-mine"


def test_a_key_with_a_line_break_behind_it_is_hidden_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "a-canary-2718281828\n")
    assert without_secrets(r"Illegal header value b'a-canary-2718281828\n'") == rf"Illegal header value b'{HIDDEN}\n'"
