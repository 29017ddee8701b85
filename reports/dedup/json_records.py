"""Read the records of a JSONL file, or of a JSON array that is never held whole.

A record is an object; its text is one of its fields. Positions in an array are found by decoding one element after another
from a piece of the text that grows only while an element does not end in it.
"""

from __future__ import annotations

import json
import re
from codecs import getincrementaldecoder
from collections.abc import Iterator

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
_WHITE_SPACE = re.compile(r"[ \t\r\n]*")
_OUTSIDE_STRINGS = re.compile(r'[\[\]{},"]')
_IN_STRING = re.compile(r'"|\\[\s\S]?')
_DECODER = json.JSONDecoder()
_LONGEST_MARK = 16  # characters; no escape and no literal, such as -Infinity, is longer
_EMPTY = "is empty; expected records."


def jsonl_records(source: Source, field: str) -> Records:
    """Return the records of a JSONL file; blank lines are passed over, and a byte order mark is dropped."""
    return Records(source, _lines(source, field))


def _lines(source: Source, field: str) -> Iterator[Record | Fault]:
    is_empty = True
    for number, line in enumerate(iter(source.readline, b""), start=1):
        raw = line.removeprefix(BYTE_ORDER_MARK) if number == 1 else line
        if raw.strip():
            is_empty = False
            yield _line(number, raw, field)
    if is_empty:
        yield Fault(1, _EMPTY)


def _line(number: int, raw: bytes, field: str) -> Record | Fault:
    try:
        if len(raw) > MAX_RECORD_BYTES:
            raise ValueError(TOO_LONG)
        return Record(number, _text(_value(decoded(raw.rstrip(b"\r\n"))), field), raw)
    except ValueError as error:
        return Fault(number, str(error))


def _value(line: str) -> object:
    try:
        return json.loads(line)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON ({error.msg}, column {error.colno}); expected one object a line.") from None
    except (ValueError, RecursionError) as error:  # a number of over 4,300 digits; brackets nested thousands deep
        raise ValueError(f"is not JSON that can be read ({error}).") from None


def _text(value: object, field: str) -> str:
    """Return the text of a record's field, or raise ValueError saying what is there instead."""
    if not isinstance(value, dict):
        hint = " Is the file a JSON array (--format json)?" if isinstance(value, list) else ""
        raise ValueError(f"is a JSON {type(value).__name__}; expected an object with a field {field!r}.{hint}")
    if field not in value:
        raise ValueError(f"has no field {field!r}, but {_short(', '.join(value)) or 'none'}; choose one with --field.")
    text = value[field]
    if not isinstance(text, str):
        raise ValueError(f"field {field!r} is {_short(json.dumps(text))}; expected text.")
    return text


def _short(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:77]}..."


def array_records(source: Source, field: str) -> Records:
    """Return the records of a JSON array; what is written like it has one element a line.

    Raises `RecordFileError` where the file holds something else than an array.
    """
    array = _Array(source)
    return Records(source, array.records(field), head=b"[\n", between=b",\n", tail=b"\n]\n")


class _CutOffError(Exception):
    """The text ends inside an element."""


