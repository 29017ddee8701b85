"""The ledger's tables, and opening a SQLite file as one of ours.

A reply is keyed by (stage, request, item, attempt): `request` numbers the instruction requests from 0, `item` is the offset at
which a task's instruction begins in that request's reply (0 for the instruction reply itself), `attempt` counts from 1. A task
is keyed by (request, item), which is also the order of the pool.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

from self_instruct.records.errors import LedgerError

APPLICATION_ID = 0x5E1F1257
VERSION = 2
_OLDEST = 1

# What version 2 added to the replies of version 1: the model that was asked, and tokens in full.
_VERSION_1 = "stage, request, item, attempt, prompt, text, finish_reason, input_tokens, output_tokens"
_MODEL_OF_VERSION_1 = (
    "(SELECT json_extract(value, '$.model') FROM main.facts WHERE name = 'settings')"  # it had one for all stages
)

TABLES = """
CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE replies (
    stage TEXT NOT NULL, request INTEGER NOT NULL, item INTEGER NOT NULL, attempt INTEGER NOT NULL,
    prompt TEXT,                                   -- kept for instruction requests, whose demonstrations are drawn
    text TEXT NOT NULL, finish_reason TEXT, input_tokens INTEGER, output_tokens INTEGER,
    model TEXT,                                    -- NULL where no run asked for it
    cached_tokens INTEGER, reasoning_tokens INTEGER,   -- of the input, and of the output
    at_most_input INTEGER, at_most_output INTEGER,     -- tokens reserved before the request was sent
    PRIMARY KEY (stage, request, item, attempt)
);

CREATE TABLE progress (                            -- one row: how far instruction replies are decided
    request INTEGER NOT NULL,                      -- all requests before this one are decided
    position INTEGER NOT NULL,                     -- and of this one, so many of the records read from its reply
    last_kept INTEGER NOT NULL,                    -- the last request that brought a task, -1 for none
    granted_from INTEGER NOT NULL                  -- the allowance of fruitless requests counts from here
);
INSERT INTO progress VALUES (0, 0, -1, 0);

CREATE TABLE tasks (
    request INTEGER NOT NULL, item INTEGER NOT NULL, instruction TEXT NOT NULL,
    is_classification INTEGER,
    awaits TEXT,                                   -- the stage whose reply comes next; NULL when finished
    attempt INTEGER NOT NULL DEFAULT 1,            -- and the attempt it is at
    PRIMARY KEY (request, item)
);
CREATE INDEX tasks_awaiting ON tasks (request, item) WHERE awaits IS NOT NULL;

CREATE TABLE instances (
    request INTEGER NOT NULL, item INTEGER NOT NULL, position INTEGER NOT NULL,
    input TEXT NOT NULL, output TEXT NOT NULL,
    PRIMARY KEY (request, item, position),
    FOREIGN KEY (request, item) REFERENCES tasks
) WITHOUT ROWID;

CREATE TABLE rejections (
    stage TEXT NOT NULL, request INTEGER NOT NULL, item INTEGER NOT NULL, position INTEGER NOT NULL,
    reason TEXT NOT NULL, text TEXT NOT NULL, evidence TEXT NOT NULL,      -- evidence: a JSON object
    PRIMARY KEY (stage, request, item, position)
);
"""

# A ledger of version 1: a reader sees it with the columns of today, a writer gives it those.
_AS_NOW = f"""
CREATE TEMP VIEW replies AS SELECT {_VERSION_1}, {_MODEL_OF_VERSION_1} AS model,
    NULL AS cached_tokens, NULL AS reasoning_tokens, NULL AS at_most_input, NULL AS at_most_output FROM main.replies;
"""  # noqa: S608 (names of our own)
_TO_NOW = f"""
BEGIN IMMEDIATE;
ALTER TABLE replies ADD COLUMN model TEXT;
ALTER TABLE replies ADD COLUMN cached_tokens INTEGER;
ALTER TABLE replies ADD COLUMN reasoning_tokens INTEGER;
ALTER TABLE replies ADD COLUMN at_most_input INTEGER;
ALTER TABLE replies ADD COLUMN at_most_output INTEGER;
UPDATE replies SET model = {_MODEL_OF_VERSION_1};
PRAGMA user_version={VERSION};
COMMIT;
"""  # noqa: S608


def create(path: Path) -> sqlite3.Connection:
    """Return a connection to a new, empty ledger at `path`. It becomes one file, without a WAL, until it is next opened."""
    connection = _connect(path, "rwc")
    try:
        _configure(connection)
        connection.executescript(
            f"BEGIN; {TABLES} PRAGMA application_id={APPLICATION_ID}; PRAGMA user_version={VERSION}; COMMIT;"
        )
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def open_existing(path: Path, *, read_only: bool) -> sqlite3.Connection:
    """Return a connection to the ledger at `path`.

    Raises `LedgerError` where the file is no SQLite database, not ours, written by a newer version, or damaged.
    """
    connection = _connect(path, "ro" if read_only else "rw")
    try:
        version = _check(connection, path)
        if not read_only:
            _configure(connection)
            connection.execute("PRAGMA journal_mode=WAL")
        if version < VERSION:
            connection.executescript(_AS_NOW if read_only else _TO_NOW)
    except BaseException:
        connection.close()
        raise
    return connection


def close(connection: sqlite3.Connection, *, read_only: bool) -> None:
    """Close a ledger; the last to write it leaves one file, which can be read where nothing can be written."""
    if not read_only:
        with suppress(sqlite3.Error):  # a reader looks on, or the disk is full: the WAL stays, and nothing is lost
            connection.execute("PRAGMA busy_timeout=0")
            connection.execute("PRAGMA journal_mode=DELETE")
    connection.close()


def _check(connection: sqlite3.Connection, path: Path) -> int:
    """Return the version of a ledger that can be read."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise LedgerError(f"{path}: is not a ledger of self-instruct; choose another run directory with --run.")
    if not _OLDEST <= version <= VERSION:
        raise LedgerError(f"{path}: has ledger version {version}, this program reads {VERSION}; use the program that wrote it.")
    (fault,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if fault != "ok":
        raise sqlite3.DatabaseError(" ".join(fault.split()))
    return int(version)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode={mode}", uri=True, isolation_level=None, timeout=10)


def _configure(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=NORMAL")
