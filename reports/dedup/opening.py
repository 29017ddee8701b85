"""Open a file of records as a stream: JSONL, a JSON array, or CSV, from a path or from standard input."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Literal

from self_instruct.reports.dedup.csv_records import csv_records
from self_instruct.reports.dedup.json_records import array_records, jsonl_records
from self_instruct.reports.dedup.record_files import RecordFileError, Records, Source, unreadable

Format = Literal["jsonl", "json", "csv"]
"""How records are written: one JSON object a line, one JSON array of objects, or rows under a header."""

_FORMAT_OF_NAME: dict[str, Format] = {".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json", ".csv": "csv", ".tsv": "csv"}
_READERS: dict[Format, Callable[[Source, str], Records]] = {"jsonl": jsonl_records, "json": array_records, "csv": csv_records}


@contextmanager
def open_records(source: Path | BinaryIO, field: str, form: Format | None = None) -> Iterator[Records]:
    """Give the records of a file, whose text is in `field`; without a `form`, the file's name says it, and a stream is JSONL.

    UTF-8, with or without a byte order mark; lines end as on Unix or on Windows. Raises `RecordFileError` where the file cannot
    be read, and where nothing in it could be a record: no array, no such column.
    """
    if isinstance(source, Path):
        read = _READERS[form or _format_by_name(source)]
        with _opened(source) as file:
            yield read(Source(file, str(source)), field)
    else:
        yield _READERS[form or "jsonl"](Source(source, str(getattr(source, "name", "<stream>"))), field)


def _format_by_name(path: Path) -> Format:
    try:
        return _FORMAT_OF_NAME[path.suffix.lower()]
    except KeyError:
        known = ", ".join(_FORMAT_OF_NAME)
        raise RecordFileError(f"{path}: the name does not say the format ({known}); say it with `form`.") from None


def _opened(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise unreadable(str(path), error) from None
