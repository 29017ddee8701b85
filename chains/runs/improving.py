"""Improve a run into a new one: each instance is refined, each question stored, and a task is there once it is through.

Between the old run, which is only read, and the new one's ledger. What becomes of an instance depends on it and on its own
replies alone, so the order in which they come changes nothing; a killed run goes on from the replies that it has.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.families import same_family
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.refused_parameters import LeftOut
from self_instruct.chains.models.replies import Model
from self_instruct.chains.refinement.refiner import SCORING, Ask, RefinementState, Refiner, Step
from self_instruct.chains.runs.answering import NO_LISTENER, AskingListener, do_all
from self_instruct.chains.runs.batching import Batching, has_open_batch
from self_instruct.chains.runs.generating import paced
from self_instruct.chains.runs.improvement_plan import ImprovementPlan, Source, finished_with_instances
from self_instruct.chains.runs.judging import known_judges
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, RequestId, StoredTask, TaskId
from self_instruct.records.errors import SettingsError
from self_instruct.records.judgements import JUDGING
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.revisions import Operator, Revision, revision_verdict
from self_instruct.records.tasks import Flag, Instance, StageName, Verdict, flags_verdict
from self_instruct.settings.layers import Layer

A_VERSION = 100
"""The attempts of what is asked about one output begin at a multiple of this: what is known beforehand shifts no other."""
Votes: TypeAlias = Mapping[tuple[TaskId, int], list[dict[str, Any]]]
"""What a judge has said of instances, by task and position, as verdicts have it."""
NO_VOTES: Votes = {}


def improve(
    before: Path,
    run: Path,
    given: Layer,
    *,
    models: Mapping[str, Model] | None = None,
    listener: AskingListener = NO_LISTENER,
    warn: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Return how improving the run in `before` into `run` ended, begun there or gone on with.

    `models` are there already, by the names of `improvement_plan.ASKED`; without them those that the settings name are loaded.
    Raises `InputError` of every kind.
    """
    if before.resolve() == run.resolve():
        raise SettingsError("the old run stays as it is; name another directory with `run`.")
    with ExitStack() as closing:
        with Ledger.open(before, read_only=True) as old, old.snapshot():
            old_plan, tasks = RunPlan.of(old), finished_with_instances(old)
            ledger, plan, asked = _opened(run, old_plan, tasks, given, models)
            closing.enter_context(ledger)
            votes = _known_votes(old, old_plan, ledger, plan)
        for sentence in _warnings(plan, old_plan):
            warn(sentence)
        work = Improving(ledger, plan, tasks, votes)
        asker = ModelAsker(asked, LeftOut.of(ledger, warn))
        batching = _batching(ledger, plan, asked, listener, warn)
        outcome = do_all(ledger, work, asker, paced(plan.settings, asked), listener, batching)
        if outcome.ending is Ending.DONE:
            return Outcome(Ending.DONE, f"{work.done} instances looked at")
        return outcome


def _batching(
    ledger: Ledger,
    plan: ImprovementPlan,
    models: Mapping[str, Model],
    listener: AskingListener,
    warn: Callable[[str], None],
) -> Batching | None:
    """Return what asks all of it in batches, where the settings say so: nothing of improving reads the pool."""
    stages = [name for name in models if plan.settings.batch.is_on]
    if not stages and not has_open_batch(ledger):
        return None
    choices = {name: plan.choice(name) for name in models}
    say = listener.on_news
    return Batching(ledger, plan.settings, models, choices=choices, stages=stages, warn=warn, say=say)


def _opened(
    run: Path, before: RunPlan, tasks: Source, given: Layer, models: Mapping[str, Model] | None
) -> tuple[Ledger, ImprovementPlan, Mapping[str, Model]]:
    """Return the new run, begun if it is not there; where a model cannot be loaded nothing has changed."""
    if not Ledger.exists(run):
        if not tasks:
            raise SettingsError("the run has no finished task with an instance; there is nothing to improve.")
        plan = ImprovementPlan.new(before, tasks, given)
        asked = models or plan.models()
        return Ledger.create(run, plan.facts()), plan, asked
    with ExitStack() as undo:
        ledger = undo.enter_context(Ledger.open(run))
        plan = ImprovementPlan.of(ledger).going_on(tasks, given)
        asked = models or plan.models()
        plan.remember(ledger)
        undo.pop_all()
        return ledger, plan, asked


def _known_votes(old: Ledger, old_plan: RunPlan, ledger: Ledger, plan: ImprovementPlan) -> Votes:
    """Return what the judge that improves has said of the old run's instances; none of those that lack a vote."""
    ours = known_judges(ledger, plan.run)[JUDGING]
    judge = next((name for name, known in known_judges(old, old_plan).items() if known == ours), None)
    found: dict[tuple[TaskId, int], list[dict[str, Any]]] = {}
    for task, verdict in old.verdicts():
        if verdict.stage == judge:
            found.setdefault((task, verdict.instance), []).append(dict(verdict.answers))
    return {key: votes for key, votes in found.items() if len(votes) == plan.settings.judging.vote_count}


