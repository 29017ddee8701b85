"""Judge the instances of a run that is there: all of them or a sample, through its own ledger.

What a run's own judge has answered is not asked again; another model, other parameters or another prompt make another judge of
the run, whose verdicts stand beside those of the first. Each vote is asked once over all starts, and its verdict is stored
with its model and the hash of its prompt.
"""

from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from self_instruct.chains.budgets.meter import check_budgets
from self_instruct.chains.models.families import same_family
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.replies import Model
from self_instruct.chains.runs.accepting import JUDGES
from self_instruct.chains.runs.answering import do_with
from self_instruct.chains.runs.askers import batching_of, models_of
from self_instruct.chains.runs.asking_later import settings_for
from self_instruct.chains.runs.listener import NOBODY, Listener
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.unread_share import UnreadShare
from self_instruct.chains.stages.judging import JudgingStage, first_attempt
from self_instruct.chains.stages.task_kinds import TaskKind
from self_instruct.ledger import Ledger, RequestId, TaskId, finished_with_instances
from self_instruct.records.errors import SettingsError
from self_instruct.records.judgements import JUDGING
from self_instruct.records.replies import Refusal, Reply
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
    """The judging of one run by one judge, as `Work` of `answering`: a part is a vote, `done` once its verdict is stored.

    `jobs` are the instances, with their tasks. `sample` draws so many of them, by the run's seed: a smaller sample is part of a
    larger one.
    """

    def __init__(self, ledger: Ledger, plan: RunPlan, judge: RunJudge, sample: int | None = None) -> None:
        self._ledger = ledger
        self._plan = plan
        self._judge = judge
        verdicts = [(task, one) for task, one in ledger.verdicts() if one.stage == judge.name]
        self._share = UnreadShare(judge.settings.judging, (one for _, one in verdicts), judge.name)
        self._tasks = {
            kept.id: Task(kept.instruction, kept.is_classification, instances)
            for kept, instances in finished_with_instances(ledger)
        }
        every = [(task, at) for task, about in self._tasks.items() for at in range(len(about.instances))]
        self.jobs = _sampled(plan, every, sample)
        has = {(task, one.instance, one.vote) for task, one in verdicts}
        self.total = len(self.jobs) * judge.stage.votes
        self.done = self.total - sum(1 for _ in self._missing(has))
        self._first = self._missing(has)
        self._again = deque[tuple[RequestId, str]]()

    def __iter__(self) -> Iterator[Question]:
        return self

    def __next__(self) -> Question:
        """Return the question of a vote that is missing, or that could not be read, with what was wrong with it."""
        request, wrong = next(self._first, None), None
        if request is None:
            if not self._again:
                raise StopIteration
            request, wrong = self._again.popleft()
        return self._plan.with_image(self._judge.stage.question(request, self._tasks[request.task], wrong))

    def _missing(self, has: Collection[tuple[TaskId, int, int]]) -> Iterator[RequestId]:
        for task, at in self.jobs:
            for vote in range(1, self._judge.stage.votes + 1):
                if (task, at, vote) not in has:
                    yield first_attempt(RequestId(self._judge.name, task.request, task.item, instance=at), vote)

    def take(self, question: Question, reply: Reply | Refusal) -> None:
        """Store the verdict that a reply is; one that cannot be read is asked for once more."""
        request = question.id
        step = self._judge.stage.decide(request, self._tasks[request.task], reply)
        if step.wrong is not None and step.again is not None:
            self._again.append((step.again, step.wrong))
            return
        self._ledger.add_verdicts(request.task, step.verdicts)
        self._share.add(step.verdicts)
        self.done += 1

    @property
    def trouble(self) -> Outcome | None:
        """That the judge's verdicts cannot be read, where too many cannot."""
        return Outcome(Ending.UNREAD, self._share.sentence()) if self._share.is_too_large else None


def judge_run(
    ledger: Ledger,
    plan: RunPlan,
    judge: RunJudge,
    sample: int | None = None,
    models: Mapping[str, Model] | None = None,
    listener: Listener = NOBODY,
) -> Outcome:
    """Return how judging a run ended; signals stop it as they stop `generate`.

    `models` are by the judge's name; without them its model is loaded. Raises `SettingsError` or `ModelDeniedError` where the
    model cannot be used.
    """
    check_budgets(judge.settings)
    choices = {judge.name: judge.settings.choice(JUDGING)}
    loaded = models or models_of(judge.settings, choices)
    judge.remember(ledger, plan)
    if warning := same_family(plan.settings.model_of(StageName.INSTANCES), judge.model):
        listener.on_warning(warning)
    batched = choices if JUDGING in judge.settings.batched_stages else ()
    batching = batching_of(ledger, judge.settings, choices, loaded, batched, listener)
    judging = Judging(ledger, plan, judge, sample)
    outcome = do_with(ledger, judging, judge.settings, choices, loaded, listener, batching)
    if outcome.ending is Ending.DONE:
        return Outcome(Ending.DONE, f"{len(judging.jobs)} instances judged by {judge.model}")
    return outcome


def judge_again(ledger: Ledger, plan: RunPlan, judges: Mapping[str, Any]) -> None:
    """Store in a ledger the verdicts that the stored replies of these judges give; nobody is asked.

    For a run whose replies came from another, and with them those of judges that its settings do not name.
    """
    ledger.set_fact(JUDGES, dict(judges))
    settings = plan.settings.model_copy(update={"judging": plan.settings.judging.model_copy(update={"votes": MOST_VOTES})})
    for name, identity in judges.items():
        if name == JUDGING and plan.settings.judges:
            continue  # the loop has decided them
        judging = Judging(ledger, plan, RunJudge(name, settings, JudgingStage(settings, plan.prompts(), name), identity))
        for question in judging:
            if reply := ledger.reply(question.id):
                judging.take(question, reply)


def _sampled(plan: RunPlan, jobs: list[tuple[TaskId, int]], sample: int | None) -> list[tuple[TaskId, int]]:
    if sample is None or sample >= len(jobs):
        return jobs
    drawn = sorted(jobs, key=lambda job: plan.draws("judged", job[0].request, job[0].item, job[1]).random())
    return sorted(drawn[:sample])
