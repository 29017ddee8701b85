"""What models answer, in one shape: a message of completion models too, and the `Reply` that the ledger keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from langchain_core.language_models import BaseLLM, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import LLMResult
from langchain_core.prompt_values import ChatPromptValue, PromptValue, StringPromptValue
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config

from self_instruct.chains.models.log_probabilities import first_token
from self_instruct.prompts.reading.reply_parser import REFUSAL, reason_of, refusal_of
from self_instruct.records.errors import ModelUnavailableError, SettingsError
from self_instruct.records.json_text import storable
from self_instruct.records.replies import UNCOUNTED, Reply, Served, Usage

Model: TypeAlias = Runnable[Any, Any]
"""Anything of LangChain that answers a prompt with a message or a text."""

MOST_TOKENS = 2**31 - 1  # that a reply may have; a provider that counts more has miscounted
LONGEST_NAME = 200  # characters of what a provider calls itself or a request
_OLLAMA_COUNTS = {"prompt": "prompt_eval_count", "completion": "eval_count"}
_REQUEST_HEADERS = ("x-request-id", "request-id", "apim-request-id")
_OWN_IDS = ("run-", "lc_run-")  # how LangChain's ids of messages begin, where the provider has none


class CompletionMessages(Runnable[LanguageModelInput, AIMessage]):
    """A completion model whose answers are messages with `finish_reason` and usage; the text is the model's own, unstripped."""

    def __init__(self, model: BaseLLM) -> None:
        self.model = model
        self.name = model.get_name()

    def invoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Return the answer to a prompt (a prompt value, a string, or messages)."""
        return completion_message(self.model.generate_prompt([_prompt(input)], **_tracing(config), **kwargs))

    async def ainvoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Return the answer to a prompt (a prompt value, a string, or messages)."""
        return completion_message(await self.model.agenerate_prompt([_prompt(input)], **_tracing(config), **kwargs))


def _prompt(asked: LanguageModelInput) -> PromptValue:
    if isinstance(asked, PromptValue):
        return asked
    if isinstance(asked, str):
        return StringPromptValue(text=asked)
    return ChatPromptValue(messages=convert_to_messages(asked))


def _tracing(config: RunnableConfig | None) -> dict[str, Any]:
    config = ensure_config(config)
    return {name: config.get(name) for name in ("callbacks", "tags", "metadata", "run_name")}


def completion_message(result: LLMResult) -> AIMessage:
    """Return the first completion of a result as a message with `finish_reason` and usage."""
    generation = next((first for group in result.generations for first in group), None)
    if generation is None:
        raise ModelUnavailableError("the response holds no completion", kind="no completion")
    told = result.llm_output or {}
    about = {"finish_reason": None, **(generation.generation_info or {}), "system_fingerprint": told.get("system_fingerprint")}
    return AIMessage(generation.text, response_metadata=about, usage_metadata=_completion_usage(told.get("token_usage") or {}))


def _completion_usage(counted: Mapping[str, Any]) -> UsageMetadata | None:
    """Return the tokens of a completion; what a server leaves open is 0, and nothing is counted where one is no number."""
    read, written = (
        0 if (found := counted.get(f"{name}_tokens")) is None else _count(found) for name in ("prompt", "completion")
    )
    if not counted or read is None or written is None:
        return None
    return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)


# from a message to a reply


def is_cut_stream(message: AIMessage | str) -> bool:
    """Return whether a streamed reply of OpenAI's protocol broke off without an error: it then lacks how it ended."""
    about = message.response_metadata if isinstance(message, AIMessage) else {}
    return about.get("model_provider") == "openai" and not {"finish_reason", "status"} & set(about)


def message_to_reply(message: AIMessage | str, model: str | None = None) -> Reply:
    """Return what the ledger keeps of the answer of `model`. Text that cannot be UTF-8 (half a surrogate pair) becomes "?".

    What a model says in refusing to answer is the text of a reply that ended as "refusal".
    """
    if isinstance(message, str):
        return Reply(storable(message), model=model)
    if not isinstance(message, BaseMessage):
        raise SettingsError(
            f"the model gives a {type(message).__name__}, not a message or text; give the model itself, without a parser or"
            " structured output behind it."
        )
    about = message.response_metadata
    text, reason = str(message.text), _name(reason_of(about))
    if refusal := refusal_of(message):
        text, reason = text or refusal, REFUSAL
    return Reply(storable(text), reason, _usage(_counted(message)), model, _served(message), first_token(about.get("logprobs")))


def _counted(message: AIMessage) -> UsageMetadata | None:
    """Return the tokens where LangChain has them; else where many of the community's classes, and Ollama's, leave them."""
    about = message.response_metadata
    counted = about.get("token_usage")
    if not isinstance(counted, Mapping):
        counted = {f"{name}_tokens": about[key] for name, key in _OLLAMA_COUNTS.items() if key in about}
    return getattr(message, "usage_metadata", None) or _completion_usage(counted)


def _usage(counted: UsageMetadata | None) -> Usage:
    """Return the tokens that a provider counted. No prompt is empty: where it counted 0 for one, it counted nothing."""
    if not counted or not (input_tokens := _count(counted.get("input_tokens"))):
        return UNCOUNTED
    output_tokens = _count(counted.get("output_tokens"))
    return Usage(
        input_tokens,
        output_tokens,
        _count((counted.get("input_token_details") or {}).get("cache_read"), input_tokens),
        _count((counted.get("output_token_details") or {}).get("reasoning"), output_tokens),
    )


def _count(value: object, most: int | None = MOST_TOKENS) -> int | None:
    """Return a number of tokens, `most` at most, or None for what cannot be one, whatever a server sends in its place."""
    return value if type(value) is int and 0 <= value <= (MOST_TOKENS if most is None else most) else None


def _served(message: AIMessage) -> Served:
    """Return who answered and by which identity, as far as the provider and LangChain say it."""
    about = message.response_metadata
    model, version = _name(about.get("model_name") or about.get("model")), _name(about.get("system_fingerprint"))
    headers = about.get("headers")
    ids = [headers.get(name) for name in _REQUEST_HEADERS] if isinstance(headers, Mapping) else []
    own = None if not message.id or message.id.startswith(_OWN_IDS) else message.id
    request_id = next(filter(None, map(_name, (*ids, about.get("request_id"), about.get("id"), own))), None)
    return Served(f"{model} ({version})" if model and version else model or version, request_id)


def _name(value: object) -> str | None:
    return storable(value)[:LONGEST_NAME] if isinstance(value, str) and value else None
