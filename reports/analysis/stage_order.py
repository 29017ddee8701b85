"""The order in which stages are shown: that of the data's way."""

from collections.abc import Iterable

from self_instruct.records.tasks import StageName

_ORDER = {stage: place for place, stage in enumerate(StageName)}


def in_stage_order(stages: Iterable[str]) -> list[str]:
    """Return each of these stages once: the paper's three in their order, then those of a user's own by name.

    >>> in_stage_order(["rating", "instances", "classification"])
    ['classification', 'instances', 'rating']
    """
    return sorted(map(str, set(stages)), key=lambda stage: (_ORDER.get(stage, len(_ORDER)), stage))  # type: ignore[call-overload]
