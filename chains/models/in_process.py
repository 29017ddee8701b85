"""Models in this process, by llama.cpp or transformers, made to answer as a provider's do.

Their weights are in memory once and must not be asked by two threads at a time, and what LangChain's classes for them leave out
is made up for: `ChatLlamaCpp` forgets stops where it streams, `LlamaCpp` says neither how a reply ended nor what it took,
transformers' pipelines take parameters by other names alone, and `ChatHuggingFace` cannot be asked without blocking.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from langchain_core.exceptions import ContextOverflowError
from langchain_core.language_models import BaseLanguageModel, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, convert_to_messages, convert_to_openai_messages
from langchain_core.messages.ai import UsageMetadata
from langchain_core.prompt_values import PromptValue
from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.runnables.config import run_in_executor

from self_instruct.chains.models.replies import CompletionMessages

_LLAMA_CPP = {"n_ctx": 4096, "n_batch": 512, "verbose": False}  # LangChain's: 512 tokens; 8 read at a time, which is slow
_ONE_AT_A_TIME = Lock()  # of all of them: they would share the processor anyway
_PACKAGES = ("langchain_community.", "langchain_huggingface.")
_TRANSFORMERS_NAMES = {"max_tokens": "max_new_tokens", "stop": "stop_sequence"}
_TOO_LONG = "exceed context window"  # llama-cpp-python's words


def is_in_process(model: object) -> bool:
    """Return whether a model of LangChain runs in this process, and so can answer one request at a time only."""
    if _class_of(model) == "ChatHuggingFace":
        return _class_of(getattr(model, "llm", None)) == "HuggingFacePipeline"
    return _class_of(model) in _KINDS


def options_wanted(kind: type) -> Mapping[str, Any]:
    """Return what a class of models in this process is constructed with where nothing else is said: room for our prompts."""
    return _LLAMA_CPP if _known(kind).endswith("LlamaCpp") else {}


def in_process(model: BaseLanguageModel[Any]) -> InProcess | None:
    """Return what asks a model in this process; None for one that is elsewhere."""
    return _KINDS[_class_of(model)](model) if is_in_process(model) else None


def _class_of(model: object) -> str:
    """Return which of the classes known here a model is of; "" for another."""
    return _known(type(model))


def _known(kind: type) -> str:
    bases = (base.__name__ for base in kind.__mro__ if base.__module__.startswith(_PACKAGES))
    return next((name for name in bases if name in _KINDS), "")


class InProcess(Runnable[LanguageModelInput, AIMessage]):
    """A model in this process, asked by one thread at a time; it takes and tells what a provider's does."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.name = model.get_name()

    def invoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Return the answer to a prompt, once the model is free."""
        with _ONE_AT_A_TIME:
            return self._answer(input, config, kwargs)

    async def ainvoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Return the answer to a prompt, once the model is free; it computes in a thread."""
        return await run_in_executor(None, self.invoke, input, config, **kwargs)

    @abstractmethod
    def _answer(self, asked: LanguageModelInput, config: RunnableConfig | None, parameters: Mapping[str, Any]) -> AIMessage:
        """Return the answer to a prompt."""


class _LlamaCpp(InProcess):
    """`ChatLlamaCpp` and `LlamaCpp`, in whose place `_asked` may have another that shares its weights."""

    def __init__(self, model: Any) -> None:
        super().__init__(model)
        self._asked = self._told(model)

    def _told(self, model: Any) -> Runnable[LanguageModelInput, AIMessage]:
        told: Runnable[LanguageModelInput, AIMessage] = model.model_copy(update={"streaming": False})  # else it forgets stops
        return told

    def _answer(self, asked: LanguageModelInput, config: RunnableConfig | None, parameters: Mapping[str, Any]) -> AIMessage:
        try:
            message = self._asked.invoke(asked, config, **parameters)
        except ValueError as error:
            if _TOO_LONG not in str(error):
                raise
            raise ContextOverflowError(f"{error}; `n_ctx` in `model_options` sets it") from error
        return _named(message, Path(self.model.model_path).name)


