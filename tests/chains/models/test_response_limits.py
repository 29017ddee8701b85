"""Hostile response bodies: endless, packed, packed twice, nested without end. None costs memory, each is told in a line."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.prompt_values import StringPromptValue
from support.loopback import JsonHandler, served

from self_instruct.chains.models.asking import ask
from self_instruct.chains.models.loading import load_model
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.response_limits import MOST_BYTES
from self_instruct.ledger import RequestId
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Reply

PIECE = b" " * 2**16
Body = Callable[["_Handler"], None]


class _Handler(JsonHandler):
    body: Body

    def do_POST(self) -> None:  # noqa: N802  the name that http.server looks for
        self.rfile.read(int(self.headers["Content-Length"]))
        type(self).body(self)

    def send(self, body: bytes, *headers: tuple[str, str]) -> None:
        self.send_response(200)
        for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def endless(handler: _Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))


def bomb(handler: _Handler) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    handler.send(b"".join([*(packer.compress(PIECE) for _ in range(2 * MOST_BYTES // 2**16)), packer.flush()]), GZIP)


def packed_twice(handler: _Handler) -> None:
    handler.send(gzip.compress(gzip.compress(ANSWER)), ("Content-Encoding", "gzip, gzip"))


def deep(handler: _Handler) -> None:
    handler.send(b"[" * 100_000 + b"]" * 100_000)


def deep_beside(handler: _Handler) -> None:
    handler.send(ANSWER[:-1] + b',"more":' + b"[" * 100_000 + b"]" * 100_000 + b"}")


GZIP = ("Content-Encoding", "gzip")
ANSWER = b'{"id":"c","object":"chat.completion","created":0,"model":"m","choices":[{"index":0,"finish_reason":"stop",' + (
    b'"message":{"role":"assistant","content":"yes"}}]}'
)


@contextmanager
def answering(body: Body) -> Iterator[str]:
    class Handler(_Handler):
        pass

    Handler.body = body
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # clients leave in the middle
    with served(server):
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"


async def asked(body: Body, **options: Any) -> object:
    with answering(body) as base_url:
        model: Any = load_model("openai:m", base_url=base_url, options=options, client_retries=False)
        return await ask(model, Question(RequestId("instructions", 0), StringPromptValue(text="a"), {}))


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (endless, "larger than 8 MiB"),
        (bomb, "larger than 8 MiB"),
        (packed_twice, "packed as 'gzip, gzip'"),
    ],
)
async def test_a_body_without_measure_is_given_up(body: Body, words: str, streaming: bool) -> None:
    with pytest.raises(ModelUnavailableError, match=words):
        await asked(body, streaming=streaming)


@pytest.mark.parametrize("body", [deep, deep_beside])
async def test_nesting_without_end_is_a_broken_response(body: Body) -> None:
    with pytest.raises(ModelUnavailableError, match="recursion"):
        await asked(body)


async def test_a_packed_answer_is_unpacked() -> None:
    reply = await asked(lambda handler: handler.send(gzip.compress(ANSWER), GZIP))
    assert isinstance(reply, Reply)
    assert reply.text == "yes"
