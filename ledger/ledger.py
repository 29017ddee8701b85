"""What a run remembers: every reply, task, instance and rejection, in `ledger.sqlite`. Storage only; nothing is decided here.

Its promise (DESIGN: "The ledger's promise"): a reply is durable before anything is decided from it, and a decision and what it
changes are one transaction. WAL with synchronous=NORMAL survives the death of the process at any moment.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from functools import reduce
from pathlib import Path
from typing import Any, Self, TypeVar

from self_instruct.ledger import schema
from self_instruct.ledger.lock import RunLock
from self_instruct.ledger.records import Progress, RequestId, Spent, StoredReply, StoredTask, TaskId
from self_instruct.records.errors import LedgerError
from self_instruct.records.replies import UNCOUNTED, Reply, Usage
from self_instruct.records.tasks import Instance, Reason, Rejection, Stage

LEDGER_FILE = "ledger.sqlite"
T = TypeVar("T")
LONGEST_REPORT = 200  # characters of what SQLite says
_CURABLE = {  # not the file's fault
    sqlite3.SQLITE_BUSY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY,
}  # fmt: skip
_INSERT_REPLY = "INSERT INTO replies VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Ledger:
    """The storage of one run directory; `create` or `open` it, and `close` it.

    Whatever SQLite reports (a damaged file, a full disk, a folder that cannot be written) is raised as `LedgerError`.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, lock: RunLock | None) -> None:
        self._connection = connection
        self._lock = lock
        self.path = path

    @classmethod
    def create(cls, directory: Path, facts: dict[str, Any], replies: Iterable[StoredReply] = ()) -> Self:
        """Return the ledger of a new run that begins with `facts` (JSON values: settings, seeds, templates) and `replies`.

        Where that fails nothing is left of it.
        """
        path = directory / LEDGER_FILE
        with _explained(path), ExitStack() as undo:
            if not directory.exists():
                directory.mkdir(parents=True)
                undo.callback(_remove_directory, directory)
            lock = RunLock(directory)
            undo.callback(lock.release)
            if path.exists():
                raise LedgerError(f"{path}: exists already; continue it with generate, or choose another --run.")
            undo.callback(_remove, lock.path)
            undo.callback(_remove, path)
            _write_new(path, facts, replies)
            ledger = cls(schema.open_existing(path, read_only=False), path, lock)
            undo.pop_all()
            return ledger

    @classmethod
    def open(cls, directory: Path, *, read_only: bool = False) -> Self:
        """Return the ledger of an existing run; a writer holds the run until `close`."""
        path = directory / LEDGER_FILE
        with _explained(path), ExitStack() as undo:
            if not path.is_file():
                raise LedgerError(f"{directory}: holds no {LEDGER_FILE}; start a run with generate --run {directory}.")
            lock = None if read_only else RunLock(directory)
            if lock:
                undo.callback(lock.release)
            ledger = cls(schema.open_existing(path, read_only=read_only), path, lock)
            undo.pop_all()
            return ledger

    @staticmethod
    def exists(directory: Path) -> bool:
        """Return whether the directory holds a run."""
        with _explained(directory / LEDGER_FILE):
            return (directory / LEDGER_FILE).exists()

    def close(self) -> None:
        """Close the file and let the next writer in."""
        schema.close(self._connection, read_only=self._lock is None)
        if self._lock:
            self._lock.release()

    def discard(self) -> None:
        """Close the file and remove the run: for one made from other data that could not be finished."""
        self._connection.close()
        _remove(self.path)
        if self._lock:
            self._lock.release()
            _remove(self._lock.path)
        _remove_directory(self.path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that is written inside durable together, or none of it."""
        with _explained(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that is read inside come from one state of the run, whatever another process writes meanwhile."""
        self._all("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._all("COMMIT")

    def _all(self, query: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with _explained(self.path):
            return self._connection.execute(query, values).fetchall()

    def _write(self, query: str, rows: Iterable[Sequence[object]]) -> None:
        with _explained(self.path):
            self._connection.executemany(query, rows)

    # facts: what was fixed when the run began

    def fact(self, name: str) -> Any:
        """Return a stored JSON value, or None."""
        return next(self._records(json.loads, "SELECT value FROM facts WHERE name = ?", (name,)), None)

    def set_fact(self, name: str, value: Any) -> None:
        """Store a JSON value."""
        self._write("INSERT OR REPLACE INTO facts VALUES (?, ?)", [(name, _json(value))])

    # replies

    def reply(self, request: RequestId) -> Reply | None:
        """Return the stored answer to a request, or None."""
        query = (
            "SELECT text, finish_reason, input_tokens, output_tokens, model, cached_tokens, reasoning_tokens FROM replies"
            " WHERE stage = ? AND request = ? AND item = ? AND attempt = ?"
        )
        return next(self._records(_reply, query, (request.stage, request.request, request.item, request.attempt)), None)

    def stored_reply(self, request: RequestId) -> Reply:
        """Return the answer to a request that has one; raises `LedgerError` where it has none."""
        reply = self.reply(request)
        if reply is None:
            raise LedgerError(f"{self.path}: the reply to {request.stage} request {request.request} is gone; restore a copy.")
        return reply

    def prompt(self, request: int, attempt: int = 1) -> str | None:
        """Return the prompt of an instruction request, where it is known."""
        query = "SELECT prompt FROM replies WHERE stage = ? AND request = ? AND attempt = ?"
        rows = self._all(query, (Stage.INSTRUCTIONS, request, attempt))
        return rows[0][0] if rows else None

    def store_reply(self, request: RequestId, reply: Reply, prompt: str | None = None, at_most: Usage = UNCOUNTED) -> None:
        """Make a reply durable, with the usage that was reserved for it.

        A second reply to the same request is an error: it was paid for twice.
        """
        self._write(_INSERT_REPLY, [_reply_row(StoredReply(request, reply, prompt, at_most))])

    def replies(self) -> Iterator[StoredReply]:
        """Yield every stored reply."""
        yield from self._records(_stored_reply, "SELECT * FROM replies")

    def spent(self) -> Spent:
        """Return what this run has spent."""
        return reduce(Spent.plus, self.spending().values(), Spent())

    def spending(self) -> dict[tuple[Stage, str | None], Spent]:
        """Return what this run has spent on each stage and model that was asked; None is the model of imported replies."""
        query = (
            "SELECT stage, model, COUNT(*), SUM(input_tokens IS NULL OR output_tokens IS NULL),"
            " SUM(input_tokens), SUM(output_tokens), SUM(cached_tokens), SUM(reasoning_tokens),"
            " SUM(CASE WHEN input_tokens IS NULL OR output_tokens IS NULL THEN at_most_input END),"
            " SUM(CASE WHEN input_tokens IS NULL OR output_tokens IS NULL THEN at_most_output END)"
            " FROM replies GROUP BY stage, model ORDER BY stage, model"
        )
        return dict(self._records(_spent, query))

    def instruction_attempts_from(self, request: int) -> dict[int, int]:
        """Return the instruction requests, from number `request` on, that have a reply, each with its last attempt."""
        query = "SELECT request, MAX(attempt) FROM replies WHERE stage = ? AND request >= ? GROUP BY request"
        return dict(self._all(query, (Stage.INSTRUCTIONS, request)))

    # decisions

    @property
    def progress(self) -> Progress:
        """How far instruction replies are decided."""
        return next(self._records(Progress, "SELECT request, position, last_kept, granted_from FROM progress"))

    def set_progress(self, progress: Progress) -> None:
        """Store how far instruction replies are decided."""
        row = (progress.request, progress.position, progress.last_kept, progress.granted_from)
        self._write("UPDATE progress SET request = ?, position = ?, last_kept = ?, granted_from = ?", [row])

    def add_task(self, task: TaskId, instruction: str) -> None:
        """Store a kept candidate; it awaits its classification."""
        row = (task.request, task.item, instruction, Stage.CLASSIFICATION)
        self._write("INSERT INTO tasks (request, item, instruction, awaits) VALUES (?, ?, ?, ?)", [row])

    def set_awaits(self, task: TaskId, awaits: RequestId | None, is_classification: bool | None) -> None:
        """Store what a task waits for next (None: it is finished) and what kind it is."""
        stage, attempt = (awaits.stage, awaits.attempt) if awaits else (None, 1)
        self._write(
            "UPDATE tasks SET is_classification = ?, awaits = ?, attempt = ? WHERE request = ? AND item = ?",
            [(is_classification, stage, attempt, task.request, task.item)],
        )

    def add_instances(self, task: TaskId, instances: Sequence[Instance]) -> None:
        """Store a task's instances, in order."""
        rows = [(task.request, task.item, position, one.input, one.output) for position, one in enumerate(instances)]
        self._write("INSERT INTO instances VALUES (?, ?, ?, ?, ?)", rows)

    def add_rejections(self, request: int, rejections: Iterable[tuple[int, Rejection]]) -> None:
        """Store what was refused, each with its position among the records read from its reply."""
        rows = [
            (each.stage, request, each.item, position, each.reason, each.text, _json(dict(each.evidence)))
            for position, each in rejections
        ]
        self._write("INSERT INTO rejections VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    # reading a run

    def tasks(self) -> Iterator[StoredTask]:
        """Yield the kept tasks in the order of the pool."""
        query = "SELECT request, item, instruction, is_classification, awaits, attempt FROM tasks ORDER BY request, item"
        yield from self._records(_stored_task, query)

    def instances(self) -> Iterator[tuple[TaskId, Instance]]:
        """Yield every instance with its task, in the order of the pool."""
        yield from self._records(
            lambda request, item, given, output: (TaskId(request, item), Instance(given, output)),
            "SELECT request, item, input, output FROM instances ORDER BY request, item, position",
        )

    def count_instances(self) -> int:
        """Return how many instances are stored."""
        return int(self._all("SELECT COUNT(*) FROM instances")[0][0])

    def rejections(self) -> Iterator[tuple[TaskId, Rejection]]:
        """Yield every rejection with the request and item it belongs to, in order."""
        query = "SELECT request, item, stage, reason, text, evidence FROM rejections ORDER BY request, item, stage, position"
        yield from self._records(_rejection, query)

    def count_rejections(self) -> dict[tuple[Stage, Reason], int]:
        """Return how many were refused, by stage and reason."""
        query = "SELECT stage, reason, COUNT(*) FROM rejections GROUP BY stage, reason ORDER BY stage, reason"
        return dict(self._records(lambda stage, reason, count: ((Stage(stage), Reason(reason)), count), query))

    def _records(self, record: Callable[..., T], query: str, values: Sequence[object] = ()) -> Iterator[T]:
        """Yield each row as `record` makes it; what that cannot read is damage."""
        with _explained(self.path):
            for row in self._connection.execute(query, values):
                try:
                    found = record(*row)
                except (ValueError, TypeError) as error:
                    raise sqlite3.DatabaseError(str(error)) from error
                yield found


def _write_new(path: Path, facts: dict[str, Any], replies: Iterable[StoredReply]) -> None:
    """Write a ledger beside `path` and rename it, so that a run exists whole or not at all."""
    beside = path.with_name(path.name + ".new")
    _remove(beside)
    try:
        with closing(schema.create(beside)) as connection:
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO facts VALUES (?, ?)", [(name, _json(value)) for name, value in facts.items()])
            connection.executemany(_INSERT_REPLY, map(_reply_row, replies))
            connection.execute("COMMIT")
        beside.rename(path)
    except BaseException:
        _remove(beside)
        raise


def _remove(path: Path) -> None:
    """Remove a database with the files that SQLite keeps beside it, as far as they are there."""
    for suffix in ("", "-journal", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _remove_directory(directory: Path) -> None:
    with suppress(OSError):  # somebody put something into it
        directory.rmdir()


def _reply_row(stored: StoredReply) -> tuple[Any, ...]:
    asked, reply, usage = stored.request, stored.reply, stored.reply.usage
    key = (asked.stage, asked.request, asked.item, asked.attempt)
    said = (stored.prompt, reply.text, reply.finish_reason, usage.input_tokens, usage.output_tokens)
    at_most = (stored.at_most.input_tokens, stored.at_most.output_tokens)
    return (*key, *said, reply.model, usage.cached_tokens, usage.reasoning_tokens, *at_most)


def _reply(
    text: str, reason: str | None, given: int | None, written: int | None, model: str | None, *parts: int | None
) -> Reply:
    return Reply(text, reason, Usage(given, written, *parts), model)


def _stored_reply(stage: str, request: int, item: int, attempt: int, prompt: str | None, *rest: Any) -> StoredReply:
    *reply, given, written = rest
    return StoredReply(RequestId(Stage(stage), request, item, attempt), _reply(*reply), prompt, Usage(given, written))


def _spent(
    stage: str, model: str | None, requests: int, unreported: int, *tokens: int | None
) -> tuple[tuple[Stage, str | None], Spent]:
    return (Stage(stage), model), Spent(requests, unreported, Usage(*tokens[:4]), Usage(*tokens[4:]))


def _stored_task(request: int, item: int, instruction: str, kind: int | None, awaits: str | None, attempt: int) -> StoredTask:
    waiting = RequestId(Stage(awaits), request, item, attempt) if awaits else None
    return StoredTask(TaskId(request, item), instruction, None if kind is None else bool(kind), waiting)


def _rejection(request: int, item: int, stage: str, reason: str, text: str, evidence: str) -> tuple[TaskId, Rejection]:
    return TaskId(request, item), Rejection(Stage(stage), Reason(reason), text, item, json.loads(evidence))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Raise what SQLite and the file system report as a `LedgerError` that names the file."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        words = " ".join(str(error).split())[:LONGEST_REPORT]
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _CURABLE:
            raise LedgerError(f"{path}: {words}; nothing decided is lost: mend that and run the same command again.") from error
        raise LedgerError(f"{path}: is damaged or no ledger ({words}); restore a copy, or choose another --run.") from error
    except UnicodeDecodeError as error:  # SQLite's message quotes the damage
        raise LedgerError(f"{path}: is damaged or no ledger ({error}); restore a copy, or choose another --run.") from error
    except OSError as error:
        raise LedgerError(f"{path}: {error.strerror or error}; mend that, or choose another --run.") from error
