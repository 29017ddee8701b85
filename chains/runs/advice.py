"""Say in one line why a run's yield is poor, and what to change; pure, from what was decided so far."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from self_instruct.records.tasks import PROPOSING, Reason, StageName

POOR = 2.0
"""Tasks kept a request below which something is wrong: models that do well bring five and more."""
USUAL = 8.0
"""Tasks that a request of the paper's kind is expected to bring."""
FIRST_REQUESTS = 8  # decided ones, before anything is said
_FEW_CANDIDATES = 3.0  # a request
_LEANING = 0.9  # share of yes
_FEWEST_YES = 12  # answers before they lean to yes: of so many, nine in ten are yes by chance once in thousands of runs
_FEWEST_NO = 40  # and before they lean to no, which is the commoner answer
_UNREAD_SHARE = 0.3

_UNREAD = (Reason.CUT_OFF, Reason.EMPTY, Reason.UNREADABLE, Reason.REFUSED_BY_PROVIDER)
_FAILED = (Reason.NOTHING_ADDED, Reason.PROMPT_REPEATED, Reason.NO_CONTENT)
_RULES = {
    Reason.TOO_SHORT: "instructions.min_words",
    Reason.TOO_LONG: "instructions.max_words",
    Reason.BANNED_WORD: "instructions.banned_words",
    Reason.BANNED_START: "instructions.banned_starts",
}


class Cause(StrEnum):
    """What may be wrong with a run."""

    COPIES = "copies"
    SIMILAR = "too similar"
    RULES = "rules"
    EVOLUTION = "failed evolutions"
    UNREAD = "unread"
    FEW = "few candidates"
    ALL_YES = "all yes"
    ALL_NO = "all no"
    NEITHER = "neither yes nor no"


@dataclass(frozen=True, slots=True)
class Advice:
    """What is likely wrong, and a sentence that says it and what to change."""

    cause: Cause
    sentence: str


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run has decided: instruction requests, tasks kept of them, what was refused, and answers to the question of kind.

    `copies` of those too similar repeat a demonstration of their prompt, where that is only counted. `kinds` counts tasks by
    whether they are classification tasks; `is_classification_only` where the prompt asks for no others. `expected` is how many
    tasks a request was expected to bring before there was experience.
    """

    decided: int
    kept: int
    rejected: Mapping[tuple[str, str], int]
    kinds: Mapping[bool, int]
    copies: int = 0
    is_classification_only: bool = False
    expected: float = USUAL

    def refused(self, *reasons: Reason, stage: str | None = None) -> int:
        """Return how many were refused for any of these reasons, at a stage, or else at those that bring candidates."""
        stages = PROPOSING if stage is None else (stage,)
        return sum(self.rejected.get((at, reason), 0) for at in stages for reason in reasons)

    def is_less(self, count: float, each: float) -> bool:
        """Return whether there is less than so many for each request, where one is expected to bring as many as usual."""
        return count < each * self.decided * self.expected / USUAL


def advice(tally: Tally) -> tuple[Advice, ...]:
    """Return what is likely wrong with a run: at most one about what requests bring, one about the question of kind."""
    found = (_of_yield(tally), _of_kind(tally))
    return tuple(each for each in found if each)


def _of_yield(tally: Tally) -> Advice | None:
    if tally.decided < FIRST_REQUESTS or not tally.is_less(tally.kept, POOR):
        return None
    copies = tally.refused(Reason.COPIED) + tally.copies
    losses = {
        Cause.COPIES: copies,
        Cause.SIMILAR: tally.refused(Reason.TOO_SIMILAR) - tally.copies,
        Cause.RULES: tally.refused(*_RULES),
        Cause.UNREAD: tally.refused(*_UNREAD),
        Cause.EVOLUTION: tally.refused(*_FAILED),
    }
    candidates = tally.kept + sum(losses.values())
    cause = max(losses, key=lambda each: losses[each])
    if 2 * losses[cause] < candidates and tally.is_less(candidates, _FEW_CANDIDATES):
        cause = Cause.FEW
    lost = f"{losses.get(cause, 0):,} of {candidates:,} candidates"
    why = _why(cause, lost, tally) if cause is not Cause.FEW else _few(candidates / tally.decided)
    return Advice(cause, f"only {tally.kept / tally.decided:.1f} tasks are kept a request: {why}")


def _why(cause: Cause, lost: str, tally: Tally) -> str:
    match cause:
        case Cause.COPIES:
            return (
                f"{lost} repeat a demonstration of their own prompt; another form of prompt (a completion model,"
                " templates of your own) or a larger model brings more"
            )
        case Cause.SIMILAR:
            return (
                f"{lost} are too similar to one of the pool; more and more different seeds, a higher temperature or"
                " novelty.threshold bring more"
            )
        case Cause.EVOLUTION:
            return f"{lost} are evolutions that failed; other operators (evolve.operators) or a larger model bring more"
        case Cause.RULES:
            worst = max(_RULES, key=lambda reason: tally.refused(reason))
            return f"{lost} break a rule, most often {worst.value!r}; see {_RULES[worst]}, or say in the prompt what is wanted"
        case _:
            worst = max(_UNREAD, key=lambda reason: tally.refused(reason))
            more = " or a larger instructions.parameters.max_tokens" if worst is Reason.CUT_OFF else ""
            return f"{lost} could not be read, most often {worst.value!r}; another model or form of prompt{more} brings more"


def _few(each: float) -> str:
    return (
        f"a reply holds only {each:.1f} candidates; a larger instructions.parameters.max_tokens, another form of prompt or a"
        " larger model brings more"
    )


def _of_kind(tally: Tally) -> Advice | None:
    yes, no = tally.kinds.get(True, 0), tally.kinds.get(False, 0)
    unread = tally.refused(Reason.NEITHER_YES_NOR_NO, *_UNREAD, stage=StageName.CLASSIFICATION)
    change = (
        "give that stage another model (classification.model), or a completion model's probabilities"
        " (classification.decide_by=probabilities, in another run)"
    )
    if unread >= _FEWEST_YES and unread > _UNREAD_SHARE * (yes + no + unread):
        asked = yes + no + unread
        return Advice(
            Cause.NEITHER, f"{unread:,} of {asked:,} answers to the question of classification are no answer; {change}"
        )
    if tally.is_classification_only:
        return None
    if yes + no >= _FEWEST_YES and yes >= _LEANING * (yes + no):
        return Advice(
            Cause.ALL_YES, f"{yes:,} of {yes + no:,} tasks are called classification tasks: it leans to yes; {change}"
        )
    if yes == 0 and no >= _FEWEST_NO:
        return Advice(Cause.ALL_NO, f"none of {no:,} tasks is called a classification task: it leans to no; {change}")
    return None
