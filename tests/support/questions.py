"""Questions to ask, a model class for each way of answering, and clients whose server is a function in this process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx
from langchain_core.language_models import BaseLLM
from langchain_core.messages import HumanMessage
from langchain_core.outputs import Generation, LLMResult
from langchain_core.prompt_values import StringPromptValue
from langchain_openai import ChatOpenAI, OpenAI
from pydantic import SecretStr

from self_instruct.chains.models.question import Question
from self_instruct.chains.offline import OfflineModel
from self_instruct.ledger import RequestId
from self_instruct.records.tasks import StageName

ASKED = RequestId(StageName.CLASSIFICATION, 3, 7)


def question(
    request: RequestId | int = ASKED, text: str = "Is it classification?", model: str | None = "openai:x", **parameters: Any
) -> Question:
    """Return a question; a number is that of a request."""
    named = RequestId(StageName.CLASSIFICATION, request) if isinstance(request, int) else request
    return Question(named, StringPromptValue(text=text), parameters, model)


class OfflineCompleter(BaseLLM):
    """The offline model as a completion model."""

    @property
    def _llm_type(self) -> str:
        return "offline completer"

    def _generate(self, prompts: list[str], stop: list[str] | None = None, run_manager: Any = None, **sent: Any) -> LLMResult:
        answers = [OfflineModel()._generate([HumanMessage(prompt)], stop).generations[0] for prompt in prompts]
        info = {"finish_reason": "stop"}
        return LLMResult(generations=[[Generation(text=answer.text, generation_info=info)] for answer in answers])


class Answering(httpx.AsyncBaseTransport):
    """Answers every request alike, at once, and remembers the bodies; `answer` is sent as JSON, or bytes as they are."""

    def __init__(self, answer: object, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.answer = (status, {"content-type": "application/json", **(headers or {})}, body)
        self.asked: list[dict[str, Any]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(json.loads(request.content))
        status, headers, body = self.answer
        return httpx.Response(status, headers=headers, content=body, request=request)


def completed(message: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return what OpenAI's chat protocol answers with."""
    choice = {"index": 0, "message": {"role": "assistant", "content": "No", **(message or {})}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 5, "completion_tokens": 2, "total_tokens": 7}
    whole = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "served-2025", "choices": [choice]}
    return {**whole, "usage": usage, **more}


def chat_model(transport: httpx.AsyncBaseTransport, **options: Any) -> ChatOpenAI:
    """Return the real chat client, with this transport in the place of a network."""
    client = httpx.AsyncClient(transport=transport)
    return ChatOpenAI(model="asked", api_key=SecretStr("none"), http_async_client=client, max_retries=0, **options)


def completion_model(transport: httpx.AsyncBaseTransport) -> OpenAI:
    """Return the real completion client, with this transport in the place of a network."""
    return OpenAI(
        model="asked", api_key=SecretStr("none"), http_async_client=httpx.AsyncClient(transport=transport), max_retries=0
    )
