"""Every instance of a run as a reviewer needs it: what kind of task, what the judge said, which flags it has, people's marks.

Between the ledger and whoever draws a sample or states the quality. Nothing is decided here.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from self_instruct.chains.runs.accepting import JUDGES, AcceptRule
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.stages.task_kinds import TaskKind, task_kind
from self_instruct.ledger import Ledger, TaskId, tasks_with_instances
from self_instruct.records.errors import InputError
from self_instruct.records.judgements import JUDGING, Judgement, judgement, vote_of
from self_instruct.records.marks import Mark, rater_of
from self_instruct.records.tasks import Instance, Verdict, flags_in
from self_instruct.reports.dataset_tasks import task_name, with_image
from self_instruct.settings.settings import Settings

NOT_JUDGED, UNREAD = "not judged", "verdict unread"


@dataclass(frozen=True, slots=True)
class ReviewedInstance:
    """An instance of a finished task, `position` from 0. `judgement` is None where no judge was asked about it.

    `marks` has the latest of each person, by name.
    """

    task: TaskId
    position: int
    instruction: str
    instance: Instance
    kind: TaskKind
    judgement: Judgement | None = None
    flags: tuple[str, ...] = ()
    marks: Mapping[str, Mark] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its identity in the run, such as `3:17#0`."""
        return f"{task_name(self.task)}#{self.position}"

    @property
    def digest(self) -> str:
        """What tells whether a mark is about this very text."""
        texts = "\0".join((self.instruction, self.instance.input, self.instance.output))
        return blake2b(texts.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()

    @property
    def band(self) -> str:
        """The score, rounded down, that the judge gave it; or why there is none."""
        if self.judgement is None:
            return NOT_JUDGED
        return UNREAD if self.judgement.score is None else f"score {int(self.judgement.score)}"

    @property
    def stratum(self) -> str:
        """The stratum it is drawn from: kind of task, score, and whether it has a flag."""
        return f"{self.kind.value}, {self.band}, {'flagged' if self.flags else 'no flag'}"


def reviewed_instances(ledger: Ledger, plan: RunPlan, judge: str | None = None) -> list[ReviewedInstance]:
    """Return the instances of finished tasks, in the order of the pool, with what people and one of the run's judges say.

    `judge` is its name in the run; without it `main_judge`.
    """
    judge = judge or main_judge(ledger, plan.settings)
    verdicts: defaultdict[tuple[TaskId, int], list[Verdict]] = defaultdict(list)
    for task, one in ledger.verdicts():
        verdicts[task, one.instance].append(one)
    return [
        _reviewed(ReviewedInstance(kept.id, at, kept.instruction, one, kind), verdicts[kept.id, at], judge)
        for kept, bare in tasks_with_instances(ledger)
        if kept.awaits is None
        for kind in [task_kind(kept.instruction, kept.is_classification)]
        for at, one in enumerate(with_image(bare, plan.image(kept.id.request)))
    ]


def main_judge(ledger: Ledger, settings: Settings) -> str:
    """Return the name of the judge that speaks for a run: its own, or the first of those asked later that gave a verdict."""
    names: list[str] = [AcceptRule.of(ledger, settings).judge or JUDGING, *(ledger.fact(JUDGES) or {})]
    given = {one.stage for _, one in ledger.verdicts()}
    return next((name for name in names if name in given), names[0])


def judge_named(ledger: Ledger, settings: Settings, wanted: str) -> str:
    """Return the name of a run's judge that has this name, or this model; raises `InputError` where there is none."""
    known: Mapping[str, object] = ledger.fact(JUDGES) or {JUDGING: None}
    models = {name: judge_model(ledger, settings, name) for name in known}
    found = [name for name, model in models.items() if wanted in (name, model)]
    if not found:
        there = ", ".join(f"{name} ({model})" for name, model in models.items())
        raise InputError(f"`judge` {wanted}: no judge of this run; it has {there}.")
    return found[0]


def judge_model(ledger: Ledger, settings: Settings, judge: str | None = None) -> str | None:
    """Return the model of one of a run's judges, `main_judge` where none is named; None where none is known."""
    known = (ledger.fact(JUDGES) or {}).get(judge or main_judge(ledger, settings), {})
    return known.get("model") or settings.model_of(JUDGING)


def _reviewed(bare: ReviewedInstance, verdicts: list[Verdict], judge: str | None) -> ReviewedInstance:
    votes = [vote_of(one) for one in verdicts if one.stage == judge]
    flags = tuple(flag.rule for one in verdicts for flag in flags_in(one))
    in_turn = sorted(verdicts, key=lambda one: one.vote)
    marks = {rater: Mark.of(one.answers) for one in in_turn if (rater := rater_of(one.stage)) is not None}  # the latest stands
    said = judgement(votes) if votes else None
    return replace(bare, judgement=said, flags=flags, marks=marks)
