"""The files of a ledger: written beside and renamed, so that a run exists whole or not at all; and removed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from self_instruct.ledger import opening, rows
from self_instruct.ledger.records import Lineage, StoredReply
from self_instruct.ledger.schema import FACTS, LINEAGE, REPLIES, Row, Table


def write_new(path: Path, facts: Mapping[str, Any], replies: Iterable[StoredReply], lineages: Iterable[Lineage]) -> None:
    """Write a ledger that begins with these."""
    beside = path.with_name(path.name + ".new")
    remove(beside)
    try:
        with closing(opening.create(beside)) as connection:
            connection.execute("BEGIN")
            insert(connection, FACTS, ((name, rows.as_json(value)) for name, value in facts.items()))
            insert(connection, REPLIES, map(rows.reply_row, replies))
            insert(connection, LINEAGE, map(rows.lineage_row, lineages))
            connection.execute("COMMIT")
        beside.rename(path)
    except BaseException:
        remove(beside)
        raise


def insert(connection: sqlite3.Connection, table: Table, written: Iterable[Row]) -> None:
    """Insert rows, each with its checksum."""
    connection.executemany(table.insert, map(table.sealed, written))


def remove(path: Path) -> None:
    """Remove a database with the files that SQLite keeps beside it, as far as they are there."""
    for end in ("", *opening.BESIDE):
        path.with_name(path.name + end).unlink(missing_ok=True)


def remove_directory(directory: Path) -> None:
    """Remove a directory, unless somebody put something into it."""
    with suppress(OSError):
        directory.rmdir()
