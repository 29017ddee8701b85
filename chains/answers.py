"""Ask a model for one reply, and say in our words what went wrong where none came.

A `Reply` is what the ledger keeps of an `AIMessage`. A request that the provider refuses for what it says is a reply too, with
the finish reason `REFUSED`: asked again, it would be refused again.
"""

from __future__ import annotations

import re
from typing import Any

from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration
from langchain_core.runnables import Runnable, RunnableConfig

from self_instruct.prompts.replies import reply_of
from self_instruct.seeds.errors import (
    ModelDeniedError,
    ModelRefusedError,
    ModelUnavailableError,
    SelfInstructError,
    SettingsError,
)
from self_instruct.seeds.records import Reply, Usage
from self_instruct.seeds.secrets import holds_secret, without_secrets

REFUSED = "refused"
DENIED_STATUS = frozenset({401, 403, 404})
INVALID_STATUS = frozenset({400, 422})
TOO_LARGE_STATUS = 413
_ABOUT_WHAT_IT_SAYS = re.compile(
    r"context.?(length|window|size)|maximum context|too (long|large|many tokens)|content.?(filter|policy|management)"
    r"|(safety|moderation|usage polic)",
    re.IGNORECASE,
)
MAX_WORDS_SHOWN = 300  # characters of a provider's own words


async def ask(asking: Runnable[Any, AIMessage | str], given: dict[str, Any], config: RunnableConfig | None = None) -> Reply:
    """Return the reply to one request, whose callbacks, tags and metadata are those of `config`.

    Raises `ModelDeniedError` or `ModelUnavailableError`; a refusal of this request alone is a reply. The provider's own error
    is their cause, unless a traceback would then show a key.
    """
    try:
        return message_to_reply(await asking.ainvoke(given, config))
    except SelfInstructError:
        raise
    except Exception as error:  # noqa: BLE001  raised again below, as one of ours
        translated = translate(error)
        if isinstance(translated, ModelRefusedError):
            return Reply(_storable(str(translated)), REFUSED)
        raise translated from (None if _tells_secret(error) else error)


def translate(error: Exception) -> SelfInstructError:
    """Return a provider's error as one of ours, with the provider's own words in one line.

    By HTTP status where there is one: 401, 403 and 404 deny the model. 413, and a 400 or 422 whose words are about length or
    content, refuse this request; any other 400 or 422 is about settings that all requests share, so it denies the model too,
    or all tasks would be lost to one wrong parameter. All else (a timeout, a rate limit, a broken connection, a reply that is
    not JSON) is what time may cure.
    """
    words = without_secrets(" ".join(str(error).split()))[:MAX_WORDS_SHOWN] or type(error).__name__
    if isinstance(error, TypeError) and "unexpected keyword argument" in words:
        return SettingsError(f"the model does not take a parameter of its stage: {words}; set that parameter to null.")
    status = getattr(error, "status_code", None)
    if status in DENIED_STATUS:
        return ModelDeniedError(f"the provider denies the model: {words}")
    if status == TOO_LARGE_STATUS or isinstance(error, ContextOverflowError):
        return ModelRefusedError(words)
    if status in INVALID_STATUS:
        is_about_this = _ABOUT_WHAT_IT_SAYS.search(words)
        return ModelRefusedError(words) if is_about_this else ModelDeniedError(f"the provider takes no such requests: {words}")
    return ModelUnavailableError(f"{type(error).__name__}: {words}")


def message_to_reply(message: AIMessage | str) -> Reply:
    """Return what the ledger keeps of a model's answer. Text that cannot be UTF-8 (half a surrogate pair) becomes "?"."""
    if isinstance(message, str):
        return Reply(_storable(message))
    reply = reply_of(ChatGeneration(message=message))
    usage = message.usage_metadata
    return Reply(
        text=_storable(reply.text),
        finish_reason=reply.finish_reason,
        usage=Usage(usage["input_tokens"], usage["output_tokens"]) if usage else Usage(),
    )


def _tells_secret(error: BaseException | None) -> bool:
    """Return whether the words of an error, or of one that led to it, hold a secret (a 401 may repeat the key)."""
    while error is not None:
        if holds_secret(str(error)):
            return True
        error = error.__cause__ or error.__context__
    return False


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
