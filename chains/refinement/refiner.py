"""The steps that make an instance better, and which follows which: of a LangGraph graph, and of `improve` over a ledger.

    write -> verify -> judge -> done, where nothing is wrong | critique -> revise -> compare -> verify, or the next round

A step is a generator: it yields what it asks, is sent the reply, and returns what it changes in the state. So whoever runs it
says how a model is asked: the graph calls one, `improve` looks into its ledger first. The state of one instance is plain JSON.
Sources: outputs written again by a better model, Wang et al. 2023, arXiv:2212.10560, figure 7; critique and revision, Madaan et
al. 2023, arXiv:2303.17651. That nothing replaces anything before it wins in both orders is ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from typing_extensions import TypedDict  # pydantic reads no other before Python 3.12

from self_instruct.chains.refinement.asking import (
    COMPARING,
    CRITICISING,
    SCORING,
    Ask,
    Talk,
    asked_twice,
    compared_in_both_orders,
    written,
)
from self_instruct.chains.refinement.deciding import Decided, Pair, decide_without_judge, decided_by_judge, flags_of
from self_instruct.chains.stages.instances import InstanceStage
from self_instruct.chains.stages.judging import JudgingStage
from self_instruct.chains.stages.task_kinds import task_kind
from self_instruct.ledger import RequestId
from self_instruct.prompts.prompt_set import PromptSet
from self_instruct.prompts.reading.critique_parser import CritiqueParser
from self_instruct.prompts.stage_prompt import Prompt
from self_instruct.records.errors import SettingsError
from self_instruct.records.judgements import Answer, Criterion, Unread, judgement, vote_of
from self_instruct.records.revisions import NOBODY, Critique, Operator, Part, Result, Revision
from self_instruct.records.tasks import Instance, Reason, Task, Verdict
from self_instruct.settings.settings import Settings

WRITE, VERIFY, JUDGE, CRITIQUE, REVISE, COMPARE, DONE = (
    "write", "verify", "judge", "critique", "revise", "compare", "done",
)  # fmt: skip


class RefinementState(TypedDict, total=False):
    """One instance on its way, in plain values: what a checkpoint keeps.

    `instruction`, `input` ("" for none) and `is_classification` (None: not known) say the task; `output` stands, `candidate`
    was written to replace it, by `operator`, or `why` says why not. `flags`, `votes` and `critique` were said of `output`, as a
    ledger keeps them. `rounds` of critique are over; `is_written`: the output was written here. `steps` are the revisions;
    `version` counts the outputs that were replaced before those. Where instructions are written again, `fault` is what is wrong
    with this one, None for nothing; `task` was written to replace it, with its `instances` and the `flags` of the first, and
    `others` are the further instances of one that did.
    """

    instruction: str
    input: str
    is_classification: bool | None
    output: str
    candidate: str
    operator: str
    why: str
    flags: dict[str, str]
    votes: list[dict[str, Any]]
    critique: dict[str, str] | None
    rounds: int
    is_written: bool
    version: int
    steps: list[dict[str, Any]]
    fault: dict[str, Any] | None
    task: dict[str, Any] | None
    others: list[dict[str, str]]


Step: TypeAlias = Talk[RefinementState]
"""A step under way; it returns what it changes in the state."""


@dataclass(frozen=True, slots=True)
class RefinementRules:
    """What is done: each output written again, so many rounds of critique and revision, faulty instructions written again.

    Where no judge `compares`, a new output stands unless the rules or the verifiers are against it. Raises `SettingsError` for
    a negative number of rounds.
    """

    regenerate: bool = True
    rounds: int = 1
    rewrite: bool = False
    compares: bool = True

    def __post_init__(self) -> None:
        if self.rounds < 0:
            raise SettingsError(f"rounds is {self.rounds}; it is a number of critiques, 0 or more.")


class Refiner:
    """The steps, for some settings and prompts.

    An output is let be where no verifier flags it and the judge answers yes to what `judging.required` names and gives
    `judging.min_score`; or where no verdict could be read, since nothing then says that it is bad.
    """

    def __init__(
        self,
        settings: Settings,
        prompts: PromptSet,
        rules: RefinementRules,
        on_verdicts: Callable[[Sequence[Verdict]], None] = lambda _: None,
    ) -> None:
        self.rules = rules
        self._on_verdicts = on_verdicts
        self._prompts = prompts
        self._judging = settings.judging
        self._judge = JudgingStage(settings, prompts)
        self._instances = InstanceStage(settings, prompts)
        self.steps: Mapping[str, Callable[[RefinementState], Step]] = {
            WRITE: self._write, VERIFY: self._verify, JUDGE: self._ask_judge, CRITIQUE: self._criticise, REVISE: self._revise,
            COMPARE: self._compare,
        }  # fmt: skip

    def refine(self, state: RefinementState) -> Step:
        """Return all steps of an instance as one."""
        name = first(state)
        while name != DONE:
            state = {**state, **(yield from self.steps[name](state))}
            name = self.after(name, state)
        return state

    # which follows which

    def after(self, name: str, state: RefinementState) -> str:
        """Return the step that follows, or `DONE`."""
        if name == WRITE:
            return COMPARE if "candidate" in state else VERIFY if state["output"] else DONE
        if name == VERIFY:
            return JUDGE
        if name == COMPARE and state["steps"][-1]["result"] == Result.WIN:
            return VERIFY
        if name == CRITIQUE:
            return REVISE if state.get("critique") else DONE
        if name == REVISE:
            return COMPARE
        return self._next_try(state)

    def _next_try(self, state: RefinementState) -> str:
        if self.rules.regenerate and not state.get("is_written"):
            return WRITE
        if state.get("rounds", 0) >= self.rules.rounds or not self.is_wanting(state):
            return DONE
        return CRITIQUE

    def is_wanting(self, state: RefinementState) -> bool:
        """Return whether an output was flagged, or scored too low."""
        if state.get("flags"):
            return True
        said = judgement(vote_of(Verdict(SCORING, 0, vote)) for vote in state.get("votes", ()))
        if said.score is None:
            return False
        is_right = all(said.answer(Criterion(name)) is Answer.YES for name in self._judging.required)
        return not is_right or said.score < self._judging.min_score

    # the steps

    def _write(self, state: RefinementState) -> Step:
        """Write the output, again where there is one, from instruction and input alone."""
        variables = {name: state.get(name) for name in ("instruction", "input", "is_classification")}
        new = yield from self._written(Operator.REGENERATE, self._prompts.regenerate, variables)
        if "output" not in state:
            return {"output": new.get("candidate", ""), "is_written": True}
        return {**new, "is_written": True, "operator": Operator.REGENERATE.value}

    def _verify(self, state: RefinementState) -> Step:
        """Look at the output by rule."""
        yield from ()
        return {"flags": flags_of(_task(state, state["output"]), self._instances)}

    def _ask_judge(self, state: RefinementState) -> Step:
        """Ask the judge about the output, as often as it has votes; not about one of which it has been told what was said."""
        steps = state.get("steps", [])
        if not self.rules.compares:
            return {}
        if state.get("votes") and not (steps and steps[-1]["result"] == Result.WIN):
            return {}
        version = state.get("version", 0) + sum(step["result"] == Result.WIN for step in steps)
        about, request = _task(state, state["output"]), RequestId(self._judge.name, 0)
        votes: list[dict[str, Any]] = []
        wrong: str | None = None
        while True:
            variables = self._judge.variables(about, request) | ({"wrong": wrong} if wrong else {})
            reply = yield Ask(SCORING, self._judge.prompt(about, request.attempt), variables, version)
            step = self._judge.decide(request, about, reply)
            votes += [dict(verdict.answers) for verdict in step.verdicts]
            self._on_verdicts(step.verdicts)
            if step.again is None:
                return {"votes": votes}
            request, wrong = step.again, step.wrong

    def _criticise(self, state: RefinementState) -> Step:
        """Ask for the worst fault; where none is named, or it is not one of the output, nothing is written."""
        known = state.get("critique")
        found = Critique.from_dict(known) if known else (yield from self.critique(state))
        rounds = state.get("rounds", 0) + 1
        if isinstance(found, Critique) and found.where is Part.OUTPUT:
            return {"critique": found.to_dict(), "rounds": rounds}
        result = Result.ELSEWHERE if isinstance(found, Critique) and found.where is not Part.NOTHING else Result.NO_FAULT
        why = f"critique {found.why}" if isinstance(found, Unread) else found.where.value
        fault, change = (found.fault, found.change) if isinstance(found, Critique) else ("", "")
        step = self._revision(state, Operator.REVISE, Decided(result, "critic", why), "", fault, change)
        return {"critique": None, "rounds": rounds, "steps": [*state.get("steps", []), step]}

    def _revise(self, state: RefinementState) -> Step:
        """Write the output again so that the fault is gone."""
        said = state["critique"] or {}
        variables = {
            **_texts(state), "is_classification": state.get("is_classification"), "output": state["output"],
            "fault": said.get("fault", ""), "change": said.get("change", ""),
        }  # fmt: skip
        new = yield from self._written(Operator.REVISE, self._prompts.revise, variables)
        return {**new, "operator": Operator.REVISE.value}

    def _compare(self, state: RefinementState) -> Step:
        """Decide between the output and what was written to replace it: by rule, else by the judge in both orders."""
        candidate, operator = state.get("candidate", ""), Operator(state["operator"])
        decided = yield from self._decided(state, candidate)
        said = (state.get("critique") or {}) if operator is Operator.REVISE else {}
        step = self._revision(state, operator, decided, candidate, said.get("fault", ""), said.get("change", ""))
        changed: RefinementState = {"steps": [*state.get("steps", []), step]}
        if decided.result is Result.WIN:
            return {**changed, "output": candidate, "critique": None}
        return {**changed, "critique": None} if operator is Operator.REVISE else changed

    # what the steps are made of

    def critique(self, state: RefinementState) -> Talk[Critique | Unread]:
        """Ask for the worst fault of an instance."""
        flags = [{"rule": rule, "evidence": words} for rule, words in state.get("flags", {}).items()]
        variables = {**_texts(state), "output": state["output"], "kind": _kind(state), "flags": flags}
        prompts = self._attempts(self._prompts.critique, self._prompts.critique_again)
        return (yield from asked_twice(CRITICISING, prompts, variables, CritiqueParser()))  # type: ignore[no-any-return]

    def _decided(self, state: RefinementState, candidate: str) -> Talk[Decided]:
        if not candidate:
            return Decided(Result.UNUSABLE, "rules", state.get("why", Reason.EMPTY))
        pair = Pair(_task(state, state["output"]), state["output"], candidate)
        decided = decide_without_judge(pair, self._instances)
        if decided or self.rules.compares:
            return decided or (yield from self._preferred(state, candidate))
        return Decided(Result.WIN, NOBODY, "no judge was asked")

    def _preferred(self, state: RefinementState, candidate: str) -> Talk[Decided]:
        prompts = self._attempts(self._prompts.compare, self._prompts.compare_again)
        variables = {**_texts(state), "kind": _kind(state)}
        said = yield from compared_in_both_orders(COMPARING, prompts, state["output"], candidate, variables)
        return decided_by_judge(said)

    def _attempts(self, *prompts: Prompt) -> Sequence[Prompt]:
        return prompts[: self._judging.attempts]

    def _written(self, operator: Operator, prompt: Prompt, variables: Mapping[str, Any]) -> Talk[RefinementState]:
        found = yield from written(operator.value, prompt, variables)
        return {"candidate": "", "why": found.value} if isinstance(found, Reason) else {"candidate": found}

    def _revision(
        self, state: RefinementState, operator: Operator, decided: Decided, after: str, fault: str, change: str
    ) -> dict[str, Any]:
        score = judgement(vote_of(Verdict(SCORING, 0, vote)) for vote in state.get("votes", ())).score
        return Revision(
            operator, decided.result, state["output"], after, decided.by, decided.why, fault, change,
            tuple(state.get("flags", ())), score,
        ).to_dict()  # fmt: skip


def first(state: RefinementState) -> str:
    """Return the step with which an instance begins: it is written where there is no output."""
    return VERIFY if "output" in state else WRITE


def _texts(state: RefinementState) -> dict[str, str]:
    return {"instruction": state["instruction"], "input": state.get("input", "")}


def _kind(state: RefinementState) -> str:
    return task_kind(state["instruction"], state.get("is_classification")).value


def _task(state: RefinementState, output: str) -> Task:
    return Task(state["instruction"], state.get("is_classification"), (Instance(state.get("input", ""), output),))
