"""What travels through the house, as plain frozen values: tasks, replies, verdicts, errors."""

from self_instruct.records.judgements import (
    Answer,
    Comparison,
    Criterion,
    Judgement,
    Preference,
    Scores,
    Unread,
    Vote,
    Winner,
)
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
    "Answer",
    "Candidate",
    "Classification",
    "Comparison",
    "Criterion",
    "Ended",
    "Flag",
    "Instance",
    "Judgement",
    "Preference",
    "Reason",
    "Refusal",
    "Rejection",
    "Reply",
    "Scores",
    "SeedTask",
    "Served",
    "StageName",
    "Task",
    "Unread",
    "Usage",
    "Verdict",
    "Vote",
    "Winner",
]
