"""What a run remembers, in `ledger.sqlite`: every request sent, every reply, task, instance, rejection and verdict.

Nothing is decided here.

Its promise (DESIGN: "The ledger's promise"): a reply is durable before anything is decided from it, and a decision and what it
changes are one transaction. WAL with synchronous=NORMAL survives the death of the process at any moment. A row that is not as
it was written is named, and nothing is decided or exported from it.
"""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self, TypeVar

from self_instruct.ledger import files, migrations, opening, rows
from self_instruct.ledger.damage import REPORTED, damaged, explained, faults, opened_place, told
from self_instruct.ledger.lock import RunLock
from self_instruct.ledger.records import (
    Lineage,
    Progress,
    RequestId,
    SentRequest,
    Spent,
    StoredBatch,
    StoredReply,
    StoredTask,
    TaskId,
)
from self_instruct.ledger.schema import (
    BATCHES,
    FACTS,
    INSTANCES,
    LINEAGE,
    MISCOUNTED,
    PROGRESS,
    REJECTIONS,
    REPLIES,
    SENT,
    SPENDING,
    SPENDING_BY_PROPOSER,
    TASKS,
    VERDICTS,
    VERSION,
    Row,
    Table,
)
from self_instruct.records.errors import LedgerError
from self_instruct.records.replies import UNCOUNTED, Refusal, Reply, Usage
from self_instruct.records.tasks import PROPOSING, Instance, Rejection, StageName, Verdict
from self_instruct.settings.sections import Price

LEDGER_FILE = "ledger.sqlite"
T = TypeVar("T")
_OF_REQUEST = " WHERE stage = ? AND request = ? AND item = ? AND instance = ? AND attempt = ?"
_FORGET_SENT = f"DELETE FROM sent{_OF_REQUEST} AND sending = ?"  # noqa: S608 (words of our own)
_IN_POOL_ORDER = " ORDER BY request, item"
_IN_TURN = ", instance, stage, vote"
_SET_FACT, _SET_BATCH, _SET_LINEAGE = (table.insert.replace("INSERT", "REPLACE", 1) for table in (FACTS, BATCHES, LINEAGE))


