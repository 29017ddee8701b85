"""Ollama's clients, which take what others call parameters as `options`, under names of their own.

Its server cuts off the beginning of a prompt that is longer than its context, without a word, and its context is small unless
one is asked for: `num_ctx` is always sent.
"""

from collections.abc import Mapping
from typing import Any

from langchain_core.language_models import BaseLanguageModel, LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig

from self_instruct.records.errors import ModelUnavailableError

LEAST_CONTEXT = 8192  # tokens: the longest of our prompts, and its answer
_CLASSES = frozenset({"ChatOllama", "OllamaLLM"})
_RENAMED = {"max_tokens": "num_predict"}
_NO_OPTIONS = frozenset(
    {"options", "reasoning", "format", "response_format", "keep_alive", "logprobs", "top_logprobs", "tools"}
)
_OPTIONS = (
    "mirostat", "mirostat_eta", "mirostat_tau", "num_ctx", "num_gpu", "num_thread", "num_predict", "repeat_last_n",
    "repeat_penalty", "temperature", "seed", "stop", "tfs_z", "top_k", "top_p",
)  # fmt: skip


def is_ollama(model: object) -> bool:
    """Return whether a model is one of langchain-ollama's."""
    return any(kind.__module__.startswith("langchain_ollama.") and kind.__name__ in _CLASSES for kind in type(model).__mro__)


class OllamaOptions(Runnable[LanguageModelInput, AIMessage]):
    """A model of langchain-ollama that takes parameters by the names that others have for them.

    Those that its constructor was given hold below those of a request; a request's own `options` hold above both.
    """

    def __init__(self, model: BaseLanguageModel[Any], giving: Runnable[Any, Any]) -> None:
        self.model = model
        self._giving = giving
        self.name = model.get_name()

    def invoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Return the answer to a prompt."""
        return _whole(self._giving.invoke(input, config, **self._sent(kwargs)))

    async def ainvoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Return the answer to a prompt."""
        return _whole(await self._giving.ainvoke(input, config, **self._sent(kwargs)))

    def _sent(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        own = {name: value for name in _OPTIONS if (value := getattr(self.model, name, None)) is not None}
        asked = {_RENAMED.get(name, name): value for name, value in parameters.items() if name not in _NO_OPTIONS}
        others = {name: value for name, value in parameters.items() if name in _NO_OPTIONS - {"options"}}
        options = {"num_ctx": LEAST_CONTEXT, **own, **asked, **(parameters.get("options") or {})}
        return {**others, "options": {name: value for name, value in options.items() if value is not None}}


def _whole(answer: AIMessage) -> AIMessage:
    """Return an answer, or raise `ModelUnavailableError` where its stream ended before it did, without an error."""
    if not answer.response_metadata.get("done"):
        raise ModelUnavailableError("the reply's stream ended before the reply did", kind="truncated stream")
    return answer
