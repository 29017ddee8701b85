"""Any model of LangChain, made to answer in one shape and to take parameters by one set of names.

A chat or completion model will do, bare or inside bindings, retries and fallbacks. All give an `AIMessage` that carries the
finish reason and the token usage, which a completion model's own `.invoke` loses, and take the parameters that OpenAI's
protocols have (`temperature`, `max_tokens`, `stop` ...), which a few clients know by other names.
"""

from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import BaseLanguageModel, BaseLLM, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase

from self_instruct.chains.models.in_process import in_process
from self_instruct.chains.models.ollama import OllamaOptions, is_ollama
from self_instruct.chains.models.openai_formats import OpenAIFormats, is_openai_chat
from self_instruct.chains.models.replies import CompletionMessages, Model


def answering(model: Model, parameters: Mapping[str, Any] | None = None) -> Runnable[LanguageModelInput, AIMessage | str]:
    """Return a runnable that sends a prompt with these parameters and gives the answer as an `AIMessage`."""
    runnable = _giving_messages(model)
    return runnable.bind(**parameters) if parameters else runnable


def _giving_messages(model: Model) -> Model:
    """Return a model in which each language model gives messages and takes our parameters, however it is wrapped."""
    if isinstance(model, BaseLanguageModel):
        return _of_language_model(model)
    changed: dict[str, Any] = {}
    if isinstance(model, RunnableBindingBase):
        changed = {"bound": _giving_messages(model.bound)}
    elif isinstance(model, RunnableWithFallbacks):
        changed = {"runnable": _giving_messages(model.runnable), "fallbacks": [*map(_giving_messages, model.fallbacks)]}
    elif isinstance(model, RunnableSequence):
        changed = {"last": _giving_messages(model.last)}
    is_other = any(getattr(model, name) != each for name, each in changed.items())
    return model.model_copy(update=changed) if is_other else model  # type: ignore[attr-defined]


def _of_language_model(model: BaseLanguageModel[Any]) -> Model:
    if alone := in_process(model):
        return alone
    if is_openai_chat(model):
        return OpenAIFormats(model)
    giving: Runnable[Any, Any] = CompletionMessages(model) if isinstance(model, BaseLLM) else model
    return OllamaOptions(model, giving) if is_ollama(model) else giving
