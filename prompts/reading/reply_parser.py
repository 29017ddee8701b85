"""What the output parsers share: the reply behind what LangChain hands over, and what surrounds the answer in it.

Between the model and the three parsers. A chat model may think aloud first, greet, and wrap its answer in a code fence; the
`tolerant` form of each parser looks past that (see also `thoughts`, `courtesies` and `structured`).
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import BaseTransformOutputParser
from langchain_core.outputs import ChatGeneration, Generation

from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Instance, Reason, Rejection, Stage

T = TypeVar("T")
R = TypeVar("R", Candidate, Instance)

MOST_RECORDS = 1000  # read of one reply; what a model is asked for are 8 tasks, or a few instances

_REASON_KEYS = ("finish_reason", "stop_reason", "done_reason")  # OpenAI and most; Anthropic; Ollama
_CUT_OFF = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
_LOOKED_AT = 20_000  # characters of a reply still coming; looking again at each line of a longer one would take quadratic time
_FENCE = re.compile(r"^(?:[ \t]*+|(?P<marker>[^`~\n]*[:：][ \t]*+))(?P<ticks>`{3,}+|~{3,}+)(?P<info>[^`\n]*+)$", re.MULTILINE)


def reply_of(generation: Generation) -> Reply:
    """Return a LangChain generation as a `Reply` (its text and finish reason; usage is not read)."""
    places: list[Mapping[str, Any]] = [generation.generation_info or {}]
    if isinstance(generation, ChatGeneration):
        places.insert(0, generation.message.response_metadata)
    found = (place[key] for place in places for key in _REASON_KEYS if place.get(key))
    reason = next(found, None)
    return Reply(generation.text, None if reason is None else str(reason))


def is_cut_off(reply: Reply) -> bool:
    """Return whether the model was stopped by a length limit, in any provider's word for it ("length", "max_tokens" ...)."""
    word = (reply.finish_reason or "").rpartition(".")[2]  # an enumeration prints as "FinishReason.MAX_TOKENS"
    return word.casefold() in _CUT_OFF


def rejection(stage: Stage, reason: Reason, text: str, reply: Reply, item: int = 0) -> Rejection:
    """Return the rejection of a piece of a reply, with the reply's finish reason as evidence where it has one."""
    evidence = {} if reply.finish_reason is None else {"finish_reason": reply.finish_reason}
    return Rejection(stage, reason, text, item, evidence)


def bounded(records: list[R | Rejection], stage: Stage, reply: Reply) -> list[R | Rejection]:
    """Return the first `MOST_RECORDS` records of a reply, and one rejection that counts the rest."""
    if len(records) <= MOST_RECORDS:
        return records
    first_left = records[MOST_RECORDS]
    item = first_left.item if isinstance(first_left, Candidate | Rejection) else 0
    counted = rejection(stage, Reason.TOO_MANY, "", reply, item)
    evidence = {**counted.evidence, "count": len(records) - MOST_RECORDS}
    kept = records[:MOST_RECORDS]
    kept.append(replace(counted, evidence=evidence))
    return kept


class ReplyParser(BaseTransformOutputParser[T]):
    """A LangChain output parser of whole replies: it takes a `str`, a message or a generation, and never raises on text.

    Subclasses define `read`; those that know finished parts before the end also define `read_finished`.
    """

    @abstractmethod
    def read(self, reply: Reply) -> T:
        """Return the records, or rejections, that a whole reply holds."""

    def read_finished(self, text: str) -> T | None:
        """Return what is certain of a reply that is still coming, or None."""
        del text
        return None

    def rest(self, whole: T, given: T) -> T:
        """Return what of the whole result was not yet given out while the reply was coming."""
        del given
        return whole

    def parse(self, text: str) -> T:
        """Return what a reply with this text holds."""
        return self.read(Reply(text))

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> T:
        """Return what the first generation holds; a reply still coming (`partial`) is read as if it were whole."""
        del partial
        return self.read(reply_of(result[0]))

    def _transform(self, input: Iterator[str | BaseMessage]) -> Iterator[T]:  # noqa: A002
        coming = _Coming(self)
        for chunk in input:
            yield from coming.add(chunk)
        yield coming.end()

    async def _atransform(self, input: AsyncIterator[str | BaseMessage]) -> AsyncIterator[T]:  # noqa: A002
        coming = _Coming(self)
        async for chunk in input:
            for part in coming.add(chunk):
                yield part
        yield coming.end()


@dataclass(slots=True)
class _Coming:
    """A reply that arrives in chunks, looked at whenever a line is complete."""

    parser: ReplyParser[Any]
    chunks: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    length: int = 0
    given: Any = None

    def add(self, chunk: str | BaseMessage) -> Iterator[Any]:
        generation = ChatGeneration(message=chunk) if isinstance(chunk, BaseMessage) else Generation(text=chunk)
        reply = reply_of(generation)
        self.chunks.append(reply.text)
        self.finish_reason = reply.finish_reason or self.finish_reason
        self.length += len(reply.text)
        if "\n" not in reply.text or self.length > _LOOKED_AT:
            return
        text = "".join(self.chunks)
        finished = self.parser.read_finished(text[: text.rindex("\n") + 1])
        if finished and (new := self._rest(finished)):
            yield new
            self.given = finished

    def end(self) -> Any:
        return self._rest(self.parser.read(Reply("".join(self.chunks), self.finish_reason)))

    def _rest(self, whole: Any) -> Any:
        return whole if self.given is None else self.parser.rest(whole, self.given)


@dataclass(frozen=True, slots=True)
class Fence:
    """A code fence: opened by the line `[start, inside)`, closed by `[outside, end)`, which is empty if it never was."""

    start: int
    inside: int
    outside: int
    end: int

    @property
    def is_closed(self) -> bool:
        """Return whether the fence has a closing line."""
        return self.outside < self.end

    @property
    def lines(self) -> list[tuple[int, int]]:
        """The spans of the opening and closing lines."""
        return [(self.start, self.inside), (self.outside, self.end)]


def find_fences(text: str) -> list[Fence]:
    """Return the code fences of a text in order.

    One may open on the line of a marker ("Output: ```sql"). A second opening line with a language says the first was never
    closed.
    """
    fences: list[Fence] = []
    opening: re.Match[str] | None = None
    for line in _FENCE.finditer(text):
        if opening is None:
            opening = line
        elif line["ticks"].startswith(opening["ticks"]):
            start = line.start("ticks")
            is_opening = bool(line["info"].strip() or line["marker"])
            fences.append(Fence(opening.start("ticks"), opening.end(), start, start if is_opening else line.end()))
            opening = line if is_opening else None
    if opening is not None:
        fences.append(Fence(opening.start("ticks"), opening.end(), len(text), len(text)))
    return fences


def outside(matches: Iterable[re.Match[str]], fences: Sequence[Fence]) -> Iterator[re.Match[str]]:
    """Yield those of the matches (ascending) that begin in none of the fences."""
    index = 0
    for match in matches:
        while index < len(fences) and fences[index].end <= match.start():
            index += 1
        if index == len(fences) or match.start() < fences[index].start:
            yield match
