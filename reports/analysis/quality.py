"""How good a run's data is, with an interval: what people say, what people and the judge say together, or only the judge.

People mark a random sample. Where a judge has an opinion on many more instances, that sample is counted within what the judge
says, yes or not, and each part weighs what it weighs in the whole: a stratified estimate, and for an opinion of yes or not the
same as prediction-powered inference with its coefficient fitted. It is right however bad the judge, and the better the judge,
the narrower. What only a judge says is its opinion and no estimate.
Sources: Wang et al. 2023, arXiv:2212.10560, section 3.4; Angelopoulos et al. 2023, arXiv:2301.09633 and 2311.01453.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.judgements import Answer, Criterion
from self_instruct.records.marks import Grade
from self_instruct.reports.review.agreement import Agreement, Rating, agreement
from self_instruct.reports.review.figures import Figure, stratified, wilson
from self_instruct.reports.review.instances import ReviewedInstance, reviewed_instances
from self_instruct.reports.text import readable_json

ALL = "all"
QUESTIONS = (*(one.value for one in Criterion), ALL)
PAPER = {"valid": wilson(184, 200), "input_fits": wilson(158, 200), "output_correct": wilson(116, 200), ALL: wilson(108, 200)}
"""The paper's own review of 200 instructions with an instance each, by an author."""
LEAST_MARKED = 5  # of the instances of which the judge says the same, before people's share of them says anything
LEAST_JUDGED = 0.9  # of the marked instances, at least so many must be judged: the others would say nothing
LEAST_FOR_THRESHOLD = 20
SHOWN = 10
_POINTS = {Grade.A: 5, Grade.B: 4, Grade.C: 2, Grade.D: 0}  # a grade on the judge's scale


class Basis(StrEnum):
    """What a figure rests on."""

    PEOPLE = "people"
    BOTH = "people and judge"
    JUDGE = "only the judge's opinion"
    NOBODY = "nobody was asked"


@dataclass(frozen=True, slots=True)
class Share:
    """The share of instances of which a question is answered yes: the figure to go by, what it rests on, and why.

    Beside it those of people alone, of the judge alone, and what the paper's author found of its data.
    """

    question: str
    figure: Figure
    basis: Basis
    why: str
    people: Figure
    judge: Figure
    paper: Figure


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

    def to_json(self) -> str:
        """Return all of it as a JSON object, indented."""
        return readable_json({name: _plain(getattr(self, name)) for name in self.__slots__})


def quality(ledger: Ledger) -> Quality:
    """Return the statement on a run."""
    with ledger.snapshot():
        return quality_of(reviewed_instances(ledger, RunPlan.of(ledger)))


def quality_of(every: Sequence[ReviewedInstance]) -> Quality:
    """Return the statement on instances, with what judge and people say of them."""
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
        shares=tuple(_share(question, every) for question in QUESTIONS),
        kinds=tuple(_parts(every, lambda each: each.kind.value)),
        bands=tuple(_parts(every, lambda each: each.band)),
        agreement={question: _with_people(question, both) for question in QUESTIONS} if both else {},
        among_people=_among_people(marked),
        thresholds=thresholds,
        suggested=_suggested(thresholds) if len(both) >= LEAST_FOR_THRESHOLD else None,
        best=tuple(ranked[:SHOWN]),
        worst=tuple(ranked[SHOWN:][: -SHOWN - 1 : -1]),
        differing=tuple(_differing(both)),
    )


# what is said of one instance


def people_say(each: ReviewedInstance, question: str) -> Answer | None:
    """Return what more than half of the people who marked an instance answer, else unsure; None where nobody did."""
    if not each.marks:
        return None
    if question == ALL:
        return _together(people_say(each, one.value) for one in Criterion)
    said, times = Counter(mark.answer(Criterion(question)) for mark in each.marks.values()).most_common(1)[0]
    return said if 2 * times > len(each.marks) else Answer.UNSURE


def judge_says(each: ReviewedInstance, question: str) -> Answer | None:
    """Return what the judge answers; None where it was not asked or could not be read."""
    if each.judgement is None or not each.judgement.is_read:
        return None
    if question == ALL:
        return _together(each.judgement.answer(one) for one in Criterion)
    return each.judgement.answer(Criterion(question))


