"""What to look at first in a dataset: eight checks, each with its figure, threshold, example and remedy. Pure.

They speak of the dataset, not of an instance: one output "statement" is an answer, a hundred of them are a fault. A check fails
above its threshold and in four cases at least; of fewer than `FEWEST` things it says nothing. The thresholds are ours, set
between the seed tasks that ship, which pass by far, and runs of small models that went wrong (docs/quality.md).
"""

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import Any

from self_instruct.chains.verifiers.example import Example
from self_instruct.chains.verifiers.repeated_text import repeated_text
from self_instruct.prompts.reading.class_labels import comparable, named_labels
from self_instruct.records.tasks import PROPOSING, Instance, Reason, StageName
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.text import number, share, shortened

FEWEST = 12  # things of a kind before a share of them is judged
_FEWEST_CASES = 4
_EXAMPLE = 90  # characters
_OPEN = re.compile(
    r"\W*(?:please )?(?:write|compose|draft|describe|explain|summari[sz]e|generate|create|design|suggest|brainstorm|translate"
    r"|rewrite|paraphrase|discuss|outline|plan|tell|imagine|invent|continue|come up with)\b",
    re.I,
)


class CheckName(StrEnum):
    """What is checked of a dataset, in the order in which it is shown."""

    REFUSED = "candidates refused"
    COPIES = "copies of demonstrations"
    KINDS = "kinds of task far from the seeds'"
    MISFILED = "open tasks filed as classification"
    ONE_LABEL = "tasks of one label"
    COMMONEST_OUTPUT = "commonest output"
    SHARED_INPUTS = "inputs shared by different instructions"
    LOOPS = "outputs in a loop"


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a dataset: `cases` of `whole` things are a share (0.0 to 1.0) that fails above `threshold`.

    `figure` says the share in words, `example` shows a case ("" without one), `remedy` says what to do.
    """

    name: CheckName
    cases: float
    whole: int
    threshold: float
    figure: str
    example: str
    remedy: str

    @property
    def share(self) -> float | None:
        """The share of cases; None where there are too few things to judge."""
        return self.cases / self.whole if self.whole >= FEWEST else None

    @property
    def fails(self) -> bool:
        """Whether the share is above the threshold."""
        return self.share is not None and self.cases >= _FEWEST_CASES and self.share > self.threshold

    def to_fields(self) -> dict[str, Any]:
        """Return it as JSON values, with its share and whether it fails."""
        return {**asdict(self), "share": self.share, "fails": self.fails}

    @property
    def sentence(self) -> str:
        """The check in one line, with its example and remedy."""
        example = f", such as “{self.example}”" if self.example else ""
        return f"{self.name}: {self.figure}{example}; {self.remedy}"


@dataclass(frozen=True)
class Checked:
    """What is looked at: kept tasks, the share of classification tasks among the seeds, what was refused, texts of prompts.

    `seed_share` is None where it says nothing: without seeds, or where only classification tasks are asked for. `refused`
    counts by stage and reason, and `refused_text` is a candidate among them; `demonstrated` holds the inputs and outputs that
    few-shot prompts show.
    """

    tasks: Sequence[KeptTask]
    seed_share: float | None = None
    refused: Mapping[tuple[str, str], int] = field(default_factory=dict)
    refused_text: str = ""
    demonstrated: Container[str] = ()

    @cached_property
    def rows(self) -> list[tuple[KeptTask, Instance]]:
        """Every instance with its task."""
        return [(task, one) for task in self.tasks for one in task.instances]

    @cached_property
    def classification(self) -> list[KeptTask]:
        """The classification tasks."""
        return [task for task in self.tasks if task.is_classification]


def checks(checked: Checked) -> tuple[Check, ...]:
    """Return all checks of a dataset, those that fail first."""
    found = (
        _refused(checked), _copies(checked), _kinds(checked), _misfiled(checked), _one_label(checked), _commonest(checked),
        _shared(checked), _loops(checked),
    )  # fmt: skip
    return tuple(sorted(found, key=lambda check: not check.fails))


def failing(found: Iterable[Check]) -> tuple[Check, ...]:
    """Return the checks that fail."""
    return tuple(check for check in found if check.fails)


def _refused(checked: Checked) -> Check:
    reasons = Counter[str]()
    for (stage, reason), count in checked.refused.items():
        reasons[reason] += count if stage in PROPOSING else 0
    whole = reasons.total() + len(checked.tasks)
    most = next(iter(reasons.most_common(1)), ("", 0))
    why = f", {number(most[1])} as “{most[0]}”" if most[1] else ""
    return Check(
        CheckName.REFUSED, reasons.total(), whole, 0.6, f"{_of(reasons.total(), whole, 'candidates')}{why}",
        shortened(checked.refused_text, _EXAMPLE),
        "read them (the command show), then change the seeds, the model or that rule",
    )  # fmt: skip


def _copies(checked: Checked) -> Check:
    kept = [one for _, one in checked.rows if one.input in checked.demonstrated or one.output in checked.demonstrated]
    refused = sum(count for (_, reason), count in checked.refused.items() if reason == Reason.COPIED)
    whole = len(checked.tasks) + len(checked.rows) + sum(checked.refused.values())
    figure = f"{_of(len(kept) + refused, whole, 'texts')} repeat what their prompt shows, {number(len(kept))} of them kept"
    return Check(
        CheckName.COPIES, len(kept) + refused, whole, 0.2, figure, _shown(one.output for one in kept),
        "a larger model, more seeds or another form of prompt copies less",
    )  # fmt: skip


def _kinds(checked: Checked) -> Check:
    known = sum(task.is_classification is not None for task in checked.tasks)
    seeds, own = checked.seed_share, len(checked.classification)
    if seeds is None or not known:
        return Check(CheckName.KINDS, 0, 0, 0.4, "nothing to compare", "", "")
    figure = f"{share(own, known)} of {number(known)} tasks are classification tasks, and {100 * seeds:.1f} % of the seeds"
    return Check(
        CheckName.KINDS, abs(own - seeds * known), known, 0.4, figure,
        _shown(task.instruction for task in checked.classification),
        "give classification another model (classification.model), or a completion model's probabilities (decide_by)",
    )  # fmt: skip


def _misfiled(checked: Checked) -> Check:
    cases = [task.instruction for task in checked.classification if _is_open(task.instruction)]
    whole = len(checked.classification)
    figure = f"{_of(len(cases), whole, 'classification tasks')} ask to write or explain"
    return Check(
        CheckName.MISFILED, len(cases), whole, 0.25, figure,
        _shown(cases), "their answers are cut to a label: give classification another model, or leave them out",
    )  # fmt: skip


def _is_open(instruction: str) -> bool:
    """Return whether an instruction begins by asking for a text of one's own, and names no labels."""
    return _OPEN.match(instruction) is not None and not named_labels(instruction)


