"""The offline model as a LangChain chat model: no network, no key, no weights.

It answers the prompts of `prompts/templates` by rule (see `answering`), so that the whole chain can be tried and tested. It is
for that alone, never for training.
"""

import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel, LangSmithParams
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field

from self_instruct.chains.offline.answering import Answer, answer

Messages = list[BaseMessage]
Stop = list[str] | None
_WORD = re.compile(r"\s*\S+|\s+")


class OfflineModel(BaseChatModel):
    """A rule-based stand-in for a language model. Its answer is a function of the messages' text and `seed` alone.

    `faults` puts in what real models get wrong, in realistic shares: near-duplicates, cut-off replies, malformed instances.
    `stop` and `max_tokens` (words, here) are honoured; other sampling parameters are accepted and change nothing.
    """

    model_config = ConfigDict(populate_by_name=True)

    model_name: str = Field(default="offline", alias="model")
    seed: int = 0
    faults: bool = True
    stop: Stop = None
    max_tokens: int | None = None

    @property
    def _llm_type(self) -> str:
        return "offline"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name, "seed": self.seed, "faults": self.faults}

    def _get_ls_params(self, stop: Stop = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop, **kwargs)
        params["ls_provider"] = "offline"
        return params

    def _generate(self, messages: Messages, stop: Stop = None, run_manager: object = None, **kwargs: Any) -> ChatResult:
        del run_manager  # langchain-core itself calls back, here and in the methods below
        return self._result(messages, stop, kwargs)

    async def _agenerate(self, messages: Messages, stop: Stop = None, run_manager: object = None, **kwargs: Any) -> ChatResult:
        del run_manager
        return self._result(messages, stop, kwargs)

    def _stream(
        self, messages: Messages, stop: Stop = None, run_manager: object = None, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        del run_manager
        yield from self._chunks(messages, stop, kwargs)

    async def _astream(
        self, messages: Messages, stop: Stop = None, run_manager: object = None, **kwargs: Any
    ) -> AsyncIterator[ChatGenerationChunk]:
        del run_manager
        for chunk in self._chunks(messages, stop, kwargs):
            yield chunk

    def _result(self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, options: Mapping[str, Any]) -> ChatResult:
        said = self._answer(messages, stop, options)
        message = AIMessage(
            content=said.text,
            response_metadata=self._metadata(said, options),
            usage_metadata=_usage(_prompt_words(messages), _words(said.text)),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _chunks(
        self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, options: Mapping[str, Any]
    ) -> Iterator[ChatGenerationChunk]:
        """Yield the answer word by word: the prompt's words are counted in the first chunk, the last has the finish reason."""
        said = self._answer(messages, stop, options)
        pieces = _WORD.findall(said.text) or [""]
        for left, piece in zip(range(len(pieces) - 1, -1, -1), pieces, strict=True):
            message = AIMessageChunk(
                content=piece,
                response_metadata={} if left else self._metadata(said, options),
                usage_metadata=_usage(0 if left < len(pieces) - 1 else _prompt_words(messages), _words(piece)),
                chunk_position=None if left else "last",
            )
            yield ChatGenerationChunk(message=message)

    def _answer(self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, options: Mapping[str, Any]) -> Answer:
        system = "\n".join(_text(message) for message in messages if message.type == "system")
        human = "\n".join(_text(message) for message in messages if message.type != "system")
        said = answer(human, system, seed=self.seed, with_faults=self.faults)
        stopped = _stopped(said, stop if stop is not None else self.stop or ())
        return _shortened(stopped, options.get("max_tokens", self.max_tokens))

    def _metadata(self, said: Answer, options: Mapping[str, Any]) -> dict[str, Any]:
        return {"finish_reason": said.finish_reason, "model_name": options.get("model", self.model_name)}


def _text(message: BaseMessage) -> str:
    return message.content if isinstance(message.content, str) else str(message.text)


def _stopped(said: Answer, stops: Sequence[str]) -> Answer:
    """Return the answer up to the first of the stop sequences in it."""
    ends = [place for stop in stops if stop and (place := said.text.find(stop)) >= 0]
    return Answer(said.text[: min(ends)]) if ends else said


def _shortened(said: Answer, max_tokens: int | None) -> Answer:
    """Return the answer with no more words than `max_tokens`."""
    if max_tokens is None or _words(said.text) <= max_tokens:
        return said
    return Answer("".join(_WORD.findall(said.text)[:max_tokens]), "length")


def _words(text: str) -> int:
    return len(text.split())


def _prompt_words(messages: Sequence[BaseMessage]) -> int:
    return sum(_words(_text(message)) for message in messages)


def _usage(input_tokens: int, output_tokens: int) -> UsageMetadata:
    return UsageMetadata(input_tokens=input_tokens, output_tokens=output_tokens, total_tokens=input_tokens + output_tokens)
