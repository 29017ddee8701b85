"""A model whose answers wait until they are let go, and a server that answers every request with the same error."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Semaphore
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import Field
from support.faults import Refuse, always
from support.openai_server import PATIENCE_S, serving

from self_instruct.chains.offline import OfflineModel


class HeldModel(OfflineModel):
    """The offline model, which answers a request only when `gate` is open; `arrived` counts requests up to then."""

    gate: Any = Field(default_factory=Event)
    arrived: Any = Field(default_factory=lambda: Semaphore(0))

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        self.arrived.release()
        assert self.gate.wait(PATIENCE_S)
        return super()._generate(messages, *args, **kwargs)

    def wait_for(self, requests: int) -> None:
        """Return when so many requests more have arrived."""
        for _ in range(requests):
            assert self.arrived.acquire(timeout=PATIENCE_S)


@contextmanager
def refusing(status: int, words: str = "no") -> Iterator[str]:
    """Serve refusals that repeat the key they were sent, as some providers do; gives the base URL."""
    with serving(OfflineModel(), always(Refuse(status, words))) as server:
        yield server.base_url
