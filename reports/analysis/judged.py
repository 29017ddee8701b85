"""What a judge of a run says, in counts: its opinion, not the truth. Unread verdicts are counted beside the others."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from self_instruct.chains.runs.accepting import AcceptRule
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, TaskId
from self_instruct.records.judgements import JUDGING, Answer, Concern, Criterion, Judgement, judgement, vote_of
from self_instruct.records.tasks import Verdict
from self_instruct.reports.review.instances import judge_model
from self_instruct.reports.text import readable_json


@dataclass(frozen=True, slots=True)
class Judged:
    """What one judge says of the instances it was asked about.

    `answers` has for each question how many instances got which answer; an instance of which no vote could be read is among
    the `unread_instances` and in none of them. `unread_votes` are of all `votes`. `scores` are medians over votes; `accepted`
    is by the run's rule.
    """

    judge: str
    model: str
    instances: int
    votes: int
    unread_votes: int
    unread_instances: int
    answers: Mapping[str, Mapping[str, int]]
    all_right: int
    scores: Mapping[str, int]
    concerns: Mapping[str, int]
    asked_concerns: int
    accepted: int

    def to_json(self) -> str:
        """Return all of it as a JSON object, indented."""
        return readable_json({name: getattr(self, name) for name in self.__slots__})


def judged(ledger: Ledger, judge: str = JUDGING) -> Judged:
    """Return what a judge of a run says."""
    with ledger.snapshot():
        plan = RunPlan.of(ledger)
        by_instance: defaultdict[tuple[TaskId, int], list[Verdict]] = defaultdict(list)
        for task, one in ledger.verdicts():
            if one.stage == judge:
                by_instance[task, one.instance].append(one)
        model = judge_model(ledger, plan.settings, judge)
    said = [judgement(map(vote_of, each)) for each in by_instance.values()]
    rule = AcceptRule(plan.settings, judge)
    return Judged(
        judge,
        model or "",
        len(said),
        votes=sum(len(each) for each in by_instance.values()),
        unread_votes=sum(one.unread for one in said),
        unread_instances=sum(not one.is_read for one in said),
        answers={criterion.value: _answers(said, criterion) for criterion in Criterion},
        all_right=sum(one.is_all_right for one in said),
        scores={f"{score:g}": count for score, count in sorted(Counter(one.score for one in said if one.is_read).items())},
        concerns={concern.value: sum(concern in (one.concerns or ()) for one in said) for concern in Concern},
        asked_concerns=sum(one.concerns is not None for one in said),
        accepted=sum(rule.why_not(each) is None for each in by_instance.values()),
    )


def _answers(said: list[Judgement], criterion: Criterion) -> dict[str, int]:
    counts = Counter(one.answer(criterion) for one in said)
    return {answer.value: counts[answer] for answer in Answer}
