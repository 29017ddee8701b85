"""Judge the instances of a run that is there: all of them or a sample, through its own ledger.

What a run's own judge has answered is not asked again; another model, other parameters or another prompt make another judge of
the run, whose verdicts stand beside those of the first. Each vote is asked once over all starts, and its verdict is stored
with its model and the hash of its prompt.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from self_instruct.chains.budgets.meter import Meter, check_budgets
from self_instruct.chains.models.families import same_family
from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.models.replies import Model
from self_instruct.chains.runs.accepting import JUDGES
from self_instruct.chains.runs.askers import asker_of, batching_of, models_of, paced, retrying
from self_instruct.chains.runs.asking_all import AskingAll
from self_instruct.chains.runs.asking_later import settings_for
from self_instruct.chains.runs.batching import Batching, in_rounds
from self_instruct.chains.runs.listener import NOBODY, Listener
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.signals import AnsweringThreads, stopped_by_signals
from self_instruct.chains.runs.unread_share import UnreadShare
from self_instruct.chains.stages.judging import JudgingStage, first_attempt
from self_instruct.chains.stages.task_kinds import TaskKind
from self_instruct.ledger import Ledger, RequestId, TaskId, finished_with_instances
from self_instruct.records.errors import ModelUnavailableError, SettingsError
from self_instruct.records.judgements import JUDGING
from self_instruct.records.tasks import StageName, Task
from self_instruct.settings.layers import Layer
from self_instruct.settings.sections import MOST_VOTES
from self_instruct.settings.settings import Settings


@dataclass(frozen=True, slots=True)
class RunJudge:
    """A judge of a run: the name under which its replies and verdicts are kept, and the settings it judges by."""

    name: str
    settings: Settings
    stage: JudgingStage
    identity: Mapping[str, Any]

    @property
    def model(self) -> str | None:
        """The model that judges, as the run names it."""
        return self.settings.model_of(JUDGING)

    def remember(self, ledger: Ledger, plan: RunPlan) -> None:
        """Store with the run that it has this judge."""
        ledger.set_fact(JUDGES, {**known_judges(ledger, plan), self.name: self.identity})


def run_judge(ledger: Ledger, plan: RunPlan, given: Layer) -> RunJudge:
    """Return the judge that settings name for a run: one that it has already, or a new one.

    What is not given is as the run has it. Raises `SettingsError`.
    """
    settings = settings_for(plan, given, JUDGING)
    if settings.model_of(JUDGING) is None:
        raise SettingsError("this run knows no model; name the judge's with `model=PROVIDER:NAME`.")
    known = known_judges(ledger, plan)
    is_it = _identity(settings, plan)
    same = next((name for name, one in known.items() if one == is_it), None)
    name = same or (f"{JUDGING}-{len(known) + 1}" if known else JUDGING)
    return RunJudge(name, settings, JudgingStage(settings, plan.prompts(), name), is_it)


def known_judges(ledger: Ledger, plan: RunPlan) -> dict[str, Any]:
    """Return what a run's judges are, by name; its own, if it has one, is the first."""
    own = {JUDGING: _identity(plan.settings, plan)} if plan.settings.judges else {}
    return {**own, **(ledger.fact(JUDGES) or {})}


def _identity(settings: Settings, plan: RunPlan) -> dict[str, Any]:
    stage = JudgingStage(settings, plan.prompts())
    kinds = [stage.prompt_hash(_of_kind(kind), attempt) for kind in TaskKind for attempt in (1, 2)]
    parameters = settings.judging.model_dump(mode="json")["parameters"]
    return {"model": settings.model_of(JUDGING), "parameters": parameters, "prompts": kinds}


def _of_kind(kind: TaskKind) -> Task:
    words = {TaskKind.CODE: "Python", TaskKind.SUMS: "Calculate", TaskKind.WRITING: "Write"}
    return Task(words.get(kind, ""), kind is TaskKind.CLASSIFICATION)