class _LlamaCppCompletion(_LlamaCpp):
    def _told(self, model: Any) -> Runnable[LanguageModelInput, AIMessage]:
        from self_instruct.chains.models.counted_llama_cpp import CountedLlamaCpp

        return CompletionMessages(CountedLlamaCpp.model_construct(**dict(model)))


class _Pipeline(InProcess):
    """`HuggingFacePipeline`: the parameters go to its pipeline, and what it does not count is counted with its tokenizer."""

    def _answer(self, asked: LanguageModelInput, config: RunnableConfig | None, parameters: Mapping[str, Any]) -> AIMessage:
        sent = {_TRANSFORMERS_NAMES.get(name, name): value for name, value in parameters.items() if value is not None}
        if "temperature" in sent:
            sent["do_sample"] = bool(sent["temperature"])
        if not sent.get("do_sample", True):
            sent.pop("temperature", None)
        message = self._message(asked, config, {**sent, "return_full_text": False})
        text = _before(str(message.text), parameters.get("stop") or ())
        read, written = self._tokens(self._text(asked)), self._tokens(str(message.text))
        most = sent.get("max_new_tokens")
        told = {"finish_reason": "length" if most and written >= most and text == message.text else "stop"}
        counted = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
        return _named(AIMessage(text, response_metadata=told, usage_metadata=counted), self._own_name)

    def _message(self, asked: LanguageModelInput, config: RunnableConfig | None, sent: Mapping[str, Any]) -> AIMessage:
        return CompletionMessages(self.model).invoke(asked, config, pipeline_kwargs=sent)

    def _text(self, asked: LanguageModelInput) -> str:
        return asked.to_string() if isinstance(asked, PromptValue) else str(asked)

    def _tokens(self, text: str) -> int:
        return len(self._tokenizer(text)["input_ids"])

    @property
    def _tokenizer(self) -> Any:
        return self.model.pipeline.tokenizer

    @property
    def _own_name(self) -> str:
        return Path(self.model.model_id or "").name  # of a directory too, whose place is nobody's business


class _ChatPipeline(_Pipeline):
    """`ChatHuggingFace` over a `HuggingFacePipeline`."""

    def _message(self, asked: LanguageModelInput, config: RunnableConfig | None, sent: Mapping[str, Any]) -> AIMessage:
        message: AIMessage = self.model.invoke(asked, config, pipeline_kwargs=sent)
        return message

    def _text(self, asked: LanguageModelInput) -> str:
        said = convert_to_openai_messages(_messages(asked))
        text: str = self._tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
        return text

    @property
    def _tokenizer(self) -> Any:
        return self.model.tokenizer

    @property
    def _own_name(self) -> str:
        return Path(self.model.llm.model_id or "").name


def _messages(asked: LanguageModelInput) -> list[BaseMessage]:
    if isinstance(asked, PromptValue):
        return asked.to_messages()
    return convert_to_messages([asked] if isinstance(asked, str) else asked)


def _before(text: str, stops: str | list[str] | tuple[str, ...]) -> str:
    r"""Return what stands before the first of `stops`.

    >>> _before("4\nTask: Name", ["Task:", "\n"])
    '4'
    """
    places = [place for stop in ([stops] if isinstance(stops, str) else stops) if (place := text.find(stop)) >= 0]
    return text[: min(places, default=len(text))]


def _named(message: AIMessage, name: str) -> AIMessage:
    about = {**message.response_metadata, "model_name": name}
    return message.model_copy(update={"response_metadata": about})


_KINDS: Mapping[str, type[InProcess]] = {
    "ChatLlamaCpp": _LlamaCpp,
    "LlamaCpp": _LlamaCppCompletion,
    "HuggingFacePipeline": _Pipeline,
    "ChatHuggingFace": _ChatPipeline,
}
