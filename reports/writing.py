"""Put an export in its place whole, or not at all: everything is written beside it and renamed.

All that leaves a run as a file goes through here. Lines end in a line feed on every platform. JSON is written in ASCII, as the
original's is: a line separator inside a text (U+2028) must not become a line of a JSONL file.
"""

import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Any, TextIO

from self_instruct.ledger import LEDGER_FILE, is_ledger
from self_instruct.ledger.lock import LOCK_FILE
from self_instruct.records.errors import InputError
from self_instruct.records.json_text import json_text

_WRITE_AHEAD = (b"\x37\x7f\x06\x82", b"\x37\x7f\x06\x83")  # how it begins, by SQLite's file format


class ExportError(InputError):
    """An export that cannot be written, or a format that does not exist; what stood there before still does."""


def is_of_ledger(path: Path) -> bool:
    """Return whether a path leads to a ledger, by whatever name or link, or to one of the files that belong beside it."""
    path = _real(path)
    is_lock = path.name == LOCK_FILE and is_ledger(path.with_name(LEDGER_FILE))
    return is_ledger(path) or is_lock or _is_write_ahead_log(path)


def _is_write_ahead_log(path: Path) -> bool:
    """Return whether a file is what SQLite writes before it writes a database; a copy of it may hold a run's last replies."""
    if not path.is_file():
        return False
    with path.open("rb") as file:  # no lock of a ledger is on this file
        return file.read(4) in _WRITE_AHEAD


def json_line(fields: Mapping[str, Any]) -> str:
    """Return a JSON object as one line of a JSONL file, with its line end."""
    return json_text(fields) + "\n"


def write_lines(file: TextIO, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write JSON objects as lines, and return their number."""
    count = 0
    for row in rows:
        file.write(json_line(row))
        count += 1
    return count


def write_lines_once(file: TextIO, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write JSON objects as lines, equal ones once, and return the number of lines."""
    written: set[bytes] = set()
    for row in rows:
        line = json_line(row)
        digest = blake2b(line.encode(), digest_size=16).digest()  # 16 bytes a row, however long the rows are
        if digest not in written:
            written.add(digest)
            file.write(line)
    return len(written)


def write_array(file: TextIO, rows: Iterable[Mapping[str, Any]]) -> int:
    """Write JSON objects as one JSON array, an object a line, and return their number."""
    count = 0
    file.write("[")
    for count, row in enumerate(rows, start=1):
        file.write("\n" if count == 1 else ",\n")
        file.write(json_text(row))
    file.write("\n]\n")
    return count


@contextmanager
def new_file(path: Path, parameter: str = "out") -> Iterator[TextIO]:
    """Give a file to write; when the block ends well, it takes its place at `path`, over what is there.

    Folders above it are made. Raises `ExportError` where it cannot be written, also half-way, as on a full disk; it names the
    parameter that says where to write.
    """
    path = _real(path)
    with _explained(path, parameter):
        if path.exists() and not path.is_file():
            raise ExportError(f"{path}: is no file; name the file to write with `{parameter}`.")
        if is_of_ledger(path):
            raise ExportError(
                f"{path}: is of a run's ledger, which nothing else is written over; name another file with `{parameter}`."
            )
        _make_folder(path.parent, parameter)
        beside = _beside(path, "new")
        try:
            with _durable(beside) as file:
                yield file
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def new_folder(path: Path, names: Sequence[str], earlier: Sequence[str] = ()) -> Iterator[list[TextIO]]:
    """Give a file to write for each name; when the block ends well, a folder of them takes its place at `path`.

    A folder that is there is replaced whole, never mixed with the new one; for the instant between two renames there is none.
    One that holds anything but files of these names, or of those that an `earlier` export may have left, is refused, so that
    nothing is deleted but an earlier export.
    Raises `ExportError` where it cannot be written, also half-way, as on a full disk.
    """
    path = _real(path)
    with _explained(path, "out"):
        _check_replaceable(path, (*names, *earlier))
        _make_folder(path.parent, "out")
        beside = _beside(path, "new")
        shutil.rmtree(beside, ignore_errors=True)
        try:
            beside.mkdir()
            with ExitStack() as files:
                yield [files.enter_context(_durable(beside / name)) for name in names]
            _take_place(beside, path)
        finally:
            shutil.rmtree(beside, ignore_errors=True)


@contextmanager
def _durable(path: Path) -> Iterator[TextIO]:
    """Give a new file whose text is on the disk when the block ends, so that a rename never runs ahead of it."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def _take_place(folder: Path, path: Path) -> None:
    if not path.exists():
        folder.rename(path)
        return
    aside = _beside(path, "old")
    path.rename(aside)
    try:
        folder.rename(path)
    except BaseException:
        aside.rename(path)
        raise
    shutil.rmtree(aside)


def _check_replaceable(path: Path, names: Sequence[str]) -> None:
    if not path.exists():
        return
    if not path.is_dir():
        raise ExportError(f"{path}: is a file; this format writes a folder, name a new one with `out`.")
    if path == Path.cwd():
        raise ExportError(f"{path}: is the current directory, which cannot be replaced; name a new folder with `out`.")
    ours = (entry for entry in path.iterdir() if entry.name in names and entry.is_file() and not is_of_ledger(entry))
    foreign = sorted({entry.name for entry in path.iterdir()} - {entry.name for entry in ours})
    if foreign:
        raise ExportError(f"{path}: holds {foreign[0]!r}, which is not of this export; name a new folder with `out`.")


def _make_folder(path: Path, parameter: str) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise ExportError(f"{path}: is a file, not a folder to write in; choose another place with `{parameter}`.") from None


def _real(path: Path) -> Path:
    """Return where a path leads, so that a link stays a link and its target is replaced."""
    return Path(os.path.realpath(path))


def _beside(path: Path, what: str) -> Path:
    """Return a name in the same folder that no other living process uses; what a killed one left there is overwritten."""
    return path.with_name(f".{path.name}.{os.getpid()}.{what}")


@contextmanager
def _explained(path: Path, parameter: str) -> Iterator[None]:
    """Raise what the operating system reports as an `ExportError` that names the export."""
    try:
        yield
    except OSError as error:
        hint = "make room" if error.errno in (errno.ENOSPC, errno.EDQUOT) else f"choose another place with `{parameter}`"
        raise ExportError(f"{path}: cannot be written ({error.strerror or error}); {hint} and run it again.") from error
