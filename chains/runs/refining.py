"""What `improve` does to each task of a run: its instruction, then each instance; it is stored once it is through.

What becomes of a task depends on it and on its own replies, and on which instructions were offered for the tasks before it in
the pool (`offers`): the order in which replies come changes nothing.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from self_instruct.chains.models.question import Question
from self_instruct.chains.refinement.asking import Ask
from self_instruct.chains.refinement.refiner import RefinementState, Refiner
from self_instruct.chains.refinement.rewriting import Offer, Offering, Rewriter, is_rewritten
from self_instruct.chains.runs.improvement_plan import ImprovementPlan, Source
from self_instruct.chains.runs.offers import OffersInOrder, offered_before
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.unread_share import UnreadShare
from self_instruct.ledger import Ledger, RequestId, StoredTask, TaskId
from self_instruct.records.judgements import JUDGING
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.revisions import Revision, revision_verdict
from self_instruct.records.tasks import Flag, Instance, Verdict, flags_verdict
from self_instruct.retrievers import Neighbour

A_VERSION = 100
"""The attempts of what is asked about one output begin at a multiple of this: what is known beforehand shifts no other."""
Votes: TypeAlias = Mapping[tuple[TaskId, int], list[dict[str, Any]]]
"""What a judge has said of instances, by task and position, as verdicts have it."""
NO_VOTES: Votes = {}


@dataclass(slots=True)
class _Job:
    """A conversation about an instance, and how many questions were asked about it, by whom; `on_end` takes what came of it."""

    task: TaskId
    position: int
    talk: Offering[Any]
    on_end: Callable[[_Job, Any], None]
    asked: Counter[tuple[str, int]] = field(default_factory=Counter)
    has_offered: bool = False

    def request(self, ask: Ask) -> RequestId:
        """Return the identity of its next question: the attempts of a stage number all that is asked about the instance."""
        self.asked[ask.stage, ask.version] += 1
        attempt = ask.version * A_VERSION + self.asked[ask.stage, ask.version]
        return RequestId(ask.stage, self.task.request, self.task.item, attempt, self.position)


@dataclass(slots=True)
class _Task:
    """A task under way: what it is by now, how many instances it has, and those that are through, by position."""

    stored: StoredTask
    count: int
    through: dict[int, RefinementState] = field(default_factory=dict)


class Improving:
    """The refinement of all tasks of a run: gives the questions that may be asked now, and takes the answers (`Work`)."""

    def __init__(self, ledger: Ledger, plan: ImprovementPlan, tasks: Source, votes: Votes = NO_VOTES) -> None:
        prompts = replace(plan.run, settings=plan.settings).prompts()
        self._ledger = ledger
        self._plan = plan
        self._unread = UnreadShare(plan.settings.judging, (verdict for _, verdict in ledger.verdicts()))
        self._refiner = Refiner(plan.settings, prompts, plan.rules, self._unread.add)
        self._rewriter = Rewriter(plan.settings, prompts, self._refiner) if plan.rules.rewrite else None
        self._votes = votes
        there = {kept.id for kept in ledger.tasks()}
        self._tasks = {task.id: (task, instances) for task, instances in tasks}
        self._waiting = iter([task for task, _ in tasks if task.id not in there])
        self._questions: deque[Question] = deque()
        self._jobs: dict[RequestId, _Job] = {}
        self._under_way: dict[TaskId, _Task] = {}
        self._offering: dict[TaskId, _Job] = {}
        self._offers = self._known_offers(tasks)
        self.total = sum(len(instances) for _, instances in tasks)
        self.done = sum(len(instances) for task, instances in tasks if task.id in there)

    def _known_offers(self, tasks: Source) -> OffersInOrder:
        pool = [(task.id, task.instruction) for task, _ in tasks]
        seeds = [seed.instruction for seed in self._plan.run.seeds]
        return OffersInOrder(seeds, pool if self._rewriter else (), self._plan.settings.novelty, offered_before(self._ledger))

    def __iter__(self) -> Iterator[Question]:
        return self

    def __next__(self) -> Question:
        """Return the next question: of a task under way, else of the next task."""
        while not self._questions:
            self._begin(next(self._waiting))
        return self._questions.popleft()

    def take(self, question: Question, reply: Reply | Refusal) -> None:
        """Let the instance that was asked about go on; a task that is through is stored."""
        self._send(self._jobs.pop(question.id), reply)

    @property
    def trouble(self) -> Outcome | None:
        """That the judge's verdicts cannot be read, where too many cannot."""
        return Outcome(Ending.UNREAD, self._unread.sentence()) if self._unread.is_too_large else None

    def _send(self, job: _Job, answer: Reply | Refusal | Neighbour | None) -> None:
        """Let a job go on: to its next question or offer, or to its end."""
        try:
            asked = job.talk.send(answer)
        except StopIteration as end:
            job.on_end(job, end.value)
            return
        if isinstance(asked, Offer):
            job.has_offered = True
            self._offering[job.task] = job
            self._offered(job.task, asked.instruction)
            return
        request = job.request(asked)
        prompt = asked.prompt.format_prompt(**asked.variables)
        parameters = self._plan.parameters(asked.stage) if asked.parameters is None else asked.parameters
        self._jobs[request] = job
        question = Question(request, prompt, parameters, self._plan.choice(asked.stage).model)
        self._questions.append(self._plan.run.with_image(question))

    # the instruction, and which of those that are offered are novel

    def _begin(self, task: StoredTask) -> None:
        instances = self._tasks[task.id][1]
        states = [self._state(task, position, one) for position, one in enumerate(instances)]
        self._under_way[task.id] = _Task(task, len(states))
        if self._rewriter is None:
            self._refine(task.id, states)
            return

        def on_end(job: _Job, found: RefinementState) -> None:
            self._rewritten(job, found, states)

        self._send(_Job(task.id, 0, self._rewriter.rewrite(states[0]), on_end), None)

    def _state(self, task: StoredTask, position: int, one: Instance) -> RefinementState:
        return {
            "instruction": task.instruction, "input": one.input, "is_classification": task.is_classification,
            "output": one.output, "votes": self._votes.get((task.id, position), []),
        }  # fmt: skip

    def _offered(self, task: TaskId, instruction: str | None) -> None:
        """Note what a task offers, None for nothing, and let those go on of which it can now be said whether they are novel."""
        for each, nearest in self._offers.say(task, instruction):
            self._send(self._offering.pop(each), nearest)

    def _rewritten(self, job: _Job, found: RefinementState, states: list[RefinementState]) -> None:
        others, under_way = states[1:], self._under_way[job.task]
        if is_rewritten(found):
            instruction, kind = found["instruction"], found.get("is_classification")
            under_way.stored = replace(under_way.stored, instruction=instruction, is_classification=kind)
            others = [_new_state(under_way.stored, one) for one in found["others"]]
            under_way.count = 1 + len(others)
        self._refine(job.task, [found, *others], job.asked)
        if not job.has_offered:
            self._offered(job.task, None)

    # the instances

    def _refine(self, task: TaskId, states: Sequence[RefinementState], asked: Counter[tuple[str, int]] | None = None) -> None:
        """Refine each instance; of the first one, questions were `asked` before."""
        for position, state in enumerate(states):
            counted = asked if asked and not position else Counter[tuple[str, int]]()
            self._send(_Job(task, position, self._refiner.refine(state), self._through, counted), None)

    def _through(self, job: _Job, state: RefinementState) -> None:
        task = self._under_way[job.task]
        task.through[job.position] = state
        if len(task.through) == task.count:
            self._store(self._under_way.pop(job.task))
            self.done += len(self._tasks[job.task][1])

    def _store(self, task: _Task) -> None:
        """Store a task with the instruction and the outputs that stand, what was said of them, and what was tried."""
        states = [task.through[position] for position in range(task.count)]
        with self._ledger.transaction():
            self._ledger.add_task(task.stored)
            self._ledger.add_instances(task.stored.id, [Instance(state["input"], state["output"]) for state in states])
            for position, state in enumerate(states):
                self._ledger.add_verdicts(task.stored.id, _verdicts(position, state))


def _new_state(task: StoredTask, one: Mapping[str, str]) -> RefinementState:
    """Return where a further instance of an instruction begins that was written again: its output is the writer's own."""
    return {
        "instruction": task.instruction, "input": one["input"], "is_classification": task.is_classification,
        "output": one["output"], "is_written": True, "version": 1,
    }  # fmt: skip


def _verdicts(position: int, state: RefinementState) -> Iterator[Verdict]:
    if flags := [Flag(rule, words) for rule, words in state.get("flags", {}).items()]:
        yield flags_verdict(position, flags)
    for vote, said in enumerate(state.get("votes", ()), start=1):
        yield Verdict(JUDGING, position, said, vote)
    for number, step in enumerate(state.get("steps", ()), start=1):
        yield revision_verdict(position, number, Revision.from_dict(step))
