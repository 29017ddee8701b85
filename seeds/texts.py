"""Read a user's texts, for which instructions are to be found: one JSON value a line, or paragraphs.

In a `.jsonl` file each line is a text as a JSON string, or an object with the text as `text`. In any other file texts are
parted by empty lines.
"""

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from self_instruct.records.errors import TextFileError
from self_instruct.records.user_files import user_text
from self_instruct.seeds.loading import first_faults

WHAT = "texts, parted by empty lines, or one as JSON a line of a .jsonl file"


def load_texts(path: Path) -> tuple[str, ...]:
    """Return the texts of a file, in its order, without white space around them.

    Raises `TextFileError` with a line for each fault (the first ten), or where the file is missing, not UTF-8, or holds none.
    """
    lines = user_text(path, WHAT, TextFileError).split("\n")
    texts, faults = _read(lines, str(path)) if path.suffix.casefold() == ".jsonl" else (list(_paragraphs(lines)), [])
    if faults:
        raise TextFileError(first_faults(faults))
    if not texts:
        raise TextFileError(f"{path}: is empty; expected {WHAT}.")
    return tuple(texts)


def _paragraphs(lines: Sequence[str]) -> Iterator[str]:
    for is_text, own in groupby(lines, lambda line: bool(line.strip())):
        if is_text:
            yield "\n".join(own).strip()


def _read(lines: Sequence[str], source: str) -> tuple[list[str], list[str]]:
    """Return the texts of JSON lines, and the faults, each beginning with `source:line:`."""
    texts: list[str] = []
    faults: list[str] = []
    for number, line in enumerate(lines, 1):
        try:
            texts += [_text(line)] if line.strip() else []
        except ValueError as error:
            faults.append(f"{source}:{number}: {error}")
    return texts, faults


def _text(line: str) -> str:
    try:
        found = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"is not JSON ({error}); expected a text as a JSON string, or an object with it as 'text'.") from None
    text = found.get("text") if isinstance(found, dict) else found
    if not isinstance(text, str) or not text.strip():
        raise ValueError("holds no text; expected a JSON string that is not empty, or an object with one as 'text'.")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair; expected valid Unicode text.") from None
    return text.strip()
