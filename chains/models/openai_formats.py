"""Chat models of langchain-openai that are told in which form to answer (`response_format`).

Its client parses such a reply itself: one that was cut off it throws away, though it is paid for, and raises. Sent in the body
alone, the form is the server's business, and a cut-off reply one like any other.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage
from langchain_core.runnables import Runnable, RunnableConfig

FORMAT = "response_format"


def is_openai_chat(model: object) -> bool:
    """Return whether a model is a chat model of langchain-openai, or made of one."""
    kinds = type(model).__mro__
    return any(kind.__module__.startswith("langchain_openai.") and kind.__name__ == "BaseChatOpenAI" for kind in kinds)


class OpenAIFormats(Runnable[LanguageModelInput, AIMessage]):
    """A chat model of langchain-openai that sends a schema and leaves the reading of the reply to us."""

    def __init__(self, model: Any) -> None:
        self.model = model
        self.name = model.get_name()

    def invoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Return the answer to a prompt."""
        message: AIMessage = self.model.invoke(input, config, **self._sent(kwargs))
        return message

    async def ainvoke(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:  # noqa: A002
        """Return the answer to a prompt."""
        message: AIMessage = await self.model.ainvoke(input, config, **self._sent(kwargs))
        return message

    def stream(self, input: LanguageModelInput, config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[AIMessage]:  # noqa: A002
        """Yield the answer to a prompt as it comes."""
        yield from self.model.stream(input, config, **self._sent(kwargs))

    async def astream(
        self,
        input: LanguageModelInput,  # noqa: A002
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[AIMessage]:
        """Yield the answer to a prompt as it comes."""
        async for piece in self.model.astream(input, config, **self._sent(kwargs)):
            yield piece

    def _sent(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Return the parameters with a schema in the body; the protocol of responses has it elsewhere, and cuts nothing off."""
        told = parameters.get(FORMAT)
        if not isinstance(told, Mapping) or self.model._use_responses_api(parameters):  # noqa: SLF001  it says it nowhere else
            return parameters
        others = {name: value for name, value in parameters.items() if name != FORMAT}
        return {**others, "extra_body": {**(parameters.get("extra_body") or self.model.extra_body or {}), FORMAT: told}}
