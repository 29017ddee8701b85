"""A provider's batches behind one door: what a line of one is, how one is made, found again, looked at, read and cancelled.

Between a stage's LangChain model and its provider's batch API. A line's body is what the model's own client would send online,
and its answer is read by that client's code, so that the same reply is the same record whichever way it came.
Source: OpenAI's API reference, "Batch"; Anthropic's, "Message Batches".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from self_instruct.chains.models.provider_errors import translate
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.refused_parameters import LeftOut, leave_out
from self_instruct.chains.models.replies import Model
from self_instruct.ledger import StoredBatch
from self_instruct.records.errors import ModelRefusedError, ModelUnavailableError, SelfInstructError, SettingsError
from self_instruct.records.json_text import storable
from self_instruct.records.replies import Refusal, Reply, Served

MIB = 2**20
KEY_LENGTH = 12  # characters of a tag by which its lines are known
_NO_OPTIONS = ("extra_headers", "extra_query", "timeout")  # of a client's call; none of them is in the body


@dataclass(frozen=True, slots=True)
class Look:
    """What a provider says of a batch: in its own words, how many lines are done, and whether it has ended.

    `fault` is why it ended without answering any line; with `is_quota` because more is enqueued than the account may have.
    `files` are where its answers are, for a provider that says so.
    """

    words: str
    done: int = 0
    is_ended: bool = False
    fault: str = ""
    is_quota: bool = False
    files: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LineAnswer:
    """What became of one line: a reply, the provider's refusal, or why there is neither."""

    custom_id: str
    answer: Reply | Refusal | SelfInstructError


class BatchDoor(Protocol):
    """The batches of one model at its provider.

    Each coroutine may raise what a provider's client raises; `provider_errors.explained` says it in our words. `make` is asked
    once, and never again by the client itself: a second try after a lost answer would make two.
    """

    provider: str
    most_lines: int
    most_bytes: int

    def line(self, custom_id: str, question: Question) -> dict[str, Any]:
        """Return a question as a line of a batch, by its id there."""
        ...

    async def make(self, batch: StoredBatch, lines: Path) -> str:
        """Make a batch of a file of lines, and return the provider's id of it."""
        ...

    async def find(self, batch: StoredBatch, known: Collection[str]) -> str | None:
        """Return the id of the batch that was made of ours, where one was and nobody heard of it.

        `known` are ids of others. Raises `NotToldYetError` while there is one of which only its end will tell.
        """
        ...

    async def look(self, batch_id: str) -> Look:
        """Return what the provider says of a batch."""
        ...

    def answers(self, batch_id: str, look: Look) -> AsyncIterator[LineAnswer]:
        """Yield the answers of a batch that has ended, in any order."""
        ...

    async def cancel(self, batch_id: str) -> None:
        """Ask the provider to stop a batch; what is answered by then stays."""
        ...


class NotToldYetError(ModelUnavailableError):
    """Whether a batch that is under way is ours can be told only when it has ended."""


class LineError(Exception):
    """What a provider answered to one line in place of a reply, in the shape of its client's errors."""

    def __init__(self, status_code: int | None, body: Mapping[str, Any], request_id: str | None = None) -> None:
        told = body.get("error")
        inner = told if isinstance(told, Mapping) else body
        super().__init__(str(inner.get("message") or inner.get("type") or body))
        self.status_code, self.body, self.request_id = status_code, body, request_id
        self.code = inner.get("code")


class Lines:
    """The lines of one model: which parameters go into them, and what an error in the place of an answer means.

    `parameters` are those that our settings send, of which one that the model refuses is left out from then on.
    """

    def __init__(self, model: str, left_out: LeftOut, parameters: Collection[str]) -> None:
        self.model = model
        self._left_out = left_out
        self._parameters = parameters

    def sent(self, question: Question) -> dict[str, Any]:
        """Return the parameters of a question that the model takes."""
        return self._left_out.sent(question.model or "", question.parameters)

    def failed(self, error: Exception) -> Refusal | SelfInstructError:
        """Return what an error in the place of an answer means; raises what is no provider's doing."""
        if leave_out(self._left_out, self.model, error, self._parameters):
            return ModelUnavailableError("a parameter was refused", kind="refused parameter")
        translated = translate(error)
        if translated is None:
            raise error
        if isinstance(translated, ModelRefusedError):
            return Refusal(storable(str(translated)), self.model, Served(request_id=getattr(error, "request_id", None)))
        return translated


def custom_id(tag: str, line: int) -> str:
    """Return the id of a line of the batch with this tag: at most 64 characters, of letters, digits and hyphens."""
    return f"{tag[:KEY_LENGTH]}-{line}"


def line_of(custom_id: str, tag: str) -> int | None:
    """Return which line of the batch with this tag has an id; None for an id that is none of its.

    >>> line_of("0123456789ab-17", "0123456789ab-f00d")
    17
    """
    key, _, line = custom_id.partition("-")
    return int(line) if key == tag[:KEY_LENGTH] and line.isascii() and line.isdigit() else None


def body_of(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the body that a client sends of what it is called with.

    >>> body_of({"model": "m", "extra_body": {"top_k": 5}, "timeout": 3})
    {'model': 'm', 'top_k': 5}
    """
    body = {name: value for name, value in payload.items() if name not in (*_NO_OPTIONS, "extra_body")}
    return {**body, **(payload.get("extra_body") or {})}


def batch_door(model: Model, name: str, left_out: LeftOut, parameters: Collection[str]) -> BatchDoor:
    """Return the door to the batches of a model, bare as `load_model` gives it; `name` is the run's for it.

    Raises `SettingsError` where its provider sells none, or none that we speak.
    """
    lines = Lines(name, left_out, parameters)
    package, kind = type(model).__module__.partition(".")[0], type(model).__name__
    if package == "langchain_openai" and kind in ("ChatOpenAI", "OpenAI"):
        from self_instruct.chains.models.openai_batches import ChatLines, CompletionLines, OpenAIBatches

        return OpenAIBatches((ChatLines if kind == "ChatOpenAI" else CompletionLines)(model, lines))
    if package == "langchain_anthropic" and kind == "ChatAnthropic":
        from self_instruct.chains.models.anthropic_batches import AnthropicBatches

        return AnthropicBatches(model, lines)
    raise SettingsError(
        f"the model {name!r} is not asked in batches: only openai:, openai-completion: and anthropic: models are;"
        " leave out `batch`, or name the other stages in batch.stages."
    )
