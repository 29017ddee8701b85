"""How ledgers of earlier versions become those of today: for each version, what its tables hold by those of the one before.

A reader sees an older ledger through temporary views, and never writes to it; a writer stores what those views show, once, in
one transaction. So both see the same, and a ledger of any size is read where it lies.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from self_instruct.ledger.schema import COUNTS, MOST_COUNTED, TABLES, VERSION, checksum
from self_instruct.records.replies import Ended, why_ended

OLDEST = 1
_BELIEVED = ", ".join(f"CASE WHEN {name} BETWEEN 0 AND {MOST_COUNTED} THEN {name} END AS {name}" for name in COUNTS)
_OF_INSTRUCTIONS = "FROM {replies} AS r WHERE r.stage = 'instructions' AND r.request = t.request AND r.item = 0"
_FIRST_TEXT = f"(SELECT r.text {_OF_INSTRUCTIONS} AND r.attempt = 1)"
_HAS_SECOND = f"EXISTS (SELECT 1 {_OF_INSTRUCTIONS} AND r.attempt = 2)"

# By the version they lead to: each table that it changed, as a query over the tables of the version before ("{replies}").
MIGRATIONS: Mapping[int, Mapping[str, str]] = {
    2: {  # tokens in full, and the model that was asked: version 1 had one for all stages
        "replies": (
            "SELECT stage, request, item, attempt, prompt, text, finish_reason, input_tokens, output_tokens,"
            " (SELECT json_extract(value, '$.model') FROM {facts} WHERE name = 'settings') AS model,"
            " NULL AS cached_tokens, NULL AS reasoning_tokens, NULL AS at_most_input, NULL AS at_most_output FROM {replies}"
        ),
    },
    3: {  # checksums; how a reply came about; refusals as such; attempts and offsets in columns of their own; verdicts
        "facts": "SELECT name, value FROM {facts}",
        "replies": (
            f"SELECT stage, request, item, 0 AS instance, attempt, model, {_BELIEVED},"  # noqa: S608 (names of our own)
            " NULL AS price_input, NULL AS price_output, NULL AS price_cached,"
            " CASE WHEN finish_reason IS NOT 'refused' THEN finish_reason END AS finish_reason,"
            " why_ended(finish_reason) AS ended,"
            " NULL AS served_model, NULL AS request_id, NULL AS asked_at, NULL AS seconds,"
            " CASE WHEN finish_reason IS 'refused' THEN text END AS refusal,"
            " CASE WHEN finish_reason IS NOT 'refused' THEN text END AS text, prompt FROM {replies}"
        ),
        "progress": (
            "SELECT request, 0 AS offset, last_kept, granted_from, CASE WHEN position > 0 THEN position END AS position"
            " FROM {progress}"
        ),
        "tasks": (
            "SELECT request, item, instruction, is_classification,"  # noqa: S608
            f" CASE WHEN {_HAS_SECOND} AND item > characters({_FIRST_TEXT}) THEN 2 ELSE 1 END AS attempt,"
            " awaits AS awaits_stage, CASE WHEN awaits IS NOT NULL THEN attempt END AS awaits_attempt,"
            " CASE WHEN awaits IS NOT NULL THEN 0 END AS awaits_instance FROM {tasks} AS t"
        ),
        "instances": "SELECT request, item, position, input, output FROM {instances}",
        "rejections": "SELECT request, item, stage, position, reason, text, evidence FROM {rejections}",
        "verdicts": "SELECT 0 AS request, 0 AS item, 0 AS instance, '' AS stage, '' AS answers WHERE 0",
    },
    4: {  # what was sent and has no reply: a kill lost it without a trace before
        "sent": (
            "SELECT '' AS stage, 0 AS request, 0 AS item, 0 AS instance, 0 AS attempt, 0 AS sending, NULL AS model,"
            " NULL AS at_most_input, NULL AS at_most_output,"
            " NULL AS price_input, NULL AS price_output, NULL AS price_cached WHERE 0"
        ),
        "verdicts": "SELECT request, item, instance, stage, 1 AS vote, answers FROM {verdicts}",
    },
    5: {  # providers' batches
        "sent": (
            "SELECT stage, request, item, instance, attempt, sending, model, at_most_input, at_most_output,"
            " price_input, price_output, price_cached, NULL AS batch, NULL AS line FROM {sent}"
        ),
        "batches": (
            "SELECT '' AS tag, '' AS stage, '' AS model, 0 AS lines, 0.0 AS written_at, NULL AS batch_id, '' AS said,"
            " 0 AS is_ended WHERE 0"
        ),
    },
    6: {"replies": "SELECT *, NULL AS first_token FROM {replies}"},  # what a reply could have begun with
    7: {  # proposers beside the paper's
        "lineage": (
            "SELECT 0 AS request, '' AS stage, '' AS operator, 0 AS depth, NULL AS parent_request, NULL AS parent_item,"
            " NULL AS source, '' AS text WHERE 0"
        ),
    },
}


def version_of(connection: sqlite3.Connection) -> int:
    """Return the version of an open ledger."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def show(connection: sqlite3.Connection, shown: int = VERSION) -> int:
    """Let an open ledger be read as one of today, and return its version; `shown` is the version it was shown from before.

    Another process may have brought it up to date since.
    """
    version = version_of(connection)
    if version != shown:
        _hide(connection)
        _register(connection)
        for name, query in _views(version):
            connection.execute(f"CREATE TEMP VIEW {name} AS {query}")
    return version


