"""An instruction written again where a fault is found in it: with an instance of its own, and only where it wins.

Before the outputs of a task are refined: what is written for a poor instruction is lost. The fault is what the judge says of
the task (not valid, unclear, too simple), what a verifier flags (it speaks of an input that is not there), or what the critic
of a poor instance names (two things asked at once, among others). The new instruction passes the rules and the novelty
index as any candidate does, is given instances by the stage that gives them to any task, and is compared with the old task in
both orders. Source of the rules and of the stage: Wang et al. 2023, arXiv:2212.10560, section 2.2; the rest is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
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
from self_instruct.records.record import Record
from self_instruct.records.revisions import Critique, Operator, Part, Result, Revision
from self_instruct.records.tasks import Candidate, Reason, Rejection, StageName, Task, Verdict, flags_in
from self_instruct.retrievers import Neighbour
from self_instruct.settings.settings import Settings

DIAGNOSE, REWRITE, WRITE_INSTANCES, COMPARE_TASKS = "diagnose", "rewrite", "write_instances", "compare_tasks"
NOT_VALID, MISSING_INPUT, CRITICISED = "not valid", "missing input", "criticised"
EMPTY: Mapping[str, Any] = {}
REWRITTEN_FOR = (Concern.UNCLEAR, Concern.TOO_SIMPLE)
"""The judge's concerns that another wording may meet; a harmful task is no better for it."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Asks whoever keeps the pool for the instruction there that this one is too similar to; None where there is none."""

    instruction: str


@dataclass(frozen=True, slots=True)
class Fault(Record):
    """What is wrong with an instruction: by names that the prompt words, and as it was said of this one."""

    names: tuple[str, ...]
    said: str = ""
    change: str = ""


T = TypeVar("T")
Offering: TypeAlias = Generator[Ask | Offer, Any, T]
"""A conversation with offers: questions are answered by a reply or a refusal, an offer by a `Neighbour` or None."""


