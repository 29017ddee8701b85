"""The interchange files of SuperNI's published script, read and written.

Predictions are JSON lines {id, prediction}; references {id, references, task_id, task_category, track}. The files of recorded
answers that come with the paper ({response, target} beside the prompt, without an id) are read too, in their order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from self_instruct.evaluation.json_lines import Fields, json_lines
from self_instruct.evaluation.results import Result
from self_instruct.evaluation.scores import Answer, Scored, score
from self_instruct.evaluation.task_sets import TaskInstance, TaskSet, instance_of, load_task_set
from self_instruct.reports.seeds.evaluation_file import EvaluationFileError

_ANSWERS = ("prediction", "response", "output")


def scored_files(predictions: Path, references: str | None = None, split: Path | None = None) -> Result:
    """Return the result of a file of predictions against a file of references, or a task set as `load_task_set` names it.

    `split` names the tasks of a folder. Without `references` each prediction holds its own; of those with one id the last
    counts. Raises `EvaluationFileError` that names file and line.
    """
    if references is None:
        scored = list(_with_own_references(predictions))
        last = {one.instance.id: one for one in scored}
        return Result(tuple(last.values()), doubled=_doubled(one.instance.id for one in scored))
    return match(_predictions(predictions), load_references(references, split), str(predictions))


def match(predictions: Sequence[tuple[str | None, str]], tasks: TaskSet, source: str) -> Result:
    """Return predictions, each with its id, beside the instances they are about; where none has an id, in their order."""
    if all(id_ is None for id_, _ in predictions):
        if len(predictions) != len(tasks):
            raise EvaluationFileError(
                f"{source}: its {len(predictions)} predictions have no ids, and there are {len(tasks)} references;"
                " give each the id of its reference."
            )
        predictions = [(one.id, text) for one, (_, text) in zip(tasks, predictions, strict=True)]
    found = {id_: text for id_, text in predictions if id_ is not None}
    known = {one.id for one in tasks}
    return Result(
        scored=tuple(score(one, Answer(found.get(one.id, ""))) for one in tasks),
        missing=tuple(one.id for one in tasks if one.id not in found),
        doubled=_doubled(id_ for id_, _ in predictions),
        unknown=tuple(id_ for id_ in found if id_ not in known),
    )


def load_references(named: str, split: Path | None = None) -> TaskSet:
    """Return the references of a file in the published form, or of a task set by its name.

    In a file without ids a line's number is its id.
    """
    path = Path(named)
    if split or (":" in named and not path.exists()):
        return load_task_set(named, split)
    rows = [Fields(row, f"{path}:{number}") for number, row in json_lines(path, "one reference {id, references}")]
    if "instances" in rows[0]:
        return load_task_set(f"user-oriented:{named}")
    has_ids = any("id" in row for row in rows)
    found = tuple(
        instance_of(row, row.text("id", default=None if has_ids else f"{at}")) for at, row in enumerate(rows, start=1)
    )
    if doubled := _doubled(one.id for one in found):
        raise EvaluationFileError(f"{path}: the id {doubled[0]!r} is used twice; expected one reference of each id.")
    return found


def _doubled(ids: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(id_ for id_, times in Counter(ids).items() if id_ is not None and times > 1)


def _predictions(path: Path) -> list[tuple[str | None, str]]:
    rows = [Fields(row, f"{path}:{number}") for number, row in json_lines(path, "one prediction {id, prediction}")]
    nameless = [row for row in rows if "id" not in row]
    if nameless and len(nameless) < len(rows):
        raise nameless[0].wrong("field 'id' is missing, and other lines have one; expected {id, prediction}.")
    return [(None if nameless else row.text("id"), row.text(*_ANSWERS)) for row in rows]


def _with_own_references(path: Path) -> Iterator[Scored]:
    for number, row in json_lines(path, "one prediction with its references"):
        fields = Fields(row, f"{path}:{number}")
        instance = instance_of(fields, fields.text("id", default=str(number)))
        yield score(instance, Answer(fields.text("prediction", "response")))


# writing


def prediction_rows(scored: Iterable[Scored]) -> Iterator[Mapping[str, Any]]:
    """Yield {id, prediction} for each answer."""
    for each in scored:
        yield {"id": each.instance.id, "prediction": each.answer.text}


def reference_rows(tasks: Iterable[TaskInstance]) -> Iterator[Mapping[str, Any]]:
    """Yield what the published script wants to know of each instance."""
    for one in tasks:
        references = list(one.references)
        yield {
            "id": one.id, "references": references, "task_id": one.task, "task_category": one.category, "track": one.track,
        }  # fmt: skip