class Judging:
    """The judging of one run by one judge; `run` it once.

    `jobs` are the instances, `total` the votes on them, of which `done` have their verdict. `sample` draws so many instances,
    by the run's seed: a smaller sample is part of a larger one.
    """

    def __init__(self, ledger: Ledger, plan: RunPlan, judge: RunJudge, sample: int | None = None) -> None:
        self._ledger = ledger
        self._plan = plan
        self._judge = judge
        verdicts = [(task, one) for task, one in ledger.verdicts() if one.stage == judge.name]
        self._has = {(task, one.instance, one.vote) for task, one in verdicts}
        self._share = UnreadShare(judge.settings.judging, (one for _, one in verdicts), judge.name)
        self._tasks = {
            kept.id: Task(kept.instruction, kept.is_classification, instances)
            for kept, instances in finished_with_instances(ledger)
        }
        every = [(task, at) for task, about in self._tasks.items() for at in range(len(about.instances))]
        self.jobs = _sampled(plan, every, sample)
        self.total = len(self.jobs) * judge.stage.votes
        votes = range(1, judge.stage.votes + 1)
        self.done = sum((*job, vote) in self._has for job in self.jobs for vote in votes)
        self._again: list[tuple[RequestId, str]] = []
        self._asking: AskingAll | None = None
        self._is_stopping = False

    async def run(
        self, asker: Asker | None, on_progress: Callable[[], None] = lambda: None, later: Batching | None = None
    ) -> Outcome:
        """Return how it ended, once all that was asked is answered and stored; no asker decides what is.

        Where `later` took questions it ends as `BATCHED`, to be run again once they are answered.
        """
        meter = Meter(self._judge.settings, self._ledger.spending())
        concurrency = self._judge.settings.concurrency
        for questions in (self._first_questions, self._second_questions):
            self._asking = AskingAll(self._ledger, questions(), asker, meter, concurrency, later=later)
            async for arrival in self._asking:
                self._decide(arrival.question.id, arrival.reply)
                on_progress()
            if asker is not None and (outcome := self._stopped(self._asking, meter)) is not None:
                return outcome
        if later:
            return Outcome(Ending.BATCHED, f"{len(later)} verdicts wait for a batch")
        return Outcome(Ending.DONE, f"{len(self.jobs)} instances judged by {self._judge.model}")

    def stop(self) -> None:
        """Send no more requests; `run` returns when those in flight are answered and stored."""
        self._is_stopping = True
        if self._asking is not None:
            self._asking.stop()

    def _first_questions(self) -> Iterator[Question]:
        for task, at in self.jobs:
            for vote in range(1, self._judge.stage.votes + 1):
                if (task, at, vote) not in self._has:
                    asked = RequestId(self._judge.name, task.request, task.item, instance=at)
                    yield self._question(first_attempt(asked, vote))

    def _second_questions(self) -> Iterator[Question]:
        again, self._again = self._again, []
        for request, wrong in again:
            yield self._question(request, wrong)

    def _question(self, request: RequestId, wrong: str | None = None) -> Question:
        return self._plan.with_image(self._judge.stage.question(request, self._tasks[request.task], wrong))

    def _decide(self, request: RequestId, reply: Any) -> None:
        step = self._judge.stage.decide(request, self._tasks[request.task], reply)
        if step.wrong is not None and step.again is not None:
            self._again.append((step.again, step.wrong))
            return
        self._ledger.add_verdicts(request.task, step.verdicts)
        self._has.update((request.task, one.instance, one.vote) for one in step.verdicts)
        self.done += 1
        self._share.add(step.verdicts)
        if self._share.is_too_large and self._asking is not None:
            self._asking.stop()

    def _stopped(self, asking: AskingAll, meter: Meter) -> Outcome | None:
        """Return why it ends here; None where all that was asked has its answer."""
        if self._share.is_too_large:
            return Outcome(Ending.UNREAD, self._share.sentence())
        if asking.failure is not None and not isinstance(asking.failure, ModelUnavailableError):
            raise asking.failure
        if asking.failure is not None:
            return Outcome(Ending.UNAVAILABLE, f"the model could not answer: {asking.failure}")
        if self._is_stopping:
            return Outcome(Ending.INTERRUPTED, "interrupted")
        if asking.unanswered:
            return Outcome(Ending.BUDGET, meter.shortage(), meter.short_of)
        return None


def judge_run(
    ledger: Ledger,
    plan: RunPlan,
    judge: RunJudge,
    sample: int | None = None,
    models: Mapping[str, Model] | None = None,
    listener: Listener = NOBODY,
    on_progress: Callable[[int, int], None] = lambda _, __: None,
) -> Outcome:
    """Return how judging a run ended; signals stop it as they stop `generate`.

    `models` are by the judge's name; without them its model is loaded. `on_progress` is told how many votes there are, and of
    how many. Raises `SettingsError` or `ModelDeniedError` where the model cannot be used.
    """
    check_budgets(judge.settings)
    choices = {judge.name: judge.settings.choice(JUDGING)}
    loaded = models or models_of(judge.settings, choices)
    judge = replace(judge, settings=paced(judge.settings, loaded))
    judge.remember(ledger, plan)
    if warning := same_family(plan.settings.model_of(StageName.INSTANCES), judge.model):
        listener.on_warning(warning)
    judging = Judging(ledger, plan, judge, sample)
    batched = choices if JUDGING in judge.settings.batched_stages else ()
    batching = batching_of(ledger, judge.settings, choices, loaded, batched, listener)
    with asker_of(ledger, judge.settings, choices, loaded, listener) as asker:
        return asyncio.run(_judged(judging, asker, judge.settings, listener, on_progress, batching))


def judge_again(ledger: Ledger, plan: RunPlan, judges: Mapping[str, Any]) -> None:
    """Store in a ledger the verdicts that the stored replies of these judges give; nobody is asked.

    For a run whose replies came from another, and with them those of judges that its settings do not name.
    """
    ledger.set_fact(JUDGES, dict(judges))
    settings = plan.settings.model_copy(update={"judging": plan.settings.judging.model_copy(update={"votes": MOST_VOTES})})
    for name, identity in judges.items():
        if name == JUDGING and plan.settings.judges:
            continue  # the loop has decided them
        judge = RunJudge(name, settings, JudgingStage(settings, plan.prompts(), name), identity)
        asyncio.run(Judging(ledger, plan, judge).run(None))


async def _judged(
    judging: Judging,
    answering: Asker,
    settings: Settings,
    listener: Listener,
    on_progress: Callable[[int, int], None],
    batching: Batching | None,
) -> Outcome:
    asker = retrying(answering, settings)

    def stop() -> None:
        asker.stop()
        if batching is not None:
            batching.stop()
        listener.on_stop()

    asyncio.get_running_loop().set_default_executor(AnsweringThreads(settings.concurrency))
    with stopped_by_signals(judging.stop, stop):
        return await in_rounds(batching, lambda: judging.run(asker, lambda: on_progress(judging.done, judging.total), batching))


def _sampled(plan: RunPlan, jobs: list[tuple[TaskId, int]], sample: int | None) -> list[tuple[TaskId, int]]:
    if sample is None or sample >= len(jobs):
        return jobs
    drawn = sorted(jobs, key=lambda job: plan.draws("judged", job[0].request, job[0].item, job[1]).random())
    return sorted(drawn[:sample])
