"""The worked tasks shown in the classification question and in the instance prompts.

Ours are seed tasks, named by id in `data/demonstrations.yaml`; instance prompts may show further instances of a task beyond
the one its seed has, since a prompt that shows one each would be answered with one each. They are the same whichever seed
file a run uses, as in the paper, whose few-shot prompts are fixed (section 2.2: 12 classification and 19 other tasks).

A translation, or a user's own set, is one YAML file that describes each task once (`tasks`) and then lists by id which ones
each prompt shows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any, Self

import yaml

from self_instruct.records.errors import SeedFileError
from self_instruct.records.tasks import Instance, SeedTask
from self_instruct.seeds.loading import seed_from_fields, seed_to_fields, shipped_seeds

_TASKS = "tasks"


@dataclass(frozen=True, slots=True)
class FewShotTasks:
    """The tasks shown in each few-shot prompt, in the order shown."""

    classification: tuple[SeedTask, ...]
    input_first: tuple[SeedTask, ...]
    output_first: tuple[SeedTask, ...]

    @property
    def all(self) -> tuple[SeedTask, ...]:
        """Every task that is shown anywhere, once, with the most instances that any prompt shows of it."""
        found: dict[str, SeedTask] = {}
        for task in (*self.input_first, *self.output_first, *self.classification):
            found.setdefault(task.id, task)
        return tuple(found.values())

    def to_fields(self) -> dict[str, list[dict[str, Any]]]:
        """Return them as JSON values."""
        return {name: [seed_to_fields(seed) for seed in getattr(self, name)] for name in self.__slots__}

    @classmethod
    def from_fields(cls, fields: Mapping[str, list[dict[str, Any]]]) -> Self:
        """Return what `to_fields` gave."""
        return cls(**{name: tuple(seed_from_fields(one) for one in fields[name]) for name in cls.__slots__})


@cache
def shipped_few_shot_tasks() -> FewShotTasks:
    """Return the demonstrations that ship with this package, in English."""
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


# a set of its own


def few_shot_tasks_to_yaml(shown: FewShotTasks) -> str:
    """Return few-shot tasks as a file to translate or change, which `few_shot_tasks_from_yaml` reads back."""
    tasks = [
        {
            "id": task.id,
            "is_classification": task.is_classification,
            "instruction": task.instruction,
            "instances": [{"input": one.input, "output": one.output} for one in task.instances],
        }
        for task in shown.all
    ]
    listed = {name: [task.id for task in getattr(shown, name)] for name in FewShotTasks.__slots__}
    return yaml.safe_dump({_TASKS: tasks, **listed}, allow_unicode=True, sort_keys=False, width=120)


def few_shot_tasks_from_yaml(text: str, place: str) -> FewShotTasks:
    """Return the few-shot tasks that a file describes; `place` names it.

    Raises `SeedFileError` with the place, and the line where one is at fault: for what is no YAML, a task that lacks something,
    an id that is used twice or names no task, a list that is empty, or a task of the wrong kind in a prompt.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        fields = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        at = f"{place}:{mark.line + 1}" if mark else place
        raise SeedFileError(f"{at}: is no YAML: {getattr(error, 'problem', None) or error}.") from None
    names = (_TASKS, *FewShotTasks.__slots__)
    if (
        root is None
        or not isinstance(fields, dict)
        or set(fields) != set(names)
        or not all(isinstance(fields[name], list) for name in names)
    ):
        raise SeedFileError(f"{place}: must hold the four lists {', '.join(names)}, and nothing else.")
    lines = {key.value: [item.start_mark.line + 1 for item in items.value] for key, items in root.value}
    by_id = dict(_described(fields[_TASKS], lines[_TASKS], place))
    return FewShotTasks(
        **{name: tuple(_named(fields[name], lines[name], by_id, name, place)) for name in FewShotTasks.__slots__}
    )


def _described(tasks: list[Any], lines: list[int], place: str) -> Iterator[tuple[str, SeedTask]]:
    """Yield each task by its id."""
    seen: set[str] = set()
    for fields, line in zip(tasks, lines, strict=True):
        try:
            named = {"name": fields.get("id", "")} if isinstance(fields, dict) else {}
            task = seed_from_fields({**named, **fields} if isinstance(fields, dict) else fields)
        except ValueError as error:
            raise SeedFileError(f"{place}:{line}: {error}") from None
        if task.id in seen:
            raise SeedFileError(f"{place}:{line}: the id {task.id!r} is used twice; give each task its own.")
        seen.add(task.id)
        yield task.id, task


def _named(ids: list[Any], lines: list[int], by_id: Mapping[str, SeedTask], name: str, place: str) -> Iterator[SeedTask]:
    """Yield the tasks of one prompt."""
    kinds = {"input_first": False, "output_first": True}
    if not ids:
        raise SeedFileError(f"{place}: {name} is empty; a prompt shows at least one task.")
    for one, line in zip(ids, lines, strict=True):
        task = by_id.get(one) if isinstance(one, str) else None
        if task is None:
            raise SeedFileError(f"{place}:{line}: {name} names {one!r}, which is the id of none of the tasks.")
        if task.is_classification != kinds.get(name, task.is_classification):
            kind = "is a" if task.is_classification else "is no"
            raise SeedFileError(f"{place}:{line}: {name} names {one!r}, which {kind} classification task.")
        yield task
