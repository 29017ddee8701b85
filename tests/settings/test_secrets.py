"""What looks like a secret, and what only sounds like one."""

import re
import time
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote

import pytest

from self_instruct.settings.secrets import HIDDEN, address_holds_secret, holds_secret, is_secret_name, without_secrets

CANARY = "sk-canary-3141592653"


@pytest.mark.parametrize(
    "name",
    [
        "api_key", "openai_api_key", "API-Key", "x-api-key", "aws_access_key_id", "aws_secret_access_key", "azure_ad_token",
        "huggingfacehub_api_token", "aws_session_token", "extra_headers.Authorization", "password", "credentials", "Cookie",
        "X-Auth", "default_headers.x_auth", "X-Auth-Token", "X-Auth-Email", "auth", "extra_headers.auth-code",
        "x-functions-key", "default_headers.x-my-own-key", "extra_headers.X-Signature", "Proxy-Authorization",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens", "max_completion_tokens", "eos_token_id", "pad_token", "prompt_cache_key", "logit_bias", "api_key_env",
        "credentials_profile_name", "end_token", "azure_deployment", "api_version", "author", "authors", "auth_type",
        "auth_url", "default_headers.X-Title", "default_headers.HTTP-Referer", "key", "code", "extra_query.code_interpreter",
        "sort_keys",
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
        "https://me:word@host/v1", "-----BEGIN RSA PRIVATE KEY-----", "X-Auth: hunter2hunter2", "x-auth-token=hunter2",
        "{'X-Auth': 'hunter2hunter2'}", '{"api-key": "hunter2"}', "OPENAI_API_KEY=hunter2hunter2",
        "Authorization: Basic aHVudGVy",
        "headers={'x-functions-key': 'hunter2'}", "https://host/api/chat?code=hunter2", "https://host/v1?a=b&key=hunter2",
        "GET /v1?sig=hunter2&x=1 failed", "password: hunter2",
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
        "Error code: 404 - {'error': {'code': 'model_not_found'}}", "code: invalid_request", "Authorization is required",
        "no API key was provided; see the docs", "https://host/v1?api-version=2024-10-21", "max_tokens: 1024", "token: <eos>",
    ],
)  # fmt: skip
def test_texts_that_do_not(text: str) -> None:
    assert not holds_secret(text)


def test_a_key_in_the_query_of_an_address_is_one() -> None:
    assert address_holds_secret("https://host/v1?api-key=abc")
    assert address_holds_secret("https://host/v1?key=abc")
    assert not address_holds_secret("https://host/v1?api-version=2024-10-21")


@pytest.mark.parametrize("name", ["code", "sig", "auth", "signature", "x-auth"])
def test_a_value_that_opens_a_door_in_the_query_of_an_address_is_a_key(name: str) -> None:
    assert address_holds_secret(f"https://host/v1?{name}=abc")


@pytest.mark.parametrize("before", ["", "u:", "me:", "api:", "a longer name:"])
@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_a_key_in_base64_is_hidden_wherever_in_the_encoded_text_it_stands(
    monkeypatch: pytest.MonkeyPatch, before: str, encode: Callable[[bytes], bytes]
) -> None:
    secret = "canary-\xff?>~-2718281828"
    monkeypatch.setenv("A_KEY", secret)
    encoded = encode(f"{before}{secret} and more".encode()).decode()
    assert decoded_parts(without_secrets(f"Illegal header: Basic {encoded}!")) == []
    assert "2718" not in without_secrets(f"401 for ?x={quote(secret)}")


def decoded_parts(words: str) -> list[str]:
    """Return what of the secret somebody could still read out of a text by decoding base64 that begins anywhere in it."""
    found = []
    for begin in range(len(words)):
        letters = re.match(r"[\w+/-]*", words[begin:])
        assert letters
        run = letters[0].translate(str.maketrans("-_", "+/"))
        plain = b64decode(run[: len(run) // 4 * 4])
        found += [each for each in ("canary", "2718") if each.encode() in plain]
    return found


@pytest.mark.parametrize("text", ["x-" * 50_000, "a" * 100_000, "?a-" * 30_000, "api-key" * 10_000, "Bearer " * 10_000])
def test_a_long_text_is_looked_through_in_no_time(text: str) -> None:
    begun = time.process_time()
    without_secrets(text)
    assert time.process_time() - begun < 2  # a quadratic look takes minutes


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
