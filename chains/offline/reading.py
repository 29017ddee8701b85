"""What a prompt asks for: the stage it belongs to, told from its text alone, and what stands in it.

Before `answering`. The prompts are those of `prompts/templates`, or a user's own of the same build: a numbered list that breaks
off after a number; a list, and subjects to write more about; a last "Task:" with an open question; a last "Task:"
after worked ones; a task to do; words of which one is the answer; what is to be judged, criticised or written again, between
marks.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from self_instruct.prompts.chat_forms import CHAT_FORMS

QUESTION = "Is it classification?"
_KIND = re.compile(r"For each task, say its kind: (\w+), [^;]+; (\w+), ")
_TASK = "\nTask: "
_OF_EACH_LABEL = "\nWrite an example for each of its labels, each with another input."
_NEXT_NUMBER = re.compile(r"(?:^|\n) *(\d+)\.$")
_ITEM = re.compile(r"^\d+\. (.+)$", re.MULTILINE)
_REQUEST = re.compile(
    r"^Now write \d+ new ones, numbered (\d+) to (\d+), by other people(?:: the first about (.+?)\.)?", re.MULTILINE
)
_LAST_NUMBER = re.compile(r"up to number (\d+)")
_MARKED = re.compile(r"^<<<(?P<name>[\w ]+)\n(?P<said>.*?)\n(?P=name)>>>$", re.DOTALL | re.MULTILINE)
_LOOKED_AT = frozenset({"output", "output A", "old output", "old task", "task A"})  # marks of what is judged or written again
_CRITICISED = 'Answer in three lines. "Fault:"'
_EVOLVED = "task to change"
_ANSWERED = "answer to a lost request"
_TO_DO = "Do the task below."
_CHOICES = re.compile(r"^Answer with one of these, and nothing else: (.+)\.$", re.MULTILINE)
_SORTED, _ENTRY = "task to sort", re.compile(r"^- (.+?): ", re.MULTILINE)
_WITH_INPUT = "\n\nInput: "
_COMPLAINT = "The last answer"
_WANTED = re.compile(r"All of them are to be (.+)\.$|^The last \d+ of them are (.+), about (.+)\.$", re.MULTILINE)
_USUAL_LAST_NUMBER = 16  # 8 demonstrations and 8 new tasks, as in the paper


@dataclass(frozen=True, slots=True)
class ListPrompt:
    """A list of tasks to write, from number `first` to number `last`; the prompt may end with the first number (`is_begun`).

    `wanted` is what they are to be, "" where nothing is said of it; then `subjects` are what they are to be about, one each.
    """

    demonstrations: tuple[str, ...]
    first: int
    last: int
    classification_only: bool
    is_begun: bool
    wanted: str = ""
    subjects: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionPrompt:
    """Whether a task is a classification task, and the words for it. `is_reminded`: an earlier answer was complained about."""

    instruction: str
    is_reminded: bool
    words: tuple[str, str] = (" Yes", " No")


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
class CritiquePrompt:
    """An example to find a fault in. `is_flagged`: a rule found one; `is_reminded`: an earlier critique was refused."""

    instruction: str
    output: str
    is_flagged: bool
    is_reminded: bool


@dataclass(frozen=True, slots=True)
class OutputPrompt:
    """A task and an input to write an output for."""

    instruction: str
    input: str


@dataclass(frozen=True, slots=True)
class RewritePrompt:
    """An instruction to write again."""

    instruction: str


@dataclass(frozen=True, slots=True)
class EvolvePrompt:
    """A task to change, and the words that say how."""

    instruction: str
    request: str


@dataclass(frozen=True, slots=True)
class AnsweredPrompt:
    """A text, for which the request is to be found that it answers."""

    text: str


@dataclass(frozen=True, slots=True)
class UserTurnPrompt:
    """A conversation that stops where a user begins to speak; `end` is what stands behind that."""

    end: str


@dataclass(frozen=True, slots=True)
class ChoicePrompt:
    """A question to be answered by one of these words."""

    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlainPrompt:
    """Anything else: the last thing somebody said."""

    text: str


Prompt: TypeAlias = (
    ListPrompt | QuestionPrompt | InstancePrompt | JudgePrompt | ComparePrompt | CritiquePrompt | OutputPrompt | RewritePrompt
    | EvolvePrompt | AnsweredPrompt | UserTurnPrompt | ChoicePrompt | PlainPrompt
)  # fmt: skip


def read_prompt(human: str, system: str = "") -> Prompt:
    """Return what a prompt asks for. `system` may say how far a list shall go."""
    marks = {mark["name"]: mark for mark in _MARKED.finditer(human)}
    if marks.keys() & _LOOKED_AT:
        return _marked_prompt(human)
    if turn := next((form for form in CHAT_FORMS.values() if human.endswith(form.user_start)), None):
        return UserTurnPrompt(turn.user_end)
    if marked := _other_marked_prompt(human, marks):
        return marked
    if human.startswith(_TO_DO):
        instruction, _, given = human.partition(_TASK)[2].partition(_WITH_INPUT)
        return OutputPrompt(instruction, given)
    header = human.split("\n", 1)[0].lower()
    only = "classification tasks" in header
    if number := _NEXT_NUMBER.search(human.rstrip()[-12:]):
        said, first = _LAST_NUMBER.search(system), int(number[1])
        last = int(said[1]) if said else max(_USUAL_LAST_NUMBER, first + 7)
        return ListPrompt(tuple(_ITEM.findall(human)), first, max(first, last), only, is_begun=True, **_wanted(human))
    if asked := _REQUEST.search(human):
        return ListPrompt(tuple(_ITEM.findall(human)), int(asked[1]), int(asked[2]), only, is_begun=False, **_wanted(human))
    before, marker, task = ("\n" + human).rpartition(_TASK)
    if not marker:
        return PlainPrompt(human)
    if task.rstrip().endswith(QUESTION):
        return QuestionPrompt(task.rstrip().removesuffix(QUESTION).strip(), _is_reminded(before))
    task, complaint, _ = task.partition(f"\n\n{_COMPLAINT}")
    if kind := _KIND.match(human):
        return QuestionPrompt(task.strip(), bool(complaint), (kind[1], kind[2]))
    return InstancePrompt(task.removesuffix(_OF_EACH_LABEL).strip(), is_output_first="class label" in before.lower())


def _marked_prompt(text: str) -> JudgePrompt | ComparePrompt | CritiquePrompt | OutputPrompt | RewritePrompt:
    said = {mark["name"]: mark["said"] for mark in _MARKED.finditer(text)}
    task, given = said.get("task", ""), said.get("input", "")
    is_reminded = text.rpartition(">>>")[2].lstrip().startswith(_COMPLAINT)
    if "old task" in said:
        return RewritePrompt(said["old task"])
    if "task A" in said:
        return ComparePrompt("", *("\n".join(said[f"{part} {one}"] for part in ("task", "input", "output")) for one in "AB"))
    if "old output" in said:
        return OutputPrompt(task, given)
    if _CRITICISED in text:
        return CritiquePrompt(task, said.get("output", ""), "A check without understanding" in text, is_reminded)
    if "output" in said:
        return JudgePrompt(task, given, said["output"], is_reminded)
    return ComparePrompt(task, said.get("output A", ""), said.get("output B", ""))


def _other_marked_prompt(text: str, marks: Mapping[str, re.Match[str]]) -> EvolvePrompt | AnsweredPrompt | ChoicePrompt | None:
    if mark := marks.get(_EVOLVED):
        return EvolvePrompt(mark["said"], text[: mark.start()])
    if mark := marks.get(_ANSWERED):
        return AnsweredPrompt(mark["said"])
    if mark := marks.get(_SORTED):
        return ChoicePrompt(tuple(_ENTRY.findall(text, mark.end())))
    choices = _CHOICES.search(text) if marks else None
    return ChoicePrompt(tuple(choices[1].split(", "))) if choices else None


def _wanted(text: str) -> dict[str, Any]:
    if (said := _WANTED.search(text)) is None:
        return {}
    asked = _REQUEST.search(text)
    subjects = asked[3].split(", the next about ") if asked and asked[3] else (said[3] or "").split(", ")
    return {"wanted": said[1] or said[2], "subjects": tuple(subjects)}


def _is_reminded(before: str) -> bool:
    """Say whether a sentence of its own stands between the worked tasks, or the header alone, and the last task."""
    header, blank, rest = before.strip().partition("\n\n")
    return bool(header and blank and (sentence := rest.rpartition("\n\n")[2])) and QUESTION not in sentence
