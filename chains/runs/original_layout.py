"""Read a batch directory of the original code: what was asked and answered, as far as its files tell.

Files, any but one of which may be missing:

    machine_generated_instructions.jsonl   instruction, metadata {prompt, response, created_at}
    is_clf_or_not_ENGINE_TEMPLATE.jsonl    instruction, is_classification (the raw reply)
    machine_generated_instances.jsonl      instruction, raw_instances, instance_metadata, instruction_metadata

Responses may have the completion or the chat shape; one that is null is a request that failed. Nothing is decided here.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from self_instruct.records.errors import ImportFormatError
from self_instruct.records.json_text import storable
from self_instruct.records.replies import Reply

INSTRUCTIONS_FILE = "machine_generated_instructions.jsonl"
INSTANCES_FILE = "machine_generated_instances.jsonl"
CLASSIFICATION_FILES = "is_clf_or_not_*.jsonl"
MOST_LINE_BYTES = 16 * 2**20  # far above any recorded reply; a longer line is never held whole
MOST_NOTES = 10  # on the lines of one file


@dataclass(frozen=True, slots=True)
class InstructionReply:
    """A recorded instruction reply; rows that came from the same request share an equal one."""

    prompt: str | None
    reply: Reply
    created_at: str | None


@dataclass(frozen=True, slots=True)
class InstructionRow:
    """A recorded instruction, and the reply it was read from, where that is known."""

    instruction: str
    source: InstructionReply | None


@dataclass(frozen=True, slots=True)
class FollowUpRow:
    """A recorded reply to a question about an instruction; None where the request failed.

    `source` is the instruction's own reply, where the row tells it.
    """

    instruction: str
    reply: Reply | None
    source: InstructionReply | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """All that was read of a batch directory, in the order of its files; `notes` say what could not be read."""

    instructions: tuple[InstructionRow, ...]
    classifications: tuple[FollowUpRow, ...]
    instances: tuple[FollowUpRow, ...]
    notes: tuple[str, ...] = field(default=())


def read_batch(directory: Path) -> Batch:
    """Return what a batch directory holds.

    Raises `ImportFormatError` where it is no directory, or none of the three files is there with a usable line.
    """
    if not directory.is_dir():
        raise ImportFormatError(f"{directory}: is not a directory; expected a batch_dir made by the original code.")
    notes: list[str] = []
    instructions = [_instruction_row(row, "metadata") for row in _rows(directory / INSTRUCTIONS_FILE, notes)]
    classifications = [
        _classification_row(row) for path in sorted(directory.glob(CLASSIFICATION_FILES)) for row in _rows(path, notes)
    ]
    instances: list[FollowUpRow] = []
    for row in _rows(directory / INSTANCES_FILE, notes):
        instances.append(_instance_row(row))
        instructions.append(_instruction_row(row, "instruction_metadata"))
    if not (instructions or classifications):
        expected = f"{INSTRUCTIONS_FILE}, {CLASSIFICATION_FILES} or {INSTANCES_FILE}"
        raise ImportFormatError("\n".join([*notes, f"{directory}: no usable line found; expected {expected}."]))
    return Batch(tuple(instructions), tuple(classifications), tuple(instances), tuple(notes))


def _rows(path: Path, notes: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a file that have an instruction; what else there is becomes a note, in all a few a file."""
    if not path.is_file():  # a pipe may never end, nor begin
        what = "is no file" if os.path.lexists(path) else "is not there"
        notes.append(f"{path.name}: {what}; going on without it.")
        return
    left_out = 0
    for number, line in enumerate(_lines(path), 1):
        row = _row(line) if line.strip() else ""
        if isinstance(row, dict):
            yield row
        elif row:
            left_out += 1
            if left_out <= MOST_NOTES:
                notes.append(f"{path.name}:{number}: {row}; the line is left out.")
    if left_out > MOST_NOTES:
        notes.append(f"{path.name}: {left_out - MOST_NOTES:,} more lines are left out.")


def _lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a file; of one that is too long to be read, a little more than may be read."""
    try:
        with path.open("rb") as file:
            while line := file.readline(MOST_LINE_BYTES + 1):
                yield line
                while len(line) > MOST_LINE_BYTES and not line.endswith(b"\n"):
                    line = file.readline(MOST_LINE_BYTES + 1) or b"\n"
    except OSError as error:
        raise ImportFormatError(f"{path}: cannot be read ({error.strerror}).") from None


def _row(line: bytes) -> dict[str, Any] | str:
    """Return the object in a line, or what is wrong with the line."""
    if len(line) > MOST_LINE_BYTES:
        return f"is longer than {MOST_LINE_BYTES // 2**20} MiB"
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"is not JSON ({error})"
    if not isinstance(row, dict) or not isinstance(row.get("instruction"), str) or not row["instruction"].strip():
        return "has no field 'instruction' with text"
    return row


def _instruction_row(row: Mapping[str, Any], metadata: str) -> InstructionRow:
    return InstructionRow(row["instruction"], _source(row.get(metadata)))


def _classification_row(row: Mapping[str, Any]) -> FollowUpRow:
    answer = row.get("is_classification")
    if isinstance(answer, bool):
        answer = "Yes" if answer else "No"
    return FollowUpRow(row["instruction"], _reply(answer))


def _instance_row(row: Mapping[str, Any]) -> FollowUpRow:
    metadata = row.get("instance_metadata")
    response = _response(metadata.get("response")) if isinstance(metadata, Mapping) else None
    raw = row.get("raw_instances")
    if isinstance(raw, str) and raw.strip():
        response = _reply(raw, response.finish_reason if response else None)
    return FollowUpRow(row["instruction"], response, _source(row.get("instruction_metadata")))


def _source(metadata: object) -> InstructionReply | None:
    if not isinstance(metadata, Mapping):
        return None
    reply = _response(metadata.get("response"))
    if reply is None:
        return None
    prompt, created_at = metadata.get("prompt"), metadata.get("created_at")
    return InstructionReply(prompt if isinstance(prompt, str) else None, reply, None if created_at is None else str(created_at))


def _response(response: object) -> Reply | None:
    """Return the answer in a provider's response, in the completion or the chat shape; None where there is none."""
    if not isinstance(response, Mapping):
        return None
    choices = response.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else response  # some forks keep the first choice alone
    if not isinstance(choice, Mapping):
        return None
    message = choice.get("message")
    text = message.get("content") if isinstance(message, Mapping) else choice.get("text")
    finish_reason = choice.get("finish_reason")
    return _reply(text, finish_reason if isinstance(finish_reason, str) else None)


def _reply(text: object, finish_reason: str | None = None) -> Reply | None:
    if not isinstance(text, str):
        return None
    return Reply(storable(text), finish_reason)
