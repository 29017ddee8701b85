"""The paper's table of a dataset, and how long its texts are. Words are what white space separates.

Source: Wang et al. 2023, arXiv:2212.10560, table 1 and figure 5.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from self_instruct.reports.analysis.kept_tasks import KeptTask

Measured = Literal["instruction", "input", "output"]
TEXTS: tuple[Measured, ...] = ("instruction", "input", "output")
BinWords = Mapping[Measured, int]
"""How many words wide the bins of each text are."""
_WIDTHS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000)
_SHOWN = 0.98  # of the texts are not in the last bin
_BINS = 16  # the last takes all that is longer


@dataclass(frozen=True, slots=True)
class Statistics:
    """The paper's table 1 of a run. `unknown` kinds are tasks of which no model said what they are.

    `mean_..._words` are None where there is nothing to measure; `mean_input_words` is that of inputs that are not empty.
    """

    instructions: int
    classification: int
    other: int
    unknown: int
    with_instances: int
    instances: int
    empty_input: int
    mean_instruction_words: float | None
    mean_input_words: float | None
    mean_output_words: float | None


@dataclass(frozen=True, slots=True)
class LengthBin:
    """How many texts have `least` to `most` words; `most` is None in the last bin."""

    text: Measured
    least: int
    most: int | None
    count: int


def statistics(tasks: Sequence[KeptTask]) -> Statistics:
    """Return the paper's table of a run's kept tasks."""
    kinds = [task.is_classification for task in tasks]
    inputs = [one.input for task in tasks for one in task.instances]
    return Statistics(
        instructions=len(tasks),
        classification=kinds.count(True),
        other=kinds.count(False),
        unknown=kinds.count(None),
        with_instances=sum(bool(task.instances) for task in tasks),
        instances=len(inputs),
        empty_input=sum(not text.strip() for text in inputs),
        mean_instruction_words=_mean(_lengths(tasks, "instruction")),
        mean_input_words=_mean(_lengths(tasks, "input")),
        mean_output_words=_mean(_lengths(tasks, "output")),
    )


def bin_words(tasks: Sequence[KeptTask]) -> BinWords:
    """Return the narrowest bins, in round numbers of words, that show nearly all instructions, inputs and outputs."""
    return {text: _width(sorted(_lengths(tasks, text))) for text in TEXTS}


def _width(lengths: Sequence[int]) -> int:
    longest = lengths[min(int(len(lengths) * _SHOWN), len(lengths) - 1)] if lengths else 1
    return next((width for width in _WIDTHS if width * (_BINS - 1) >= longest), _WIDTHS[-1])


def length_histogram(tasks: Sequence[KeptTask], widths: BinWords | None = None) -> tuple[LengthBin, ...]:
    """Return how many instructions, inputs that are not empty, and outputs are how long, in bins that fit them without any."""
    widths = widths or bin_words(tasks)
    return tuple(row for text in TEXTS for row in _bins(text, widths[text], _lengths(tasks, text)))


def _bins(text: Measured, width: int, lengths: Iterable[int]) -> Iterator[LengthBin]:
    counts = [0] * _BINS
    for length in lengths:
        counts[min(max(length - 1, 0) // width, _BINS - 1)] += 1
    for place, count in enumerate(counts):
        yield LengthBin(text, place * width + 1, None if place == _BINS - 1 else (place + 1) * width, count)


def _lengths(tasks: Sequence[KeptTask], text: Measured) -> Iterator[int]:
    if text == "instruction":
        return (len(task.instruction.split()) for task in tasks)
    found = (one.input if text == "input" else one.output for task in tasks for one in task.instances)
    return (len(each.split()) for each in found if text == "output" or each.strip())


def _mean(lengths: Iterable[int]) -> float | None:
    found = list(lengths)
    return fmean(found) if found else None
