"""What is made of an error that a provider, its package or the network raised, and of one that is none of theirs."""

import asyncio
import errno
import json
import math
import socket
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.exceptions import ContextOverflowError, ModelConnectionError
from langchain_core.language_models import FakeListChatModel
from langchain_core.outputs import ChatResult
from support.questions import Answering, chat_model, completed, completion_model, question

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.provider_errors import retry_after_s, translate
from self_instruct.records.errors import (
    ModelDeniedError,
    ModelRefusedError,
    ModelUnavailableError,
    SelfInstructError,
    SettingsError,
)
from self_instruct.records.replies import Refusal

CANARY = "sk-canary-3141592653"
SENT = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions")


def status_error(status: int, words: str = "its own words", body: object = None) -> Exception:
    kind = {
        400: openai.BadRequestError,
        401: openai.AuthenticationError,
        403: openai.PermissionDeniedError,
        404: openai.NotFoundError,
        422: openai.UnprocessableEntityError,
        429: openai.RateLimitError,
    }.get(status, openai.APIStatusError)
    return kind(words, response=httpx.Response(status, request=SENT), body=body)


# errors


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        *((status_error(status), ModelDeniedError) for status in (301, 400, 401, 403, 404, 405, 406, 410, 418, 422, 451)),
        (status_error(400, "Unsupported parameter: 'temperature' is not supported with this model."), ModelDeniedError),
        (status_error(413), ModelRefusedError),
        (status_error(400, "This model's maximum context length is 4097 tokens."), ModelRefusedError),
        (status_error(400, "The response was filtered by Azure OpenAI's content management policy."), ModelRefusedError),
        (status_error(422, "input too long"), ModelRefusedError),
        (status_error(400, "input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000"), ModelRefusedError),
        (status_error(400, "max_tokens is too large: 20000. This model supports at most 16384 tokens."), ModelDeniedError),
        (status_error(400, "Invalid 'stop': array too long. Expected an array with maximum length 4."), ModelDeniedError),
        (ContextOverflowError("full"), ModelRefusedError),
        *((status_error(status), ModelUnavailableError) for status in (402, 408, 409, 425, 429, 500, 502, 503, 529)),
        (openai.APITimeoutError(SENT), ModelUnavailableError),
        (openai.APIConnectionError(request=SENT), ModelUnavailableError),
        (json.JSONDecodeError("Expecting value", "", 0), ModelUnavailableError),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), ModelUnavailableError),
        (TimeoutError(), ModelUnavailableError),
        (ConnectionResetError(104, "reset by peer"), ModelUnavailableError),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), ModelUnavailableError),
        (socket.gaierror(-3, "Temporary failure in name resolution"), ModelUnavailableError),
        (ssl.SSLError("handshake failure"), ModelUnavailableError),
        (ssl.SSLCertVerificationError("self-signed certificate"), ModelDeniedError),
        (httpx.ReadError("broken"), ModelUnavailableError),
        (httpx.RemoteProtocolError("peer closed connection"), ModelUnavailableError),
        (openai.APIError("The server had an error", SENT, body={"code": "server_error"}), ModelUnavailableError),
        (ModelConnectionError("any package's"), ModelUnavailableError),
        (UnicodeEncodeError("ascii", "ключ", 0, 4, "ordinal not in range(128)"), ModelDeniedError),
        (UnicodeEncodeError("utf-8", "a \ud83d", 2, 3, "surrogates not allowed"), ModelRefusedError),
    ],
)
def test_a_providers_error_becomes_one_of_ours(error: Exception, kind: type[SelfInstructError]) -> None:
    assert type(translate(error)) is kind


