"""A server that says how long its context is gets no request that does not fit into it."""

import asyncio
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from langchain_core.prompt_values import StringPromptValue
from support.loopback import served

from self_instruct.chains.budgets.context import FRAME, LEAST_OUTPUT, ContextAsker, context_lengths
from self_instruct.chains.models.question import Question
from self_instruct.ledger import RequestId
from self_instruct.records.replies import Reply, Usage
from self_instruct.settings.settings import Settings


@contextmanager
def saying(answers: Mapping[str, Any]) -> Iterator[str]:
    """A server that answers these paths with JSON; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = answers.get(self.path)
            body = json.dumps(found).encode() if found is not None else b"<html>no such page</html>"
            self.send_response(200 if found is not None else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with served(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as server:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"


VLLM = {"/v1/models": {"data": [{"id": "m", "max_model_len": 2048}, {"id": "other", "max_model_len": 9}]}}
LLAMA = {"id": "gguf", "owned_by": "llamacpp", "meta": {"n_ctx_train": 32768}}


@pytest.mark.parametrize(
    ("answers", "length"),
    [
        (VLLM, 2048),
        ({"/v1/models": {"data": [LLAMA]}, "/props": {"default_generation_settings": {"n_ctx": 4096}}}, 4096),
        ({"/v1/models": {"data": [LLAMA]}, "/props": {}}, 32768),
        ({"/v1/models": {"data": [{"id": "m"}]}}, None),
        ({"/v1/models": ["odd"]}, None),
        ({}, None),
    ],
)
def test_the_context_is_read_as_each_server_says_it(answers: Mapping[str, Any], length: int | None) -> None:
    with saying(answers) as address:
        found = asyncio.run(context_lengths(Settings(model="openai:m", base_url=address)))
    assert set(found.values()) == ({length} if length else set())


def test_nobody_is_asked_without_an_address_of_its_own() -> None:
    assert asyncio.run(context_lengths(Settings(model="openai:gpt-4.1-mini"))) == {}
    assert asyncio.run(context_lengths(Settings(model="ollama:x", base_url="http://127.0.0.1:1"))) == {}
    assert asyncio.run(context_lengths(Settings(model="openai:x", base_url="http://127.0.0.1:1/v1"))) == {}


class Counting:
    """Counts a token for every two bytes, and remembers the limits that came."""

    def __init__(self) -> None:
        self.limits: list[int] = []

    async def __call__(self, question: Question) -> Reply:
        self.limits.append(question.parameters["max_tokens"])
        return Reply("x", "stop", Usage(len(question.prompt.to_string()) // 2, 1))


def asked(length: int, *prompts: str, most: int = 300) -> tuple[list[int], list[str]]:
    """Return the limits that the server sees, and the warnings."""
    warned: list[str] = []
    inner = Counting()
    asker = ContextAsker(inner, {"instances": length}, warned.append)
    for number, prompt in enumerate(prompts):
        question = Question(RequestId("instances", number), StringPromptValue(text=prompt), {"max_tokens": most})
        asyncio.run(asker(question))
    return inner.limits, warned


def test_an_answer_gets_no_more_room_than_the_prompt_leaves() -> None:
    assert asked(10_000, "a" * 600) == ([300], [])
    limits, warned = asked(400, "a" * 600, "a" * 600)
    assert limits == [400 - FRAME - 200, 400 - FRAME - 300], "what the provider counted goes before the estimate"
    assert warned == []


def test_a_prompt_without_room_is_asked_all_the_same_and_warned_of_once() -> None:
    limits, warned = asked(100, "a" * 600, "b" * 600)
    assert limits == [LEAST_OUTPUT] * 2
    assert len(warned) == 1
    assert "instances" in warned[0]
