"""OpenAI's batches: a file of lines, a batch of that file, a file of answers and another of errors.

Source: OpenAI's API reference, "Files" and "Batch"; https://platform.openai.com/docs/guides/batch for limits and states.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from langchain_core.messages import AIMessage

from self_instruct.chains.models.batches import MIB, LineAnswer, LineError, Lines, Look, body_of
from self_instruct.chains.models.json_lines import json_objects
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.replies import completion_message, message_to_reply
from self_instruct.ledger import StoredBatch
from self_instruct.records.errors import SettingsError

if TYPE_CHECKING:
    from openai import AsyncOpenAI

TAG = "self_instruct_batch"  # the key in a batch's metadata
_ENDED = frozenset({"failed", "completed", "expired", "cancelled"})
_QUOTA = "token_limit_exceeded"  # more is enqueued than the account may have
_LOOKED_THROUGH = 1000  # batches, the newest first, for one of ours


class ChatLines:
    """What `ChatOpenAI` sends and reads, over chat completions."""

    url = "/v1/chat/completions"

    def __init__(self, model: Any, lines: Lines) -> None:
        self.lines = lines
        self._model = model

    @property
    def client(self) -> AsyncOpenAI:
        """The model's own client."""
        client: AsyncOpenAI = self._model.root_async_client
        return client

    def body(self, question: Question) -> dict[str, Any]:
        """Return the body that the model's client sends online; raises `SettingsError` for the Responses API."""
        # What `_agenerate` calls its client with; the test of equal bodies holds it.
        payload = self._model._get_request_payload(question.prompt.to_messages(), **self.lines.sent(question))  # noqa: SLF001
        if "messages" not in payload:
            raise SettingsError(
                f"the model {self.lines.model!r} is asked over OpenAI's Responses API, which is not asked in batches here;"
                " leave out `batch` for its stages."
            )
        return body_of(payload)

    def message(self, body: Mapping[str, Any]) -> AIMessage:
        """Return what the model's client makes of a response's body."""
        from openai.types.chat import ChatCompletion

        result = self._model._create_chat_result(ChatCompletion.construct(**body))  # noqa: SLF001
        [generation, *_] = result.generations
        message: AIMessage = generation.message
        about = {**(result.llm_output or {}), **(generation.generation_info or {}), **message.response_metadata}
        return message.model_copy(update={"response_metadata": about})


class CompletionLines:
    """What `langchain_openai.OpenAI`, a completion model, sends and reads."""

    url = "/v1/completions"

    def __init__(self, model: Any, lines: Lines) -> None:
        self.lines = lines
        self._model = model

    @property
    def client(self) -> AsyncOpenAI:
        """The model's own client."""
        client: AsyncOpenAI = self._model.async_client._client  # noqa: SLF001  the model keeps only its completions
        return client

    def body(self, question: Question) -> dict[str, Any]:
        """Return the body that the model's client sends online."""
        asked = {**self._model._invocation_params, **self.lines.sent(question)}  # noqa: SLF001
        return body_of({"prompt": [question.prompt.to_string()], **asked})

    def message(self, body: Mapping[str, Any]) -> AIMessage:
        """Return what the model's client makes of a response's body."""
        counted = {name: count for name, count in (body.get("usage") or {}).items() if isinstance(count, int)}
        return completion_message(self._model.create_llm_result(body["choices"], [""], {}, counted))


