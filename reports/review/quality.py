"""The statement on a run: what share of it is right, by kind of task and score, judge against people, the best and the worst.

What the shares rest on is said in `shares`; nothing here makes an estimate of what only a judge says.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.judgements import Answer
from self_instruct.records.marks import Grade
from self_instruct.reports.review.agreement import Agreement, Rating, agreement
from self_instruct.reports.review.concerns import Concerns, GroupConcerns, concerns
from self_instruct.reports.review.figures import Figure, wilson
from self_instruct.reports.review.instances import (
    ReviewedInstance,
    judge_model,
    judge_named,
    main_judge,
    reviewed_instances,
)
from self_instruct.reports.review.shares import ALL, QUESTIONS, Share, judge_says, people_say, shares, yes_share
from self_instruct.reports.text import number, readable_json

LEAST_FOR_THRESHOLD = 20
SHOWN = 10
_POINTS = {Grade.A: 5, Grade.B: 4, Grade.C: 2, Grade.D: 0}  # a grade on the judge's scale


@dataclass(frozen=True, slots=True)
class Part:
    """Some of the instances: how many, and the share that is all right to the judge, and to people, of those they looked at."""

    name: str
    instances: int
    judged: int
    judge: Figure
    marked: int
    people: Figure


@dataclass(frozen=True, slots=True)
class Threshold:
    """The instances with at least this score: what share is all right to people, and what share of those that are they are."""

    score: float
    precision: Figure
    recall: Figure


@dataclass(frozen=True, slots=True)
class Quality:
    """The statement on a run's `instances`: `judged` have a verdict that can be read, `marked` are those that people marked.

    `judge` is the judge's model, where one is known.
    `agreement` has judge against people by question, `among_people` the raters against each other by question and by grade.
    `thresholds` are scores; `suggested` is that of the best F1, None where too few were both judged and marked.
    """

    instances: int
    judged: int
    unread: int
    marked: int
    raters: tuple[str, ...]
    shares: tuple[Share, ...]
    kinds: tuple[Part, ...]
    bands: tuple[Part, ...]
    agreement: dict[str, Agreement]
    among_people: dict[str, Agreement]
    thresholds: tuple[Threshold, ...]
    suggested: float | None
    best: tuple[ReviewedInstance, ...]
    worst: tuple[ReviewedInstance, ...]
    differing: tuple[ReviewedInstance, ...]
    concerns: Concerns | None
    judge: str | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether neither a judge nor a person has looked at any instance."""
        return not (self.judged or self.unread or self.marked)

    @property
    def looked_at(self) -> str:
        """How many instances were looked at, and by whom."""
        people = f"{number(self.marked)} marked by {len(self.raters)} {'person' if len(self.raters) == 1 else 'people'}"
        by = f" by {self.judge}" if self.judge else ""
        unread = f" ({number(self.unread)} unread)" if self.unread else ""
        return f"{people if self.marked else 'none marked by people'}, {number(self.judged)} judged{by}{unread}"

    def to_fields(self) -> dict[str, Any]:
        """Return all of it as JSON values."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}

    def to_json(self) -> str:
        """Return all of it as a JSON object, indented."""
        return readable_json(self.to_fields())


def quality(ledger: Ledger, judge: str | None = None) -> Quality:
    """Return the statement on a run; of several judges by that one whose name or model is given.

    Raises `InputError` where the run has no such judge.
    """
    with ledger.snapshot():
        plan = RunPlan.of(ledger)
        name = main_judge(ledger, plan.settings) if judge is None else judge_named(ledger, plan.settings, judge)
        return quality_of(reviewed_instances(ledger, plan, name), judge_model(ledger, plan.settings, name))


def quality_of(every: Sequence[ReviewedInstance], judge: str | None = None) -> Quality:
    """Return the statement on instances, with what judge and people say of them; `judge` is the judge's model."""
    read = [each for each in every if each.judgement and each.judgement.is_read]
    marked = [each for each in every if each.marks]
    both = [each for each in read if each.marks]
    thresholds = tuple(_thresholds(both))
    ranked = sorted((each for each in every if _points(each) is not None), key=lambda each: -(_points(each) or 0))
    return Quality(
        len(every),
        len(read),
        sum(each.judgement is not None for each in every) - len(read),
        len(marked),
        tuple(sorted({rater for each in marked for rater in each.marks})),
        shares=shares(every),
        kinds=tuple(_parts(every, lambda each: each.kind.value)),
        bands=tuple(_parts(every, lambda each: each.band)),
        agreement={question: _with_people(question, both) for question in QUESTIONS} if both else {},
        among_people=_among_people(marked),
        thresholds=thresholds,
        suggested=_suggested(thresholds) if len(both) >= LEAST_FOR_THRESHOLD else None,
        best=tuple(ranked[:SHOWN]),
        worst=tuple(ranked[SHOWN:][: -SHOWN - 1 : -1]),
        differing=tuple(_differing(both)),
        concerns=concerns(every),
        judge=judge if read else None,
    )


