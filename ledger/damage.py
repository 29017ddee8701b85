"""What SQLite and the file system report, said as a `LedgerError` that names the file and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from self_instruct.ledger.schema import TABLES
from self_instruct.records.errors import LedgerError

LONGEST_REPORT = 200  # characters of what SQLite says
_CURABLE = {  # not the file's fault
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY,
}  # fmt: skip


REPORTED = (sqlite3.DatabaseError, UnicodeDecodeError, OSError)
"""What reading or writing a ledger may raise."""


def told(path: Path, error: Exception) -> LedgerError:
    """Return one of the `REPORTED` errors as that of the ledger at `path`."""
    if isinstance(error, OSError):
        return LedgerError(f"{path}: {error.strerror or error}; mend that, or choose another `run`.")
    words = " ".join(str(error).split())[:LONGEST_REPORT]
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _CURABLE:
        return LedgerError(f"{path}: {words}; nothing decided is lost: mend that and run the same command again.")
    return damaged(path, words)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise what a block raises of the `REPORTED` errors as those of the ledger at `path`."""
    try:
        yield
    except REPORTED as error:
        raise told(path, error) from error


@contextmanager
def opened_place(path: Path) -> Iterator[Path]:
    """Give the path of a ledger that is opened or made, errors `explained`; raises `LedgerError` where its folder is a file."""
    with explained(path):
        if path.parent.is_file():
            raise LedgerError(f"{path.parent}: is a file; a run is a folder.")
        yield path


def damaged(path: Path, how: str) -> LedgerError:
    """Return the error of a ledger that cannot be trusted, with what is wrong in it."""
    return LedgerError(f"{path}: is damaged or no ledger ({how}); restore a copy, or choose another `run`.")


def faults(connection: sqlite3.Connection) -> list[str]:
    """Return a line for each place where an open ledger contradicts itself, and for each row that is not as it was written."""
    broken = [" ".join(line.split()) for (line,) in connection.execute("PRAGMA integrity_check") if line != "ok"]
    connection.text_factory = lambda data: data.decode("utf-8", "replace")
    try:
        for table in TABLES.values():
            rows = (row for row in connection.execute(table.select) if not table.is_whole(row))
            broken += [f"{table.place(row)} is not as it was written" for row in rows]
    finally:
        connection.text_factory = str
    return broken
