"""What a run remembers, in one SQLite file. Storage only: nothing is decided here, and no model is called."""

from self_instruct.ledger.ledger import LEDGER_FILE, Ledger
from self_instruct.ledger.opening import is_ledger
from self_instruct.ledger.pool import InStep, finished_with_instances, tasks_with_instances
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

__all__ = [
    "LEDGER_FILE",
    "InStep",
    "Ledger",
    "Lineage",
    "Progress",
    "RequestId",
    "SentRequest",
    "Spent",
    "StoredBatch",
    "StoredReply",
    "StoredTask",
    "TaskId",
    "finished_with_instances",
    "is_ledger",
    "tasks_with_instances",
]
