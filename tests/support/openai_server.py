"""A loopback server that speaks OpenAI's chat and completion protocols, with a LangChain chat model behind it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, convert_to_messages


class OpenAIServer(ThreadingHTTPServer):
    """Answers on 127.0.0.1 with `model`'s replies, and counts what it was asked: paths, and whole requests by their body."""

    daemon_threads = True
    request_queue_size = 128  # connections that come at once; the default of 5 turns some away, and nobody retries

    def __init__(self, model: BaseChatModel) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = model
        self.paths: Counter[str] = Counter()
        self.bodies: Counter[str] = Counter()
        self.lock = Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


@contextmanager
def serving(model: BaseChatModel) -> Iterator[OpenAIServer]:
    """Serve until the end of the block."""
    with OpenAIServer(model) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    server: OpenAIServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet a reply: without it, headers and body wait for each other
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.paths[self.path] += 1
            self.server.bodies[body.decode()] += 1
        asked = json.loads(body)
        if self.path == "/v1/chat/completions":
            self._send(_chat(self._reply(convert_to_messages(asked["messages"]), asked)))
        elif self.path == "/v1/completions":
            [prompt] = asked["prompt"] if isinstance(asked["prompt"], list) else [asked["prompt"]]
            self._send(_completion(self._reply([HumanMessage(prompt)], asked)))
        else:
            self._send({"error": {"message": f"no such path: {self.path}"}}, status=404)

    def _reply(self, messages: list[BaseMessage], asked: dict[str, Any]) -> AIMessage:
        return self.server.model.invoke(messages, stop=asked.get("stop"))

    def _send(self, answer: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Keep the tests' output quiet."""


def _chat(reply: AIMessage) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": reply.text}, **_finish(reply)}
    return {"id": "chat", "object": "chat.completion", "created": 0, "model": "served", "choices": [choice], **_usage(reply)}


def _completion(reply: AIMessage) -> dict[str, Any]:
    choice = {"index": 0, "text": str(reply.text), "logprobs": None, **_finish(reply)}
    return {"id": "text", "object": "text_completion", "created": 0, "model": "served", "choices": [choice], **_usage(reply)}


def _finish(reply: AIMessage) -> dict[str, str]:
    return {"finish_reason": reply.response_metadata["finish_reason"]}


def _usage(reply: AIMessage) -> dict[str, Any]:
    usage = reply.usage_metadata
    assert usage
    return {
        "usage": {
            "prompt_tokens": usage["input_tokens"],
            "completion_tokens": usage["output_tokens"],
            "total_tokens": usage["total_tokens"],
        }
    }
