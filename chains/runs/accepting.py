"""Which tasks of a run are accepted: a rule over flags, verdicts and scores, in the run's settings.

Between the ledger, which keeps every vote, and whoever counts or chooses. Nothing of it is stored: the verdicts are, so that
another rule over the same votes costs nothing. An instance is accepted where it has none of the refused flags and the judge, if
the run has one, answered yes to each required question, gave the score and has no refused concern; a task where one of its
instances is. A run that neither judges nor counts accepted tasks accepts all.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Self

from self_instruct.ledger import Ledger, StoredTask, TaskId, tasks_with_instances
from self_instruct.records.judgements import JUDGING, Answer, Criterion, Judgement, judgement, vote_of
from self_instruct.records.tasks import Verdict, flags_in
from self_instruct.settings.settings import Settings

NOT_JUDGED = "not judged"
UNREAD_VERDICT = "verdict unread"
NO_INSTANCE = "no instance"
JUDGES = "judges"
"""The fact that holds each judge of a run by its name, once `judge` was asked: model, parameters, hash of the prompts."""
ASSUMED_SHARE = 0.54
"""Of the tasks that are accepted, until there is experience: the paper's share of instances right in all three respects."""


class AcceptRule:
    """The rule of a run, for the verdicts of one judge."""

    def __init__(self, settings: Settings, judge: str | None = None) -> None:
        self._rules = settings.judging
        self.judge = judge or (JUDGING if settings.judges else None)
        self._is_in_force = self.judge is not None or settings.accept is not None

    @classmethod
    def of(cls, ledger: Ledger, settings: Settings) -> Self:
        """Return the rule of a run, for its own judge, or else for the first that was asked about it later."""
        judge = JUDGING if JUDGING in (ledger.fact(JUDGES) or {}) else None
        return cls(settings, judge)

    def why_not(self, verdicts: Sequence[Verdict]) -> str | None:
        """Return why an instance with these verdicts is not accepted, in a few words; None where it is."""
        flagged = next(
            (flag.rule for one in verdicts for flag in flags_in(one) if flag.rule in self._rules.refused_flags), None
        )
        if flagged and self._is_in_force:
            return f"flagged: {flagged.replace('_', ' ')}"
        if self.judge is None:
            return None
        votes = [vote_of(verdict) for verdict in verdicts if verdict.stage == self.judge]
        return self._why_not(judgement(votes)) if votes else NOT_JUDGED

    def _why_not(self, said: Judgement) -> str | None:
        if said.score is None:
            return UNREAD_VERDICT
        for criterion in map(Criterion, self._rules.required):
            if (answer := said.answer(criterion)) is not Answer.YES:
                return f"{criterion.value.replace('_', ' ')}: {answer}"
        if concern := next((one for one in said.concerns or () if one in self._rules.refused_concerns), None):
            return f"concern: {concern}"
        return None if said.score >= self._rules.min_score else f"score below {self._rules.min_score:g}"

    def why_task_not(self, instances: int, verdicts: Iterable[Verdict]) -> str | None:
        """Return why a task with so many instances is not accepted; None where one of them is accepted.

        Where its instances fail for different reasons, it is that of the first.
        """
        by_instance: dict[int, list[Verdict]] = {position: [] for position in range(instances)}
        for verdict in verdicts:
            by_instance.get(verdict.instance, []).append(verdict)
        found = [self.why_not(each) for each in by_instance.values()]
        return NO_INSTANCE if not found else None if None in found else found[0]


def why_not_accepted(ledger: Ledger, rule: AcceptRule) -> Iterator[tuple[StoredTask, str | None]]:
    """Yield each kept task, in the order of the pool, with why it is not accepted; None: it is."""
    verdicts: defaultdict[TaskId, list[Verdict]] = defaultdict(list)
    for task, verdict in ledger.verdicts():
        verdicts[task].append(verdict)
    for kept, instances in tasks_with_instances(ledger):
        yield kept, rule.why_task_not(len(instances), verdicts[kept.id])


class Acceptance:
    """How many of a run's tasks are accepted, as its tasks are finished."""

    def __init__(self, ledger: Ledger, settings: Settings) -> None:
        self._ledger = ledger
        self._rule = AcceptRule(settings)
        self.count = 0
        self.last_request = -1

    def add(self, task: TaskId) -> None:
        """Count a task that is finished."""
        instances = len(self._ledger.instances_of(task))
        if instances and self._rule.why_task_not(instances, self._ledger.verdicts_of(task)) is None:
            self.count += 1
            self.last_request = max(self.last_request, task.request)
