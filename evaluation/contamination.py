"""Whether a training file gives a task set away: which of its instructions and inputs are near to which of the tasks'.

Nothing is removed here; what is near is named, so that somebody can look at it. Nearness is ROUGE-L on words of every script.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from self_instruct.evaluation.json_lines import json_rows
from self_instruct.evaluation.task_sets import TaskInstance
from self_instruct.reports.seeds.evaluation_file import EvaluationFileError
from self_instruct.reports.seeds.overlap import GIVES_AWAY, nearest_pairs

LEAST_WORDS = 5  # of an input that can give anything away: "yes" is near to many


@dataclass(frozen=True, slots=True)
class Near:
    """A task whose text is near to one of a training file: `id` is the task's, `line` the row's number in the file, from 1."""

    score: float
    id: str
    line: int
    text: str
    training_text: str


@dataclass(frozen=True, slots=True)
class Overlap:
    """How near one field of a training file comes to a task set's.

    `near` are the tasks for which that is too near, worst first; `mean` is that of each task's nearest.
    """

    tasks: int
    mean: float
    near: tuple[Near, ...]


@dataclass(frozen=True, slots=True)
class Contamination:
    """The overlap of a training file with a task set; None where one of the two has no such field."""

    instructions: Overlap | None
    inputs: Overlap | None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {"instructions": _plain(self.instructions), "inputs": _plain(self.inputs)}


def _plain(overlap: Overlap | None) -> dict[str, Any] | None:
    return None if overlap is None else asdict(overlap)


def contamination(file: Path, tasks: Sequence[TaskInstance]) -> Contamination:
    """Return the overlap of a training file, in any form of ours that is JSON, with a task set.

    Raises `EvaluationFileError` where the file cannot be read, or holds no text to train on, and where there is nothing to
    compare: tasks of which neither an instruction nor an input is known.
    """
    if file.is_dir() or file.suffix == ".parquet":
        raise EvaluationFileError(f"{file}: is no JSON, which is what is compared; name an export in the form alpaca, say.")
    rows = [(number, parts) for number, place, row in json_rows(file, "a row to train on") for parts in _asked(row, place)]
    instructions = [(number, instruction) for number, (instruction, _) in rows]
    inputs = [(number, given) for number, (_, given) in rows]
    first_of_each_task = {(one.task, one.instruction): one for one in reversed(tasks)}.values()
    found = Contamination(
        _overlap(instructions, [(one.task, one.instruction) for one in reversed(first_of_each_task)], 1),
        _overlap(inputs, [(one.id, one.input) for one in tasks], LEAST_WORDS),
    )
    if found.instructions is None and found.inputs is None:
        raise EvaluationFileError(f"{file}: cannot be compared with these tasks, whose instructions and inputs are not known.")
    return found


def _overlap(training: Sequence[tuple[int, str]], tasks: Sequence[tuple[str, str]], least_words: int) -> Overlap | None:
    rows = [(line, text) for line, text in training if len(text.split()) >= least_words]
    asked = [(id_, text) for id_, text in tasks if len(text.split()) >= least_words]
    if not rows or not asked:
        return None
    pairs = list(nearest_pairs([text for _, text in asked], [text for _, text in rows]))
    near = [
        Near(round(pair.score, 4), asked[pair.left][0], rows[pair.right][0], asked[pair.left][1], rows[pair.right][1])
        for pair in sorted(pairs, key=lambda pair: -pair.score)
        if pair.score >= GIVES_AWAY
    ]
    return Overlap(len(asked), round(fmean(pair.score for pair in pairs), 4), tuple(near))


def _asked(row: Mapping[str, Any], place: str) -> Iterable[tuple[str, str]]:
    """Return the instruction and the input of a row of any of our formats; of a text that may be read in two ways, both."""
    if isinstance(instruction := row.get("instruction"), str):
        given = row.get("input")
        return [(instruction, given if isinstance(given, str) else "")]
    for name in ("prompt", "messages", "conversations"):
        if text := _first_text(row.get(name)):
            return _parts(text)
    raise EvaluationFileError(f"{place}: has no field 'instruction', 'prompt', 'messages' or 'conversations' with a text.")


def _first_text(asked: object) -> str | None:
    """Return a prompt's text, or what the user says first in a conversation."""
    if isinstance(asked, str):
        return asked
    for turn in asked if isinstance(asked, list) else ():
        if isinstance(turn, Mapping) and turn.get("role", turn.get("from")) in ("user", "human"):
            text = turn.get("content", turn.get("value"))
            return text if isinstance(text, str) else None
    return None


def _parts(text: str) -> Iterable[tuple[str, str]]:
    """Return a prompt's instruction and input, as the templates part them: by a mark or an empty line, or by the first line."""
    said = text.strip()
    mark = next((mark for mark in ("\nInput:", "\n\n") if mark in said), "\n")
    parted = (said.partition(mark), said.partition("\n"))
    return dict.fromkeys((_without_frame(before), _without_frame(after)) for before, _, after in parted)


def _without_frame(text: str) -> str:
    return text.strip().removeprefix("Task:").removeprefix("Input:").removesuffix("Output:").strip()
