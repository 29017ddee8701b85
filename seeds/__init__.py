"""The human-written pool: seed tasks, loading and checking them, and the tasks that few-shot prompts show."""

from self_instruct.records.replies import Reply, Usage
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection, SeedTask, StageName, Task
from self_instruct.seeds.loading import load_seeds, shipped_seeds
from self_instruct.settings.profiles import PAPER, PROFILES
from self_instruct.settings.settings import Settings

__all__ = [
    "PAPER",
    "PROFILES",
    "Candidate",
    "Classification",
    "Instance",
    "Reason",
    "Rejection",
    "Reply",
    "SeedTask",
    "Settings",
    "StageName",
    "Task",
    "Usage",
    "load_seeds",
    "shipped_seeds",
]
