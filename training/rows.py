"""Read rows to train on: any of our exports, or a file of the same form.

{instruction, input, output}       alpaca, parquet, huggingface, self-instruct; it is told in a prompt of the model's kind
{prompt, completion}               prompt-completion: texts, which are kept as they are
{prompt: [...], completion: [...]} trl-prompt-completion
{messages: [...]}                  messages, openai-chat: what comes before the last answer, and that answer
{conversations: [...]}             sharegpt
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias

from self_instruct.evaluation.json_lines import Fields, json_rows
from self_instruct.records.errors import InputError, to_install
from self_instruct.reports.exports.original_files import DATASET_FILE

EXPECTED = "a row to train on, such as {instruction, input, output} or {prompt, completion},"
_END_MARK = "<|endoftext|>"  # as the published code ends a completion; the tokenizer's own end token takes its place
_ROLES = {"human": "user", "gpt": "assistant", "user": "user", "assistant": "assistant", "system": "system"}


class TrainingDataError(InputError):
    """A file that cannot be trained on; the message begins with the file, and the line where there is one."""


@dataclass(frozen=True, slots=True)
class Parts:
    """An instruction, its input ("" for none) and the output to learn."""

    instruction: str
    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Pair:
    """A prompt as the model will see it, and the text it should go on with."""

    prompt: str
    completion: str


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side of a conversation says; `role` is system, user or assistant."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """What was said, and the assistant's answer to learn."""

    said: tuple[Turn, ...]
    answer: str

    def messages(self) -> list[dict[str, str]]:
        """Return what was said and the answer, as chat templates and providers take them."""
        return [{"role": turn.role, "content": turn.content} for turn in (*self.said, Turn("assistant", self.answer))]


Row: TypeAlias = Parts | Pair | Conversation


@dataclass(frozen=True, slots=True)
class TrainingData:
    """The rows of a file with its name and the SHA-256 of its bytes."""

    name: str
    sha256: str
    rows: tuple[Row, ...]


def read_rows(path: Path) -> TrainingData:
    """Return the rows of a JSONL file, a JSON array, a Parquet file, or that of a `huggingface` or `self-instruct` export.

    Raises `InputError` that names the file and the first line with something else than a row.
    """
    file = _file_of(path)
    rows = tuple(_row(fields) for fields in _records(file))
    if not rows:
        raise TrainingDataError(f"{file}: holds no rows; expected {EXPECTED} at least one.")
    return TrainingData(file.name, sha256(file.read_bytes()).hexdigest(), rows)


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        return path
    found = [each for each in sorted(path.glob("**/train*")) if each.suffix in (".jsonl", ".json", ".parquet")]
    found += path.glob(DATASET_FILE)
    if not found:
        raise TrainingDataError(f"{path}: has no train.jsonl, .json or .parquet; name the file to train on.")
    return found[0]


def _records(file: Path) -> Iterator[Fields]:
    if file.suffix == ".parquet":
        return _parquet(file)
    return (Fields(record, place) for _, place, record in json_rows(file, EXPECTED))


def _parquet(file: Path) -> Iterator[Fields]:
    try:
        from pyarrow import ArrowException, parquet
    except ImportError:
        needed = to_install("parquet")
        raise TrainingDataError(f"{file}: Parquet needs pyarrow, which is not installed: {needed}.") from None
    try:
        found = parquet.read_table(file).to_pylist()
    except (ArrowException, OSError) as error:
        raise TrainingDataError(f"{file}: cannot be read as Parquet ({error}).") from None
    for number, record in enumerate(found, start=1):
        yield Fields(record, f"{file}: row {number}")


def _row(fields: Fields) -> Row:
    if "messages" in fields:
        return _conversation(fields, _turns(fields, "messages"))
    if "conversations" in fields:
        return _conversation(fields, _turns(fields, "conversations"))
    if "prompt" in fields and "completion" in fields:
        if fields.is_list("prompt"):
            return _conversation(fields, [*_turns(fields, "prompt"), *_turns(fields, "completion")])
        completion = fields.text("completion").removesuffix(_END_MARK)
        return Pair(fields.text("prompt"), _filled(fields, "completion", completion))
    if "instruction" in fields:
        output = _filled(fields, "output", fields.text("output"))
        return Parts(_filled(fields, "instruction", fields.text("instruction")), fields.text("input", default=""), output)
    raise fields.wrong(f"is no {EXPECTED.removeprefix('a ').rstrip(',')}.")


def _filled(fields: Fields, name: str, text: str) -> str:
    if not text.strip():
        raise fields.wrong(f"field {name!r} is empty; expected text to learn.")
    return text


def _turns(fields: Fields, name: str) -> list[Turn]:
    return [_turn(each) for each in fields.objects(name)]


def _turn(fields: Fields) -> Turn:
    role = fields.text("role", "from")
    if role not in _ROLES:
        raise fields.wrong(f"the role is {role!r}; expected one of {', '.join(_ROLES)}.")
    return Turn(_ROLES[role], fields.text("content", "value"))


def _conversation(fields: Fields, turns: list[Turn]) -> Conversation:
    if len(turns) < 2 or turns[-1].role != "assistant":
        raise fields.wrong("the conversation does not end with an answer; expected a user's turn, then an assistant's.")
    return Conversation(tuple(turns[:-1]), _filled(fields, "content", turns[-1].content))
