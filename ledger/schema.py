"""The tables of a ledger. Each row ends in a checksum, so that damage which SQLite cannot see has a name.

A reply is keyed by (stage, request, item, instance, attempt): `request` numbers the instruction requests from 0, `item` is the
offset at which a task's instruction begins in that request's reply (0 for the instruction reply itself), `instance` is the
position of the instance it is about among its task's (0 for none), `attempt` counts from 1. A task is keyed by (request, item),
which is also the order of the pool.
"""

from __future__ import annotations

from typing import Any, TypeAlias
from zlib import crc32

APPLICATION_ID = 0x5E1F1257
VERSION = 7
MOST_COUNTED = 2**31  # tokens of one request; no provider counts more
Row: TypeAlias = tuple[Any, ...]


def checksum(*values: Any) -> int:
    """Return the checksum of a row: CRC-32 of its values as text, each parted from the next by U+001F."""
    return crc32("\x1f".join(map(str, values)).encode())


class Table:
    """A table with its columns, as SQL declares them; the first `key` of them are the primary key.

    `insert`, `update` and `select` are statements over all columns by name, with the checksum as the last.
    """

    def __init__(self, name: str, *columns: str, key: int, refers: str = "", options: str = "WITHOUT ROWID") -> None:
        self.name = name
        self.columns = tuple(column.split()[0] for column in columns)
        self.key = self.columns[:key]
        self.names = ", ".join((*self.columns, "checksum"))
        self._text = "\x1f".join(["%s"] * len(columns))  # as `checksum` joins them, and faster
        self._text_of_sealed = self._text + "%.0s"  # passes over the checksum
        primary = [f"PRIMARY KEY ({', '.join(self.key)})"] if key else []
        parts = [*columns, "checksum INTEGER NOT NULL", *primary, *([refers] if refers else [])]
        self.declaration = f"({', '.join(parts)}) {options}"
        self.select = f"SELECT {self.names} FROM {name}"  # noqa: S608 (names of our own, here and below)
        self.insert = f"INSERT INTO {name} ({self.names}) VALUES ({', '.join('?' * (len(columns) + 1))})"  # noqa: S608
        changed = ", ".join(f"{column} = ?" for column in (*self.columns[key:], "checksum"))
        which = f" WHERE {' AND '.join(f'{column} = ?' for column in self.key)}" if key else ""
        self.update = f"UPDATE {name} SET {changed}{which}"  # noqa: S608

    def sealed(self, row: Row) -> Row:
        """Return a row with its checksum."""
        return (*row, crc32((self._text % row).encode()))

    def is_whole(self, row: Row) -> bool:
        """Return whether a row, with its checksum, is as it was written."""
        return bool(crc32((self._text_of_sealed % row).encode()) == row[-1])

    def place(self, row: Row) -> str:
        """Return which row of a ledger this is, in words."""
        which = ", ".join(f"{name} {value!r}" for name, value in zip(self.key, row, strict=False))
        return f"{self.name} ({which})" if which else self.name


FACTS = Table("facts", "name TEXT NOT NULL", "value TEXT NOT NULL", key=1)

COUNTS = (
    "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens",
    "at_most_input", "at_most_output",  # tokens reserved before the request was sent
)  # fmt: skip
REQUEST = (
    "stage TEXT NOT NULL", "request INTEGER NOT NULL", "item INTEGER NOT NULL",
    "instance INTEGER NOT NULL", "attempt INTEGER NOT NULL",
)  # fmt: skip
REPLIES = Table(
    "replies",
    *REQUEST,
    "model TEXT",  # as the run names it; NULL where no run asked for it
    *(f"{count} INTEGER" for count in COUNTS),
    "price_input TEXT", "price_output TEXT", "price_cached TEXT",  # US dollars per million tokens, as decimals
    "finish_reason TEXT", "ended TEXT",  # the provider's own word, and ours
    "served_model TEXT", "request_id TEXT", "asked_at REAL", "seconds REAL",  # since 1970, and until the answer
    "refusal TEXT",  # the provider's words, where it refused; then there is no text
    "text TEXT",
    "prompt TEXT",  # kept for instruction requests, whose demonstrations are drawn
    "first_token TEXT",  # what it could have begun with, where that was asked for: a JSON list of tokens and log-probabilities
    key=5,
    options="",  # rows are long; a tree of keys alone would spill them
)  # fmt: skip

SENT = Table(  # requests that went out and have no reply: under way, or lost at a kill
    "sent",
    *REQUEST,
    "sending INTEGER NOT NULL",  # which time it was sent, from 1; those before are lost
    "model TEXT", "at_most_input INTEGER", "at_most_output INTEGER",
    "price_input TEXT", "price_output TEXT", "price_cached TEXT",
    "batch TEXT", "line INTEGER",  # the batch that it is in, and its line there from 0; NULL where it was sent by itself
    key=6,
)  # fmt: skip