class Ledger:
    """The storage of one run directory; `create` or `open` it, and `close` it.

    Whatever SQLite reports (a damaged file, a full disk, a folder that cannot be written) is raised as `LedgerError`.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path, lock: RunLock | None) -> None:
        self._connection = connection
        self._lock = lock
        self._shown = migrations.show(connection)
        self.path = path

    @classmethod
    def create(
        cls,
        directory: Path,
        facts: dict[str, Any],
        replies: Iterable[StoredReply] = (),
        lineages: Iterable[Lineage] = (),
    ) -> Self:
        """Return the ledger of a new run that begins with `facts` (JSON values: settings, seeds, templates) and `replies`.

        `lineages` are those of the requests that these answer. Where that fails nothing is left of it.
        """
        with opened_place(directory / LEDGER_FILE) as path, ExitStack() as undo:
            if not directory.exists():
                directory.mkdir(parents=True)
                undo.callback(files.remove_directory, directory)
            lock = RunLock(directory)
            undo.callback(lock.release)
            if path.exists():
                raise LedgerError(f"{path}: exists already; continue it with generate, or choose another `run`.")
            undo.callback(files.remove, lock.path)
            undo.callback(files.remove, path)
            files.write_new(path, facts, replies, lineages)
            ledger = cls(opening.open_existing(path, read_only=False), path, lock)
            undo.pop_all()
            return ledger

    @classmethod
    def open(cls, directory: Path, *, read_only: bool = False) -> Self:
        """Return the ledger of an existing run; a writer holds the run until `close`."""
        with opened_place(directory / LEDGER_FILE) as path, ExitStack() as undo:
            if not path.is_file():
                raise LedgerError(f"{directory}: holds no {LEDGER_FILE}; start a run with generate `run={directory}`.")
            lock = None if read_only else RunLock(directory)
            if lock:
                undo.callback(lock.release)
            ledger = cls(opening.open_existing(path, read_only=read_only), path, lock)
            undo.pop_all()
            return ledger

    @staticmethod
    def exists(directory: Path) -> bool:
        """Return whether the directory holds a run."""
        with opened_place(directory / LEDGER_FILE) as path:
            return path.exists()

    def close(self) -> None:
        """Close the file and let the next writer in."""
        opening.close(self._connection, self.path, read_only=self._lock is None)
        if self._lock:
            self._lock.release()

    def discard(self) -> None:
        """Close the file and remove the run: for one made from other data that could not be finished."""
        self._connection.close()
        files.remove(self.path)
        if self._lock:
            self._lock.release()
            files.remove(self._lock.path)
        files.remove_directory(self.path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all that is written inside durable together, or none of it; one inside another is part of that."""
        if self._connection.in_transaction:
            yield
            return
        self._execute("BEGIN IMMEDIATE")
        try:
            yield
            self._execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
            raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all that is read inside come from one state of the run, whatever another process writes meanwhile."""
        self._execute("BEGIN")
        try:
            yield
        finally:
            if self._connection.in_transaction:
                self._execute("COMMIT")

    def faults(self) -> list[str]:
        """Return a line for each row that is not as it was written, and for each place where the file contradicts itself."""
        with explained(self.path):
            return faults(self._connection)

    def _execute(self, query: str, values: Sequence[object] = ()) -> sqlite3.Cursor:
        try:
            if self._shown != VERSION:  # an older run that is read; a writer may have brought it up to date since
                self._shown = migrations.show(self._connection, self._shown)
            return self._connection.execute(query, values)
        except REPORTED as error:
            raise told(self.path, error) from error

    def _all(self, query: str, values: Sequence[object] = ()) -> list[Row]:
        found = self._execute(query, values)
        with explained(self.path):
            return found.fetchall()

    def _add(self, table: Table, written: Sequence[Row]) -> None:
        if written:
            with explained(self.path):
                files.insert(self._connection, table, written)

    def _read(self, table: Table, record: Callable[[Row], T], which: str = "", key: Sequence[object] = ()) -> Iterator[T]:
        """Yield rows of a table as `record` makes them; one that is not as it was written is damage."""
        found = self._execute(table.select + which, key)
        with explained(self.path):
            for row in found:
                if not table.is_whole(row):
                    raise damaged(self.path, f"{table.place(row)} is not as it was written")
                try:
                    made = record(row)
                except (ValueError, TypeError) as error:
                    raise damaged(self.path, f"{table.place(row)}: {error}") from error
                yield made

    # facts: what was fixed when the run began

    def fact(self, name: str) -> Any:
        """Return a stored JSON value, or None."""
        return next(self._read(FACTS, lambda row: json.loads(row[1]), " WHERE name = ?", (name,)), None)

    def set_fact(self, name: str, value: Any) -> None:
        """Store a JSON value."""
        self._execute(_SET_FACT, FACTS.sealed((name, rows.as_json(value))))

    # requests under way

    def add_sent(self, sent: SentRequest) -> None:
        """Note that a request goes out; once that is durable, it may. From then on it is spent, whatever becomes of it."""
        self._execute(SENT.insert, SENT.sealed(rows.sent_row(sent)))

    def forget_sent(self, sent: SentRequest) -> None:
        """Note that a request is under way no more: its reply is stored with this, or there was none to be paid for."""
        self._execute(_FORGET_SENT, (*rows.request_key(sent.request), sent.sending))

    def sent(self, batch: str | None = None) -> Iterator[SentRequest]:
        """Yield every request sent that has no reply (in a batch): under way, or lost when the run was killed."""
        return self._read(SENT, rows.sent_request, *([" WHERE batch = ?", (batch,)] if batch else ()))

    def set_batch(self, batch: StoredBatch) -> None:
        """Store a provider's batch as it is now known."""
        self._execute(_SET_BATCH, BATCHES.sealed(rows.batch_row(batch)))

    def batches(self) -> Iterator[StoredBatch]:
        """Yield the providers' batches of this run, the oldest first."""
        return self._read(BATCHES, rows.stored_batch, " ORDER BY written_at, tag")

    # replies

    def reply(self, request: RequestId) -> Reply | Refusal | None:
        """Return the stored answer to a request, or None."""
        return next(self._of(request, rows.answer), None)

    def stored_reply(self, request: RequestId) -> Reply | Refusal:
        """Return the answer to a request that has one; raises `LedgerError` where it has none."""
        reply = self.reply(request)
        if reply is None:
            raise LedgerError(f"{self.path}: the reply to {request.stage} request {request.request} is gone; restore a copy.")
        return reply

    def set_lineage(self, lineage: Lineage) -> None:
        """Store what an instruction request goes out from: with it, before it is sent."""
        self._execute(_SET_LINEAGE, LINEAGE.sealed(rows.lineage_row(lineage)))

    def lineage(self, request: int) -> Lineage | None:
        """Return what an instruction request goes out from; None where it shows demonstrations, or was never drawn."""
        return next(self._read(LINEAGE, rows.lineage, " WHERE request = ?", (request,)), None)

    def lineages(self) -> Iterator[Lineage]:
        """Yield what each such request goes out from, in their order."""
        return self._read(LINEAGE, rows.lineage, " ORDER BY request")

    def prompt(self, request: int, attempt: int = 1, stage: str = StageName.INSTRUCTIONS) -> str | None:
        """Return the prompt of an instruction request, where it is known."""
        asked = RequestId(stage, request, attempt=attempt)
        return next(self._of(asked, lambda row: rows.stored_reply(row).prompt), None)

    def _of(self, request: RequestId, record: Callable[[Row], T]) -> Iterator[T]:
        return self._read(REPLIES, record, _OF_REQUEST, rows.request_key(request))

    @property
    def has_replies(self) -> bool:
        """Whether any request was answered."""
        return bool(self._all("SELECT 1 FROM replies LIMIT 1"))

    def store_reply(
        self,
        request: RequestId,
        reply: Reply | Refusal,
        *,
        prompt: str | None = None,
        at_most: Usage = UNCOUNTED,
        price: Price | None = None,
    ) -> None:
        """Make the answer to a request durable, with the usage that was reserved for it and what its model cost.

        A second one to the same request is an error: it was paid for twice.
        """
        self._execute(REPLIES.insert, REPLIES.sealed(rows.reply_row(StoredReply(request, reply, prompt, at_most, price))))

    def replies(self) -> Iterator[StoredReply]:
        """Yield every stored answer."""
        return self._read(REPLIES, rows.stored_reply)

    def spending(self, *, by_proposer: bool = False) -> dict[tuple[str, str | None, Price | None], Spent]:
        """Return what this run has spent, by stage, model that was asked, and the price it was paid at.

        The model is None for imported replies, the price where it was not known. Requests that have no reply are counted too,
        but not `by_proposer`: by the stage that brought the task that a request is about.
        """
        for row in self._all(MISCOUNTED):
            raise damaged(self.path, f"{REPLIES.place(row)} has a count of tokens that cannot be one")
        try:
            found = dict(map(rows.spent, self._all(SPENDING_BY_PROPOSER if by_proposer else SPENDING)))
        except (TypeError, ValueError, ArithmeticError):  # a price that is no number: the row says which
            deque(self.replies(), maxlen=0)
            raise
        for each in () if by_proposer else self.sent():
            key = (each.request.stage, each.model, each.price)
            found[key] = found.get(key, Spent()).plus(Spent.without_reply(each.at_most))
        return found

    def spans(self, latest: int = 2_000) -> list[tuple[str, float, float]]:
        """Return stage, beginning (seconds since 1970) and seconds of the latest requests for which they are known."""
        known = "asked_at IS NOT NULL AND seconds IS NOT NULL"
        query = f"SELECT stage, asked_at, seconds FROM replies WHERE {known} ORDER BY asked_at DESC LIMIT ?"  # noqa: S608
        return self._all(query, (latest,))

    def instruction_attempts_from(self, request: int) -> dict[int, int]:
        """Return the instruction requests, from number `request` on, that have a reply, each with its last attempt."""
        stages = ", ".join("?" * len(PROPOSING))
        query = f"SELECT request, MAX(attempt) FROM replies WHERE stage IN ({stages}) AND request >= ? GROUP BY request"  # noqa: S608
        return dict(self._all(query, (*PROPOSING, request)))

    # decisions

    @property
    def progress(self) -> Progress:
        """How far instruction replies are decided."""
        return next(self._read(PROGRESS, lambda row: Progress(*row[:-1])))

    def set_progress(self, progress: Progress) -> None:
        """Store how far instruction replies are decided."""
        self._execute(PROGRESS.update, PROGRESS.sealed(rows.progress_row(progress)))

    def add_task(self, task: StoredTask) -> None:
        """Store a kept candidate."""
        self._execute(TASKS.insert, TASKS.sealed(rows.task_row(task)))

    def update_task(self, task: StoredTask) -> None:
        """Store what a task waits for next (None: it is finished) and what kind it is."""
        row = TASKS.sealed(rows.task_row(task))
        self._execute(TASKS.update, (*row[2:], *row[:2]))

    def add_instances(self, task: TaskId, instances: Iterable[Instance]) -> None:
        """Store a task's instances, in order."""
        self._add(INSTANCES, [(task.request, task.item, at, one.input, one.output) for at, one in enumerate(instances)])

    def add_rejections(self, request: int, rejections: Iterable[tuple[int, Rejection]]) -> None:
        """Store what was refused, each with its position among the records read from its reply."""
        self._add(REJECTIONS, [rows.rejection_row(request, position, each) for position, each in rejections])

    def add_verdicts(self, task: TaskId, verdicts: Iterable[Verdict]) -> None:
        """Store what a stage says of a task's instances."""
        self._add(VERDICTS, [rows.verdict_row(task, each) for each in verdicts])

    # reading a run

    def tasks(self) -> Iterator[StoredTask]:
        """Yield the kept tasks in the order of the pool."""
        return self._read(TASKS, rows.stored_task, _IN_POOL_ORDER)

    def instances(self) -> Iterator[tuple[TaskId, Instance]]:
        """Yield every instance with its task, in the order of the pool."""
        return self._read(INSTANCES, rows.task_instance, _IN_POOL_ORDER + ", position")

    def instances_of(self, task: TaskId) -> tuple[Instance, ...]:
        """Return a task's instances, in order."""
        which = " WHERE request = ? AND item = ? ORDER BY position"
        return tuple(one for _, one in self._read(INSTANCES, rows.task_instance, which, (task.request, task.item)))

    def count_instances(self) -> int:
        """Return how many instances are stored."""
        return int(self._all("SELECT COUNT(*) FROM instances")[0][0])

    def rejections(self) -> Iterator[tuple[TaskId, Rejection]]:
        """Yield every rejection with the request and item it belongs to, in order."""
        return self._read(REJECTIONS, rows.rejection, _IN_POOL_ORDER + ", stage, position")

    def count_rejections(self) -> dict[tuple[str, str], int]:
        """Return how many were refused, by stage and reason."""
        query = "SELECT stage, reason, COUNT(*) FROM rejections GROUP BY stage, reason ORDER BY stage, reason"
        return {(stage, rows.reason(word)): count for stage, word, count in self._all(query)}

    def verdicts(self) -> Iterator[tuple[TaskId, Verdict]]:
        """Yield every verdict with its task, in the order of the pool."""
        return self._read(VERDICTS, rows.task_verdict, _IN_POOL_ORDER + _IN_TURN)

    def verdicts_of(self, task: TaskId) -> tuple[Verdict, ...]:
        """Return the verdicts on a task's instances, in order."""
        which = " WHERE request = ? AND item = ?" + _IN_POOL_ORDER + _IN_TURN
        return tuple(one for _, one in self._read(VERDICTS, rows.task_verdict, which, (task.request, task.item)))
