"""Models that are loaded by their dotted names, and fail in one way each."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import FakeListChatModel
from pydantic import Field


class Unreachable(FakeListChatModel):
    """A model whose server is not reached."""

    responses: list[str] = Field(default=["No"])

    def _call(self, *asked: Any, **more: Any) -> str:
        raise ConnectionError("no route to host")


class Faulty(FakeListChatModel):
    """A model with a fault of its own."""

    responses: list[str] = Field(default=["No"])

    def _call(self, *asked: Any, **more: Any) -> str:
        raise KeyError("choices")


class Choosy(FakeListChatModel):
    """A model that takes no `top_k`."""

    responses: list[str] = Field(default=["No"])

    def _call(self, *asked: Any, **more: Any) -> str:
        if "top_k" in more:
            raise ValueError("unsupported parameter: 'top_k'")
        return "No"
