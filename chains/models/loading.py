"""Language models by name, and one shape for what chat and completion models answer.

The stages take any LangChain chat or completion model. `answering` makes both give an `AIMessage` that carries the finish
reason and the token usage, which a completion model's own `.invoke` loses.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel, BaseLLM, LanguageModelInput
from langchain_core.messages import AIMessage, convert_to_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import LLMResult
from langchain_core.prompt_values import ChatPromptValue, PromptValue, StringPromptValue
from langchain_core.runnables import Runnable, RunnableConfig, ensure_config

from self_instruct.chains.models.constructing import OFFLINE, construct

Model: TypeAlias = BaseChatModel | BaseLLM | Runnable[Any, Any]

__all__ = ["OFFLINE", "CompletionMessages", "Model", "answering", "load_model"]


def load_model(
    name: str,
    *,
    base_url: str | None = None,
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    client_retries: bool = True,
) -> BaseChatModel | BaseLLM:
    """Return the model called `name`.

    `offline` is the rule-based stand-in that ships with us (`seed` is its); `openai-completion:NAME` a completion model, the
    paper's kind; `package.module.Class` or `package.module.Class:NAME` any LangChain model class, imported only then; anything
    else is `provider:name` as LangChain's `init_chat_model` knows it. `base_url` points a client at another server; `options`
    go to the model's constructor (`azure_deployment`, `model_path`, `n_ctx` ...), and `api_key_env` among them names the
    environment variable that holds the key, where that is not the provider's usual one. A caller that retries by itself, as a
    run does, switches off `client_retries`. Raises `SettingsError` where the provider is unknown, its package is not installed,
    its key is not set, or an option is none of the model's.
    """
    return construct(name, base_url, options or {}, seed, client_retries=client_retries)


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
