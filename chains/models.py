"""Language models by name, and one shape for what chat and completion models answer.

The stages take any LangChain chat or completion model. `answering` makes both give an `AIMessage` that carries the finish
reason and the token usage, which a completion model's own `.invoke` loses.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel, BaseLLM, LanguageModelInput
from langchain_core.messages import AIMessage, convert_to_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import LLMResult
from langchain_core.prompt_values import ChatPromptValue, PromptValue, StringPromptValue
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config

from self_instruct.chains.answers import without_secrets
from self_instruct.seeds.errors import SettingsError

Model: TypeAlias = BaseChatModel | BaseLLM | Runnable[Any, Any]

OFFLINE = "offline"
OPENAI_PREFIX = "openai:"
COMPLETION_PREFIX = "openai-completion:"


def load_model(name: str, *, base_url: str | None = None, seed: int = 0) -> BaseChatModel | BaseLLM:
    """Return the model called `name`.

    `offline` is the rule-based stand-in that ships with us (`seed` is its); `openai-completion:NAME` a completion model, the
    paper's kind; anything else is `provider:model` as LangChain's `init_chat_model` knows it. `base_url` points an
    OpenAI-compatible client at another server. Raises `SettingsError` where the provider is unknown, its package is not
    installed, or its key is not set.
    """
    if name == OFFLINE:
        from self_instruct.chains.offline import OfflineModel

        return OfflineModel(seed=seed)
    options: dict[str, Any] = {} if base_url is None else {"base_url": base_url}
    if base_url is not None and "OPENAI_API_KEY" not in os.environ and name.startswith("openai"):
        options["api_key"] = "none"  # most self-hosted servers ask for no key, but the client insists on one
    provider, colon, model = name.partition(":")
    if colon and not model:
        raise SettingsError(f"model {name!r}: names no model; expected PROVIDER:NAME, e.g. openai:gpt-4.1-mini.")
    try:
        return _load(name, options)
    except AttributeError:  # LangChain then looks in langchain-community, in vain
        package = f"langchain-{provider.replace('_', '-')}"
        raise SettingsError(f"model {name!r}: its package is not installed; run `pip install {package}`.") from None
    except Exception as error:  # noqa: BLE001  each provider has its own errors for a missing package, key or setting
        words = " ".join(without_secrets(str(error)).split())
        if "Unable to infer model provider" in words:
            _, _, known = words.partition("Supported providers: ")
            words = f"no such provider; expected PROVIDER:NAME, e.g. openai:gpt-4.1-mini, of {known.partition(' For ')[0]}."
        raise SettingsError(f"model {name!r}: {words}") from None


def _load(name: str, options: Mapping[str, Any]) -> BaseChatModel | BaseLLM:
    if name.startswith(COMPLETION_PREFIX):
        from langchain_openai import OpenAI

        return OpenAI(model=name.removeprefix(COMPLETION_PREFIX), **_own_client(), **options)
    from langchain.chat_models import init_chat_model

    model: BaseChatModel = init_chat_model(name, **(_own_client() if name.startswith(OPENAI_PREFIX) else {}), **options)
    return model


def _own_client() -> dict[str, Any]:
    """Return the options of a client for one model alone, which does not retry by itself (`chains.weather` does).

    The client that langchain-openai shares between all dies with the first event loop.
    """
    from openai import DefaultAsyncHttpxClient

    return {"http_async_client": DefaultAsyncHttpxClient(), "max_retries": 0}


def answering(model: Model, parameters: Mapping[str, Any] | None = None) -> Runnable[LanguageModelInput, AIMessage | str]:
    """Return a runnable that sends a prompt with these parameters and gives the answer as an `AIMessage`."""
    runnable = CompletionMessages(model) if isinstance(model, BaseLLM) else model
    return runnable.bind(**parameters) if parameters else runnable


class CompletionMessages(Runnable[LanguageModelInput, AIMessage]):
    """A completion model whose answers are messages with `finish_reason` and usage; the text is the model's own, unstripped."""

    def __init__(self, model: BaseLLM) -> None:
        self.model = model
        self.name = model.get_name()

    def invoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Return the answer to a prompt (a prompt value, a string, or messages)."""
        return _message(self.model.generate_prompt([_prompt(input)], **_tracing(config), **kwargs))

    async def ainvoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Return the answer to a prompt (a prompt value, a string, or messages)."""
        return _message(await self.model.agenerate_prompt([_prompt(input)], **_tracing(config), **kwargs))


def _prompt(given: LanguageModelInput) -> PromptValue:
    if isinstance(given, PromptValue):
        return given
    if isinstance(given, str):
        return StringPromptValue(text=given)
    return ChatPromptValue(messages=convert_to_messages(given))


def _tracing(config: RunnableConfig | None) -> dict[str, Any]:
    config = ensure_config(config)
    return {name: config.get(name) for name in ("callbacks", "tags", "metadata", "run_name")}


def _message(result: LLMResult) -> AIMessage:
    generation = result.generations[0][0]
    usage = (result.llm_output or {}).get("token_usage") or {}
    return AIMessage(
        content=generation.text,
        response_metadata={"finish_reason": (generation.generation_info or {}).get("finish_reason")},
        usage_metadata=UsageMetadata(
            input_tokens=usage.get("prompt_tokens") or 0,
            output_tokens=usage.get("completion_tokens") or 0,
            total_tokens=usage.get("total_tokens") or 0,
        )
        if usage
        else None,
    )
