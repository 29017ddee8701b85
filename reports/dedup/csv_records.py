"""Read the records of a CSV file with a header: comma, semicolon, tab or bar between columns, line ends inside quotes."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Self

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

DELIMITERS = ",;\t|"


def csv_records(source: Source, field: str) -> Records:
    """Return the records of a CSV file; rows without any character are passed over.

    The delimiter is the one that makes `field` a column of the header, which is one line and is kept with its byte order mark.
    Quotes must be as the format has them, so that a wrong one is a fault where it stands, and no guess. Raises
    `RecordFileError` where there is no such column.
    """
    lines = _Lines(source)
    try:
        if not lines.find_header():
            return Records(source, iter([Fault(1, "is empty; expected a header and rows.")]))
        head = bytes(lines.raw)
        delimiter, columns = _columns(head, field)
    except ValueError as error:
        raise RecordFileError(f"{source.name}:{lines.number}: {error}") from None
    return Records(source, _rows(lines, delimiter, columns, field), head)


def _columns(head: bytes, field: str) -> tuple[str, list[str]]:
    """Return the delimiter and the names of the columns, or raise ValueError saying why the header does not have this one."""
    header = decoded(head.removeprefix(BYTE_ORDER_MARK))
    for delimiter in DELIMITERS:
        columns = _columns_by(header, delimiter)
        if field in columns:
            return delimiter, columns
    raise ValueError(f"the header has no column {field!r}: {header.strip()[:200]!r}; choose one with `field`.")


def _columns_by(header: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=delimiter, strict=True))
    except csv.Error:
        return []


def _rows(lines: _Lines, delimiter: str, columns: list[str], field: str) -> Iterator[Record | Fault]:
    # The limit belongs to the process: it is raised, and never lowered under somebody else who reads CSV.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_RECORD_BYTES))
    rows = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        number = lines.number + 1
        lines.raw.clear()
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Fault(number, f"is not CSV ({error}); expected quotes around whole columns, doubled inside.")
        except ValueError as error:
            yield Fault(number, str(error))
        else:
            if lines.raw.strip():
                yield _record(number, row, bytes(lines.raw), columns, field)


def _record(number: int, row: list[str], raw: bytes, columns: list[str], field: str) -> Record | Fault:
    try:
        decoded(raw)
    except ValueError as error:
        return Fault(number, str(error))
    if len(row) != len(columns):
        return Fault(number, f"has {len(row)} columns; expected {len(columns)}, as in the header.")
    fields = dict(zip(columns, row, strict=True))
    return Record(number, fields[field], raw, fields)


class _Lines:
    """The lines of a source for the csv module: `number` of them so far, and the bytes of those since `raw` was cleared."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.number = 0
        self.raw = bytearray()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        line = self._source.readline()
        if not line:
            raise StopIteration
        self.number += 1
        self.raw += line
        if len(self.raw) > MAX_RECORD_BYTES:
            raise ValueError(TOO_LONG)
        return line.decode(errors="surrogateescape")  # a byte that is not UTF-8 is a fault of its row, found once that is whole

    def find_header(self) -> bool:
        """Go to the first line with anything in it, so that `raw` is that line; False where there is none."""
        for line in self:
            if line.encode(errors="surrogateescape").removeprefix(BYTE_ORDER_MARK).strip():
                return True
            self.raw.clear()
        return False
