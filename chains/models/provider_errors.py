"""Ask a model for one reply, and say in our words what went wrong where none came.

A `Reply` is what the ledger keeps of an `AIMessage`. A request that the provider refuses for what it says is a reply too, with
the finish reason `REFUSED`: asked again, it would be refused again.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from langchain_core.exceptions import ContextOverflowError

from self_instruct.records.errors import (
    ModelDeniedError,
    ModelRefusedError,
    ModelUnavailableError,
    SelfInstructError,
    SettingsError,
)
from self_instruct.settings.secrets import holds_secret, without_secrets

DENIED_STATUS = frozenset({401, 403, 404})
INVALID_STATUS = frozenset({400, 422})
TOO_LARGE_STATUS = 413
OVERLOAD_STATUS = frozenset({408, 429, *range(500, 600)})
_ABOUT_WHAT_IT_SAYS = re.compile(
    r"context.?(length|window|size)|maximum context|too (long|large|many tokens)|content.?(filter|policy|management)"
    r"|(safety|moderation|usage polic)",
    re.IGNORECASE,
)
_NO_QUOTA = "insufficient_quota"  # OpenAI's word in a 429 that only paying cures
MAX_WORDS_SHOWN = 300  # characters of a provider's own words


def translate(error: Exception, clock: Callable[[], float] = time.time) -> SelfInstructError:
    """Return a provider's error as one of ours, with the provider's own words in one line.

    By HTTP status where there is one: 401, 403 and 404 deny the model. 413, and a 400 or 422 whose words are about length or
    content, refuse this request; any other 400 or 422 is about settings that all requests share, so it denies the model too,
    or all tasks would be lost to one wrong parameter. So does a header that HTTP does not allow. All else (a timeout, a rate
    limit, a broken connection, a reply that is not JSON) is what time may cure. `clock` gives seconds since 1970, for a date to
    wait until.
    """
    words = without_secrets(_words(error))[:MAX_WORDS_SHOWN]
    if isinstance(error, TypeError) and "unexpected keyword argument" in words:
        return SettingsError(f"the model does not take a parameter of its stage: {words}; set that parameter to null.")
    if _cannot_be_sent(error):
        return ModelDeniedError(f"no request can be sent ({words}); is there a line break or an odd character in the key?")
    status = _status(error)
    if status in DENIED_STATUS:
        return ModelDeniedError(f"the provider denies the model: {words}")
    if status == TOO_LARGE_STATUS or isinstance(error, ContextOverflowError):
        return ModelRefusedError(words)
    if status in INVALID_STATUS:
        is_about_this = _ABOUT_WHAT_IT_SAYS.search(words)
        return ModelRefusedError(words) if is_about_this else ModelDeniedError(f"the provider takes no such requests: {words}")
    is_timeout = "timeout" in type(error).__name__.casefold()
    return ModelUnavailableError(
        f"{type(error).__name__}: {words}",
        kind=_status_phrase(status) if status else "timeout" if is_timeout else type(error).__name__,
        is_overload=is_timeout or status in OVERLOAD_STATUS,
        retry_after_s=math.inf if _NO_QUOTA in words else retry_after_s(_headers(error), clock),
    )


def _cannot_be_sent(error: BaseException | None) -> bool:
    """Return whether a header, of which the key is one, is none that HTTP allows."""
    while error is not None:
        if isinstance(error, UnicodeEncodeError) or type(error).__name__ == "LocalProtocolError":
            return True
        error = error.__cause__ or error.__context__
    return False


def _words(error: Exception) -> str:
    """Return what an error says, and what the error at the root of it says, in one line."""
    if isinstance(error, AttributeError) and "'str' object has no attribute" in str(error):
        return "the answer is not JSON; is the server's address right?"  # the client took a web page for a reply
    root: BaseException = error
    while root.__cause__:
        root = root.__cause__
    said = [" ".join(str(each).split()) for each in (error, root)]
    words = said[0] if said[1] in said[0] else f"{said[0]} ({said[1]})"
    return words or type(error).__name__


def _status(error: Exception) -> int | None:
    """Return the HTTP status of a refusal, in any of the places where the providers' packages put it."""
    places = (getattr(error, "status_code", None), getattr(error, "code", None), getattr(_response(error), "status_code", None))
    return next((int(found) for found in places if isinstance(found, int) and found >= HTTPStatus.BAD_REQUEST), None)


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


def tells_secret(error: BaseException | None) -> bool:
    """Return whether the words of an error, or of one that led to it, hold a secret (a 401 may repeat the key)."""
    while error is not None:
        if holds_secret(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False
