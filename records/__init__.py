"""What travels through the house, as plain frozen values: tasks, replies, errors."""

from self_instruct.records.replies import Reply, Usage
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection, SeedTask, Stage, Task

__all__ = [
    "Candidate",
    "Classification",
    "Instance",
    "Reason",
    "Rejection",
    "Reply",
    "SeedTask",
    "Stage",
    "Task",
    "Usage",
]
