"""Two answerers that need no model, and prove a whole evaluator: they copy the input, or the demonstration's output.

On SuperNI's full test set they get 14.20 and 28.54 (the published figures, with Tk-Instruct's references).
"""

from __future__ import annotations

from collections.abc import Callable

from self_instruct.chains.models.question import Question
from self_instruct.evaluation.task_sets import TaskInstance, TaskSet
from self_instruct.records.replies import Refusal, Reply, Usage

BASELINES: dict[str, Callable[[TaskInstance], str]] = {
    "copy-input": lambda one: one.input,
    "copy-demonstration": lambda one: one.demonstration,
}


class Copying:
    """Answers each question with something of the instance it is about, and asks nobody. An `Asker`."""

    def __init__(self, baseline: str, tasks: TaskSet) -> None:
        self._copied = BASELINES[baseline]
        self._tasks = tasks

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the copy."""
        return Reply(self._copied(self._tasks[question.id.request]), "stop", Usage(0, 0))
