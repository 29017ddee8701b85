"""Any model of LangChain, made to answer in one shape and to take parameters by one set of names.

A chat or completion model will do, bare or inside bindings, retries and fallbacks. All give an `AIMessage` that carries the
finish reason and the token usage, which a completion model's own `.invoke` loses, and take the parameters that OpenAI's
protocols have (`temperature`, `max_tokens`, `stop` ...), which a few clients know by other names.
"""

from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import BaseLanguageModel, BaseLLM, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig, RunnableSequence, RunnableWithFallbacks
from langchain_core.runnables.base import RunnableBindingBase, coerce_to_runnable
from langchain_core.runnables.configurable import DynamicRunnable

from self_instruct.chains.models.in_process import in_process
from self_instruct.chains.models.ollama import OllamaOptions, is_ollama
from self_instruct.chains.models.openai_formats import OpenAIFormats, is_openai_chat
from self_instruct.chains.models.replies import CompletionMessages, Model
from self_instruct.records.errors import SettingsError


def as_model(model: object) -> Model:
    """Return the model that a caller means: a runnable of LangChain's, or a function, which LangChain makes one of.

    Raises `SettingsError` for anything else.
    """
    if isinstance(model, Runnable):
        return model
    if callable(model) and not isinstance(model, type):
        return coerce_to_runnable(model)
    raise SettingsError(
        f"a model is one of LangChain's, such as load_model('openai:gpt-4.1-mini') gives, not a {type(model).__name__}."
    )


def answering(model: Model, parameters: Mapping[str, Any] | None = None) -> Runnable[LanguageModelInput, AIMessage | str]:
    """Return a runnable that sends a prompt with these parameters and gives the answer as an `AIMessage`."""
    runnable = _giving_messages(model)
    return runnable.bind(**parameters) if parameters else runnable


def _giving_messages(model: Model) -> Model:
    """Return a model in which each language model gives messages and takes our parameters, however it is wrapped."""
    if isinstance(model, BaseLanguageModel):
        return _of_language_model(model)
    if isinstance(model, DynamicRunnable):
        return _Configured(model)
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


class _Configured(Runnable[LanguageModelInput, Any]):
    """A model with `configurable_fields` or alternatives: which one answers shows with each request's config."""

    def __init__(self, model: DynamicRunnable[Any, Any]) -> None:
        self._model = model

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002  LangChain's name
        """Return the answer of the model that the config asks for."""
        chosen, config = self._model.prepare(config)
        return _giving_messages(chosen).invoke(input, config, **kwargs)

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Return the answer of the model that the config asks for."""
        chosen, config = self._model.prepare(config)
        return await _giving_messages(chosen).ainvoke(input, config, **kwargs)
