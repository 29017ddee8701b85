"""Anthropic's message batches: all lines in one request, and the answers in one stream, which tells them by kind.

They carry no metadata, so one that was made and not heard of is found among the newest by its number of lines, and known for
ours by the ids of its lines once its answers can be read.
Source: Anthropic's API reference, "Message Batches".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from self_instruct.chains.models.batches import MIB, LineAnswer, LineError, Lines, Look, NotToldYetError, body_of, line_of
from self_instruct.chains.models.json_lines import json_objects
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.replies import message_to_reply
from self_instruct.ledger import StoredBatch
from self_instruct.records.errors import SettingsError

if TYPE_CHECKING:
    from anthropic import AsyncAnthropic
    from langchain_core.messages import AIMessage

_CLOCKS_APART_S = 300.0  # the provider's and ours
_LOOKED_THROUGH = 1000
_HEAD, _BETWEEN, _TAIL = b'{"requests":[', b",", b"]}"
_STATUS = {  # of the kinds of errors, as a request that is asked online gets them
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402, "permission_error": 403,
    "not_found_error": 404, "request_too_large": 413, "rate_limit_error": 429, "api_error": 500, "timeout_error": 504,
    "overloaded_error": 529,
}  # fmt: skip


class AnthropicBatches:
    """A door to the batches of one model of Anthropic."""

    provider = "anthropic"
    most_lines = 100_000
    most_bytes = 256 * MIB - MIB

    def __init__(self, model: Any, lines: Lines) -> None:
        self._model = model
        self._lines = lines

    @cached_property
    def _client(self) -> AsyncAnthropic:
        client: AsyncAnthropic = self._model._async_client.copy(max_retries=0, timeout=600)  # noqa: SLF001
        return client

    def line(self, custom_id: str, question: Question) -> dict[str, Any]:
        """Return a question as a line of a batch; raises `SettingsError` for what only a header asks for."""
        # What `_agenerate` calls its client with; the test of equal bodies holds it.
        payload = self._model._get_request_payload(question.prompt.to_messages(), **self._lines.sent(question))  # noqa: SLF001
        if payload.get("betas"):
            raise SettingsError(f"the model {self._lines.model!r} asks for betas, which batches here do not; leave them out.")
        return {"custom_id": custom_id, "params": body_of(payload)}

    async def make(self, batch: StoredBatch, lines: Path) -> str:
        """Make a batch of a file of lines, which is sent as it is read."""
        from anthropic.types.messages import MessageBatch

        written = lines.stat().st_size  # noqa: ASYNC240  no more than a look
        size = len(_HEAD) + written + (batch.lines - 1) * len(_BETWEEN) + len(_TAIL)
        headers = {"Content-Type": "application/json", "Content-Length": str(size)}
        made = await self._client.post(
            "/v1/messages/batches", cast_to=MessageBatch, content=_document(lines), options={"headers": headers}
        )
        return str(made.id)

    async def find(self, batch: StoredBatch, known: Collection[str]) -> str | None:
        """Return the id of the batch that was made of ours.

        Raises `NotToldYetError` while one that may be ours has not ended, for only its answers say whether it is.
        """
        async for each in self._newest(since=batch.written_at - _CLOCKS_APART_S):
            counts = each.request_counts
            lines = counts.processing + counts.succeeded + counts.errored + counts.canceled + counts.expired
            if lines != batch.lines or each.id in known:
                continue
            if each.processing_status != "ended":
                raise NotToldYetError(f"{each.id}, of {lines} lines, may be ours; that can be told when it has ended")
            if await self._is_of(each.id, batch.tag):
                return str(each.id)
        return None

    async def look(self, batch_id: str) -> Look:
        """Return what the provider says of a batch."""
        found = await self._client.messages.batches.retrieve(batch_id)
        counts = found.request_counts
        done = counts.succeeded + counts.errored + counts.canceled + counts.expired
        is_ended = found.processing_status == "ended"
        words = "cancelled" if is_ended and found.cancel_initiated_at else found.processing_status
        return Look(words, done, is_ended=is_ended)

    async def answers(self, batch_id: str, look: Look) -> AsyncIterator[LineAnswer]:
        """Yield the answers of a batch that has ended."""
        del look
        async for row in self._rows(batch_id):
            yield self._answer(row)

    async def cancel(self, batch_id: str) -> None:
        """Ask the provider to stop a batch."""
        await self._client.messages.batches.cancel(batch_id)

    async def _newest(self, since: float) -> AsyncIterator[Any]:
        seen = 0
        async for each in self._client.messages.batches.list(limit=100):
            seen += 1
            if seen > _LOOKED_THROUGH or each.created_at.timestamp() < since:
                return
            yield each

    async def _rows(self, batch_id: str) -> AsyncIterator[dict[str, Any]]:
        async with self._client.messages.batches.with_streaming_response.results(batch_id) as response:
            async for row in json_objects(response.iter_bytes()):
                yield row

    async def _is_of(self, batch_id: str, tag: str) -> bool:
        """Return whether the first answer of a batch is to a line of ours."""
        async for row in self._rows(batch_id):
            return line_of(str(row.get("custom_id")), tag) is not None
        return False

    def _answer(self, row: Mapping[str, Any]) -> LineAnswer:
        custom_id, result = str(row.get("custom_id")), row.get("result") or {}
        try:
            if result.get("type") != "succeeded":
                raise _line_error(result)
            return LineAnswer(custom_id, message_to_reply(self._message(result["message"]), self._lines.model))
        except Exception as failure:  # noqa: BLE001  raised again by `failed` where it is no provider's doing
            return LineAnswer(custom_id, self._lines.failed(failure))

    def _message(self, body: Mapping[str, Any]) -> AIMessage:
        from anthropic.types import Message

        result = self._model._format_output(Message.construct(**body))  # noqa: SLF001
        [generation, *_] = result.generations
        message: AIMessage = generation.message
        about = {**(result.llm_output or {}), **(generation.generation_info or {}), **message.response_metadata}
        return message.model_copy(update={"response_metadata": about})


def _line_error(result: Mapping[str, Any]) -> LineError:
    """Return why a line has no reply: the request's own failure; or it was cancelled or expired, which time cures."""
    if result.get("type") != "errored":
        return LineError(503, {"message": f"the line was {result.get('type') or 'left without a result'}"})
    told = result.get("error") or {}
    kind = (told.get("error") or {}).get("type")
    return LineError(_STATUS.get(str(kind), 500), told, told.get("request_id"))


async def _document(lines: Path) -> AsyncIterator[bytes]:
    """Yield the body of the request: the lines of a file as an array; their line feeds are white space there."""
    yield _HEAD
    with lines.open("rb") as file:
        for number, line in enumerate(file):
            yield _BETWEEN + line if number else line
    yield _TAIL
