"""Stages that ask about each instance of a task in turn, and give a verdict on it."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from self_instruct.chains.stages.stage import Sample, Step, TaskStage, as_task
from self_instruct.ledger import RequestId, TaskId
from self_instruct.records.tasks import Rejection, SeedTask, Task, Verdict


class EachInstanceStage(TaskStage):
    """Asks one question about each instance; subclasses say the prompt, the parser, and what the answers are."""

    @abstractmethod
    def answers(self, read: Any) -> Mapping[str, str | int | float | bool]:
        """Return the answers, by the names of their questions, in what the parser read."""

    def variables(self, about: Task, request: RequestId) -> dict[str, Any]:
        """Return the instruction, and the input and output of the instance that the question is about."""
        instance = about.instances[request.instance]
        return {"instruction": about.instruction, "input": instance.input, "output": instance.output}

    def first(self, id: TaskId, about: Task) -> RequestId | None:  # noqa: A002
        """Return the question about the first instance; None where there is none."""
        return super().first(id, about) if about.instances else None

    def conclude(self, about: Task, read: Any, request: RequestId) -> Step:
        """Return the verdict on an instance, or why there is none, and the question about the next one."""
        following = replace(request, instance=request.instance + 1, attempt=1)
        again = following if following.instance < len(about.instances) else None
        if isinstance(read, Rejection):
            return Step((read,), again=again)
        return Step(verdicts=(Verdict(self.name, request.instance, dict(self.answers(read))),), again=again)

    def samples(self, seeds: Sequence[SeedTask]) -> list[Sample[Task]]:
        """Return one: the first instance of the first seed."""
        return [Sample(self.name, as_task(seeds[0]))]

    def result(self, about: Task, step: Step) -> Any:
        """Return the verdict, or the rejection."""
        del about
        return step.verdicts[0] if step.verdicts else step.rejections[0]