@pytest.mark.parametrize(
    "error",
    [
        KeyError("choices"),
        TypeError("'NoneType' object is not subscriptable"),
        ValueError("Expecting value: line 1 column 1 (char 0)"),
        AttributeError("'list' object has no attribute 'text'"),
        IndexError("list index out of range"),
        RuntimeError("this model is overloaded with arguments"),
        ZeroDivisionError("division by zero"),
        AssertionError(),
        RecursionError("maximum recursion depth exceeded"),
        MemoryError(),
        FileNotFoundError(errno.ENOENT, "No such file or directory", "model.gguf"),
        PermissionError(errno.EACCES, "Permission denied", "model.gguf"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
)
def test_what_no_provider_raised_is_none_of_its_errors(error: Exception) -> None:
    assert translate(error) is None


class OverloadedError(Exception):
    """An error of a package that nobody here has heard of."""


@pytest.mark.parametrize("error", [OverloadedError("busy"), ContextOverflowError.__base__("Rate limit reached")])  # type: ignore[misc]
def test_an_overload_is_known_by_its_name_or_its_words(error: Exception) -> None:
    assert unavailable(error).is_overload


def test_an_overload_that_a_stream_reports_after_it_began_is_one() -> None:
    error = openai.APIStatusError("busy", response=httpx.Response(200, request=SENT), body={"type": "overloaded_error"})
    assert unavailable(error).is_overload


def test_an_error_keeps_the_providers_words_in_one_line_of_bounded_length() -> None:
    words = str(translate(status_error(404, "no model\ncalled  so\n" + "x" * 10_000)))
    assert words.startswith("the provider denies the model: no model called so xxx")
    assert "\n" not in words
    assert len(words) < 400


def test_an_error_without_words_is_named_by_its_kind() -> None:
    assert str(translate(TimeoutError())) == "TimeoutError: TimeoutError"


def test_an_error_says_what_is_at_the_root_of_it() -> None:
    error = openai.APIConnectionError(request=SENT)
    error.__cause__ = httpx.ConnectError("connection failed")
    error.__cause__.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert str(translate(error)) == "APIConnectionError: Connection error. ([Errno 111] Connection refused)"


def unavailable(error: Exception, now: float = 0) -> ModelUnavailableError:
    translated = translate(error, clock=lambda: now)
    assert isinstance(translated, ModelUnavailableError)
    return translated


@pytest.mark.parametrize(
    ("error", "kind", "is_overload"),
    [
        (status_error(429), "429 Too Many Requests", True),
        (status_error(503), "503 Service Unavailable", True),
        (status_error(529), "529", True),
        (status_error(408), "408 Request Timeout", True),
        (status_error(409), "409 Conflict", False),
        (openai.APITimeoutError(SENT), "timeout", True),
        (openai.APIConnectionError(request=SENT), "APIConnectionError", False),
        (httpx.ConnectError("All connection attempts failed"), "no connection", False),
        (httpx.ConnectTimeout("in vain"), "no connection", True),
        (ConnectionRefusedError(111, "Connection refused"), "no connection", False),
        (json.JSONDecodeError("Expecting value", "", 0), "JSONDecodeError", False),
    ],
)
def test_what_time_may_cure_has_a_kind_and_may_be_an_overload(error: Exception, kind: str, is_overload: bool) -> None:
    translated = unavailable(error)
    assert (translated.kind, translated.is_overload) == (kind, is_overload)


class ForeignError(Exception):
    """An error of a package that keeps the status where Google's do."""

    code = 429


def test_a_status_is_found_wherever_a_providers_package_keeps_it() -> None:
    assert unavailable(ForeignError("quota")).kind == "429 Too Many Requests"
    error = Exception("no")
    error.response = httpx.Response(503)  # type: ignore[attr-defined]
    assert unavailable(error).kind == "503 Service Unavailable"


def botocore_error(status: int) -> Exception:
    error = Exception("ThrottlingException")
    error.response = {"ResponseMetadata": {"HTTPStatusCode": status}}  # type: ignore[attr-defined]
    return error


def test_a_status_is_found_in_an_answer_that_is_no_object_or_was_sent_with_success() -> None:
    assert unavailable(botocore_error(429)).kind == "429 Too Many Requests"
    assert unavailable(ValueError({"message": "slow down", "code": 429})).kind == "429 Too Many Requests"


@pytest.mark.parametrize(
    "error",
    [
        status_error(402, "Insufficient Balance"),
        status_error(429, "You exceeded your current quota", {"code": "insufficient_quota"}),
        status_error(429, "You exceeded your current quota", {"type": "insufficient_quota"}),
        status_error(429, "You exceeded your current quota", {"error": {"code": "insufficient_quota"}}),
        status_error(429, "You exceeded your current quota (insufficient_quota)"),
        openai.APIError("You exceeded your current quota", SENT, body={"code": "insufficient_quota"}),
        ValueError({"message": "no credits", "code": 402}),
    ],
)
def test_what_only_paying_cures_is_waited_for_by_nobody_and_said_in_the_providers_words(error: Exception) -> None:
    translated = unavailable(error)
    assert (translated.retry_after_s, translated.kind) == (math.inf, "no credit")
    assert any(words in str(translated) for words in ("Insufficient Balance", "exceeded your current quota", "no credits"))


def test_the_real_client_says_what_only_paying_cures() -> None:
    error = {"message": "You exceeded your current quota.", "type": "insufficient_quota", "code": "insufficient_quota"}
    with pytest.raises(openai.RateLimitError) as raised:
        asyncio.run(ainvoked(chat_model(Answering({"error": error}, 429))))
    assert unavailable(raised.value).retry_after_s == math.inf


async def ainvoked(model: Any) -> None:
    await model.ainvoke("One")


JANUARY_2026 = 1767225600.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "20"}, 20),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "-3"}, 0),
        ({"Retry-After": "1e999"}, math.inf),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"retry-after-ms": "1500", "Retry-After": "2"}, 1.5),
        ({"Retry-After": "Thu, 01 Jan 2026 00:01:30 GMT"}, 90),
        ({"Retry-After": "Wed, 31 Dec 2025 23:00:00 GMT"}, 0),
        ({"Retry-After": "Thu, 99 Jan 2026 00:01:30 GMT"}, None),
    ],
)
def test_a_provider_may_say_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    error = openai.RateLimitError("slow down", response=httpx.Response(429, request=SENT, headers=headers), body=None)
    assert unavailable(error, now=JANUARY_2026).retry_after_s == seconds


