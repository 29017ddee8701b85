"""Opening a SQLite file as a ledger of ours, and closing it so that it is one file."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from self_instruct.ledger import migrations
from self_instruct.ledger.schema import APPLICATION_ID, PROGRESS, TABLES, VERSION
from self_instruct.records.errors import LedgerError

BESIDE = ("-journal", "-wal", "-shm")
"""Files that SQLite keeps beside a database while it is open, or after the process that had it open was killed."""
_BEGIN = (0, 0, -1, 0, None)  # the progress of a new run


def is_ledger(path: Path) -> bool:
    """Return whether a path leads to a ledger of ours, by its header, or to a file that SQLite keeps beside one.

    Not by opening the file ourselves: that would let go of the locks by which this process holds a ledger.
    """
    with suppress(OSError, ValueError):  # no path at all, such as one that leads to itself
        real = Path(os.path.realpath(path))
        whole = next((real.with_name(real.name.removesuffix(end)) for end in BESIDE if real.name.endswith(end)), real)
        return any(map(_has_our_header, {real, whole}))
    return False


def _has_our_header(path: Path) -> bool:
    if path.is_file():
        with suppress(sqlite3.Error), closing(_connect(path, "ro&immutable=1")) as connection:
            return _application(connection) == APPLICATION_ID
    return False


def create(path: Path) -> sqlite3.Connection:
    """Return a connection to a new, empty ledger at `path`. It becomes one file, without a WAL, until it is next opened."""
    connection = _connect(path, "rwc")
    try:
        _configure(connection)
        connection.execute("BEGIN")
        for table in TABLES.values():
            connection.execute(f"CREATE TABLE {table.name} {table.declaration}")
        connection.execute(PROGRESS.insert, PROGRESS.sealed(_BEGIN))
        connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version={VERSION}")
        connection.execute("COMMIT")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def open_existing(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Return a connection to the ledger at `path`; a writer's is of today's version.

    Raises `LedgerError` where the file is no SQLite database, not ours, written by a newer version, or damaged.
    """
    fold_in(path)
    connection = _connect(path, "ro" if read_only else "rw")
    try:
        _check(connection, path)
        if not read_only:
            connection.execute("PRAGMA journal_mode=WAL")
            if migrations.version_of(connection) < VERSION:
                migrations.bring_up_to_date(connection)
            _configure(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def close(connection: sqlite3.Connection, path: Path, *, read_only: bool) -> None:
    """Close a ledger; the last to have it open leaves one file, which can be read where nothing can be written."""
    if not read_only:
        with suppress(sqlite3.Error):  # a reader looks on, or the disk is full: the WAL stays, and nothing is lost
            connection.execute("PRAGMA busy_timeout=0")
            connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()
    fold_in(path)


def fold_in(path: Path) -> None:
    """Fold what a process left beside a ledger into the file, where no other has it open and it can be written.

    Else what is there stays, is read with the file, and nothing is lost.
    """
    path = path.resolve()
    if any(path.with_name(path.name + end).exists() for end in BESIDE):
        with suppress(sqlite3.Error), closing(_connect(path, "rw", timeout=0)) as connection:
            if _application(connection) == APPLICATION_ID:
                connection.execute("PRAGMA journal_mode=DELETE")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    """Raise where a file cannot be read as a ledger."""
    version = migrations.version_of(connection)
    if _application(connection) != APPLICATION_ID:
        raise LedgerError(f"{path}: is not a ledger of self-instruct; choose another run directory with `run`.")
    if not migrations.OLDEST <= version <= VERSION:
        raise LedgerError(f"{path}: has ledger version {version}, this program reads {VERSION}; use the program that wrote it.")
    (fault,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if fault != "ok":
        raise sqlite3.DatabaseError(" ".join(fault.split()))


def _application(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA application_id").fetchone()[0])


def _connect(path: Path, mode: str, timeout: float = 10) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=timeout)


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=NORMAL")
