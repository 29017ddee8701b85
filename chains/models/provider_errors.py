"""Say in our words what a provider's error means: deny the model, refuse this one request, or cured by time.

What is known to be curable is asked again. An error that is no provider's (a `KeyError` in a model class, say) is none of ours
to translate: it is raised as it is.
"""

from __future__ import annotations

import errno
import math
import re
import socket
import ssl
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from json import JSONDecodeError
from traceback import walk_tb
from typing import Any

from langchain_core.exceptions import ContextOverflowError

from self_instruct.records.errors import (
    ModelDeniedError,
    ModelRefusedError,
    ModelUnavailableError,
    SelfInstructError,
    SettingsError,
)
from self_instruct.settings.secrets import holds_secret, without_secrets

INVALID_STATUS = frozenset({400, 422})
TOO_LARGE_STATUS = 413
UNPAID_STATUS = 402
OVERLOAD_STATUS = frozenset({408, 429, *range(500, 600)})
CURABLE_STATUS = OVERLOAD_STATUS | {409, 425}
MAX_WORDS_SHOWN = 300  # characters of a provider's own words
MAX_WORDS_READ = 4000  # in which secrets are looked for; an error may repeat the whole of a large answer
_UNPAID_CODES = frozenset(
    {"insufficient_quota", "insufficient_balance", "insufficient_credits", "billing_hard_limit_reached", "billing_not_active"}
)
_UNPAID = re.compile(r"credit balance is too low", re.IGNORECASE)  # Anthropic's words, with a status that says nothing of it
_REFUSED_CODES = frozenset({"content_filter", "content_policy_violation", "context_length_exceeded", "string_above_max_length"})
_CONTEXT = re.compile(r"context.?(length|window|size|limit)|maximum context", re.IGNORECASE)
_ABOUT_WHAT_IT_SAYS = re.compile(
    r"too (long|large|many tokens)|content.?(filter|policy|management)|(safety|moderation|usage polic)", re.IGNORECASE
)
_ABOUT_A_PARAMETER = re.compile(r"\b(max\w*_tokens|stop(_sequences)?|logit_bias|metadata)\b['\"`]?(:| is\b| must\b)")
_OVERLOADED = re.compile(
    r"overload|too many requests|rate.?limit|throttl|at capacity|(service|temporarily) unavailable", re.IGNORECASE
)
_NETWORK_ERRORS = (
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    socket.herror,
    ssl.SSLError,
    JSONDecodeError,
    UnicodeDecodeError,
)
_NETWORK_NUMBERS = frozenset(
    {errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.ENOBUFS, errno.EMFILE}
)
_NETWORK_CLASSES = frozenset(  # by package and name, since none of these packages need be there
    {
        "openai.APIError", "anthropic.APIError", "httpx.TransportError", "httpx.DecodingError", "httpx2.TransportError",
        "httpx2.DecodingError", "httpcore.NetworkError",
        "httpcore.TimeoutException", "httpcore.ProtocolError", "aiohttp.ClientError", "requests.RequestException",
        "urllib3.HTTPError", "botocore.HTTPClientError", "grpc.RpcError", "ollama.ResponseError",
    }
)  # fmt: skip
NO_CONNECTION = "no connection"  # the kind of a failure to reach the server at all
_UNCONNECTED = frozenset({"ConnectError", "ConnectTimeout", "ConnectionRefusedError", "gaierror", "ClientConnectorError"})
_CLIENT = re.compile(r"(openai|anthropic|ollama|mistralai|groq|cohere|google|langchain_(?!core|classic)\w+)(\.|$)")
_READING = re.compile(
    r"pars|process|result|usage|stream|decode|convert|chunk|construct|\._a?generate$"
)  # as their functions are named
_LIBRARY = re.compile(
    rf"({'|'.join(sorted(sys.stdlib_module_names))}|pydantic|pydantic_core|langchain_core|httpx|httpcore|anyio)(\.|$)"
)