@given(st.text(st.characters(max_codepoint=255), max_size=40))
def test_any_retry_after_is_a_time_to_wait_or_says_nothing(text: str) -> None:
    seconds = retry_after_s({"retry-after": text})
    assert seconds is None or seconds >= 0


def test_a_parameter_that_the_client_does_not_know_is_a_wrong_setting_and_no_bad_weather() -> None:
    error = TypeError("AsyncCompletions.create() got an unexpected keyword argument 'top_q'")
    translated = translate(error)
    assert type(translated) is SettingsError
    assert "'top_q'" in str(translated)
    assert "set that parameter to null" in str(translated)


# secrets


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "HF_TOKEN", "AWS_SECRET", "my_password", "GOOGLE_CREDENTIALS"])
def test_a_secret_of_the_environment_that_a_provider_repeats_is_hidden(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, CANARY)
    words = str(translate(status_error(401, f"Incorrect API key provided: {CANARY}. Find yours")))
    assert words == "the provider denies the model: Incorrect API key provided: (hidden). Find yours"


def test_a_secret_is_hidden_before_words_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    words = str(translate(status_error(401, "x" * 290 + CANARY)))
    assert CANARY[:5] not in words


# responses that are not what they should be


def said(**choice: Any) -> dict[str, Any]:
    return completed(choices=[{"index": 0, "finish_reason": "stop", **choice}])


UNREADABLE: dict[str, object] = {
    "no choices": {"id": "x"}, "null choices": completed(choices=None), "empty choices": completed(choices=[]),
    "a null choice": completed(choices=[None]), "choices in words": completed(choices="x"), "a list": [1, 2], "a number": 5,
    "null": None, "words": "hi", "an error with success": {"error": {"message": "slow down", "code": 429}},
    "an error in words": {"error": "boom"}, "half": b'{"id": "x", "cho', "nothing": b"", "a web page": b"<html>",
    "no UTF-8": b'{"id": "\xff"}', "a deep one": b"[" * 100_000 + b"]" * 100_000,
}  # fmt: skip
UNREADABLE_CHATS: dict[str, object] = {
    "no message": said(), "a number for a text": said(message={"role": "assistant", "content": 5}),
    "usage in words": completed(usage="many"), "tool calls of numbers": said(message={"content": "", "tool_calls": [5]}),
}  # fmt: skip
CLIENTS: dict[str, Callable[[Answering], Any]] = {"chat": chat_model, "completion": completion_model}


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    ("client", "answer"),
    [*((client, answer) for client in CLIENTS for answer in UNREADABLE), *(("chat", answer) for answer in UNREADABLE_CHATS)],
)
async def test_a_response_that_cannot_be_read_is_what_time_may_cure(client: str, answer: str) -> None:
    model = CLIENTS[client](Answering({**UNREADABLE, **UNREADABLE_CHATS}[answer]))
    with pytest.raises(ModelUnavailableError):
        await ModelAsker({"classification": model})(question())


async def test_a_web_page_in_place_of_a_reply_is_named() -> None:
    page = Answering(b"<html>", headers={"content-type": "text/html"})
    for model in (chat_model(page), completion_model(page)):
        with pytest.raises(ModelUnavailableError, match=r"is the server's address right\?|Unexpected response type"):
            await ModelAsker({"classification": model})(question())


async def test_a_prompt_that_cannot_be_sent_is_refused_alone() -> None:
    refusal = await ModelAsker({"classification": chat_model(Answering(completed()))})(question(text="half a pair: \ud83d"))
    assert isinstance(refusal, Refusal)
    assert refusal.words.startswith("the prompt cannot be sent")


class Wrong(FakeListChatModel):
    """A model class with a fault of its own, where it reads a response."""

    responses: list[str] = ["x"]  # noqa: RUF012

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        return self.parse_response({})

    def parse_response(self, response: dict[str, Any]) -> ChatResult:
        return ChatResult(generations=response["choices"])


async def test_a_fault_of_a_users_model_class_is_no_response_that_cannot_be_read() -> None:
    with pytest.raises(KeyError, match="choices"):
        await ModelAsker({"classification": Wrong()})(question())
