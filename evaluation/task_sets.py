"""Task sets: what an evaluation asks, and what it takes for right. For evaluation only, never for training or prompting.

    superni:DIR         every task*.json of a folder, or those that a split file names, in SuperNI's own format
    user-oriented:FILE  the paper's 252 tasks, or any file of their form: {id, instruction, instances: [{input, output}]}
    FILE                JSON lines {id, instruction, input, references} of your own

Source: Wang et al. 2023, arXiv:2212.10560, sections 4.3 and 4.4; SuperNI's test set is the first 100 instances of each task.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from self_instruct.evaluation.json_lines import Fields, json_lines, text_of
from self_instruct.reports.seeds.evaluation_file import EvaluationFileError

MOST_INSTANCES = 100  # of each SuperNI task, in order: never shuffled, never sampled
SUPERNI, USER_ORIENTED = "superni:", "user-oriented:"


@dataclass(frozen=True, slots=True)
class TaskInstance:
    """One thing that is asked. `references` are right answers, at least one; `demonstration` is another instance's output."""

    id: str
    task: str
    instruction: str
    input: str
    references: tuple[str, ...]
    category: str = ""
    track: str = ""
    demonstration: str = ""


TaskSet = tuple[TaskInstance, ...]


def load_task_set(named: str, split: Path | None = None) -> TaskSet:
    """Return the task set of a name as the command line takes it; see the head of this module.

    `split` is a file with a name of a SuperNI task a line. Raises `EvaluationFileError` that names file and line.
    """
    if split is not None and not named.startswith(SUPERNI):
        raise EvaluationFileError(f"{split}: a `split` names tasks of superni:DIR, and `tasks` is {named}.")
    if named.startswith(SUPERNI):
        found = tuple(_superni(Path(named.removeprefix(SUPERNI)), split))
    elif named.startswith(USER_ORIENTED):
        found = tuple(_user_oriented(Path(named.removeprefix(USER_ORIENTED))))
    else:
        found = tuple(_plain(Path(named)))
    _check_ids(found, named)
    return found


def digest(tasks: TaskSet) -> str:
    """Return the SHA-256 of all that a task set asks and takes for right."""
    return sha256(json.dumps([asdict(each) for each in tasks], sort_keys=True).encode()).hexdigest()


def _check_ids(tasks: TaskSet, named: str) -> None:
    seen: set[str] = set()
    for each in tasks:
        if each.id in seen:
            raise EvaluationFileError(f"{named}: the id {each.id!r} is used twice; give each instance its own.")
        seen.add(each.id)


# SuperNI


def _superni(folder: Path, split: Path | None) -> Iterator[TaskInstance]:
    for file in _task_files(folder, split):
        yield from _superni_task(file)


def _task_files(folder: Path, split: Path | None) -> list[Path]:
    if split is not None:
        named = [line.strip().removesuffix(".json") for line in text_of(split).splitlines()]
        files = [folder / f"{name}.json" for name in named if name]
    else:
        files = sorted(folder.glob("task*.json"))
    if not files:
        raise EvaluationFileError(f"{split or folder}: names no task; expected a folder with SuperNI's task*.json.")
    return files


def _superni_task(file: Path) -> Iterator[TaskInstance]:
    try:
        task = json.loads(text_of(file))
    except (ValueError, RecursionError) as error:
        raise EvaluationFileError(f"{file}: is not JSON ({error}); expected a task of SuperNI.") from None
    if not isinstance(task, dict):
        raise EvaluationFileError(f"{file}: is a JSON {type(task).__name__}; expected a task of SuperNI.")
    fields = Fields(task, str(file))
    examples = fields.objects("Positive Examples", may_be_missing=True)
    shared: dict[str, Any] = {
        "task": file.stem,
        "instruction": fields.texts("Definition")[0],
        "category": fields.texts("Categories")[0] if task.get("Categories") else "",
        "demonstration": examples[0].text("output", default="") if examples else "",
    }
    instances = fields.objects("Instances")
    if not instances:
        raise fields.wrong("field 'Instances' is empty; expected one instance or more.")
    for number, one in enumerate(instances[:MOST_INSTANCES]):
        id_ = one.text("id", default=f"{file.stem}-{number}")
        yield TaskInstance(id=id_, input=one.text("input", default=""), references=one.texts("output"), **shared)


# the user-oriented tasks, and files of one's own


def _user_oriented(file: Path) -> Iterator[TaskInstance]:
    for number, row in json_lines(file, "one task with instances"):
        fields = Fields(row, f"{file}:{number}")
        instances = fields.objects("instances")
        if not instances:
            raise fields.wrong("field 'instances' is empty; expected one instance or more.")
        name = fields.text("id", default=f"task_{number - 1}")
        for place, one in enumerate(instances):
            yield TaskInstance(
                id=name if len(instances) == 1 else f"{name}-{place}",
                task=name,
                instruction=fields.text("instruction"),
                input=one.text("input", default=""),
                references=one.texts("output"),
                category=fields.text("motivation_app", default=""),
            )


def _plain(file: Path) -> Iterator[TaskInstance]:
    for number, row in json_lines(file, "one instance {id, instruction, input, references}"):
        fields = Fields(row, f"{file}:{number}")
        if not fields.text("instruction").strip():
            raise fields.wrong("field 'instruction' is empty; expected text.")
        yield instance_of(fields, fields.text("id", default=str(number)))


def instance_of(fields: Fields, id_: str) -> TaskInstance:
    """Return the instance that a line describes, in our names or in those of SuperNI's published script."""
    return TaskInstance(
        id=id_,
        task=fields.text("task_id", "task", default=id_),
        instruction=fields.text("instruction", default=""),
        input=fields.text("input", default=""),
        references=fields.texts("references", "target", "output"),
        category=fields.text("task_category", "category", default=""),
        track=fields.text("track", default=""),
    )