def _one_label(checked: Checked) -> Check:
    several = [task for task in checked.classification if len(task.instances) > 1]
    cases = [task for task in several if len({comparable(one.output) for one in task.instances}) == 1]
    figure = f"{_of(len(cases), len(several), 'classification tasks with several instances')} have one label alone"
    return Check(
        CheckName.ONE_LABEL, len(cases), len(several), 0.4, figure, _shown(task.instruction for task in cases),
        "they teach to answer without reading: a larger instances.model, or leave them out",
    )  # fmt: skip


def _commonest(checked: Checked) -> Check:
    counts = Counter(comparable(one.output) for _, one in checked.rows)
    output, cases = next(iter(counts.most_common(1)), ("", 0))
    return Check(
        CheckName.COMMONEST_OUTPUT, cases, len(checked.rows), 0.1, f"{_of(cases, len(checked.rows), 'outputs')} are the same",
        _shown([output]), "read them (the command show), and see to kinds of task and labels",
    )  # fmt: skip


def _shared(checked: Checked) -> Check:
    instructions: defaultdict[str, set[int]] = defaultdict(set)
    for place, task in enumerate(checked.tasks):
        for one in task.instances:
            if given := comparable(one.input):
                instructions[given].add(place)
    shared = {given: own for given, own in instructions.items() if len(own) > 1}
    cases = set[int]().union(*shared.values())
    whole = len(set[int]().union(*instructions.values()))
    commonest = max(shared, key=lambda given: len(shared[given]), default="")
    figure = f"{_of(len(cases), whole, 'tasks with an input')} share it with another"
    return Check(
        CheckName.SHARED_INPUTS, len(cases), whole, 0.15, figure,
        _shown([commonest]), "the model repeats itself: try a higher temperature or a larger instances.model",
    )  # fmt: skip


def _loops(checked: Checked) -> Check:
    examples = (Example(task.instruction, one.input, one.output, task.is_classification) for task, one in checked.rows)
    cases = [evidence for evidence in map(repeated_text, examples) if evidence]
    refused = checked.refused.get((StageName.INSTANCES, "repeated_text"), 0)
    whole, all_cases = len(checked.rows) + refused, len(cases) + refused
    figure = f"{_of(all_cases, whole, 'outputs')} go round, {number(len(cases))} of them kept"
    return Check(
        CheckName.LOOPS, all_cases, whole, 0.05, figure,
        _shown(cases), "refuse them (verifiers.repeated_text), or ask with a frequency penalty",
    )  # fmt: skip


def _of(cases: int, whole: int, things: str) -> str:
    return f"{number(cases)} of {number(whole)} {things}"


def _shown(cases: Iterable[str]) -> str:
    return shortened(next(iter(cases), ""), _EXAMPLE)
