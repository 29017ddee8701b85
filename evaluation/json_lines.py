"""Read files of JSON objects, one a line or in an array, and say by file and line what is wrong with one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import isfinite
from pathlib import Path
from typing import Any

from self_instruct.records.json_text import storable
from self_instruct.records.user_files import user_text
from self_instruct.reports.seeds.evaluation_file import EvaluationFileError
from self_instruct.settings.secrets import cut


def json_lines(path: Path, expected: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield each object with its line, from 1; blank lines are passed over. `expected` says what a line should hold.

    Raises `EvaluationFileError` where the file is missing, not UTF-8 or empty, and for the first line that is no JSON object.
    """
    is_empty = True
    for number, line in enumerate(text_of(path, expected).split("\n"), start=1):
        if line.strip():
            is_empty = False
            yield number, _object(line, f"{path}:{number}", expected)
    if is_empty:
        raise EvaluationFileError(f"{path}: is empty; expected {expected} as a JSON object a line.")


def json_rows(path: Path, expected: str) -> Iterator[tuple[int, str, dict[str, Any]]]:
    """Yield each object of JSON lines, or of a JSON array, with its number there, from 1, and its place.

    Raises `EvaluationFileError` as `json_lines` does.
    """
    text = text_of(path, expected)
    if not text.lstrip().startswith("["):
        yield from ((number, f"{path}:{number}", found) for number, found in json_lines(path, expected))
        return
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise EvaluationFileError(f"{path}: is not JSON ({error}); expected JSON lines or a JSON array.") from None
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise EvaluationFileError(f"{path}: row {number} is a JSON {type(row).__name__}; expected {expected} as an object.")
        yield number, f"{path}: row {number}", row


def text_of(path: Path, expected: str = "text") -> str:
    """Return the text of a file; raises `EvaluationFileError` where it cannot be read or is not UTF-8."""
    return user_text(path, expected, EvaluationFileError, most_bytes=None)


def _object(line: str, place: str, expected: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EvaluationFileError(f"{place}: is not JSON ({error}); expected {expected} as a JSON object a line.") from None
    if not isinstance(found, dict):
        raise EvaluationFileError(f"{place}: is a JSON {type(found).__name__}; expected {expected} as an object.")
    return found


class Fields:
    """The fields of a JSON object that stands at `place` in a file; what is wrong with one is an `EvaluationFileError`."""

    def __init__(self, fields: Mapping[str, Any], place: str) -> None:
        self._fields = fields
        self.place = place

    def __contains__(self, name: object) -> bool:
        return name in self._fields

    def is_list(self, name: str) -> bool:
        """Return whether a field is there and is a list."""
        return isinstance(self._fields.get(name), list)

    def text(self, *names: str, default: str | None = None) -> str:
        """Return the text of the first of these fields that is there; numbers count as text."""
        name = self._first(names)
        if name is None:
            if default is None:
                raise self._lacking(names, "text")
            return default
        value = self._fields[name]
        if (found := _as_text(value)) is None:
            raise self.wrong(f"field {name!r} is {cut(json.dumps(value))}; expected text.")
        return found

    def texts(self, *names: str) -> tuple[str, ...]:
        """Return the texts of the first of these fields that is there, at least one; a text alone is one, numbers are texts."""
        name = self._first(names)
        if name is None:
            raise self._lacking(names, "a list of texts")
        value = self._fields[name]
        found = [text for each in (value if isinstance(value, list) else [value]) if (text := _as_text(each)) is not None]
        if not found or (isinstance(value, list) and len(found) < len(value)):
            raise self.wrong(f"field {name!r} is {cut(json.dumps(value))}; expected a list of one text or more.")
        return tuple(found)

    def objects(self, name: str, *, may_be_missing: bool = False) -> list[Fields]:
        """Return the objects of a list."""
        value = self._fields.get(name, [] if may_be_missing else None)
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.wrong(f"field {name!r} is {cut(json.dumps(value))}; expected a list of objects.")
        return [Fields(each, f"{self.place}: {name} {number}") for number, each in enumerate(value, start=1)]

    def wrong(self, what: str) -> EvaluationFileError:
        """Return an error that says what is wrong at this place."""
        return EvaluationFileError(f"{self.place}: {what}")

    def _lacking(self, names: tuple[str, ...], expected: str) -> EvaluationFileError:
        null = next((name for name in names if name in self._fields), None)
        return self.wrong(f"field {(null or names[0])!r} is {'null' if null else 'missing'}; expected {expected}.")

    def _first(self, names: tuple[str, ...]) -> str | None:
        return next((name for name in names if self._fields.get(name) is not None), None)


def _as_text(value: object) -> str | None:
    """Return a text, or a number as one; None for anything else, and for what is a number in name only (NaN)."""
    if isinstance(value, str):
        return storable(value)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    return str(value) if is_number else None
