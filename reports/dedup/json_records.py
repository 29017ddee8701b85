"""Read the records of a JSONL file, or of a JSON array that is never held whole.

A record is an object; its text is one of its fields. An array is cut into its elements by their strings and brackets alone, so
that each keeps its bytes and its line, and one that is no JSON loses no other. The streaming parsers there are give neither
bytes nor lines, end at the first fault, refuse NaN, and hold a string of any length.
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

_PIECE_BYTES = 2**16
_EMPTY = "is empty; expected records."
_WHITE_SPACE = re.compile(r"[ \t\r\n]*+")
_BEFORE_MARK = re.compile(r'[^"\[\]{},]*+')
_IN_STRING = re.compile(r'(?:[^"\\\n]++|\\[^\n])*+')  # a string that is not closed ends with its line
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
            yield _record(number, raw, field, "one object a line")
    if is_empty:
        yield Fault(1, _EMPTY)


def array_records(source: Source, field: str) -> Records:
    """Return the records of a JSON array; what is written like it has one element a line.

    Raises `RecordFileError` where the file holds something else than an array.
    """
    array = _Array(source)
    opening = array.next_mark(_WHITE_SPACE)
    if opening not in ("", "["):
        hint = "; is it JSONL (`form=jsonl`)?" if opening == "{" else "."
        raise RecordFileError(f"{source.name}:{array.line}: is no JSON array; expected [...]{hint}")
    items = _elements(array, field) if opening else iter([Fault(1, _EMPTY)])
    return Records(source, items, head=b"[\n", between=b",\n", tail=b"\n]\n")


def _elements(array: _Array, field: str) -> Iterator[Record | Fault]:
    """Yield what the array holds; a fault for what cannot be read, and for a missing end."""
    end = ","
    while end == ",":
        array.step()
        line, written, end, is_whole = array.element()
        if not is_whole:
            yield Fault(line, "the file ends inside this record: it was cut off; expected a whole JSON array.")
            return
        if written or end == ",":
            yield _record(line, written.encode(errors="surrogateescape"), field, "one object between commas")
    if not end:
        yield Fault(array.line, "the file ends before its array does: it was cut off; expected a whole JSON array.")
        return
    array.step()
    if array.next_mark(_WHITE_SPACE):
        yield Fault(array.line, "there is text after the end of the array; expected one array.")


class _Array:
    """A walk over the text of a JSON array, of which a piece is held; `line` is where it stands."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # A byte that is not UTF-8 becomes half of a surrogate pair: only the element that holds it is lost.
        self._decode = getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._piece = ""
        self._at = 0
        self._is_whole = False  # nothing follows the piece
        self._passed: list[str] = []  # of the element; of one that is too long, enough to see that it is
        self._size = 0
        self.line = 1

    def element(self) -> tuple[int, str, str, bool]:
        """Step over an element; return its line and text, the comma, bracket or end of file behind it, and if it is whole."""
        self.next_mark(_WHITE_SPACE)
        line, depth = self.line, 0
        self._passed, self._size = [], 0
        self._step_over_json()
        while True:
            mark = self.next_mark(_BEFORE_MARK)
            if not mark or (not depth and mark in ",]"):
                return line, "".join(self._passed).rstrip(), mark, not depth
            self.step()
            if mark == '"':
                if not self.next_mark(_IN_STRING):
                    return line, "", "", False
                self.step()
            elif mark in "[{":
                depth += 1
            elif mark in "]}":
                depth = max(0, depth - 1)

    def _step_over_json(self) -> None:
        """Step over a JSON value that is whole in the piece: quicker than by its marks."""
        try:
            _, end = _DECODER.raw_decode(self._piece, self._at)
        except (ValueError, RecursionError):
            return
        if end < len(self._piece):  # a number at the end of the piece may go on behind it
            self._step_to(end)

    def next_mark(self, passed_over: re.Pattern[str]) -> str:
        """Step over all that this matches, and return the character behind it without stepping over that; "" at the end."""
        while True:
            self._step_to(passed_over.match(self._piece, self._at).end())  # type: ignore[union-attr]
            rest = self._piece[self._at : self._at + 2]
            if self._is_whole or (rest and rest != "\\"):  # what a backslash escapes is in the next piece
                return rest[:1]
            data = self._source.read(_PIECE_BYTES)
            self._is_whole = not data
            self._piece, self._at = rest + self._decode(data, self._is_whole), 0

    def step(self) -> None:
        """Step over one character."""
        self._step_to(self._at + 1)

    def _step_to(self, to: int) -> None:
        self.line += self._piece.count("\n", self._at, to)
        if self._size <= MAX_RECORD_BYTES:
            self._passed.append(self._piece[self._at : to])
        self._size += to - self._at
        self._source.check_ends(self._size)
        self._at = to


def _record(number: int, raw: bytes, field: str, expected: str) -> Record | Fault:
    try:
        if len(raw) > MAX_RECORD_BYTES:
            raise ValueError(TOO_LONG)
        fields = _fields(_value(decoded(raw.rstrip(b"\r\n")), number, expected), field)
        return Record(number, fields[field], raw, fields)
    except ValueError as error:
        return Fault(number, str(error))


def _value(text: str, line: int, expected: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":
            raise ValueError(f"is followed by {text[error.pos]!r}; expected {expected}.") from None
        where = f"column {error.colno}" if error.lineno == 1 else f"line {line + error.lineno - 1}"
        raise ValueError(f"is not JSON ({error.msg}, {where}); expected {expected}.") from None
    except (ValueError, RecursionError) as error:  # a number of over 4,300 digits; brackets nested thousands deep
        raise ValueError(f"is not JSON that can be read ({error}).") from None


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