def bring_up_to_date(connection: sqlite3.Connection) -> None:
    """Store an older ledger as one of today, whole or not at all."""
    with _transaction(connection):
        version = show(connection)
        tables = [TABLES[name] for name in _changed(version)]
        for table in tables:
            connection.execute(f"CREATE TABLE new_{table.name} {table.declaration}")
            connection.execute(f"INSERT INTO new_{table.name} ({table.names}) {table.select}")
        _hide(connection)
        for table in tables:
            connection.execute(f"DROP TABLE IF EXISTS {table.name}")
            connection.execute(f"ALTER TABLE new_{table.name} RENAME TO {table.name}")
        connection.execute(f"PRAGMA user_version={VERSION}")


def _changed(version: int) -> dict[str, int]:
    """Return the tables that have changed since a version, each with the last version that changed it."""
    return {name: to for to, changed in MIGRATIONS.items() if to > version for name in changed}


def _views(version: int) -> Iterator[tuple[str, str]]:
    """Yield the views that show a version's tables as those of today, each with its query; the earlier ones come first."""
    sources = {name: f"main.{name}" for name in TABLES}
    last = _changed(version)
    for to in range(version + 1, VERSION + 1):
        views = {name: name if last[name] == to else f"{name}_{to}" for name in MIGRATIONS[to]}
        for name, query in MIGRATIONS[to].items():
            query = query.format(**sources)
            if last[name] == to:
                columns = ", ".join(TABLES[name].columns)
                query = f"SELECT {columns}, checksum({columns}) AS checksum FROM ({query})"  # noqa: S608
            yield views[name], query
        sources |= {name: f"temp.{view}" for name, view in views.items()}


def _hide(connection: sqlite3.Connection) -> None:
    for (name,) in connection.execute("SELECT name FROM temp.sqlite_master WHERE type = 'view'").fetchall():
        connection.execute(f"DROP VIEW temp.{name}")


def _register(connection: sqlite3.Connection) -> None:
    """Give SQLite the functions that the queries above call."""
    connection.create_function("checksum", -1, checksum, deterministic=True)
    connection.create_function("characters", 1, len, deterministic=True)  # SQLite's own stops at a zero
    connection.create_function("why_ended", 1, _ended, deterministic=True)


def _ended(word: str | None) -> str | None:
    ended: Ended | None = why_ended(word)
    return ended and ended.value


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
