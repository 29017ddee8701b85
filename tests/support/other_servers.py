"""Loopback servers that speak Anthropic's and Ollama's protocols, with a LangChain chat model behind them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from threading import Lock
from typing import Any, TypeAlias

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, convert_to_messages
from support.loopback import JsonHandler, served

Failing: TypeAlias = "Callable[[int], tuple[int, Any] | None]"
"""What the request of a number, from 0, is answered with in place of a reply: a status and a body."""


def never(number: int) -> None:
    """Let every request be answered."""


class ProtocolServer(ThreadingHTTPServer):
    """Answers on 127.0.0.1 with `model`'s replies; `asked` are the paths and bodies of its requests."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handler: type[_Handler], model: BaseChatModel, failing: Failing) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.model = model
        self.failing = failing
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.lock = Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def speaking_anthropic(model: BaseChatModel, failing: Failing = never) -> Iterator[ProtocolServer]:
    """Serve until the end of the block."""
    with served(ProtocolServer(_Anthropic, model, failing)) as server:
        yield server


@contextmanager
def speaking_ollama(model: BaseChatModel, failing: Failing = never) -> Iterator[ProtocolServer]:
    """Serve until the end of the block."""
    with served(ProtocolServer(_Ollama, model, failing)) as server:
        yield server


class _Handler(JsonHandler):
    server: ProtocolServer

    def do_POST(self) -> None:  # noqa: N802  http.server's name
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            number = len(self.server.asked)
            self.server.asked.append((self.path, asked))
        failure = self.server.failing(number)
        if failure:
            self.send_json(failure[1], failure[0])
        else:
            self.answer(asked)

    def answer(self, asked: dict[str, Any]) -> None:
        raise NotImplementedError


class _Anthropic(_Handler):
    def answer(self, asked: dict[str, Any]) -> None:
        stops, most = asked.get("stop_sequences"), asked["max_tokens"]  # which Anthropic insists on
        messages = [SystemMessage(asked["system"])] if asked.get("system") else []
        messages += convert_to_messages(asked["messages"])
        reply = self.server.model.invoke(messages, stop=stops, max_tokens=most)
        ended = {"stop": "end_turn", "length": "max_tokens"}[reply.response_metadata["finish_reason"]]
        usage = reply.usage_metadata or {}
        self.send_json({
            "id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"], "stop_reason": ended,
            "stop_sequence": None, "content": [{"type": "text", "text": reply.text}],
            "usage": {"input_tokens": usage["input_tokens"], "output_tokens": usage["output_tokens"]},
        })  # fmt: skip


class _Ollama(_Handler):
    def answer(self, asked: dict[str, Any]) -> None:
        options: Mapping[str, Any] = asked.get("options") or {}
        names = {"stop": "stop", "max_tokens": "num_predict", "temperature": "temperature"}
        sent = {name: options[own] for name, own in names.items() if options.get(own) is not None}
        is_chat = self.path == "/api/chat"
        messages = convert_to_messages(asked["messages"]) if is_chat else [HumanMessage(asked["prompt"])]
        reply = self.server.model.invoke(messages, **sent)
        self.send_lines(_ollama_parts(asked["model"], reply, is_chat))

    def send_lines(self, parts: Iterator[dict[str, Any]]) -> None:
        """Send a stream of JSON lines, as Ollama does, in HTTP chunks."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in parts:
            line = json.dumps(part).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        self.wfile.write(b"0\r\n\r\n")


def _ollama_parts(model: str, reply: AIMessage, is_chat: bool) -> Iterator[dict[str, Any]]:
    """Yield a streamed reply line by line; the last part says how it ended and what it took."""
    head = {"model": model, "created_at": "2025-01-01T00:00:00Z"}
    for piece in str(reply.text).splitlines(keepends=True):
        yield {**head, **_ollama_text(piece, is_chat), "done": False}
    usage = reply.usage_metadata or {}
    yield {
        **head, **_ollama_text("", is_chat), "done": True, "done_reason": reply.response_metadata["finish_reason"],
        "prompt_eval_count": usage["input_tokens"], "eval_count": usage["output_tokens"],
    }  # fmt: skip


def _ollama_text(text: str, is_chat: bool) -> dict[str, Any]:
    return {"message": {"role": "assistant", "content": text}} if is_chat else {"response": text}
