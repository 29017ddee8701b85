"""What becomes of a model's answer, or of the error it raised instead."""

import asyncio
import math
from typing import Any

import httpx
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import AIMessage
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.runnables import Runnable, RunnableLambda

from self_instruct.chains.models.asking import ask
from self_instruct.chains.models.provider_errors import retry_after_s, translate
from self_instruct.chains.models.replies import REFUSED, message_to_reply
from self_instruct.records.errors import (
    LedgerError,
    ModelDeniedError,
    ModelRefusedError,
    ModelUnavailableError,
    SelfInstructError,
    SettingsError,
)
from self_instruct.records.replies import Reply, Usage

CANARY = "sk-canary-3141592653"
SENT = httpx.Request("POST", "http://127.0.0.1/v1/chat/completions")


def status_error(status: int, words: str = "its own words") -> Exception:
    kind = {
        400: openai.BadRequestError,
        401: openai.AuthenticationError,
        403: openai.PermissionDeniedError,
        404: openai.NotFoundError,
        422: openai.UnprocessableEntityError,
        429: openai.RateLimitError,
    }.get(status, openai.APIStatusError)
    return kind(words, response=httpx.Response(status, request=SENT), body=None)


def raising(error: BaseException) -> Runnable[Any, AIMessage]:
    def fail(given: object) -> AIMessage:
        raise error

    return RunnableLambda(fail)


# messages


def test_a_message_becomes_a_reply_with_its_finish_reason_and_usage() -> None:
    message = AIMessage(
        "text",
        response_metadata={"finish_reason": "length"},
        usage_metadata={"input_tokens": 3, "output_tokens": 5, "total_tokens": 8},
    )
    assert message_to_reply(message) == Reply("text", "length", Usage(3, 5))


def test_what_a_message_does_not_tell_is_none() -> None:
    assert message_to_reply(AIMessage("text")) == Reply("text", None, Usage(None, None))


def test_cached_and_reasoning_tokens_are_kept_where_the_provider_counts_them() -> None:
    counted = UsageMetadata(
        input_tokens=30,
        output_tokens=9,
        total_tokens=39,
        input_token_details=InputTokenDetails(cache_read=20),
        output_token_details=OutputTokenDetails(reasoning=7),
    )
    assert message_to_reply(AIMessage("text", usage_metadata=counted)).usage == Usage(30, 9, 20, 7)


def test_a_provider_that_counts_no_token_of_the_prompt_has_counted_nothing() -> None:
    nothing = UsageMetadata(input_tokens=0, output_tokens=0, total_tokens=0)
    assert message_to_reply(AIMessage("text", usage_metadata=nothing)).usage == Usage()
    assert message_to_reply("text") == Reply("text")


def test_a_message_in_parts_becomes_the_text_of_its_parts() -> None:
    message = AIMessage(
        [{"type": "reasoning", "reasoning": "hm"}, {"type": "text", "text": "one, "}, {"type": "text", "text": "two"}]
    )
    assert message_to_reply(message).text == "one, two"


@given(st.text(st.characters(), max_size=50))
def test_every_text_can_be_stored_and_only_lone_surrogates_change(text: str) -> None:
    for reply in (message_to_reply(text), message_to_reply(AIMessage(text))):
        assert reply.text.encode("utf-8") == text.encode("utf-8", "replace")


def test_half_of_a_surrogate_pair_becomes_a_question_mark() -> None:
    assert message_to_reply("a\ud83db").text == "a?b"


# errors


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        *((status_error(status), ModelDeniedError) for status in (400, 401, 403, 404, 422)),
        (status_error(400, "Unsupported parameter: 'temperature' is not supported with this model."), ModelDeniedError),
        (status_error(413), ModelRefusedError),
        (status_error(400, "This model's maximum context length is 4097 tokens."), ModelRefusedError),
        (status_error(400, "The response was filtered by Azure OpenAI's content management policy."), ModelRefusedError),
        (status_error(422, "input too long"), ModelRefusedError),
        (ContextOverflowError("full"), ModelRefusedError),
        *((status_error(status), ModelUnavailableError) for status in (408, 409, 429, 500, 502, 503, 529)),
        (openai.APITimeoutError(SENT), ModelUnavailableError),
        (openai.APIConnectionError(request=SENT), ModelUnavailableError),
        (ValueError("Expecting value: line 1 column 1 (char 0)"), ModelUnavailableError),
        (TimeoutError(), ModelUnavailableError),
        (TypeError("Received response with null value for 'choices'."), ModelUnavailableError),
    ],
)
def test_a_providers_error_becomes_one_of_ours(error: Exception, kind: type[SelfInstructError]) -> None:
    assert type(translate(error)) is kind


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


def test_a_web_page_in_place_of_a_reply_is_named() -> None:
    error = AttributeError("'str' object has no attribute 'model_dump'")
    assert str(translate(error)) == "AttributeError: the answer is not JSON; is the server's address right?"


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
        (ValueError("Expecting value"), "ValueError", False),
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


def test_a_quota_that_only_paying_cures_is_not_waited_for() -> None:
    assert unavailable(status_error(429, "insufficient_quota: check your plan")).retry_after_s == math.inf


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


async def test_a_stream_that_ends_before_the_reply_does_is_what_time_may_cure() -> None:
    cut = AIMessage("half a", response_metadata={"model_provider": "openai"})
    with pytest.raises(ModelUnavailableError, match="stream ended"):
        await ask(RunnableLambda(lambda given: cut), {})
    for whole in ({"finish_reason": None}, {"status": "completed"}):
        message = AIMessage("all of it", response_metadata={"model_provider": "openai", **whole})
        assert (await ask(RunnableLambda(lambda given, message=message: message), {})).text == "all of it"


def test_a_parameter_that_the_client_does_not_know_is_a_wrong_setting_and_no_bad_weather() -> None:
    error = TypeError("AsyncCompletions.create() got an unexpected keyword argument 'top_q'")
    translated = translate(error)
    assert type(translated) is SettingsError
    assert "'top_q'" in str(translated)
    assert "set that parameter to null" in str(translated)


async def test_a_refusal_of_one_request_is_a_reply_that_says_so() -> None:
    assert await ask(raising(status_error(400, "too long")), {}) == Reply("too long", REFUSED)


async def test_a_refusal_in_words_that_cannot_be_stored_is_made_storable() -> None:
    assert await ask(raising(status_error(400, "too long \ud83d")), {}) == Reply("too long ?", REFUSED)


async def test_other_errors_are_raised_as_ours_with_their_cause() -> None:
    error = status_error(429)
    with pytest.raises(ModelUnavailableError, match="RateLimitError: its own words") as raised:
        await ask(raising(error), {})
    assert raised.value.__cause__ is error


async def test_our_own_errors_pass_through_as_they_are() -> None:
    error = LedgerError("full")
    with pytest.raises(LedgerError) as raised:
        await ask(raising(error), {})
    assert raised.value is error


async def test_a_request_that_is_called_off_is_no_answer() -> None:
    with pytest.raises(asyncio.CancelledError):
        await ask(raising(asyncio.CancelledError()), {})


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
