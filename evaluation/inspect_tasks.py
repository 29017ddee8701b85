"""Our task sets as a task of inspect_ai, with scorers of our own: it finds this module by its entry point.

    inspect eval self_instruct/task_set -T tasks=superni:DIR --model openai/gpt-4.1-mini

The figures are those of `evaluate`: percent, means over instances; the standard errors are clustered by task.
Nothing here is imported unless inspect_ai is installed and asks for it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import TaskState, generate

from self_instruct.evaluation.encodings import checked_encoding, encoded
from self_instruct.evaluation.metrics import References
from self_instruct.evaluation.readings import Reading, read
from self_instruct.evaluation.results import NAMES
from self_instruct.evaluation.task_sets import load_task_set

MOST_TOKENS = 1024
_FIGURES: dict[str, Any] = {name: [mean(), stderr(cluster="task")] for name in NAMES.values()}


@task
def task_set(tasks: str, split: str | None = None, encoding: str = "self-instruct", max_tokens: int = MOST_TOKENS) -> Task:
    """Return a task set as a task; `tasks`, `split` and `encoding` are as the command `evaluate` takes them."""
    way = checked_encoding(encoding)
    samples = [
        Sample(
            id=one.id,
            input=encoded(one.instruction, one.input, way),
            target=list(one.references),
            metadata={"task": one.task, "category": one.category},
        )
        for one in load_task_set(tasks, Path(split) if split else None)
    ]
    return Task(
        dataset=MemoryDataset(samples, name=tasks),
        solver=generate(),
        scorer=[raw(), cut(), first_line()],
        config=GenerateConfig(temperature=0, max_tokens=max_tokens),
    )


@scorer(metrics=_FIGURES)
def raw() -> Scorer:
    """Return the scorer of answers as they came: the official figures."""
    return _scorer(Reading.RAW)


@scorer(metrics=_FIGURES)
def cut() -> Scorer:
    """Return the scorer of answers that are cut where the task ends."""
    return _scorer(Reading.CUT)


@scorer(metrics=_FIGURES)
def first_line() -> Scorer:
    """Return the scorer of the first lines of answers."""
    return _scorer(Reading.FIRST_LINE)


def _scorer(reading: Reading) -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        text = read(state.output.completion, reading)
        found = References(list(target)).score(text)
        return Score(value={said: 100 * getattr(found, name) for name, said in NAMES.items()}, answer=text)

    return score
