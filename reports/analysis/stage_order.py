"""The order in which stages are shown: that of the data's way."""

from collections.abc import Iterable

from self_instruct.records.tasks import PROPOSING, StageName

_ORDER = {stage: place for place, stage in enumerate((*PROPOSING, StageName.CLASSIFICATION, StageName.INSTANCES))}


def in_stage_order(stages: Iterable[str]) -> list[str]:
    """Return each of these stages once: those that propose, the paper's others in order, then those of a user's own by name.

    >>> in_stage_order(["rating", "instances", "classification"])
    ['classification', 'instances', 'rating']
    """
    return sorted(map(str, set(stages)), key=lambda stage: (_ORDER.get(stage, len(_ORDER)), stage))