def translate(error: Exception, clock: Callable[[], float] = time.time) -> SelfInstructError | None:
    """Return a provider's error as one of ours, with the provider's own words in one line; None for what is no provider's.

    By HTTP status where there is one: 408, 409, 425, 429 and 5xx are what time may cure; 413, and a 400, 403 or 422 that is
    about length or content, refuse this request; all others deny the model, since they are about the key, the address or what
    all requests share. So does a header that HTTP does not allow. An account that is out of credit is waited for by nobody.
    Without a status, time may cure what the network does, and a response that is not what it should be. `clock` gives seconds
    since 1970, for a date to wait until.
    """
    words = without_secrets(_words(error)[:MAX_WORDS_READ])[:MAX_WORDS_SHOWN]
    if isinstance(error, TypeError) and "unexpected keyword argument" in words:
        return SettingsError(f"the model does not take a parameter of its stage: {words}; set that parameter to null.")
    if any(isinstance(each, UnicodeEncodeError) and each.encoding == "utf-8" for each in _chain(error)):
        return ModelRefusedError(f"the prompt cannot be sent: {words}")  # it holds half a surrogate pair
    if _cannot_be_sent(error):
        return ModelDeniedError(f"no request can be sent ({words}); is there a line break or an odd character in the key?")
    if any(isinstance(each, ssl.SSLCertVerificationError) for each in _chain(error)):
        return ModelDeniedError(f"the server's certificate is not trusted: {words}")
    status, codes = _status(error), set(_codes(error))
    if status == UNPAID_STATUS or codes & _UNPAID_CODES or _is_unpaid(words):
        return ModelUnavailableError(words, kind="no credit", retry_after_s=math.inf)
    if _refuses_this(error, status, codes, words):
        return ModelRefusedError(words)
    if status in INVALID_STATUS:
        return ModelDeniedError(f"the provider takes no such requests: {words}")
    is_overload = status in OVERLOAD_STATUS or bool(_OVERLOADED.search(" ".join((type(error).__name__, *codes, words))))
    if status in CURABLE_STATUS or (not status and _is_curable(error, is_overload)):
        return _unavailable(error, status, words, is_overload, retry_after_s(_headers(error), clock))
    return ModelDeniedError(f"the provider denies the model: {words}") if status else None


@contextmanager
def explained() -> Iterator[None]:
    """Raise what a provider's client raises as one of our errors, and what is no provider's doing as it is.

    The provider's own error is the cause, unless a traceback would then show a key.
    """
    try:
        yield
    except SelfInstructError:
        raise
    except Exception as error:
        translated = translate(error)
        if translated is None:
            raise
        raise translated from (None if tells_secret(error) else error)


def _is_unpaid(words: str) -> bool:
    return any(code in words for code in _UNPAID_CODES) or bool(_UNPAID.search(words))


def _refuses_this(error: Exception, status: int | None, codes: set[str], words: str) -> bool:
    """Return whether an error is about this one request: its content, its length."""
    if status == TOO_LARGE_STATUS or isinstance(error, ContextOverflowError):
        return True
    if status == HTTPStatus.FORBIDDEN:  # a router's, for what a moderator flagged
        return "flagged" in words
    if status not in INVALID_STATUS:
        return False
    if codes & _REFUSED_CODES or _CONTEXT.search(words):
        return True
    return bool(_ABOUT_WHAT_IT_SAYS.search(words)) and not _ABOUT_A_PARAMETER.search(words)  # which all requests have


def _unavailable(
    error: Exception, status: int | None, words: str, is_overload: bool, wait_s: float | None
) -> ModelUnavailableError:
    names = [type(each).__name__ for each in _chain(error)]
    is_timeout = any("timeout" in name.casefold() for name in names)
    kind = NO_CONNECTION if _UNCONNECTED & set(names) else "timeout" if is_timeout else names[0]
    return ModelUnavailableError(
        f"{names[0]}: {words}",
        kind=_status_phrase(status) if status else kind,
        is_overload=is_timeout or is_overload,
        retry_after_s=wait_s,
    )


def _is_curable(error: Exception, is_overload: bool) -> bool:
    """Return whether an error without a status is the network's, an overload, or about a response that cannot be read."""
    if getattr(error, "is_retryable", False) is True or isinstance(error, _NETWORK_ERRORS):
        return True
    if isinstance(error, OSError) and error.errno in _NETWORK_NUMBERS:
        return True
    if any(f"{kind.__module__.partition('.')[0]}.{kind.__name__}" in _NETWORK_CLASSES for kind in type(error).__mro__):
        return True
    return (is_overload and type(error).__module__ != "builtins") or _is_about_the_response(error)


