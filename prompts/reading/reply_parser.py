"""What the output parsers share: the reply behind what LangChain hands over, how it ended, and how one is read as it comes.

Between the model and the three parsers. A chat model may think aloud first, greet, and wrap its answer in a code fence; the
`tolerant` form of each parser looks past that (see `thoughts`, `courtesies`, `fences` and `json_and_tables`).
"""

from abc import abstractmethod
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar

from langchain_core.messages import BaseMessage
from langchain_core.output_parsers import BaseTransformOutputParser
from langchain_core.outputs import ChatGeneration, Generation

from self_instruct.prompts.reading.thoughts import without_thinking
from self_instruct.records.replies import Ended, Reply
from self_instruct.records.tasks import Candidate, Instance, Reason, Rejection

T = TypeVar("T")
R = TypeVar("R", Candidate, Instance)

MOST_RECORDS = 1000  # read of one reply; what a model is asked for are 8 tasks, or a few instances

_REASON_KEYS = ("finish_reason", "stop_reason", "done_reason", "stopReason")  # OpenAI and most; Anthropic; Ollama; Bedrock
REFUSAL = "refusal"
"""OpenAI's word, as a field of a message and a part of it, and Anthropic's as a stop reason."""
_CUT_OFF = frozenset({Ended.LENGTH, Ended.FILTERED})
_LOOKED_AT = 20_000  # characters of a reply still coming
_GROWTH = 17 / 16  # after which it is looked at again: all looks together take no more than seventeen times the last


def reply_of(generation: Generation) -> Reply:
    """Return a LangChain generation as a `Reply` (its text and finish reason; usage is not read).

    A refusal that stands in a place of its own is the reply's text, and "refusal" its finish reason.
    """
    places: list[Mapping[str, Any]] = [generation.generation_info or {}]
    if isinstance(generation, ChatGeneration):
        if refusal := refusal_of(generation.message):
            return Reply(f"{generation.text}{refusal}", REFUSAL)
        places.insert(0, generation.message.response_metadata)
    return Reply(generation.text, next(filter(None, map(reason_of, places)), None))


def reason_of(about: Mapping[str, Any]) -> str | None:
    """Return a provider's word for why a reply ended, from a message's metadata; None where it says nothing.

    OpenAI's protocol of responses has a word only for one that is not whole.

    >>> reason_of({"stopReason": "max_tokens"}), reason_of({"incomplete_details": {"reason": "max_output_tokens"}})
    ('max_tokens', 'max_output_tokens')
    """
    details = about.get("incomplete_details")
    why_incomplete = details.get("reason") if isinstance(details, Mapping) else None
    found = next((about[key] for key in _REASON_KEYS if about.get(key)), why_incomplete)
    return None if found is None else str(found)


def refusal_of(message: BaseMessage) -> str:
    """Return what OpenAI's protocols have beside the text: in `refusal`, or in content blocks of that type."""
    blocks = message.content if isinstance(message.content, list) else ()
    places = (message.additional_kwargs, *(block for block in blocks if isinstance(block, dict)))
    return " ".join(str(place[REFUSAL]) for place in places if place.get(REFUSAL))


def is_cut_off(reply: Reply) -> bool:
    """Return whether the model was stopped before it had ended: by a length limit or a filter.

    A tool call ends a text that was whole. A word that is not known counts as an end too: else no reply of a provider with
    words of its own could be read.
    """
    return reply.ended in _CUT_OFF


class ReplyParser(BaseTransformOutputParser[T]):
    """A LangChain output parser of whole replies: it takes a `str`, a message or a generation, and never raises on text.

    Subclasses define `stage` and `read`; those that know finished parts before the end also define `read_finished`.
    """

    stage: ClassVar[str]

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

    def rejection(self, reply: Reply, reason: Reason, text: str | None = None, item: int = 0) -> Rejection:
        """Return the rejection of a piece of a reply (by default all of it), with its finish reason, if any, as evidence."""
        evidence = {} if reply.finish_reason is None else {"finish_reason": reply.finish_reason}
        return Rejection(self.stage, reason, reply.text if text is None else text, item, evidence)

    def nothing_in(self, reply: Reply) -> Rejection | None:
        """Return the rejection of a reply that is no answer: the model refused, or wrote nothing; None of one to be read."""
        if reply.ended is Ended.REFUSED:
            return self.rejection(reply, Reason.REFUSED_BY_PROVIDER)
        return None if reply.text.strip() else self.rejection(reply, Reason.EMPTY)

    def why_nothing(self, reply: Reply) -> Reason:
        """Return why nothing was found in an answer: it was cut off, only thought, or is not in a form that is known."""
        if is_cut_off(reply):
            return Reason.CUT_OFF
        return Reason.UNREADABLE if without_thinking(reply.text).strip() else Reason.EMPTY

    def bounded(self, records: list[R | Rejection], reply: Reply) -> list[R | Rejection]:
        """Return the first `MOST_RECORDS` records of a reply, and one rejection that counts the rest."""
        rest = records[MOST_RECORDS:]
        if not rest:
            return records
        item = rest[0].item if isinstance(rest[0], Candidate | Rejection) else 0
        counted = self.rejection(reply, Reason.TOO_MANY, "", item)
        kept = records[:MOST_RECORDS]
        kept.append(replace(counted, evidence={**counted.evidence, "count": len(rest)}))
        return kept

    def parse(self, text: str) -> T:
        """Return what a reply with this text holds."""
        return self.read(Reply(text))

    def parse_result(self, result: list[Generation], *, partial: bool = False) -> T:
        """Return what the first generation holds; a reply still coming (`partial`) is read as if it were whole."""
        del partial
        return self.read(reply_of(result[0]))

    @property
    def _type(self) -> str:
        return f"self-instruct-{self.stage}"

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
    """A reply that arrives in chunks, looked at when a line is complete and it has grown enough."""

    parser: ReplyParser[Any]
    chunks: list[str] = field(default_factory=list)
    finish_reason: str | None = None
    length: int = 0
    looked_at: int = 0
    given: Any = None

    def add(self, chunk: str | BaseMessage) -> Iterator[Any]:
        reply = Reply(chunk) if isinstance(chunk, str) else reply_of(ChatGeneration(message=chunk))
        self.chunks.append(reply.text)
        self.length += len(reply.text)
        if self.finish_reason != REFUSAL:  # else a later chunk says "stop"
            self.finish_reason = reply.finish_reason or self.finish_reason
        if "\n" in reply.text and self.looked_at * _GROWTH <= self.length <= _LOOKED_AT:
            yield from self._look()

    def _look(self) -> Iterator[Any]:
        self.looked_at = self.length
        text = "".join(self.chunks)
        finished = self.parser.read_finished(text[: text.rindex("\n") + 1])
        if finished and (new := self._rest(finished)):
            yield new
            self.given = finished

    def end(self) -> Any:
        return self._rest(self.parser.read(Reply("".join(self.chunks), self.finish_reason)))

    def _rest(self, whole: Any) -> Any:
        return whole if self.given is None else self.parser.rest(whole, self.given)