def _together(answers: Iterable[Answer | None]) -> Answer:
    said = set(answers)
    return Answer.NO if Answer.NO in said else Answer.UNSURE if said != {Answer.YES} else Answer.YES


def _points(each: ReviewedInstance) -> float | None:
    """Return how good an instance is, 0 to 5: the judge's score, else people's mean grade."""
    if each.judgement is not None and each.judgement.score is not None:
        return each.judgement.score
    return _grade_points(each)


def _grade_points(each: ReviewedInstance) -> float | None:
    points = [_POINTS[mark.grade] for mark in each.marks.values()]
    return sum(points) / len(points) if points else None


def _yes(said: Iterable[Answer | None]) -> Figure:
    """Return the share of yes among the answers that are there."""
    counts = Counter(said)
    return wilson(counts[Answer.YES], counts.total() - counts[None])


# the shares


def _share(question: str, every: Sequence[ReviewedInstance]) -> Share:
    people = _yes(people_say(each, question) for each in every)
    judge = _yes(judge_says(each, question) for each in every)
    both, why_not = _both(question, every)
    if both is not None:
        figure, basis, why = both, Basis.BOTH, "people's marks, weighted by what the judge says of many more (stratified)"
    elif people.value is not None:
        figure, basis, why = people, Basis.PEOPLE, f"people's random sample alone (Wilson): {why_not}"
    elif judge.value is not None:
        figure, basis, why = judge, Basis.JUDGE, "nobody marked any, so how often the judge is wrong is not known"
    else:
        figure, basis, why = Figure(None), Basis.NOBODY, "neither a judge nor a person has looked at this run"
    return Share(question, figure, basis, why, people, judge, PAPER[question])


def _both(question: str, every: Sequence[ReviewedInstance]) -> tuple[Figure | None, str]:
    """Return the share by people and judge together; or None, and why it cannot be told so."""
    judged = [each for each in every if each.judgement is not None]
    marked = [each for each in judged if each.marks]
    if not judged:
        return None, "there is no judge"
    people = sum(bool(each.marks) for each in every)
    if len(judged) <= people:
        return None, "the judge has judged no more than people have marked"
    if len(marked) < LEAST_JUDGED * people:
        return None, f"of the {people} marked only {len(marked)} are judged"
    strata = []
    for is_yes in (True, False):
        of = [each for each in judged if (judge_says(each, question) is Answer.YES) == is_yes]
        said = [people_say(each, question) for each in marked if (judge_says(each, question) is Answer.YES) == is_yes]
        if of and len(said) < LEAST_MARKED:
            words = "yes" if is_yes else "not yes"
            return None, f"of {len(of)} of which the judge says {words}, {len(said)} are marked, fewer than {LEAST_MARKED}"
        if of:
            strata.append((len(of) / len(judged), said.count(Answer.YES), len(said)))
    if len(strata) == 1:
        return None, "the judge says the same of all"
    return stratified(strata, None if len(judged) == len(every) else len(judged)), ""


def _parts(every: Sequence[ReviewedInstance], name: Callable[[ReviewedInstance], str]) -> Iterator[Part]:
    for part in sorted({name(each) for each in every}):
        of = [each for each in every if name(each) == part]
        judged = [judge_says(each, ALL) for each in of]
        marked = [people_say(each, ALL) for each in of]
        counts = len(of), sum(each is not None for each in judged), sum(each is not None for each in marked)
        yield Part(part, counts[0], counts[1], _yes(judged), counts[2], _yes(marked))


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
    by_rater = [(each.name, rater, mark) for each in marked for rater, mark in each.marks.items()]
    found = {
        one.value: agreement(Rating(item, rater, mark.answer(one).value) for item, rater, mark in by_rater) for one in Criterion
    }
    found[ALL] = agreement(Rating(item, rater, "yes" if mark.is_all_right else "no") for item, rater, mark in by_rater)
    grades = [Rating(item, rater, mark.grade.value) for item, rater, mark in by_rater]
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
    if isinstance(value, Share | Part | Threshold | Figure):
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
