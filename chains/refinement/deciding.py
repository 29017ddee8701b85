"""Which of two outputs stays: by the rules, the verifiers, else a judge that was asked in both orders."""

from __future__ import annotations

from dataclasses import dataclass, replace

from self_instruct.chains.stages.instances import InstanceStage
from self_instruct.chains.stages.stage import Step
from self_instruct.ledger import RequestId
from self_instruct.prompts.reading.class_labels import comparable
from self_instruct.records.judgements import Comparison, Preference, Winner
from self_instruct.records.revisions import Result
from self_instruct.records.tasks import Instance, StageName, Task, flags_in


@dataclass(frozen=True, slots=True)
class Pair:
    """The output of a task's one instance, and what was written to replace it."""

    task: Task
    old: str
    new: str

    def with_output(self, output: str) -> Task:
        """Return the task with one of them as its output."""
        return replace(self.task, instances=(Instance(self.task.instances[0].input, output),))


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided of a new output, by whom, and why."""

    result: Result
    by: str
    why: str = ""


def decide_without_judge(pair: Pair, rules: InstanceStage) -> Decided | None:
    """Return what needs no judge; None where both are fit, different, and none has all of the other's flags and more."""
    if _are_same(pair):
        return Decided(Result.TIE, "rules", "the same output")
    new = _screened(pair.with_output(pair.new), rules)
    if new.rejections:
        return Decided(Result.UNUSABLE, "rules", new.rejections[0].reason)
    ours, theirs = (frozenset(flags_of(pair.with_output(one), rules)) for one in (pair.new, pair.old))
    if ours < theirs:
        return Decided(Result.WIN, "verifiers", f"without {_words(theirs - ours)}")
    if theirs < ours:
        return Decided(Result.LOSS, "verifiers", f"has {_words(ours - theirs)}")
    return None


def flags_of(task: Task, rules: InstanceStage) -> dict[str, str]:
    """Return the flags of a task's one instance with their evidence; a rule that would refuse it is one of them."""
    said = _screened(task, rules)
    refused = {one.reason.replace(" ", "_"): str(one.evidence.get("because", "")) for one in said.rejections}
    return refused | {flag.rule: flag.evidence for verdict in said.verdicts for flag in flags_in(verdict)}


def decided_by_judge(said: Comparison) -> Decided:
    """Return what a comparison in both orders decides, in which the old output stands first."""
    results = {Winner.SECOND: Result.WIN, Winner.FIRST: Result.LOSS, Winner.TIE: Result.TIE, None: Result.UNREAD}
    first = next((each.reason for each in (said.straight, said.swapped) if isinstance(each, Preference)), "")
    return Decided(results[said.winner], "judge", first)


def _screened(task: Task, rules: InstanceStage) -> Step:
    return rules.conclude(task, list(task.instances), RequestId(StageName.INSTANCES, 0))


def _are_same(pair: Pair) -> bool:
    if pair.task.is_classification:
        return comparable(pair.old) == comparable(pair.new)
    return pair.old.strip() == pair.new.strip()


def _words(rules: frozenset[str]) -> str:
    return " and ".join(rule.replace("_", " ") for rule in sorted(rules))