class _Array:
    """A walk over the text of a JSON array, of which a piece is held: `_at` is where the walk stands in it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        # A byte that is not UTF-8 becomes half of a surrogate pair: only the element that holds it is lost.
        self._decode = getincrementaldecoder("utf-8-sig")("surrogateescape").decode
        self._piece = ""
        self._at = 0
        self._line = 1
        self._is_whole = False  # nothing follows the piece
        self._opening = self._next_character()
        if self._opening not in ("", "["):
            hint = "; is it JSONL (--format jsonl)?" if self._opening == "{" else "."
            raise RecordFileError(f"{source.name}:{self._line}: is no JSON array; expected [...]{hint}")

    def records(self, field: str) -> Iterator[Record | Fault]:
        """Yield what the array holds; a fault for what cannot be read, and for a missing end."""
        if not self._opening:
            yield Fault(1, _EMPTY)
            return
        self._advance(self._at + 1)
        while (character := self._next_character()) not in ("]", ""):
            line = self._line
            try:
                yield self._element(field)
            except _CutOffError:
                yield Fault(line, "the file ends inside this record: it was cut off; expected a whole JSON array.")
                return
        yield from self._ending(character)

    def _ending(self, character: str) -> Iterator[Fault]:
        if not character:
            yield Fault(self._line, "the file ends before its array does: it was cut off; expected a whole JSON array.")
            return
        self._advance(self._at + 1)
        if self._next_character():
            yield Fault(self._line, "there is text after the end of the array; expected one array.")

    def _element(self, field: str) -> Record | Fault:
        """Return the element that begins here, and step over it and the comma behind it."""
        line = self._line
        try:
            value, end = self._decoded()
            item = _element(line, value, self._piece[self._at : end], field)
            self._advance(end)
            self._take_comma()
        except ValueError as error:
            self._pass_over()
            return Fault(line, str(error))
        return item

    def _decoded(self) -> tuple[object, int]:
        """Return the element that begins here and where in the piece it ends, or raise ValueError saying why there is none."""
        size = _PIECE_BYTES
        while True:
            try:
                value, end = _DECODER.raw_decode(self._piece, self._at)
                if end < len(self._piece) or not self._grow(size):  # a number at the end of the piece may go on behind it
                    return value, end
            except json.JSONDecodeError as error:
                self._check_goes_on(error, size)
            except (ValueError, RecursionError) as error:
                raise ValueError(f"is not JSON that can be read ({error}).") from None
            size *= 2

    def _check_goes_on(self, error: json.JSONDecodeError, size: int) -> None:
        """Return with a longer piece if this error may come from the end of the piece; else raise what is wrong."""
        may_be_cut = error.msg.startswith("Unterminated string") or error.pos >= len(self._piece) - _LONGEST_MARK
        if may_be_cut and len(self._piece) - self._at > MAX_RECORD_BYTES:
            raise ValueError(TOO_LONG)
        if may_be_cut and self._grow(size):
            return
        if may_be_cut and not self._piece.rstrip().endswith("]"):
            raise _CutOffError
        line = self._line + self._piece.count("\n", self._at, error.pos)
        raise ValueError(f"is not JSON ({error.msg}, line {line}); expected an object.") from None

    def _take_comma(self) -> None:
        character = self._next_character()
        if character == ",":
            self._advance(self._at + 1)
        elif character not in ("]", ""):
            raise ValueError(f"is followed by {character!r}; expected a comma.")

    def _pass_over(self) -> None:
        """Step over the rest of an element that cannot be read, and the comma behind it, by strings and brackets alone."""
        depth = 0
        while character := self._next_mark(_OUTSIDE_STRINGS):
            if character == '"':
                while self._next_mark(_IN_STRING) not in ('"', ""):
                    pass
            elif character in "[{":
                depth += 1
            elif depth and character in "]}":
                depth -= 1
            elif character == "]":
                self._at -= 1  # the array's own: for the walk to find
                return
            elif not depth and character == ",":
                return

    def _next_mark(self, marks: re.Pattern[str]) -> str:
        """Step behind the next of these marks, and return it; "" at the end."""
        while True:
            found = marks.search(self._piece, self._at)
            if found and found[0] != "\\":  # what a backslash escapes is in the next piece
                self._advance(found.end())
                return found[0]
            self._advance(found.start() if found else len(self._piece))
            if not self._grow():
                return ""

    def _next_character(self) -> str:
        """Step over white space, and return the character behind it, without stepping over that; "" at the end."""
        while True:
            self._advance(_WHITE_SPACE.match(self._piece, self._at).end())  # type: ignore[union-attr]
            if self._at < len(self._piece):
                return self._piece[self._at]
            if not self._grow():
                return ""

    def _advance(self, to: int) -> None:
        self._line += self._piece.count("\n", self._at, to)
        self._at = to

    def _grow(self, size: int = _PIECE_BYTES) -> bool:
        """Drop what the walk has passed, and read on; False where the file has ended."""
        if self._is_whole:
            return False
        data = self._source.read(size)
        self._is_whole = not data
        self._piece = self._piece[self._at :] + self._decode(data, self._is_whole)
        self._at = 0
        return True


def _element(line: int, value: object, written: str, field: str) -> Record | Fault:
    try:
        raw = written.encode()
        if len(raw) > MAX_RECORD_BYTES:
            raise ValueError(TOO_LONG)
        return Record(line, _text(value, field), raw)
    except UnicodeEncodeError as error:
        byte = ord(written[error.start]) & 0xFF
        return Fault(line, f"is not UTF-8 text (byte 0x{byte:02x}); save the file as UTF-8.")
    except ValueError as error:
        return Fault(line, str(error))
