"""A server whose answers wait until they are let go, and one that answers every request with the same error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Semaphore, Thread
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatResult
from pydantic import Field

from self_instruct.chains.offline import OfflineModel

PATIENCE_S = 60.0  # nothing waits this long unless it hangs


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


class _Refusing(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        said = f"{self.server.words}, not with {self.headers['Authorization']}"  # type: ignore[attr-defined]
        body = json.dumps({"error": {"message": said}}).encode()
        self.send_response(self.server.status)  # type: ignore[attr-defined]
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-should-retry", "false")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep the tests' output quiet."""


@contextmanager
def refusing(status: int, words: str = "no") -> Iterator[str]:
    """Serve refusals that repeat the key they were sent, as some providers do; gives the base URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Refusing) as server:
        server.status, server.words = status, words  # type: ignore[attr-defined]
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/v1"
        finally:
            server.shutdown()
            thread.join()
