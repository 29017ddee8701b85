"""One writer per run: a lock that dies with its process, on every platform.

An exclusive transaction on a small SQLite file of its own. The operating system lets go of it when the process ends, however it
ends, and readers of the ledger (`status`, `export`) are not held up by it.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from self_instruct.records.errors import LedgerError

LOCK_FILE = "ledger.lock"


class RunLock:
    """Holds a run directory for one writer, from construction to `release`.

    Raises `LedgerError` where another process holds it, or where `path`, the lock's file, cannot be made or is none.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / LOCK_FILE
        was_there = self.path.exists()
        try:
            self._connection = sqlite3.connect(self.path, isolation_level=None, timeout=0.2, check_same_thread=False)
        except sqlite3.OperationalError as error:
            raise _unusable(directory, error) from None
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            self._connection.close()
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                raise LedgerError(f"{directory}: another writer holds this run; wait, or choose another `run`.") from None
            if error.sqlite_errorcode == sqlite3.SQLITE_NOTADB:
                raise LedgerError(f"{self.path}: is no lock file; delete it if no other process uses this run.") from None
            if not was_there:
                self.path.unlink(missing_ok=True)
            raise _unusable(directory, error) from None

    def release(self) -> None:
        """Let the next writer in."""
        self._connection.close()


def is_held(directory: Path) -> bool:
    """Return whether a process, this one or another, has a run directory for writing now; nothing is written to find out."""
    path = directory / LOCK_FILE
    if not path.is_file():
        return False
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None, timeout=0)
    try:
        connection.execute("PRAGMA user_version")
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode == sqlite3.SQLITE_BUSY
    finally:
        connection.close()
    return False


def _unusable(directory: Path, error: sqlite3.DatabaseError) -> LedgerError:
    return LedgerError(f"{directory}: nothing can be written there ({error}); mend that, or choose another `run`.")
