"""A rendered prompt with the image that it is about, for chat models that see.

Between a stage's prompt and the model. The image goes as a standard content block of LangChain, which every integration turns
into what its provider takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import PromptValue
from pydantic import SerializeAsAny

from self_instruct.records.errors import SettingsError


class ImagePromptValue(PromptValue):
    """A prompt whose last message begins with an image; `label` stands for that where only text can."""

    prompt: SerializeAsAny[PromptValue]
    image: Mapping[str, str]
    label: str

    def to_string(self) -> str:
        """Raise `SettingsError`: what goes on with a text is shown no image."""
        raise SettingsError("a model that goes on with a text is shown no image; name a chat model that sees.")

    def to_messages(self) -> list[BaseMessage]:
        """Return the messages of the prompt, the image before the text of the last one."""
        *before, last = self.prompt.to_messages()
        said: list[Any] = last.content if isinstance(last.content, list) else [{"type": "text", "text": last.content}]
        return [*before, last.model_copy(update={"content": [dict(self.image), *said]})]
