"""The worked tasks shown in the classification question and in the instance prompts.

They are seed tasks, named by id in `data/demonstrations.yaml`; instance prompts may show further instances of a task beyond
the one its seed has, since a prompt that shows one each would be answered with one each. They are the same whichever seed
file a run uses, as in the paper, whose few-shot prompts are fixed (section 2.2: 12 classification and 19 other tasks).
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Self

import yaml

from self_instruct.records.tasks import Instance, SeedTask
from self_instruct.seeds.loading import seed_from_fields, seed_to_fields, shipped_seeds


@dataclass(frozen=True, slots=True)
class FewShotTasks:
    """The tasks shown in each few-shot prompt, in the order shown."""

    classification: tuple[SeedTask, ...]
    input_first: tuple[SeedTask, ...]
    output_first: tuple[SeedTask, ...]

    def to_fields(self) -> dict[str, list[dict[str, Any]]]:
        """Return them as JSON values."""
        return {name: [seed_to_fields(seed) for seed in getattr(self, name)] for name in self.__slots__}

    @classmethod
    def from_fields(cls, fields: Mapping[str, list[dict[str, Any]]]) -> Self:
        """Return what `to_fields` gave."""
        return cls(**{name: tuple(seed_from_fields(one) for one in fields[name]) for name in cls.__slots__})


@cache
def shipped_few_shot_tasks() -> FewShotTasks:
    """Return the demonstrations that ship with this package."""
    text = (files(__package__) / "data" / "demonstrations.yaml").read_text(encoding="utf-8")
    shown = yaml.safe_load(text)
    by_id = {seed.id: seed for seed in shipped_seeds()}
    return FewShotTasks(
        classification=tuple(by_id[one] for one in shown["classification"]),
        input_first=tuple(_with_more(by_id[one["id"]], one) for one in shown["input_first"]),
        output_first=tuple(_with_more(by_id[one["id"]], one) for one in shown["output_first"]),
    )


def _with_more(seed: SeedTask, shown: Mapping[str, Any]) -> SeedTask:
    more = tuple(Instance(one["input"], one["output"]) for one in shown.get("more", ()))
    return replace(seed, instances=seed.instances + more)