def _warnings(plan: ImprovementPlan, before: RunPlan) -> Iterator[str]:
    writer, judge = plan.choice(Operator.REGENERATE).model, plan.choice(SCORING).model
    if warning := same_family(writer, judge):
        yield warning
    if plan.rules.regenerate and writer == before.settings.model_of(StageName.INSTANCES):
        yield f"{writer!r} wrote these outputs and is to write them again; name another with model, or give --no-regenerate"


@dataclass(slots=True)
class _Job:
    """An instance under way: its steps, and how many questions it has asked, by whom."""

    task: TaskId
    position: int
    talk: Step
    asked: Counter[tuple[str, int]] = field(default_factory=Counter)

    def request(self, ask: Ask) -> RequestId:
        """Return the identity of its next question: the attempts of a stage number all that is asked about the instance."""
        self.asked[ask.stage, ask.version] += 1
        attempt = ask.version * A_VERSION + self.asked[ask.stage, ask.version]
        return RequestId(ask.stage, self.task.request, self.task.item, attempt, self.position)


class Improving:
    """The refinement of all instances of a run: gives the questions that may be asked now, and takes the answers (`Work`)."""

    def __init__(self, ledger: Ledger, plan: ImprovementPlan, tasks: Source, votes: Votes = NO_VOTES) -> None:
        prompts = replace(plan.run, settings=plan.settings).prompts()
        self._ledger = ledger
        self._plan = plan
        self._refiner = Refiner(plan.settings, prompts, plan.rules)
        self._votes = votes
        there = {kept.id for kept in ledger.tasks()}
        self._tasks = {task.id: (task, instances) for task, instances in tasks}
        self._waiting = iter([task for task, _ in tasks if task.id not in there])
        self._questions: deque[Question] = deque()
        self._jobs: dict[RequestId, _Job] = {}
        self._results: dict[TaskId, dict[int, RefinementState]] = {}
        self.total = sum(len(instances) for _, instances in tasks)
        self.done = sum(len(instances) for task, instances in tasks if task.id in there)

    def __iter__(self) -> Iterator[Question]:
        return self

    def __next__(self) -> Question:
        """Return the next question: of an instance under way, else of the next task."""
        while not self._questions:
            self._begin(next(self._waiting))
        return self._questions.popleft()

    def take(self, question: Question, reply: Reply | Refusal) -> None:
        """Let the instance that was asked about go on; a task that is through is stored."""
        self._send(self._jobs.pop(question.id), reply)

    def _begin(self, task: StoredTask) -> None:
        for position, one in enumerate(self._tasks[task.id][1]):
            state: RefinementState = {
                "instruction": task.instruction, "input": one.input, "is_classification": task.is_classification,
                "output": one.output, "votes": self._votes.get((task.id, position), []),
            }  # fmt: skip
            self._send(_Job(task.id, position, self._refiner.refine(state)), None)

    def _send(self, job: _Job, reply: Reply | Refusal | None) -> None:
        try:
            ask = next(job.talk) if reply is None else job.talk.send(reply)
        except StopIteration as end:
            self._finish(job, end.value)
            return
        request = job.request(ask)
        prompt = ask.prompt.format_prompt(**ask.variables)
        parameters, model = self._plan.parameters(ask.stage), self._plan.choice(ask.stage).model
        self._jobs[request] = job
        self._questions.append(Question(request, prompt, parameters, model))

    def _finish(self, job: _Job, state: RefinementState) -> None:
        results = self._results.setdefault(job.task, {})
        results[job.position] = state
        self.done += 1
        task, instances = self._tasks[job.task]
        if len(results) == len(instances):
            self._store(task, [results[position] for position in range(len(instances))])
            del self._results[job.task]

    def _store(self, task: StoredTask, states: list[RefinementState]) -> None:
        """Store a task with the outputs that stand, what was said of them, and what was tried."""
        with self._ledger.transaction():
            self._ledger.add_task(task)
            self._ledger.add_instances(task.id, [Instance(state["input"], state["output"]) for state in states])
            for position, state in enumerate(states):
                self._ledger.add_verdicts(task.id, _verdicts(position, state))


def _verdicts(position: int, state: RefinementState) -> Iterator[Verdict]:
    if flags := [Flag(rule, words) for rule, words in state.get("flags", {}).items()]:
        yield flags_verdict(position, flags)
    for vote, said in enumerate(state.get("votes", ()), start=1):
        yield Verdict(JUDGING, position, said, vote)
    for number, step in enumerate(state.get("steps", ()), start=1):
        yield revision_verdict(position, number, Revision.from_dict(step))