def _points(each: ReviewedInstance) -> float | None:
    """Return how good an instance is, 0 to 5: the judge's score, else people's mean grade."""
    if each.judgement is not None and each.judgement.score is not None:
        return each.judgement.score
    return _grade_points(each)


def _grade_points(each: ReviewedInstance) -> float | None:
    points = [_POINTS[mark.grade] for mark in each.marks.values()]
    return sum(points) / len(points) if points else None


def _parts(every: Sequence[ReviewedInstance], name: Callable[[ReviewedInstance], str]) -> Iterator[Part]:
    for part in sorted({name(each) for each in every}):
        of = [each for each in every if name(each) == part]
        judged = [judge_says(each, ALL) for each in of]
        marked = [people_say(each, ALL) for each in of]
        counts = len(of), sum(each is not None for each in judged), sum(each is not None for each in marked)
        yield Part(part, counts[0], counts[1], yes_share(judged), counts[2], yes_share(marked))


# judge and people


def _with_people(question: str, both: Sequence[ReviewedInstance]) -> Agreement:
    return agreement(
        Rating(each.name, rater, str(said))
        for each in both
        for rater, said in (("judge", judge_says(each, question)), ("people", people_say(each, question)))
    )


def _among_people(marked: Sequence[ReviewedInstance]) -> dict[str, Agreement]:
    if not any(len(each.marks) > 1 for each in marked):
        return {}
    by_rater = [(rater, replace(each, marks={rater: mark})) for each in marked for rater, mark in each.marks.items()]
    found = {
        question: agreement(Rating(each.name, rater, str(people_say(each, question))) for rater, each in by_rater)
        for question in QUESTIONS
    }
    grades = [Rating(each.name, rater, each.marks[rater].grade.value) for rater, each in by_rater]
    return {**found, "grade": agreement(grades, [grade.value for grade in Grade])}


def _thresholds(both: Sequence[ReviewedInstance]) -> Iterator[Threshold]:
    scored = [(each.judgement.score, people_say(each, ALL) is Answer.YES) for each in both if each.judgement]
    right = sum(is_right for _, is_right in scored)
    for least in sorted({score for score, _ in scored if score is not None}):
        chosen = [is_right for score, is_right in scored if score is not None and score >= least]
        yield Threshold(least, wilson(sum(chosen), len(chosen)), wilson(sum(chosen), right))


def _suggested(thresholds: Sequence[Threshold]) -> float | None:
    """Return the score of the best F1, the lowest of several; None where nothing is right."""
    best = max(thresholds, key=_f1, default=None)
    return best.score if best and _f1(best) > 0 else None


def _f1(one: Threshold) -> float:
    precision, recall = one.precision.value or 0.0, one.recall.value or 0.0
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _differing(both: Sequence[ReviewedInstance]) -> list[ReviewedInstance]:
    """Return the instances that are all right to one of judge and people only: those first that they find furthest apart."""
    differing = [each for each in both if (judge_says(each, ALL) is Answer.YES) != (people_say(each, ALL) is Answer.YES)]
    return sorted(differing, key=lambda each: -abs((_points(each) or 0) - (_grade_points(each) or 0)))[:SHOWN]


def _plain(value: Any) -> Any:
    """Return a part of the statement as JSON has it."""
    if isinstance(value, Agreement):
        return value.to_fields()
    if isinstance(value, ReviewedInstance):
        return _instance_fields(value)
    if isinstance(value, Share | Part | Threshold | Figure | Concerns | GroupConcerns):
        return {name: _plain(getattr(value, name)) for name in value.__slots__}
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple | list) else value


def _instance_fields(each: ReviewedInstance) -> dict[str, Any]:
    score = each.judgement.score if each.judgement else None
    reason = each.judgement.votes[0].reason if each.judgement and each.judgement.votes else ""
    return {
        "item": each.name, "instruction": each.instruction, "input": each.instance.input, "output": each.instance.output,
        "score": score, "reason": reason, "flags": list(each.flags),
        "marks": {rater: mark.to_dict() for rater, mark in each.marks.items()},
    }  # fmt: skip
