"""What share of instances is right: by people, by people and a judge together, or only to the judge.

People mark a random sample. Where a judge has an opinion on many more instances, that sample is counted within what the judge
says, yes or not, and each part weighs what it weighs in the whole: a stratified estimate, and for an opinion of yes or not the
same as prediction-powered inference with its coefficient fitted. It is right however bad the judge, and the better the judge,
the narrower. What only a judge says is its opinion and no estimate.
Sources: Wang et al. 2023, arXiv:2212.10560, section 3.4; Angelopoulos et al. 2023, arXiv:2301.09633 and 2311.01453.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from self_instruct.records.judgements import Answer, Criterion
from self_instruct.reports.review.figures import Figure, stratified, wilson
from self_instruct.reports.review.instances import ReviewedInstance
from self_instruct.reports.text import Row

ALL = "all"
QUESTIONS = (*(one.value for one in Criterion), ALL)
PAPER = {"valid": wilson(184, 200), "input_fits": wilson(158, 200), "output_correct": wilson(116, 200), ALL: wilson(108, 200)}
"""The paper's own review of 200 instructions with an instance each, by an author."""
NAMES = {
    "valid": "valid task", "input_fits": "input fits", "output_correct": "output correct", ALL: "all three", "grade": "grade",
}  # fmt: skip
"""The questions, and people's grade, as tables name them."""
LEAST_MARKED = 5  # of the instances of which the judge says the same, before people's share of them says anything
LEAST_JUDGED = 0.9  # of the marked instances, at least so many must be judged: the others would say nothing


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


def reasons(found: Iterable[Share]) -> list[str]:
    """Return what the figures rest on and why, in a sentence; where that differs, in one for each, with its questions."""
    questions = defaultdict[str, list[str]](list)
    for each in found:
        is_marked = each.basis in (Basis.PEOPLE, Basis.BOTH)
        questions[each.why if is_marked else f"{each.basis}: {each.why}"].append(NAMES[each.question])
    said = [f"{', '.join(names)}: {why}" for why, names in questions.items()] if len(questions) > 1 else list(questions)
    return [f"{one[:1].upper()}{one[1:]}." for one in said]


def share_rows(found: Iterable[Share]) -> list[Row]:
    """Return each share with its interval, what it rests on, and what the paper's author found."""
    return [
        Row(NAMES[one.question], (one.figure.percent, one.figure.percents, one.basis.value, one.paper.percent)) for one in found
    ]


def shares(every: Sequence[ReviewedInstance]) -> tuple[Share, ...]:
    """Return the share of each question, and of all three together."""
    return tuple(_share(question, every) for question in QUESTIONS)


def _share(question: str, every: Sequence[ReviewedInstance]) -> Share:
    people = yes_share(people_say(each, question) for each in every)
    judge = yes_share(judge_says(each, question) for each in every)
    both, why_not = _both(question, every)
    if both is not None:
        figure, basis, why = both, Basis.BOTH, "people's marks, weighted by what the judge says of many more (stratified)"
    elif people.value is not None:
        figure, basis, why = people, Basis.PEOPLE, f"people's random sample alone (Wilson), since {why_not}"
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
            whose = f"of the {len(of)} of which the judge says {'yes' if is_yes else 'not yes'}"
            return None, f"{whose} only {len(said)} {'is' if len(said) == 1 else 'are'} marked, fewer than {LEAST_MARKED}"
        if of:
            strata.append((len(of) / len(judged), said.count(Answer.YES), len(said)))
    if len(strata) == 1:
        return None, "the judge says the same of all"
    return stratified(strata, None if len(judged) == len(every) else len(judged)), ""


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


def yes_share(said: Iterable[Answer | None]) -> Figure:
    """Return the share of yes among the answers that are there."""
    counts = Counter(said)
    return wilson(counts[Answer.YES], counts.total() - counts[None])
