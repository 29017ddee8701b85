"""Read the instructions of an evaluation set, to hold seeds against them; never to train on or to prompt with."""

from pathlib import Path

from self_instruct.records.errors import InputError
from self_instruct.reports.dedup.opening import open_records
from self_instruct.reports.dedup.record_files import Fault, Record, RecordFileError


class EvaluationFileError(InputError):
    """An evaluation file that cannot be used; the message begins with the file, and the line where there is one."""


def load_evaluation(path: Path) -> tuple[str, ...]:
    """Return the instructions of a JSONL file of objects with an "instruction", such as the 252 user-oriented tasks.

    Raises `EvaluationFileError` where it is missing, not UTF-8 or empty, and for the first line that is not such an object.
    """
    try:
        with open_records(path, "instruction", "jsonl") as records:
            return tuple(_instruction(item, path) for item in records.items)
    except RecordFileError as error:
        raise EvaluationFileError(str(error)) from None


def _instruction(item: Record | Fault, path: Path) -> str:
    if isinstance(item, Record):
        return item.text
    what = item.problem.partition(";")[0].rstrip(".")
    raise EvaluationFileError(f"{path}:{item.line}: {what}; expected one task as a JSON object a line, with an instruction.")
