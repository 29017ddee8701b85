"""Read the records of a JSONL file, or of a JSON array that is never held whole.

A record is an object; its text is one of its fields. The elements of an array are found by the decoder of `json`, one after the
other in the piece of the file that is held, so each keeps its bytes and its line, and one that is no record, or no UTF-8, loses
no other. Where the array stops being JSON, cut off or broken, a fault says so and is the last: what stood before it was read.
"""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator, Mapping
from typing import Any

from self_instruct.records.json_text import json_text
from self_instruct.reports.dedup.record_files import (
    BYTE_ORDER_MARK,
    MAX_RECORD_BYTES,
    TOO_LONG,
    Fault,
    Record,
    RecordFileError,
    Records,
    Source,
    decoded,
)

_PIECE_BYTES = 2**20
_EMPTY = "is empty; expected records."
_LAST = f"nothing behind it was read. Is the file cut off, or this longer than {MAX_RECORD_BYTES >> 20} MiB?"
_MARK = re.compile(r"[ \t\r\n]*+([^ \t\r\n])")
_DECODER = json.JSONDecoder()


def jsonl_records(source: Source, field: str) -> Records:
    """Return the records of a JSONL file; blank lines are passed over, and a byte order mark is dropped."""
    return Records(source, _lines(source, field))


def _lines(source: Source, field: str) -> Iterator[Record | Fault]:
    is_empty = True
    for number, line in enumerate(iter(source.readline, b""), start=1):
        raw = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        if raw.strip():
            is_empty = False
            yield _record(number, raw, field)
    if is_empty:
        yield Fault(1, _EMPTY)


def array_records(source: Source, field: str) -> Records:
    """Return the records of a JSON array; what is written like it has one element a line.

    Raises `RecordFileError` where the file holds something else than an array.
    """
    array = _Array(source)
    mark = array.next_mark()
    if mark not in ("", "["):
        hint = "; is it JSONL (`form=jsonl`)?" if mark == "{" else "."
        raise RecordFileError(f"{source.name}:{array.line}: is no JSON array; expected [...]{hint}")
    items = _elements(array, field) if mark else iter([Fault(1, _EMPTY)])
    return Records(source, items, head=b"[\n", between=b",\n", tail=b"\n]\n")


def _elements(array: _Array, field: str) -> Iterator[Record | Fault]:
    goes_on = array.behind_mark() != "]"
    while goes_on:
        line = array.line
        try:
            raw = array.element()
        except ValueError as error:
            yield Fault(line, f"{error}; {_LAST}")
            return
        yield _record(line, raw, field)
        goes_on = array.next_mark() == ","
        if goes_on and array.behind_mark() == "]":
            yield Fault(array.line, "the array ends behind a comma; expected an element, or no comma.")
            return
    array.step_to(array.at + 1)
    if array.next_mark():
        yield Fault(array.line, "there is text after the end of the array; expected one array.")


class _Array:
    """A walk over the text of a JSON array, of which a piece is held: where it stands in that, and in which line."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # A byte that is not UTF-8 becomes half of a surrogate pair: only the element that holds it is lost.
        self._decode = getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._piece, self.at, self.line = "", 0, 1

    def next_mark(self) -> str:
        """Step over white space, and return the character behind it without stepping over that; "" at the end."""
        while not (found := _MARK.match(self._piece, self.at)):
            if not self._read_on():
                return ""
        self.step_to(found.start(1))
        return found[1]

    def behind_mark(self) -> str:
        """Step over the mark that stands here, and return the next one as `next_mark` does."""
        self.step_to(self.at + 1)
        return self.next_mark()

    def element(self) -> bytes:
        """Step over the JSON value that begins here, return its bytes; raises ValueError where no comma or bracket ends one."""
        while True:
            try:
                _, end = _DECODER.raw_decode(self._piece, self.at)
                behind = _MARK.match(self._piece, end)
                if behind and behind[1] in ",]":
                    break
                problem = f"is followed by {behind[1]!r}" if behind else "is followed by nothing"
            except (ValueError, RecursionError) as error:
                problem = _reason(error, self.at, self.line)
            if not self._read_on():
                raise ValueError(problem)
        raw = self._piece[self.at : end].encode(errors="surrogateescape")
        self.step_to(end)
        return raw

    def step_to(self, to: int) -> None:
        """Go on to this place of the piece."""
        self.line += self._piece.count("\n", self.at, to)
        self.at = to

    def _read_on(self) -> bool:
        """Hold more of what follows, unless nothing does or it is too long for a record; let go of what was stepped over."""
        data = self._source.read(_PIECE_BYTES) if len(self._piece) - self.at <= MAX_RECORD_BYTES else b""
        more = self._decode(data, not data)
        if data or more:
            self._piece, self.at = self._piece[self.at :] + more, 0
        return bool(data or more)


def _record(line: int, raw: bytes, field: str) -> Record | Fault:
    try:
        if len(raw) > MAX_RECORD_BYTES:
            raise ValueError(TOO_LONG)
        fields = _fields(_value(decoded(raw.rstrip(b"\r\n"))), field)
        return Record(line, fields[field], raw, fields)
    except ValueError as error:
        return Fault(line, str(error))


def _value(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{_reason(error)}; expected one object a line.") from None


def _reason(error: Exception, at: int = 0, line: int = 1) -> str:
    if not isinstance(error, json.JSONDecodeError):  # a number of over 4,300 digits; brackets nested thousands deep
        return f"is not JSON that can be read ({error})"
    before = error.doc[at : error.pos].split("\n")
    where = f"line {line + len(before) - 1}" if len(before) > 1 else f"column {len(before[0]) + 1}"
    return f"is not JSON ({error.msg}, {where})"


def _fields(value: object, field: str) -> Mapping[str, Any]:
    """Return a record's fields, of which this one holds text, or raise ValueError saying what is there instead."""
    if not isinstance(value, dict):
        hint = " Is the file a JSON array (`form=json`)?" if isinstance(value, list) else ""
        raise ValueError(f"is a JSON {type(value).__name__}; expected an object with a field {field!r}.{hint}")
    if field not in value:
        raise ValueError(f"has no field {field!r}, but {_short(', '.join(value)) or 'none'}; choose one with `field`.")
    text = value[field]
    if not isinstance(text, str):
        raise ValueError(f"field {field!r} is {_short(json_text(text))}; expected text.")
    return value


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."
