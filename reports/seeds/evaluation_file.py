"""Read the instructions of an evaluation set, to hold seeds against them; never to train on or to prompt with."""

from __future__ import annotations

import json
from pathlib import Path

from self_instruct.records.errors import InputError


class EvaluationFileError(InputError):
    """An evaluation file that cannot be used; the message begins with the file, and the line where there is one."""


def load_evaluation(path: Path) -> tuple[str, ...]:
    """Return the instructions of a JSONL file of objects with an "instruction", such as the 252 user-oriented tasks.

    Raises `EvaluationFileError` where it is missing, not UTF-8 or empty, and for the first line that is not such an object.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise EvaluationFileError(f"{path}: cannot be read ({error.strerror}); expected a JSONL file of tasks.") from None
    except UnicodeDecodeError:
        raise EvaluationFileError(f"{path}: is not UTF-8 text; save the file as UTF-8.") from None
    found = tuple(_instruction(line, f"{path}:{number}") for number, line in enumerate(lines, start=1) if line.strip())
    if not found:
        raise EvaluationFileError(f"{path}: is empty; expected one task as a JSON object a line.")
    return found


def _instruction(line: str, where: str) -> str:
    try:
        fields = json.loads(line)
    except (json.JSONDecodeError, RecursionError):
        raise EvaluationFileError(f"{where}: is not JSON; expected one task as a JSON object.") from None
    instruction = fields.get("instruction") if isinstance(fields, dict) else None
    if not isinstance(instruction, str):
        raise EvaluationFileError(f"{where}: has no field 'instruction' with text; expected an object with one.")
    return instruction
