"""Model classes that a config may name by dotted name, and things that are none."""

from __future__ import annotations

from typing import Any

from langchain_core.language_models import FakeListChatModel
from pydantic import Field


class Local(FakeListChatModel):
    """A chat model of one's own."""

    responses: list[str] = Field(default=["No"])
    model_path: str
    n_ctx: int = Field(default=512, alias="context_size")
    model: str | None = None
    api_key: str | None = None
    max_retries: int = 6


class Broken(FakeListChatModel):
    """A model that cannot be constructed."""

    def __init__(self, **given: Any) -> None:
        raise RuntimeError("no GPU\nis here")


class Elsewhere(FakeListChatModel):
    """A model that is reached at an address."""

    responses: list[str] = Field(default=["No"])
    base_url: str = ""


class NoModel:
    """No model."""


A_NUMBER = 5
