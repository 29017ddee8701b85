"""Before a run decides anything about a task: its stages learn from seed tasks, whose answers are known, how their models lean.

The questions are stored like any other; what is learned follows from the stored replies alone, so that a run that goes on, or
is decided again, learns the same. Where a model does not tell what was asked for, its first answer shows that, and no more are
asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from self_instruct.chains.budgets.meter import Meter
from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.runs.asking_all import AskingAll
from self_instruct.chains.runs.outcome import Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.replies import Refusal, Reply


class Calibrating:
    """The lessons of one run that are not learned yet; `run` it once.

    `say` is told in a sentence what is asked, and what came of it.
    """

    def __init__(self, ledger: Ledger, plan: RunPlan, asker: Asker, say: Callable[[str], None]) -> None:
        self._ledger = ledger
        self._plan = plan
        self._settings = plan.settings
        self._asker = asker
        self._say = say
        self._lessons = [lessons for stage in plan.stages().all if (lessons := stage.lessons(plan.seeds))]
        self._asking: AskingAll | None = None
        self._is_stopping = False

    @property
    def is_needed(self) -> bool:
        """Whether anything is left to ask."""
        return any(self._left(lessons) for lessons in self._lessons)

    async def run(self) -> Outcome | None:
        """Return why it stopped before all was asked; None where it is done. A fault of the model's code is raised."""
        for lessons in self._lessons:
            self._say(f"asking about {len(lessons)} seed tasks first, whose answers are known, to learn how the model leans")
            while left := self._left(lessons):
                if outcome := await self._ask(left):
                    return outcome
            self._say(learned(self._plan, self._ledger))
        return None

    def stop(self) -> None:
        """Send no more; what is under way still arrives and is stored."""
        self._is_stopping = True
        if self._asking is not None:
            self._asking.stop()

    def _left(self, lessons: Sequence[Question]) -> Sequence[Question]:
        """Return what to ask next: the first question by itself, and the others if its answer tells what was asked for."""
        left = lessons_left(lessons, self._ledger.reply)
        return left[:1] if len(left) == len(lessons) else left

    async def _ask(self, questions: Sequence[Question]) -> Outcome | None:
        meter = Meter(self._settings, self._ledger.spending())
        self._asking = AskingAll(self._ledger, questions, self._asker, meter, self._settings.concurrency)
        if self._is_stopping:
            self._asking.stop()
        async for _ in self._asking:
            pass  # it is stored
        return self._asking.stopped()


def lessons_left(lessons: Sequence[Question], answer: Callable[[RequestId], Reply | Refusal | None]) -> Sequence[Question]:
    """Return what is yet to be asked, if the model tells what is asked for: nothing where its first answer did not."""
    first = answer(lessons[0].id) if lessons else None
    if first is not None and not (isinstance(first, Reply) and first.first_token):
        return ()
    return [one for one in lessons if answer(one.id) is None]


def learned(plan: RunPlan, ledger: Ledger) -> str:
    """Return what a run's stages learned from the replies in its ledger, in a sentence; "" where nothing was to be learned."""
    stages = plan.stages()
    if not any(stage.lessons(plan.seeds) for stage in stages.all):
        return ""
    stages.learn(plan.seeds, ledger.reply)
    return "; ".join(filter(None, (stage.learned() for stage in stages.all)))
