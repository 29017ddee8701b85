"""What travels through the house, as plain frozen values: tasks, replies, verdicts, errors."""

from self_instruct.records.replies import Ended, Refusal, Reply, Served, Usage
from self_instruct.records.tasks import (
    Candidate,
    Classification,
    Flag,
    Instance,
    Reason,
    Rejection,
    SeedTask,
    StageName,
    Task,
    Verdict,
)

__all__ = [
    "Candidate",
    "Classification",
    "Ended",
    "Flag",
    "Instance",
    "Reason",
    "Refusal",
    "Rejection",
    "Reply",
    "SeedTask",
    "Served",
    "StageName",
    "Task",
    "Usage",
    "Verdict",
]
