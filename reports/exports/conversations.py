"""The formats that hold conversations: `openai-chat`, `messages` and `trl-prompt-completion`, `sharegpt`.

The user says the instruction and, after an empty line, the input; the assistant answers with the output. `openai-chat` is
checked line by line as the provider checks an upload. In a run about images the user shows one first: in `openai-chat` as an
`image_url`, in `messages` as the processors of `transformers` take it, both as a data URL.
Sources: OpenAI's guide to supervised fine-tuning and the format checks of its cookbook ("Data preparation and analysis for chat
model fine-tuning"), and to vision fine-tuning; TRL's guide "Dataset formats and types"; the guide of `transformers` to
multimodal chat templates; FastChat's conversation files, which named the third format.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TextIO

from self_instruct.records.tasks import Instance
from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.reports.text import shortened
from self_instruct.reports.writing import ExportError, json_line
from self_instruct.settings.settings import Settings

Fields = Mapping[str, Any]

FEWEST_EXAMPLES = 10  # OpenAI trains on no fewer
ROLES = frozenset({"system", "user", "assistant", "developer", "tool", "function"})
KEYS = frozenset({"role", "content", "name", "weight", "function_call", "tool_calls", "tool_call_id", "refusal"})


def message_rows(task: DatasetTask, _: Settings) -> Iterator[Fields]:
    """Yield {"messages": [user, assistant]} for every instance."""
    for asked, answered in _turns(task):
        yield {"messages": [asked, answered]}


def openai_image_rows(task: DatasetTask, _: Settings) -> Iterator[Fields]:
    """Yield the same, in which the user shows an image, as OpenAI takes it."""
    return _image_rows(task, lambda url: {"type": "image_url", "image_url": {"url": url}})


def message_image_rows(task: DatasetTask, _: Settings) -> Iterator[Fields]:
    """Yield the same, in which the user shows an image, as the chat templates of `transformers` take it."""
    return _image_rows(task, lambda url: {"type": "image", "url": url})


def prompt_completion_rows(task: DatasetTask, _: Settings) -> Iterator[Fields]:
    """Yield {"prompt": [user], "completion": [assistant]} for every instance; TRL then trains on the completion alone."""
    for asked, answered in _turns(task):
        yield {"prompt": [asked], "completion": [answered]}


def sharegpt_rows(task: DatasetTask, _: Settings) -> Iterator[Fields]:
    """Yield {"id", "conversations": [human, gpt]} for every instance."""
    for position, one in enumerate(task.instances):
        turns = [{"from": "human", "value": question(task, one)}, {"from": "gpt", "value": one.output}]
        yield {"id": f"{task.name}:{position}", "conversations": turns}


def write_chat_lines(file: TextIO, rows: Iterable[Fields]) -> int:
    """Write rows as OpenAI takes them, and return their number; raises `ExportError` at the first that it would refuse."""
    count = 0
    for count, row in enumerate(rows, start=1):
        line = json_line(row)
        if fault := _fault(line):
            raise ExportError(f"row {count}: {fault}, which OpenAI refuses: {shortened(line)}")
        file.write(line)
    return count


def chat_faults(lines: Iterable[str]) -> Iterator[str]:
    """Yield what OpenAI would refuse in the lines of a chat fine-tuning file, each with its line; nothing for a good file.

    >>> list(chat_faults(['{"messages": [{"role": "user", "content": "Hi"}]}'] * 10))[:1]
    ['line 1: no assistant message']
    """
    count = 0
    for count, line in enumerate(lines, start=1):
        if fault := _fault(line):
            yield f"line {count}: {fault}"
    if count < FEWEST_EXAMPLES:
        yield f"{count} examples; expected at least {FEWEST_EXAMPLES}"


def _turns(task: DatasetTask) -> Iterator[tuple[Fields, Fields]]:
    for one in task.instances:
        yield {"role": "user", "content": question(task, one)}, {"role": "assistant", "content": one.output}


def _image_rows(task: DatasetTask, block: Callable[[str], Fields]) -> Iterator[Fields]:
    for one, (asked, answered) in zip(task.instances, _turns(task), strict=True):
        shown = [block(task.images[one.image].data_url()), {"type": "text", "text": asked["content"]}]
        yield {"messages": [{**asked, "content": shown}, answered]}


def question(task: DatasetTask, instance: Instance) -> str:
    """Return what the user says: the instruction and, after an empty line, the input."""
    return f"{task.instruction}\n\n{instance.input}" if instance.input.strip() else task.instruction


def _fault(line: str) -> str | None:
    try:
        row = json.loads(line)
    except ValueError:
        return "not a JSON object"
    messages = row.get("messages") if isinstance(row, dict) else None
    if not isinstance(messages, list) or not messages:
        return "no list of messages"
    if fault := next(filter(None, map(_message_fault, messages)), None):
        return fault
    if not any(message["role"] == "assistant" for message in messages):
        return "no assistant message"
    return None


def _message_fault(message: object) -> str | None:
    if not isinstance(message, dict) or "role" not in message:
        return "a message without a role"
    role, content = message["role"], message.get("content")
    if role not in ROLES:
        return f"a message of the unknown role {role!r}"
    if unknown := sorted(message.keys() - KEYS):
        return f"a message with the unknown field {unknown[0]!r}"
    if not _says_something(content) and not message.keys() & {"tool_calls", "function_call"}:
        return f"an empty {role} message"
    return None


def _says_something(content: object) -> bool:
    if isinstance(content, list):
        return bool(content) and all(isinstance(block, dict) and block.get("type") for block in content)
    return isinstance(content, str) and bool(content.strip())
