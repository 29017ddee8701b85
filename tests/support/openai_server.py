"""A loopback server that speaks OpenAI's chat and completion protocols, with a LangChain chat model behind it.

It answers plainly, or as a forecast (`support.faults`) has it: late, with an error, half, or not at all.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Condition, Event
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, convert_to_messages
from support.faults import Broken, Delay, Fault, Forecast, Refuse, fair
from support.loopback import served

JSON = "application/json"
EVENTS = "text/event-stream"
PATIENCE_S = 60.0  # nothing waits this long unless it hangs


class OpenAIServer(ThreadingHTTPServer):
    """Answers on 127.0.0.1 with `model`'s replies, and counts what it was asked.

    `paths` counts requests by path, `bodies` by their whole body, and `answered` those of the bodies that no fault befell.
    """

    daemon_threads = True
    request_queue_size = 256  # connections that come at once; the default of 5 turns some away

    def __init__(self, model: BaseChatModel, forecast: Forecast = fair) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.model = model
        self.forecast = forecast
        self.paths: Counter[str] = Counter()
        self.bodies: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()
        self.connected = 0  # connections that may bring another request; those that hang bring none
        self.met: set[object] = set()
        self.changed = Condition()
        self.ended = Event()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"

    def next_fault(self, path: str, body: str) -> Fault | None:
        """Count a request and return what happens to it."""
        with self.changed:
            fault = self.forecast(self.bodies.total())
            self.paths[path] += 1
            self.bodies[body] += 1
            self.answered.update([body] if fault is None or isinstance(fault, Delay) else [])
            self.changed.notify_all()
            return fault

    def wait_for(self, requests: int) -> None:
        """Return when so many requests have arrived in all."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.bodies.total() >= requests, PATIENCE_S)

    def settle(self) -> None:
        """Return when all that clients sent who are gone now has been counted."""
        with socket.create_connection(self.server_address[:2]) as last:
            own = last.getsockname()
        with self.changed:
            assert self.changed.wait_for(lambda: own in self.met and self.connected == 0, PATIENCE_S)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Count a connection, in the order in which they came, and give it to a thread of its own."""
        with self.changed:
            self.met.add(client_address)
        self.count_connections(+1)
        super().process_request(request, client_address)

    def count_connections(self, change: int) -> None:
        with self.changed:
            self.connected += change
            self.changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that are gone."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serving(model: BaseChatModel, forecast: Forecast = fair) -> Iterator[OpenAIServer]:
    """Serve until the end of the block."""
    with served(OpenAIServer(model, forecast)) as server:
        try:
            yield server
        finally:
            server.ended.set()


class _Handler(BaseHTTPRequestHandler):
    server: OpenAIServer
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet a reply: without it, headers and body wait for each other
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length).decode()
        if len(body.encode()) < length:  # the client died while it asked
            self.close_connection = True
            return
        fault = self.server.next_fault(self.path, body)
        if isinstance(fault, Refuse):
            self._refuse(fault)
        elif fault is Broken.HANG:
            self.server.count_connections(-1)
            self.server.ended.wait(PATIENCE_S)
            self.server.count_connections(+1)
            self.close_connection = True
        elif fault is Broken.EMPTY:
            self._send(b"")
        elif fault is Broken.WRONG_TYPE:
            self._send(b"<!DOCTYPE html><html><title>Welcome to nginx!</title></html>", content_type="text/html")
        else:
            if isinstance(fault, Delay):
                time.sleep(fault.seconds)
            self._answer(json.loads(body), fault)

    def _refuse(self, fault: Refuse) -> None:
        said = {"message": f"{fault.words}, not with {self.headers['Authorization']}", "code": fault.code}
        retry_after = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
        self._send(json.dumps({"error": said}).encode(), fault.status, headers=retry_after)

    def _answer(self, asked: dict[str, Any], fault: Fault | None) -> None:
        if self.path == "/v1/chat/completions":
            reply = self._reply(convert_to_messages(asked["messages"]), asked)
        elif self.path == "/v1/completions":
            [prompt] = asked["prompt"] if isinstance(asked["prompt"], list) else [asked["prompt"]]
            reply = self._reply([HumanMessage(prompt)], asked)
        else:
            self._send(json.dumps({"error": {"message": f"no such path: {self.path}"}}).encode(), status=404)
            return
        if fault is Broken.CUT_OFF:
            reply = _cut(reply)
        is_chat = self.path == "/v1/chat/completions"
        if asked.get("stream"):
            self._send_events(_events(reply, is_chat), fault)
        else:
            self._send_document(json.dumps(_chat(reply) if is_chat else _completion(reply)).encode(), fault)

    def _reply(self, messages: list[BaseMessage], asked: dict[str, Any]) -> AIMessage:
        return self.server.model.invoke(messages, stop=asked.get("stop"))

    def _send_document(self, body: bytes, fault: Fault | None) -> None:
        half = body[: len(body) // 2]
        if fault is Broken.DROP:
            self._send(half, length=len(body))
            self.close_connection = True
        else:
            self._send(half if fault is Broken.MALFORMED else body)

    def _send_events(self, events: Iterable[dict[str, Any]], fault: Fault | None) -> None:
        """Send a stream of events in HTTP chunks; a truncated one ends politely, a dropped one without the last chunk."""
        documents = [*map(json.dumps, events), "[DONE]"]
        if fault in (Broken.TRUNCATED, Broken.DROP):
            del documents[len(documents) // 2 :]
        self._send_headers(200, {"Content-Type": EVENTS, "Transfer-Encoding": "chunked"})
        for document in documents:
            line = f"data: {document}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
            self.wfile.flush()
        if fault is Broken.DROP:
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _send(
        self,
        body: bytes,
        status: int = 200,
        content_type: str = JSON,
        length: int | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        length = len(body) if length is None else length
        self._send_headers(status, {"Content-Type": content_type, "Content-Length": str(length), **(headers or {})})
        self.wfile.write(body)

    def _send_headers(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def finish(self) -> None:
        """End a connection whose client may be gone."""
        with suppress(ConnectionError):
            super().finish()
        self.server.count_connections(-1)

    def log_message(self, *_: Any) -> None:
        """Keep the tests' output quiet."""


