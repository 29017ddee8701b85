"""The records that everything else speaks of, the settings and their profiles, and the human-written pool."""

from self_instruct.seeds.loading import load_seeds, shipped_seeds
from self_instruct.seeds.profiles import PAPER, PROFILES, Settings
from self_instruct.seeds.records import (
    Candidate,
    Classification,
    Instance,
    Reason,
    Rejection,
    Reply,
    SeedTask,
    Stage,
    Task,
    Usage,
)

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
    "Stage",
    "Task",
    "Usage",
    "load_seeds",
    "shipped_seeds",
]
