"""What a prompt asks for: the stage it belongs to, told from its text alone, and what stands in it.

Before `answering`. The prompts are those of `prompts/templates`, or a user's own of the same build: a numbered list that breaks
off after a number; a last "Task:" with an open question; a last "Task:" after worked ones; what is to be judged, between marks.
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

QUESTION = "Is it classification?"
_TASK = "\nTask: "
_NEXT_NUMBER = re.compile(r"(?:^|\n) *(\d+)\.$")
_ITEM = re.compile(r"^\d+\. (.+)$", re.MULTILINE)
_ASKED_FOR = re.compile(r"\bnumbered (\d+) to (\d+)\b")
_LAST_NUMBER = re.compile(r"up to number (\d+)")
_MARKED = re.compile(r"^<<<(?P<name>[\w ]+)\n(?P<said>.*?)\n(?P=name)>>>$", re.DOTALL | re.MULTILINE)
_JUDGED = "\n<<<output"
_COMPLAINT = "The last answer"
_USUAL_LAST_NUMBER = 16  # 8 demonstrations and 8 new tasks, as in the paper


@dataclass(frozen=True, slots=True)
class ListPrompt:
    """A list of tasks to write, from number `first` to number `last`; the prompt may end with the first number (`is_begun`)."""

    demonstrations: tuple[str, ...]
    first: int
    last: int
    classification_only: bool
    is_begun: bool


@dataclass(frozen=True, slots=True)
class QuestionPrompt:
    """The question whether a task is a classification task. `is_reminded`: an earlier answer was complained about."""

    instruction: str
    is_reminded: bool


@dataclass(frozen=True, slots=True)
class InstancePrompt:
    """A task to write instances for; output-first names the class label before the input."""

    instruction: str
    is_output_first: bool


@dataclass(frozen=True, slots=True)
class JudgePrompt:
    """An example to judge. `is_reminded`: an earlier verdict was complained about."""

    instruction: str
    input: str
    output: str
    is_reminded: bool


@dataclass(frozen=True, slots=True)
class ComparePrompt:
    """Two outputs to compare."""

    instruction: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class PlainPrompt:
    """Anything else: the last thing somebody said."""

    text: str


Prompt: TypeAlias = ListPrompt | QuestionPrompt | InstancePrompt | JudgePrompt | ComparePrompt | PlainPrompt


def read_prompt(human: str, system: str = "") -> Prompt:
    """Return what a prompt asks for. `system` may say how far a list shall go."""
    if _JUDGED in human:
        return _judged_prompt(human)
    if number := _NEXT_NUMBER.search(human.rstrip()[-12:]):
        said = _LAST_NUMBER.search(system)
        first = int(number[1])
        return _list_prompt(human, first, int(said[1]) if said else max(_USUAL_LAST_NUMBER, first + 7), is_begun=True)
    if asked := _ASKED_FOR.search(human):
        return _list_prompt(human, int(asked[1]), int(asked[2]), is_begun=False)
    before, marker, last = ("\n" + human).rpartition(_TASK)
    if not marker:
        return PlainPrompt(human)
    if last.rstrip().endswith(QUESTION):
        return QuestionPrompt(last.rstrip().removesuffix(QUESTION).strip(), _is_reminded(before))
    return InstancePrompt(last.strip(), is_output_first="class label" in before.lower())


def _judged_prompt(text: str) -> JudgePrompt | ComparePrompt:
    said = {mark["name"]: mark["said"] for mark in _MARKED.finditer(text)}
    if "output" in said:
        return JudgePrompt(said.get("task", ""), said.get("input", ""), said["output"], text.startswith(_COMPLAINT))
    return ComparePrompt(said.get("task", ""), said.get("output A", ""), said.get("output B", ""))


def _list_prompt(text: str, first: int, last: int, *, is_begun: bool) -> ListPrompt:
    only = "classification tasks" in text.split("\n", 1)[0].lower()
    return ListPrompt(tuple(_ITEM.findall(text)), first, max(first, last), only, is_begun)


def _is_reminded(before: str) -> bool:
    """Say whether a sentence of its own stands between the worked tasks, or the header alone, and the last task."""
    header, blank, rest = before.strip().partition("\n\n")
    sentence = rest.rpartition("\n\n")[2]
    return bool(header and blank and sentence) and QUESTION not in sentence
