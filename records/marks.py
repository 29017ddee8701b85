"""What a person says of an instance: the same three questions as a judge's, one of four grades, reasons and a note.

A mark is stored as a verdict under the person's name. Whoever marks an instance again is heard as they spoke last.
Source of the grades: Wang et al. 2023, arXiv:2212.10560, section 4.4.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from self_instruct.records.judgements import Answer, Criterion
from self_instruct.records.record import Record

PERSON = "person:"
"""How the names begin under which verdicts of people are kept."""
MOST_NAME = 60


class Grade(StrEnum):
    """How good an output is, the best first."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class MarkReason(StrEnum):
    """What a person may tick as wrong with an instance."""

    WRONG = "wrong fact or result"
    OFF_TASK = "does something else than is asked"
    INCOMPLETE = "incomplete or cut off"
    INPUT_MISSING = "input missing"
    INPUT_UNFIT = "input does not fit"
    UNCLEAR = "task unclear or impossible"
    FORM = "wrong form, length or language"
    HARMFUL = "harmful, unfair or private"


@dataclass(frozen=True, slots=True)
class Mark(Record):
    """What a person says of one instance."""

    valid: Answer
    input_fits: Answer
    output_correct: Answer
    grade: Grade
    reasons: tuple[MarkReason, ...] = ()
    note: str = ""

    def answer(self, criterion: Criterion) -> Answer:
        """Return the answer to one of the questions."""
        return Answer(getattr(self, criterion.value))

    def answers(self) -> dict[str, str]:
        """Return the mark as a verdict's answers."""
        said = {criterion.value: self.answer(criterion).value for criterion in Criterion}
        return {**said, "grade": self.grade.value, "reasons": "; ".join(self.reasons), "note": self.note}

    @classmethod
    def of(cls, answers: Mapping[str, Any]) -> Self:
        """Return the mark of a verdict's answers; raises `KeyError` or `ValueError` where they are none."""
        said = {criterion.value: Answer(answers[criterion]) for criterion in Criterion}
        reasons = tuple(MarkReason(each) for each in str(answers.get("reasons", "")).split("; ") if each)
        return cls(**said, grade=Grade(answers["grade"]), reasons=reasons, note=str(answers.get("note", "")))


def person_stage(rater: str) -> str:
    """Return the name under which the verdicts of a person are kept.

    >>> rater_of(person_stage("Ann")), rater_of("judging")
    ('Ann', None)
    """
    return PERSON + rater


def rater_of(stage: str) -> str | None:
    """Return whose verdicts are kept under a name; None where that is no person's."""
    return stage.removeprefix(PERSON) if stage.startswith(PERSON) else None