def _cut(reply: AIMessage) -> AIMessage:
    text = str(reply.text)
    cut = {"content": text[: len(text) // 2], "response_metadata": {"finish_reason": "length"}}
    return reply.model_copy(update=cut)


def _chat(reply: AIMessage) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": reply.text}, **_finish(reply)}
    return {"id": "chat", "object": "chat.completion", "created": 0, "model": "served", "choices": [choice], **_usage(reply)}


def _completion(reply: AIMessage) -> dict[str, Any]:
    choice = {"index": 0, "text": str(reply.text), "logprobs": None, **_finish(reply)}
    return {"id": "text", "object": "text_completion", "created": 0, "model": "served", "choices": [choice], **_usage(reply)}


def _events(reply: AIMessage, is_chat: bool) -> Iterator[dict[str, Any]]:
    """Yield a streamed reply: its text word by word, the finish reason, the usage."""
    kind = "chat.completion.chunk" if is_chat else "text_completion"
    whole = {"id": "stream", "object": kind, "created": 0, "model": "served"}
    for piece in str(reply.text).splitlines(keepends=True):
        delta = {"delta": {"role": "assistant", "content": piece}} if is_chat else {"text": piece, "logprobs": None}
        yield {**whole, "choices": [{"index": 0, **delta, "finish_reason": None}]}
    delta = {"delta": {}} if is_chat else {"text": "", "logprobs": None}
    yield {**whole, "choices": [{"index": 0, **delta, **_finish(reply)}]}
    yield {**whole, "choices": [], **_usage(reply)}


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