BATCHES = Table(  # a provider's batches: written down before they are made there
    "batches",
    "tag TEXT NOT NULL",  # ours, by which the provider's is found again
    "stage TEXT NOT NULL",  # one of those whose questions are in it
    "model TEXT NOT NULL",  # a JSON object: what its model is called and how it is reached
    "lines INTEGER NOT NULL",
    "written_at REAL NOT NULL",  # since 1970
    "batch_id TEXT",  # the provider's; NULL while nobody knows whether it was made
    "is_ended INTEGER NOT NULL",
    "said TEXT NOT NULL",  # what the provider said of it last
    key=1,
)

LINEAGE = Table(  # what an instruction request was drawn to ask about, where its demonstrations are not all
    "lineage",
    "request INTEGER NOT NULL",
    "stage TEXT NOT NULL", "operator TEXT NOT NULL", "depth INTEGER NOT NULL",
    "parent_request INTEGER", "parent_item INTEGER",  # the task it goes out from; NULL where that is none of the run's
    "source INTEGER",  # the place of the seed or text that it goes out from, from 0; NULL where there is none
    "text TEXT NOT NULL",  # what it goes out from, as it was shown
    key=1,
)  # fmt: skip

PROGRESS = Table(  # one row: how far instruction replies are decided
    "progress",
    "request INTEGER NOT NULL",  # all requests before this one are decided
    "offset INTEGER NOT NULL",  # and of this one's replies, laid end to end, all that begins before it
    "last_kept INTEGER NOT NULL",  # the last request that brought a task, -1 for none
    "granted_from INTEGER NOT NULL",  # the allowance of fruitless requests counts from here
    "position INTEGER",  # where a version before 3 stopped within a reply: so many of its records, in place of `offset`
    key=0,
    options="",
)

TASKS = Table(
    "tasks",
    "request INTEGER NOT NULL", "item INTEGER NOT NULL", "instruction TEXT NOT NULL", "is_classification INTEGER",
    "attempt INTEGER NOT NULL",  # the attempt at its instruction request that brought it
    "awaits_stage TEXT", "awaits_attempt INTEGER", "awaits_instance INTEGER",  # NULL when finished
    key=2,
)  # fmt: skip

INSTANCES = Table(
    "instances",
    "request INTEGER NOT NULL", "item INTEGER NOT NULL", "position INTEGER NOT NULL",
    "input TEXT NOT NULL", "output TEXT NOT NULL",
    key=3,
    refers="FOREIGN KEY (request, item) REFERENCES tasks",
)  # fmt: skip

REJECTIONS = Table(
    "rejections",
    "request INTEGER NOT NULL", "item INTEGER NOT NULL", "stage TEXT NOT NULL", "position INTEGER NOT NULL",
    "reason TEXT NOT NULL", "text TEXT NOT NULL", "evidence TEXT NOT NULL",  # a JSON object
    key=4,
)  # fmt: skip

VERDICTS = Table(
    "verdicts",
    "request INTEGER NOT NULL", "item INTEGER NOT NULL", "instance INTEGER NOT NULL", "stage TEXT NOT NULL",
    "vote INTEGER NOT NULL",  # from 1, of a stage that asks the same several times
    "answers TEXT NOT NULL",  # a JSON object
    key=5,
    refers="FOREIGN KEY (request, item) REFERENCES tasks",
)  # fmt: skip

_ALL = (FACTS, REPLIES, SENT, BATCHES, LINEAGE, PROGRESS, TASKS, INSTANCES, REJECTIONS, VERDICTS)
TABLES = {table.name: table for table in _ALL}

MISCOUNTED = (
    f"SELECT {', '.join(REPLIES.key)} FROM replies"  # noqa: S608
    f" WHERE {' OR '.join(f'{count} NOT BETWEEN 0 AND {MOST_COUNTED}' for count in COUNTS)} LIMIT 1"
)
_PAID = "model, price_input, price_output, price_cached"


def _spending(stage: str, source: str) -> str:
    return (
        f"SELECT {stage} AS of, {_PAID}, COUNT(*), SUM(input_tokens IS NULL OR output_tokens IS NULL),"  # noqa: S608
        " SUM(input_tokens), SUM(output_tokens), SUM(cached_tokens), SUM(reasoning_tokens),"
        " SUM(CASE WHEN input_tokens IS NULL OR output_tokens IS NULL THEN at_most_input END),"
        " SUM(CASE WHEN input_tokens IS NULL OR output_tokens IS NULL THEN at_most_output END)"
        f" FROM {source} GROUP BY of, {_PAID} ORDER BY of, {_PAID}"
    )


SPENDING = _spending("stage", "replies")
SPENDING_BY_PROPOSER = _spending(  # of calibration, seed tasks have the numbers; they are nobody's
    "CASE WHEN replies.stage = 'calibration' THEN replies.stage ELSE COALESCE(lineage.stage, 'instructions') END",
    "replies LEFT JOIN lineage ON lineage.request = replies.request",
)
