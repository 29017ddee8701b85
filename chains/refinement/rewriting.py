"""An instruction written again where a fault is found in it: with an instance of its own, and only where it wins.

Before the outputs of a task are refined: what is written for a poor instruction is lost. The fault is what the judge says of
the task (not valid, unclear, too simple), what a verifier flags (it speaks of an input that is not there), or what the critic
of a poor instance names (two things asked at once, among others). The new instruction passes the rules and the novelty
index as any candidate does, is given instances by the stage that gives them to any task, and is compared with the old task in
both orders. Source of the rules and of the stage: Wang et al. 2023, arXiv:2212.10560, section 2.2; the rest is ours.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias, TypeVar

from self_instruct.chains.refinement.asking import COMPARING_TASKS, Ask, Talk, compared_in_both_orders, written
from self_instruct.chains.refinement.deciding import Decided, decided_by_judge
from self_instruct.chains.refinement.refiner import JUDGE, VERIFY, RefinementState, Refiner
from self_instruct.chains.stages.instances import InstanceStage
from self_instruct.chains.stages.instructions import InstructionStage
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.proposal_parser import TaskParser
from self_instruct.records.judgements import Answer, Concern, Criterion, Vote, judgement, vote_of
from self_instruct.records.revisions import Critique, Operator, Part, Result, Revision
from self_instruct.records.tasks import Candidate, Instance, Reason, Rejection, StageName, Task, Verdict, flags_in
from self_instruct.retrievers import Neighbour
from self_instruct.settings.settings import Settings

NOT_VALID, MISSING_INPUT, CRITICISED = "not valid", "missing input", "criticised"
REWRITTEN_FOR = (Concern.UNCLEAR, Concern.TOO_SIMPLE)
"""The judge's concerns that another wording may meet; a harmful task is no better for it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Asks whoever keeps the pool for the instruction there that this one is too similar to; None where there is none."""

    instruction: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with an instruction: by names that the prompt words, and as it was said of this one."""

    names: tuple[str, ...]
    said: str = ""
    change: str = ""


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What became of a task: its first instance with what was said of it, what was tried, and the instances if that won."""

    state: RefinementState
    revision: Revision | None = None
    task: Task | None = None


T = TypeVar("T")
Offering: TypeAlias = Generator[Ask | Offer, Any, T]
"""A conversation with offers: questions are answered by a reply or a refusal, an offer by a `Neighbour` or None."""


