"""What a judge says of an instance: the paper's three questions, each yes, no or unsure, a score, and what concerns it.

A *vote* is one reading of one reply, a *judgement* what the votes on an instance come to. An unread vote is an outcome of its
own: it is counted, and never becomes an answer or a score.
Source of the questions: Wang et al. 2023, arXiv:2212.10560, section 3.4 and table 2.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any, Self, TypeAlias

from self_instruct.records.record import Record
from self_instruct.records.tasks import Verdict

JUDGING = "judging"
"""The judge's name as a stage."""
MOST_SCORE = 5
UNREAD = "unread"
CONCERNS = "concerns"
NO_CONCERN = "none"


class Answer(StrEnum):
    """The answers to each of the questions."""

    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class Criterion(StrEnum):
    """What is asked of an instance: one of the paper's three questions, by the names that verdicts use."""

    VALID = "valid"
    INPUT_FITS = "input_fits"
    OUTPUT_CORRECT = "output_correct"


class Concern(StrEnum):
    """What a judge may find the matter with an instruction, apart from the questions."""

    HARMFUL = "harmful"
    UNCLEAR = "unclear"
    TOO_SIMPLE = "too simple"


def concerns_in(text: str) -> tuple[Concern, ...] | None:
    """Return the concerns that a text names, each once and between commas; () for "none", None for any other text.

    >>> [one.value for one in concerns_in("Too simple, unclear")], concerns_in("none"), concerns_in("it is dull")
    (['unclear', 'too simple'], (), None)
    """
    names = [" ".join(name.split()) for name in text.casefold().split(",")]
    if names == [NO_CONCERN]:
        return ()
    found = tuple(one for one in Concern if one in names)
    return found if len(found) == len(names) else None


@dataclass(frozen=True, slots=True)
class Vote(Record):
    """One reading of one reply: the answers, a score of 0 to 5, and the reason that came before them.

    `concerns` are None where the judge said nothing of them, as in verdicts from before it was asked.
    """

    valid: Answer
    input_fits: Answer
    output_correct: Answer
    score: int
    reason: str
    concerns: tuple[Concern, ...] | None = None

    def answers(self) -> dict[str, str | int]:
        """Return the vote as a verdict's answers."""
        said: dict[str, str | int] = {criterion.value: getattr(self, criterion).value for criterion in Criterion}
        concerns = {} if self.concerns is None else {CONCERNS: ", ".join(self.concerns) or NO_CONCERN}
        return {**said, "score": self.score, **concerns, "reason": self.reason}

    @classmethod
    def of(cls, answers: Mapping[str, Any]) -> Self:
        """Return the vote of a verdict's answers; raises `KeyError` or `ValueError` where they are no vote."""
        said = {criterion.value: Answer(answers[criterion]) for criterion in Criterion}
        concerns = concerns_in(str(answers[CONCERNS])) if CONCERNS in answers else None
        return cls(**said, score=int(answers["score"]), reason=str(answers.get("reason", "")), concerns=concerns)


@dataclass(frozen=True, slots=True)
class Unread(Record):
    """A reply that holds no vote: `why` is a `Reason`, `text` what was said in its place."""

    why: str
    text: str = ""

    def answers(self) -> dict[str, str]:
        """Return it as a verdict's answers; the reply itself is in the ledger."""
        return {UNREAD: self.why}


AnyVote: TypeAlias = Vote | Unread


@dataclass(frozen=True, slots=True)
class Judgement(Record):
    """What the votes on an instance come to. Those that could not be read are counted in `unread` and say nothing else."""

    votes: tuple[Vote, ...]
    unread: int = 0

    @property
    def is_read(self) -> bool:
        """Whether any vote could be read."""
        return bool(self.votes)

    @property
    def score(self) -> float | None:
        """The median of the votes' scores; None where none could be read."""
        return float(median(vote.score for vote in self.votes)) if self.votes else None

    def answer(self, criterion: Criterion) -> Answer | None:
        """Return what more than half of the votes that were read answer, else unsure; None where none could be read."""
        if not self.votes:
            return None
        said, times = Counter(getattr(vote, criterion) for vote in self.votes).most_common(1)[0]
        return Answer(said) if 2 * times > len(self.votes) else Answer.UNSURE

    @property
    def concerns(self) -> tuple[Concern, ...] | None:
        """What more than half of the votes name that say anything of concerns; None where none does."""
        said = [vote.concerns for vote in self.votes if vote.concerns is not None]
        counts = Counter(one for each in said for one in each)
        return tuple(one for one in Concern if 2 * counts[one] > len(said)) if said else None

    @property
    def is_all_right(self) -> bool:
        """Whether all three answers are yes."""
        return all(self.answer(criterion) is Answer.YES for criterion in Criterion)


def judgement(votes: Iterable[AnyVote]) -> Judgement:
    """Return what votes on one instance come to.

    >>> yes, no = (Vote(Answer.YES, Answer.YES, said, 4, "") for said in (Answer.YES, Answer.NO))
    >>> judgement([yes, no, yes, Unread("empty")]).answer(Criterion.OUTPUT_CORRECT)
    <Answer.YES: 'yes'>
    """
    votes = list(votes)
    read = tuple(vote for vote in votes if isinstance(vote, Vote))
    return Judgement(read, len(votes) - len(read))


def vote_of(verdict: Verdict) -> AnyVote:
    """Return the vote that a judge's verdict holds."""
    if UNREAD in verdict.answers:
        return Unread(str(verdict.answers[UNREAD]))
    return Vote.of(verdict.answers)


class Winner(StrEnum):
    """Which of two outputs is better."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"

    @property
    def swapped(self) -> Self:
        """The same output, where they stand in the other order."""
        return type(self)({"first": "second", "second": "first"}.get(self.value, self.value))


@dataclass(frozen=True, slots=True)
class Preference(Record):
    """Which of two outputs one reply finds better, as they stood in its prompt, and why."""

    winner: Winner
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Comparison(Record):
    """What a judge says of two outputs in both orders, each as if the first stood first.

    `winner` is the output that wins in both, else a tie; None where either order could not be read.
    """

    straight: Preference | Unread
    swapped: Preference | Unread

    @property
    def winner(self) -> Winner | None:
        """The output that wins in both orders, else a tie; None where either could not be read."""
        if isinstance(self.straight, Unread) or isinstance(self.swapped, Unread):
            return None
        return self.straight.winner if self.straight.winner is self.swapped.winner else Winner.TIE


@dataclass(frozen=True, slots=True)
class Scores(Record):
    """The scores of two outputs that one reply gives."""

    first: float
    second: float

    @property
    def winner(self) -> Winner:
        """The output with the higher score."""
        if self.first == self.second:
            return Winner.TIE
        return Winner.FIRST if self.first > self.second else Winner.SECOND
