"""What becomes of an instance that is improved: each output written in the place of the one before, and what was decided.

A *revision* names the output that it would replace, so that both stay with the run: a kept one is preferred to that, a lost one
is not. A run keeps them as verdicts (`revision_verdict`), in their order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from self_instruct.records.record import Record
from self_instruct.records.tasks import Verdict

IMPROVING = "improving"
"""Who gives the verdict that holds a revision; no stage has that name."""
NOBODY = "nobody"
"""Who decided where a new output stands without a comparison."""


class Part(StrEnum):
    """Where in an example a fault lies."""

    TASK = "task"
    INPUT = "input"
    OUTPUT = "output"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Critique(Record):
    """The worst fault of an example, what has to be changed, and in which part it lies."""

    fault: str
    change: str
    where: Part


class Operator(StrEnum):
    """How another output is come by, or, with rewrite, another instruction and instances for it."""

    REGENERATE = "regenerate"
    REVISE = "revise"
    REWRITE = "rewrite"


class Result(StrEnum):
    """What was decided: the new output wins, ties, loses; or it was not compared.

    Unread: the judge could not be read in both orders. Unusable: nothing was written, or what no rule lets pass. No fault: the
    critic named none, or could not be read, so that nothing was written. Elsewhere: the fault is not one of the output.
    """

    WIN = "win"
    TIE = "tie"
    LOSS = "loss"
    UNREAD = "unread"
    UNUSABLE = "unusable"
    NO_FAULT = "no fault"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Revision(Record):
    """A try to replace an output, or an instruction.

    `before` is the output that stood, `flags` its flags, and `score` the judge's score of it, None where none could be read.
    `after` is what was written, "" where nothing was. `decided_by` is verifiers, judge, rules or critic, `why` what they said;
    or `NOBODY`, where the new output stands without a comparison.
    Of a rewriting `before` and `after` are instructions, and `other_input` and `other_output` the first instance of the one
    that does not stand; novelty and instances may have decided it, too.
    """

    operator: Operator
    result: Result
    before: str
    after: str
    decided_by: str
    why: str = ""
    fault: str = ""
    change: str = ""
    flags: tuple[str, ...] = ()
    score: float | None = None
    other_input: str = ""
    other_output: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether what was written stands in the place of what stood before."""
        return self.result is Result.WIN

    @property
    def preferred(self) -> tuple[str, str] | None:
        """The better and the worse of two outputs; None where nobody preferred either, or where instructions were compared."""
        if self.operator is Operator.REWRITE or self.decided_by == NOBODY:
            return None
        if self.result is Result.WIN:
            return self.after, self.before
        return (self.before, self.after) if self.result is Result.LOSS else None


def revision_verdict(instance: int, number: int, revision: Revision) -> Verdict:
    """Return a verdict that holds the `number`-th revision, from 1, of an instance: the form in which a ledger keeps it."""
    said = {name: value for name, value in revision.to_dict().items() if value not in ("", None, [])}
    if "flags" in said:
        said["flags"] = " ".join(said["flags"])
    return Verdict(IMPROVING, instance, said, number)


def revision_in(verdict: Verdict) -> Revision | None:
    """Return the revision that a verdict holds; None where a stage or the verifiers gave it.

    >>> tried = Revision(Operator.REVISE, Result.WIN, "2 + 2 = 5", "2 + 2 = 4", "judge", flags=("wrong_sum",))
    >>> revision_in(revision_verdict(0, 1, tried)) == tried
    True
    """
    if verdict.stage != IMPROVING:
        return None
    said: Mapping[str, Any] = {"before": "", "after": "", **verdict.answers}
    known = {name: said[name] for name in (field.name for field in fields(Revision)) if name in said}
    return Revision.from_dict({**known, "flags": str(said.get("flags", "")).split()})
