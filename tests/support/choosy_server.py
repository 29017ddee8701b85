"""A server that speaks OpenAI's protocols and refuses some parameters as OpenAI does for its reasoning models."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any

from support.loopback import JsonHandler, served

from self_instruct.chains.offline import OfflineModel

REFUSALS = {
    "temperature": (
        "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) value is supported.",
        "unsupported_value",
    ),
    "presence_penalty": (
        "Unsupported parameter: 'presence_penalty' is not supported with this model.",
        "unsupported_parameter",
    ),
    "max_completion_tokens": ("Unknown parameter: 'max_completion_tokens'.", "unknown_parameter"),
    "max_tokens": (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "unsupported_parameter",
    ),
}


class ChoosyServer(ThreadingHTTPServer):
    """Answers with the offline model what holds none of `refused`; `taken` and `denied` are the bodies of its requests."""

    daemon_threads = True
    request_queue_size = 128  # connections that come at once; the default of 5 turns some away, and nobody retries

    def __init__(self, refused: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.refused = refused
        self.model = OfflineModel()
        self.taken: list[dict[str, Any]] = []
        self.denied: list[dict[str, Any]] = []
        self.lock = Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def choosing(*refused: str) -> Iterator[ChoosyServer]:
    """Serve until the end of the block."""
    with served(ChoosyServer({name: REFUSALS[name] for name in refused})) as server:
        yield server


class _Handler(JsonHandler, BaseHTTPRequestHandler):
    server: ChoosyServer

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        refused = next((name for name in self.server.refused if name in asked), None)
        with self.server.lock:
            (self.server.denied if refused else self.server.taken).append(asked)
        if refused:
            message, code = self.server.refused[refused]
            error = {"message": message, "type": "invalid_request_error", "param": refused, "code": code}
            self.send_json({"error": error}, 400)
            return
        prompt = asked["messages"] if "messages" in asked else asked["prompt"][0]
        reply = self.server.model.invoke(prompt, stop=asked.get("stop"))
        choice = {"index": 0, "finish_reason": reply.response_metadata["finish_reason"]}
        choice |= {"message": {"role": "assistant", "content": reply.text}} if "messages" in asked else {"text": reply.text}
        self.send_json({"id": "1", "object": "answer", "created": 0, "model": "served", "choices": [choice]}, 200)