class Rewriter:
    """Writes instructions again, for some settings and prompts: the steps that follow `VERIFY` and `JUDGE` of the `refiner`."""

    def __init__(self, settings: Settings, prompts: PromptSet, refiner: Refiner) -> None:
        self._prompts = prompts
        self._refiner = refiner
        self._compared = (prompts.compare_tasks, prompts.compare_tasks_again)[: settings.judging.attempts]
        self._instructions = InstructionStage(settings, prompts)
        self._instances = InstanceStage(settings, prompts)
        self.steps: Mapping[str, Callable[[RefinementState], Offering[RefinementState]]] = {
            DIAGNOSE: self._diagnose, REWRITE: self._rewrite, WRITE_INSTANCES: self._write_instances,
            COMPARE_TASKS: self._compare,
        }  # fmt: skip

    def rewrite(self, state: RefinementState) -> Offering[RefinementState]:
        """Look at a task by its first instance, and write its instruction again where that is at fault: all steps as one."""
        for name in (VERIFY, JUDGE):
            state = {**state, **(yield from self._refiner.steps[name](state))}
        name = DIAGNOSE
        while name in self.steps:
            state = {**state, **(yield from self.steps[name](state))}
            name = self.after(name, state)
        return state

    def after(self, name: str, state: RefinementState) -> str:
        """Return the step that follows: one of these, or where the output of the task that stands goes on."""
        if name == DIAGNOSE and state.get("fault"):
            return REWRITE
        if name in (REWRITE, WRITE_INSTANCES) and state.get("task"):
            return WRITE_INSTANCES if name == REWRITE else COMPARE_TASKS
        return VERIFY if is_rewritten(state) else self._refiner.after(JUDGE, state)

    # the steps

    def _diagnose(self, state: RefinementState) -> Offering[RefinementState]:
        """Say what is wrong with the instruction, if anything is: as judge and verifiers have it, or the critic."""
        if fault := fault_of(state):
            return {"fault": fault.to_dict()}
        if not self._refiner.is_wanting(state):
            return {"fault": None}
        found = yield from self._refiner.critique(state)
        if not isinstance(found, Critique):
            return {"fault": None}
        fault = Fault((CRITICISED,), found.fault, found.change) if found.where is Part.TASK else None
        return {"critique": found.to_dict(), "fault": fault.to_dict() if fault else None}

    def _rewrite(self, state: RefinementState) -> Offering[RefinementState]:
        """Write an instruction, which must pass the rules and be novel."""
        prompt, told = self._prompts.rewrite, _told(state, _fault(state))
        instruction = yield from written(Operator.REWRITE, prompt, told, TaskParser())
        if isinstance(instruction, Reason):
            return _over(state, Decided(Result.UNUSABLE, "rules", instruction.value))
        if refused := self._refused(instruction, state):
            return _over(state, refused, instruction)
        nearest: Neighbour | None = yield Offer(instruction)
        if nearest is not None:
            why = f"{nearest.score:.2f} similar to: {nearest.text}"
            return _over(state, Decided(Result.UNUSABLE, "novelty", why), instruction)
        return {"task": {"instruction": instruction}}

    def _write_instances(self, state: RefinementState) -> Offering[RefinementState]:
        """Give the new instruction instances."""
        instruction = _new(state)["instruction"]
        task = yield from self._with_instances(Task(instruction, state.get("is_classification")))
        if not task.instances:
            why = task.rejections[0].reason if task.rejections else Reason.EMPTY
            return _over(state, Decided(Result.UNUSABLE, "instances", why), instruction)
        flags = {flag.rule for verdict in task.verdicts if verdict.instance == 0 for flag in flags_in(verdict)}
        instances = [{"input": one.input, "output": one.output} for one in task.instances]
        known = {"instruction": instruction, "is_classification": task.is_classification}
        return {"task": {**known, "instances": instances, "flags": sorted(flags)}}

    def _compare(self, state: RefinementState) -> Offering[RefinementState]:
        """Decide between the old task and the new one; of an output that goes with the old one, what was said goes too."""
        new = _new(state)
        (first, *others) = new["instances"]
        decided = yield from self._decided(state, {"instruction": new["instruction"], **first}, set(new["flags"]))
        changed = _over(state, decided, new["instruction"], first)
        if decided.result is not Result.WIN:
            return changed
        fresh: RefinementState = {"flags": {}, "votes": [], "critique": None, "is_written": True}
        known: RefinementState = {"instruction": new["instruction"], "is_classification": new["is_classification"]}
        return {**changed, **fresh, **known, **first, "others": others}

    # what the steps are made of

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
        """Return a task with the instances that its model gives it and the rules let pass, their flags, and its kind."""
        stage, request, wrong = self._instances, RequestId(StageName.INSTANCES, 0), None
        while True:
            variables = stage.variables(task, request) | ({"wrong": wrong} if wrong else {})
            prompt, parameters = stage.prompt(task, request.attempt), stage.parameters(task)
            reply = yield Ask(stage.name, prompt, variables, parameters=parameters)
            step = stage.decide(request, task, reply)
            if step.is_classification is not None:  # its labels have shown that it is of another kind
                task = replace(task, is_classification=step.is_classification)
            if step.again is None:
                return replace(task, instances=step.instances, rejections=step.rejections, verdicts=step.verdicts)
            request, wrong = step.again, step.wrong

    def _decided(self, state: RefinementState, new: Mapping[str, str], flags: set[str]) -> Talk[Decided]:
        """Decide between the old task and the new one by their first instances: by flags that are new, else ask."""
        old_flags = set(state.get("flags", ()))
        if old_flags < flags:
            return Decided(Result.LOSS, "verifiers", f"has {', '.join(sorted(flags - old_flags))}".replace("_", " "))
        old = {name: state.get(name, "") for name in ("instruction", "input", "output")}
        said = yield from compared_in_both_orders(COMPARING_TASKS, self._compared, old, new, {})
        return decided_by_judge(said)


def is_rewritten(state: RefinementState) -> bool:
    """Return whether the instruction of a task has been written again, and the new one stands."""
    tried = (step["result"] for step in state.get("steps", ()) if step["operator"] == Operator.REWRITE)
    return Result.WIN in tried


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


def _fault(state: RefinementState) -> Fault:
    return Fault.from_dict(state.get("fault") or {"names": ()})


def _new(state: RefinementState) -> Mapping[str, Any]:
    return state.get("task") or {}


def _over(state: RefinementState, decided: Decided, instruction: str = "", first: Mapping[str, Any] = EMPTY) -> RefinementState:
    """Return a task that is compared, or will not be: with what was tried, and the instance that does not stand."""
    fault = _fault(state)
    score = judgement(vote_of(Verdict("", 0, vote)) for vote in state.get("votes", ())).score
    other: Mapping[str, Any] = state if decided.result is Result.WIN else first
    named = ", ".join(name for name in fault.names if name != CRITICISED)
    words = ": ".join(filter(None, (named, fault.said)))
    tried = Revision(
        Operator.REWRITE, decided.result, state["instruction"], instruction, decided.by, decided.why, words, fault.change,
        tuple(state.get("flags", ())), score, other.get("input", ""), other.get("output", ""),
    )  # fmt: skip
    return {"task": None, "steps": [*state.get("steps", []), tried.to_dict()]}
