"""Simple signals that an instance looks bad, to find the tasks to read first. Signs, not proof: nothing is refused here."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from self_instruct.records.tasks import Instance
from self_instruct.reports.analysis.kept_tasks import KeptTask


class Signal(StrEnum):
    """Why an instance looks bad, the worst first."""

    NOT_TEXT = "unreadable characters"
    MARKER = "a marker such as “Output:” left in the output"
    REPEATS_INPUT = "output repeats the input"
    REPEATS_INSTRUCTION = "output repeats the instruction"
    REPEATS_ITSELF = "output repeats itself"
    PLACEHOLDER = "a placeholder instead of an input"
    MISSING_INPUT = "instruction speaks of an input, and there is none"
    DECLINES = "output declines, or speaks of being a model"
    CUT_OFF = "output seems cut off"
    VERY_SHORT = "very short output"


@dataclass(frozen=True, slots=True)
class SignalCount:
    """In how many instances, and of how many tasks, a signal was seen."""

    signal: Signal
    instances: int
    tasks: int


@dataclass(frozen=True, slots=True)
class WorstTask:
    """A task with the worst-looking of its instances, and what is seen in that."""

    instruction: str
    instance: Instance
    signals: tuple[Signal, ...]


_MARKER = re.compile(r"^\s*(?:#+\s*)?\**(?:input|output|class label|instruction|task|example\s*\d+)\**\s*\d*\s*:", re.I | re.M)
_SPEAKS_OF_INPUT = re.compile(
    r"\b(?:the|this|these|each of the) (?:following|given|provided)\b|\b(?:given|provided|listed|shown|quoted) below\b"
    r"|\b(?:text|passage|sentence|sentences|paragraph|list|table|code|article|review|email|dialogue) below\b|\bbelow[.:]?$",
    re.I,
)
_PLACEHOLDER = re.compile(
    r"^\W*(?:n/?a|none|null|no input|no input (?:is )?(?:needed|required)|empty|noinput|\.\.\.|…)\W*$"
    r"|[\[<{](?:insert|your|enter|paste|add)\b[^\]>}]*[\]>}]",
    re.I,
)
_DECLINES = re.compile(
    r"\bas an? (?:ai|artificial intelligence|(?:large )?language model)\b"
    r"|\bi(?:['’]m| am) (?:just )?an? (?:ai|language model)\b"
    r"|^\W*(?:i['’]m sorry|sorry|i apologi[sz]e|i cannot|i can['’]t|i am unable|i['’]m unable)\b",
    re.I,
)
_CLOSED = frozenset(".!?…:;)]}>\"'”’»`*|。！？」』）")
_LONG = 40  # words from which an output is prose enough to end in a full stop
_LAST_LINE = 6  # words: a shorter last line may be an item of a list, or a name under a letter
_ECHO = 25  # characters from which a repetition is no coincidence
_STRANGE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\N{REPLACEMENT CHARACTER}]")
_ITEM = re.compile(r"\s*(?:[-*•|#>]|\d+[.):])")
_RUN = re.compile(r"(\S)\1{29,}")
_SENTENCE = re.compile(r"[^.!?\n]{15,}")


def signals(task: KeptTask, instance: Instance) -> tuple[Signal, ...]:
    """Return what looks bad about an instance of a task, the worst first."""
    return tuple(signal for signal, (_, is_seen) in _CHECKS.items() if is_seen(task, instance))


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())


def _echoes(output: str, other: str) -> bool:
    return len(other) >= _ECHO and len(output) >= _ECHO and (output == other or output.startswith(other))


def _unreadable(text: str) -> bool:
    """Return whether a text holds control or replacement characters, or 30 times the same character in a row."""
    strange = _STRANGE.search(text) is not None
    run = _RUN.search(text)
    return strange or (run is not None and run[1] not in "-=_*#~.+│─━═")


def _repeats_itself(output: str) -> bool:
    """Return whether one sentence or line of 15 characters or more stands there four times."""
    counts = Counter(_plain(each) for each in _SENTENCE.findall(output))
    return max(counts.values(), default=0) >= 4


def _cut_off(output: str) -> bool:
    text = output.rstrip()
    if len(text.split()) < _LONG or not text or text[-1] in _CLOSED:
        return False
    last = text.rsplit("\n", 1)[-1]
    return len(last.split()) >= _LAST_LINE and not _ITEM.match(last) and (text[-1].isalpha() or text[-1] in ",-(")


def _very_short(task: KeptTask, instance: Instance) -> bool:
    output = instance.output.strip()
    return not task.is_classification and len(output) <= 2 and not output.isdigit()


_CHECKS: dict[Signal, tuple[int, Callable[[KeptTask, Instance], bool]]] = {  # each with its weight
    Signal.NOT_TEXT: (5, lambda _, one: _unreadable(one.input) or _unreadable(one.output)),
    Signal.MARKER: (5, lambda _, one: _MARKER.search(one.output) is not None),
    # As it stands, without a look past case: a task may be about spaces and capitals.
    Signal.REPEATS_INPUT: (4, lambda _, one: _echoes(one.output.strip(), one.input.strip())),
    Signal.REPEATS_INSTRUCTION: (4, lambda task, one: _echoes(_plain(one.output), _plain(task.instruction))),
    Signal.REPEATS_ITSELF: (4, lambda _, one: _repeats_itself(one.output)),
    Signal.PLACEHOLDER: (4, lambda _, one: _PLACEHOLDER.search(one.input) is not None),
    Signal.MISSING_INPUT: (3, lambda task, one: not one.input.strip() and bool(_SPEAKS_OF_INPUT.search(task.instruction))),
    Signal.DECLINES: (3, lambda _, one: _DECLINES.search(one.output) is not None),
    Signal.CUT_OFF: (2, lambda _, one: _cut_off(one.output)),
    Signal.VERY_SHORT: (1, _very_short),
}


def worst_tasks(tasks: Sequence[KeptTask], limit: int) -> tuple[tuple[WorstTask, ...], tuple[SignalCount, ...]]:
    """Return the worst-looking tasks, the worst first (of equals, the first kept), and how often each signal was seen."""
    instances, of_tasks = Counter[Signal](), Counter[Signal]()
    worst: list[tuple[int, WorstTask]] = []
    for task in tasks:
        seen = [(each, signals(task, each)) for each in task.instances]
        instances.update(signal for _, found in seen for signal in found)
        of_tasks.update({signal for _, found in seen for signal in found})
        instance, found = max(seen, key=lambda each: _weight(each[1]), default=(None, ()))
        if instance and found:
            worst.append((_weight(found), WorstTask(task.instruction, instance, found)))
    worst.sort(key=lambda each: -each[0])
    counts = (SignalCount(signal, instances[signal], of_tasks[signal]) for signal in Signal if instances[signal])
    return tuple(task for _, task in worst[:limit]), tuple(counts)


def _weight(found: Sequence[Signal]) -> int:
    return sum(_CHECKS[signal][0] for signal in found)