class Rewriter:
    """Writes instructions again, for some settings and prompts."""

    def __init__(self, settings: Settings, prompts: PromptSet, refiner: Refiner) -> None:
        self._prompts = prompts
        self._refiner = refiner
        self._compared = (prompts.compare_tasks, prompts.compare_tasks_again)[: settings.judging.attempts]
        self._instructions = InstructionStage(settings, prompts)
        self._instances = InstanceStage(settings, prompts)

    def rewrite(self, state: RefinementState) -> Offering[Rewritten]:
        """Look at a task by its first instance, and write its instruction again where that is at fault."""
        for name in (VERIFY, JUDGE):
            state = {**state, **(yield from self._refiner.steps[name](state))}
        fault = fault_of(state)
        if fault is None and self._refiner.is_wanting(state):
            found = yield from self._refiner.critique(state)
            if isinstance(found, Critique):
                state = {**state, "critique": found.to_dict()}
                fault = Fault((CRITICISED,), found.fault, found.change) if found.where is Part.TASK else None
        if fault is None:
            return Rewritten(state)
        instruction, task, decided = yield from self._tried(state, fault)
        revision = _revision(state, fault, decided, instruction, task)
        return Rewritten(state, revision, task if revision.is_kept else None)

    def _tried(self, state: RefinementState, fault: Fault) -> Offering[tuple[str, Task | None, Decided]]:
        """Write an instruction, have it looked at, given instances and compared; return it, its task and what was decided."""
        instruction = yield from written(Operator.REWRITE, self._prompts.rewrite, _told(state, fault), TaskParser())
        if isinstance(instruction, Reason):
            return "", None, Decided(Result.UNUSABLE, "rules", instruction.value)
        if refused := self._refused(instruction, state):
            return instruction, None, refused
        nearest: Neighbour | None = yield Offer(instruction)
        if nearest is not None:
            why = f"{nearest.score:.2f} similar to: {nearest.text}"
            return instruction, None, Decided(Result.UNUSABLE, "novelty", why)
        task = yield from self._with_instances(Task(instruction, state.get("is_classification")))
        if not task.instances:
            why = task.rejections[0].reason if task.rejections else Reason.EMPTY
            return instruction, None, Decided(Result.UNUSABLE, "instances", why)
        return instruction, task, (yield from self._preferred(state, task))

    def _refused(self, instruction: str, state: RefinementState) -> Decided | None:
        """Return why the rules refuse an instruction; None where they let it pass."""
        if instruction.casefold() == state["instruction"].casefold():
            return Decided(Result.TIE, "rules", "the same instruction")
        (read,) = self._instructions.screened([Candidate(0, instruction)], ())
        if not isinstance(read, Rejection):
            return None
        evidence = ", ".join(f"{name} {value}" for name, value in read.evidence.items())
        return Decided(Result.UNUSABLE, "rules", f"{read.reason}: {evidence}" if evidence else read.reason)

    def _with_instances(self, task: Task) -> Talk[Task]:
        """Return a task with the instances that its model gives it and the rules let pass, and with their flags."""
        stage, request, wrong = self._instances, RequestId(StageName.INSTANCES, 0), None
        while True:
            variables = stage.variables(task, request) | ({"wrong": wrong} if wrong else {})
            prompt, parameters = stage.prompt(task, request.attempt), stage.parameters(task)
            reply = yield Ask(stage.name, prompt, variables, parameters=parameters)
            step = stage.decide(request, task, reply)
            if step.again is None:
                return replace(task, instances=step.instances, rejections=step.rejections, verdicts=step.verdicts)
            request, wrong = step.again, step.wrong

    def _preferred(self, state: RefinementState, task: Task) -> Talk[Decided]:
        """Decide between the old task and the new one by their first instances: by flags that are new, else ask."""
        flags = {flag.rule for verdict in task.verdicts if verdict.instance == 0 for flag in flags_in(verdict)}
        old_flags = set(state.get("flags", ()))
        if old_flags < flags:
            return Decided(Result.LOSS, "verifiers", f"has {', '.join(sorted(flags - old_flags))}".replace("_", " "))
        old = {name: state.get(name, "") for name in ("instruction", "input", "output")}
        new = {"instruction": task.instruction, **task.instances[0].to_dict()}
        said = yield from compared_in_both_orders(COMPARING_TASKS, self._compared, old, new, {})
        return decided_by_judge(said)


def fault_of(state: RefinementState) -> Fault | None:
    """Return the fault that judge and verifiers find in a task, by what they said of an instance of it; None for none."""
    votes = [Verdict("", 0, vote) for vote in state.get("votes", ())]
    said = judgement(map(vote_of, votes))
    names = [concern.value for concern in REWRITTEN_FOR if concern in (said.concerns or ())]
    names += [NOT_VALID] if said.answer(Criterion.VALID) is Answer.NO else []
    names += [MISSING_INPUT] if "missing_input" in state.get("flags", ()) else []
    if not names:
        return None
    return Fault(tuple(names), next((vote.reason for vote in said.votes if _finds(vote, names)), ""))


def _finds(vote: Vote, names: list[str]) -> bool:
    return vote.valid is Answer.NO or any(concern in names for concern in vote.concerns or ())


def _told(state: RefinementState, fault: Fault) -> Mapping[str, Any]:
    return {
        "instruction": state["instruction"], "input": state.get("input", ""),
        "is_classification": state.get("is_classification"), "faults": list(fault.names), "fault": fault.said,
        "change": fault.change,
    }  # fmt: skip


def _revision(state: RefinementState, fault: Fault, decided: Decided, instruction: str, task: Task | None) -> Revision:
    """Return what was tried, with the instance of the task that does not stand."""
    score = judgement(vote_of(Verdict("", 0, vote)) for vote in state.get("votes", ())).score
    old, new = Instance(state.get("input", ""), state["output"]), task.instances[0] if task else Instance("", "")
    other = old if decided.result is Result.WIN else new
    named = ", ".join(name for name in fault.names if name != CRITICISED)
    words = ": ".join(filter(None, (named, fault.said)))
    return Revision(
        Operator.REWRITE, decided.result, state["instruction"], instruction, decided.by, decided.why, words, fault.change,
        tuple(state.get("flags", ())), score, other.input, other.output,
    )  # fmt: skip