class OpenAIBatches:
    """A door to the batches of one model of OpenAI."""

    provider = "openai"
    most_lines = 50_000
    most_bytes = 200 * MIB - MIB  # a margin: whose mebibytes is not said

    def __init__(self, model: ChatLines | CompletionLines) -> None:
        self._model = model

    @cached_property
    def _client(self) -> AsyncOpenAI:
        from openai import DefaultAsyncHttpxClient

        # A client of its own: the model's bounds the size of responses, and retries are ours.
        return self._model.client.copy(max_retries=0, http_client=DefaultAsyncHttpxClient(), timeout=600)

    def line(self, custom_id: str, question: Question) -> dict[str, Any]:
        """Return a question as a line of a batch; see `BatchDoor`."""
        return {"custom_id": custom_id, "method": "POST", "url": self._model.url, "body": self._model.body(question)}

    async def make(self, batch: StoredBatch, lines: Path) -> str:
        """Upload the lines, unless they are there, and make a batch of them."""
        file_id = await self._found_file(batch.tag) or await self._upload(batch.tag, lines)
        made = await self._client.batches.create(
            input_file_id=file_id,
            endpoint=self._model.url,  # type: ignore[arg-type]
            completion_window="24h",
            metadata={TAG: batch.tag},
        )
        return made.id

    async def find(self, batch: StoredBatch, known: Collection[str]) -> str | None:
        """Return the id of the batch whose metadata have the tag of ours."""
        del known  # the tag says it
        seen = 0
        async for each in self._client.batches.list(limit=100):
            if (each.metadata or {}).get(TAG) == batch.tag:
                return each.id
            seen += 1
            if seen >= _LOOKED_THROUGH or each.created_at < batch.written_at - 86_400:
                return None
        return None

    async def look(self, batch_id: str) -> Look:
        """Return what the provider says of a batch."""
        found = await self._client.batches.retrieve(batch_id)
        counts = found.request_counts
        done = counts.completed + counts.failed if counts else 0
        errors = (found.errors.data if found.errors else None) or []
        fault = "; ".join(f"{each.message}{f' (line {each.line})' if each.line else ''}" for each in islice(errors, 3))
        return Look(
            found.status,
            done,
            is_ended=found.status in _ENDED,
            fault=(fault or "it gave no reason") if found.status == "failed" else "",
            is_quota=found.status == "failed" and any(each.code == _QUOTA for each in errors),
            files=tuple(filter(None, (found.output_file_id, found.error_file_id))),
        )

    async def answers(self, batch_id: str, look: Look) -> AsyncIterator[LineAnswer]:
        """Yield what the file of answers and the file of errors hold; a batch may have both, one or none."""
        del batch_id
        for file_id in look.files:
            async with self._client.files.with_streaming_response.content(file_id) as response:
                async for row in json_objects(response.iter_bytes()):
                    yield self._answer(row)

    async def cancel(self, batch_id: str) -> None:
        """Ask the provider to stop a batch."""
        await self._client.batches.cancel(batch_id)

    async def _found_file(self, tag: str) -> str | None:
        seen = 0
        async for each in self._client.files.list(purpose="batch", limit=100):
            if each.filename == _file_name(tag) and each.status != "error":
                return each.id
            seen += 1
            if seen >= _LOOKED_THROUGH:
                break
        return None

    async def _upload(self, tag: str, lines: Path) -> str:
        with lines.open("rb") as file:
            return (await self._client.files.create(file=(_file_name(tag), file), purpose="batch")).id

    def _answer(self, row: Mapping[str, Any]) -> LineAnswer:
        custom_id, lines = str(row.get("custom_id")), self._model.lines
        response, error = row.get("response") or {}, row.get("error")
        body = response.get("body")
        try:
            if error or response.get("status_code") != 200 or not isinstance(body, Mapping):
                raise _line_error(response, error)
            return LineAnswer(custom_id, message_to_reply(self._model.message(body), lines.model))
        except Exception as failure:  # noqa: BLE001  raised again by `failed` where it is no provider's doing
            return LineAnswer(custom_id, lines.failed(failure))


def _line_error(response: Mapping[str, Any], error: object) -> LineError:
    """Return why a line has no reply: the request's own failure, or the batch's, such as `batch_expired`, which time cures."""
    status, request_id = response.get("status_code"), response.get("request_id")
    body = response.get("body")
    if isinstance(status, int) and status != 200:
        return LineError(status, body if isinstance(body, Mapping) else {"message": str(body)}, request_id)
    told = error if isinstance(error, Mapping) else {"message": str(error or "the line has no response")}
    return LineError(503, told, request_id)


def _file_name(tag: str) -> str:
    return f"self-instruct-{tag}.jsonl"
