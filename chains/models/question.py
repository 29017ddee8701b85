"""One request to a model, rendered once: the meter bounds it, an asker sends it, the ledger stores what was sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from langchain_core.prompt_values import PromptValue

from self_instruct.ledger import RequestId
from self_instruct.records.replies import Refusal, Reply


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a stage's model: the rendered prompt, and the parameters that go with it.

    `model` is the model's name as the run has it; None where the run knows of none.
    """

    id: RequestId
    prompt: PromptValue
    parameters: Mapping[str, Any]
    model: str | None = None


class Asker(Protocol):
    """Answers one question at a time; several may be under way at once.

    A model, a model with retries, stored replies, a provider's batch: whoever asks need not know.
    """

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the reply to a question, or the provider's refusal of it.

        Raises `ModelUnavailableError` for what time may cure, `ModelDeniedError` for what it may not.
        """
        ...
