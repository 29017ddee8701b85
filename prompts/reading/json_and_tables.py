"""Find the records of a reply that was written as JSON or as a table, where plain text was asked for.

For the `tolerant` form of the instruction and instance parsers. Lists, objects, objects of lists, JSON lines and broken or
cut-off JSON are read alike: one value after another, as far as that goes. Every step takes linear time.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_JSON_START = re.compile(r"^[ \t]*+(?=\[\s*+[\"{\[]|\{\s*+\")", re.MULTILINE)
_KEY = r'"(?:[^"\\\n]|\\.){0,40}"\s*+:\s*+'
_ANY_KEY = re.compile(r'[\s,]*+"((?:[^"\\]|\\.)*+)"\s*+:\s*+')
_NUMBER_KEY = r'"[^\d"\n]{0,12}\d{1,3}"\s*+:\s*+'
_BETWEEN = re.compile(rf"(?:[\s,\]}}\[]|\{{\s*+{_KEY}(?=\[)|\{{(?=\s*+{_NUMBER_KEY})|{_NUMBER_KEY})*+")
_DECODER = json.JSONDecoder(strict=False)
_TABLE_START = re.compile(r"^[ \t]*+\|[^\n]*+\n[ \t]*+\|[ \t:|-]++$", re.MULTILINE)
_ROW = re.compile(r"[ \t]*+\|([^\n]*+)(?:\n|\Z)")
_CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True)
class Entry:
    """A JSON string or object, or a row of a table by its column names in lower case, at `[start, end)` of a text.

    `value` is None where JSON could not be decoded.
    """

    start: int
    end: int
    value: str | Mapping[str, Any] | None

    @property
    def fields(self) -> Mapping[str, Any]:
        """The fields of an object or a row; none of a string."""
        return self.value if isinstance(self.value, Mapping) else {}


def json_begins(text: str) -> int | None:
    """Return where the first JSON list or object begins that begins a line, or None."""
    begin = _JSON_START.search(text)
    return begin.end() if begin else None


def table_begins(text: str) -> int | None:
    """Return where the first table with a header begins, or None."""
    begin = _TABLE_START.search(text)
    return begin.start() if begin else None


def json_entries(text: str) -> Iterator[Entry]:
    """Yield the strings and objects of all JSON that begins a line, up to the first that cannot be decoded."""
    begin = json_begins(text)
    while begin is not None:
        between = _BETWEEN.match(text, begin)
        at = between.end() if between else begin
        if text[at : at + 1] not in ("{", '"'):
            following = _JSON_START.search(text, max(at, begin + 1))
            begin = following.end() if following else None
            continue
        try:
            value, end = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError):
            yield Entry(at, len(text), None)
            return
        yield Entry(at, end, value)
        begin = end


def entries_by_key(text: str, entry: Entry) -> Iterator[tuple[str, Entry]]:
    """Yield the keys of a JSON object, as they are written, each with its value if that is a text."""
    at = entry.start + 1
    while key := _ANY_KEY.match(text, at):
        value, end = _DECODER.raw_decode(text, key.end())
        if isinstance(value, str):
            yield key[1], Entry(key.start(1) - 1, end, value)
        at = end


def table_rows(text: str) -> Iterator[Entry]:
    """Yield the rows of the first table; those with other than the header's number of cells are left out."""
    begin = table_begins(text)
    if begin is None:
        return
    header: Sequence[str] = ()
    position, number = begin, 0
    while row := _ROW.match(text, position):
        cells = _cells(row[1])
        if number == 0:
            header = [cell.strip("*_` ").casefold() for cell in cells]
        elif number > 1 and len(cells) == len(header):
            yield Entry(row.start(), row.end(), dict(zip(header, cells, strict=True)))
        if row.end() == position:
            return
        position, number = row.end(), number + 1


def _cells(line: str) -> list[str]:
    inner = line.strip().removesuffix("|")
    return [cell.strip().replace("\\|", "|") for cell in _CELL.split(inner)]


def as_text(value: object) -> str:
    """Return a JSON value as the text of a record: strings as they are, null as nothing, all else as JSON."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