def _is_about_the_response(error: Exception) -> bool:
    """Return whether an error arose where a provider's package reads a response, which then is not what it should be."""
    if getattr(_response(error), "status_code", HTTPStatus.BAD_REQUEST) < HTTPStatus.BAD_REQUEST:
        return True
    places = [(frame.f_globals.get("__name__", ""), frame.f_code.co_qualname) for frame, _ in walk_tb(error.__traceback__)]
    if isinstance(error, IndexError) and places and places[-1][0].startswith("langchain_core.language_models"):
        return True  # it looks for the first of no choices
    module, function = next((place for place in reversed(places) if not _LIBRARY.match(place[0])), ("", ""))
    return bool(_CLIENT.match(module) and _READING.search(function))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, and those that led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        yield error
        seen.add(id(error))
        error = error.__cause__ or error.__context__


def _cannot_be_sent(error: BaseException) -> bool:
    """Return whether a header, of which the key is one, is none that HTTP allows."""
    return any(isinstance(each, UnicodeEncodeError) or type(each).__name__ == "LocalProtocolError" for each in _chain(error))


def _words(error: Exception) -> str:
    """Return what an error says, and what the error at the root of it says, in one line."""
    if isinstance(error, AttributeError) and str(error).endswith("object has no attribute 'model_dump'"):
        return "the answer is no reply; is the server's address right?"  # but a web page, say
    root: BaseException = error
    while root.__cause__:
        root = root.__cause__
    said = [" ".join(str(each).split()) for each in (error, root)]
    words = said[0] if said[1] in said[0] else f"{said[0]} ({said[1]})"
    return words or type(error).__name__


def _status(error: Exception) -> int | None:
    """Return the HTTP status of a refusal, in any of the places where the providers' packages put it."""
    response = _response(error)
    places: list[object] = [getattr(error, name, None) for name in ("status_code", "code", "status")]
    places.append(getattr(response, "status_code", None))
    if isinstance(response, Mapping):
        places.append((response.get("ResponseMetadata") or {}).get("HTTPStatusCode"))  # as botocore has it
    places += [each.get("code") for each in _told(error)]
    return next((int(found) for found in places if isinstance(found, int) and found >= HTTPStatus.MULTIPLE_CHOICES), None)


def _codes(error: Exception) -> Iterator[str]:
    """Yield the words by which a provider says what is wrong, for programs to read."""
    places = [getattr(error, "code", None), *(each.get(name) for each in _told(error) for name in ("code", "type"))]
    yield from (place for place in places if isinstance(place, str))


def _told(error: Exception) -> Iterator[Mapping[str, Any]]:
    """Yield the objects that a provider answered with in place of a reply; a client may give them as the error's only words."""
    for place in (getattr(error, "body", None), *error.args[:1]):
        if isinstance(place, Mapping):
            yield place
            inner = place.get("error")
            if isinstance(inner, Mapping):
                yield inner


def _status_phrase(status: int) -> str:
    known = status in HTTPStatus.__members__.values()
    return f"{status} {HTTPStatus(status).phrase}" if known else str(status)


def _response(error: Exception) -> object:
    return getattr(error, "response", None)


def _headers(error: Exception) -> Mapping[str, str]:
    headers = getattr(_response(error), "headers", None)
    return headers if isinstance(headers, Mapping) else {}


def retry_after_s(headers: Mapping[str, str], clock: Callable[[], float] = time.time) -> float | None:
    """Return how many seconds a provider asks to wait, by `Retry-After` (seconds or a date) or OpenAI's `retry-after-ms`.

    >>> retry_after_s({"retry-after": "20"})
    20.0
    """
    for name, per_second in (("retry-after-ms", 1000), ("retry-after", 1)):
        try:
            seconds = float(headers.get(name, ""))
        except ValueError:
            continue
        return None if math.isnan(seconds) else max(0.0, seconds / per_second)
    try:
        return max(0.0, parsedate_to_datetime(headers.get("retry-after", "")).timestamp() - clock())
    except ValueError:
        return None


def request_id_of(error: BaseException | None) -> str | None:
    """Return the provider's own identity of the request that failed, where it says one."""
    found = getattr(error, "request_id", None)
    return found if isinstance(found, str) else None


def tells_secret(error: BaseException) -> bool:
    """Return whether the words of an error, or of one that led to it, hold a secret (a 401 may repeat the key)."""
    return any(holds_secret(str(each)) for each in _chain(error))
