"""The records that travel through the house, and the closed sets they name.

Everything here is frozen and holds plain values, so a record can be stored, compared and printed as it is.
Words as in docs/how-it-works.md: *candidate* -> *task* -> *instance*; whatever is refused becomes a *rejection*.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from self_instruct.records.record import Record


class StageName(StrEnum):
    """The names of the paper's three stages (Wang et al. 2023, section 2.2); a stage of a user's own has another."""

    INSTRUCTIONS = "instructions"
    CLASSIFICATION = "classification"
    INSTANCES = "instances"


class Proposer(StrEnum):
    """Who brings candidates into the pool: the paper's own way, and the ways of others beside it."""

    SELF_INSTRUCT = "self-instruct"
    EVOLVE = "evolve"
    BACK_TRANSLATE = "back-translate"
    MAGPIE = "magpie"

    @property
    def stage(self) -> str:
        """The name of its stage."""
        return StageName.INSTRUCTIONS.value if self is Proposer.SELF_INSTRUCT else self.value


PROPOSING = tuple(proposer.stage for proposer in Proposer)
"""The names of the stages that bring candidates; the others ask about tasks."""


class Reason(StrEnum):
    """Why something was refused."""

    REFUSED_BY_PROVIDER = "refused by the provider"
    CUT_OFF = "cut off"
    EMPTY = "empty"
    UNREADABLE = "unreadable"
    TOO_MANY = "too many"
    PROMPT_FAILED = "prompt cannot be rendered"
    COPIED = "repeats a demonstration"
    # candidates
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    BANNED_WORD = "banned word"
    BANNED_START = "banned start"
    TOO_SIMILAR = "too similar"
    NOTHING_ADDED = "adds nothing to its parent"
    PROMPT_REPEATED = "repeats words of the prompt"
    NO_CONTENT = "no word of content"
    # classification
    NEITHER_YES_NOR_NO = "neither yes nor no"
    # instances
    INPUT_EQUALS_OUTPUT = "input equals output"
    EMPTY_OUTPUT = "empty output"
    TRAILING_COLON = "trailing colon"
    DUPLICATE = "duplicate"
    CONFLICTING_OUTPUTS = "same input, different outputs"
    NOT_A_LABEL = "not a class label"
    FEW_LABELS = "too few class labels"


@dataclass(frozen=True, slots=True)
class Instance(Record):
    """One input/output pair. A task that needs no input has `input == ""`; `image` names what it is about, "" for none."""

    input: str
    output: str
    image: str = ""


@dataclass(frozen=True, slots=True)
class SeedTask(Record):
    """One human-written task: the file format of the paper's `seed_tasks.jsonl`, plus an optional domain."""

    id: str
    name: str
    instruction: str
    instances: tuple[Instance, ...]
    is_classification: bool
    domain: str = ""


@dataclass(frozen=True, slots=True)
class Candidate(Record):
    """An instruction just read from a reply.

    `item` is the offset, in characters, at which the numbered item begins in the reply (its number included; 0 for the item
    that continues the prompt's own number). The same item has the same offset under every profile, so a task keeps its
    identity when replies are decided again under other rules.
    """

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class Rejection(Record):
    """What was refused, at which stage, for which reason, with the evidence.

    `stage` is the stage's name, `reason` a `Reason` or a word of a user's own stage. `text` is the refused text itself.
    `evidence` names what the decision rests on, in plain values: for novelty `{"nearest": ..., "score": ...}`, for a banned
    word `{"word": ...}`, for a repeated demonstration `{"demonstration": ...}`, for an instance `{"input": ...}`, for all that
    a reply holds beyond its first thousand records `{"count": ...}`.
    """

    stage: str
    reason: str
    text: str
    item: int = 0
    evidence: Mapping[str, str | int | float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Classification(Record):
    """The answer to "is this a classification task with a small, fixed set of labels?"."""

    is_classification: bool


@dataclass(frozen=True, slots=True)
class Verdict(Record):
    """What a stage says of one of a task's instances, by its position: answers to fixed questions, by their names.

    A stage that asks the same several times numbers its votes, from 1.
    """

    stage: str
    instance: int
    answers: Mapping[str, str | int | float | bool]
    vote: int = 1


@dataclass(frozen=True, slots=True)
class Task(Record):
    """A finished task: a kept instruction, what kind it is, its instances, and what was refused on the way.

    `is_classification` is None where the model never said yes or no; such a task has no instances. `verdicts` are what was said
    of its instances: the flags of the verifiers (`flags_in`), and the answers of a user's own stages.
    """

    instruction: str
    is_classification: bool | None
    instances: tuple[Instance, ...] = ()
    rejections: tuple[Rejection, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


TAGGING = "tagging"
"""The stage that asks where a task belongs in a taxonomy."""
VERIFIERS = "verifiers"
"""Who gives the verdict that holds an instance's flags; no stage has that name."""


@dataclass(frozen=True, slots=True)
class Flag(Record):
    """What a verifier, a rule without a model, says is wrong with an instance: the rule's name, and the words that show it."""

    rule: str
    evidence: str


def flags_verdict(instance: int, flags: Sequence[Flag]) -> Verdict:
    """Return a verdict that holds the flags of one of a task's instances: the form in which a ledger keeps them."""
    return Verdict(VERIFIERS, instance, {flag.rule: flag.evidence for flag in flags})


def flags_in(verdict: Verdict) -> tuple[Flag, ...]:
    """Return the flags that a verdict holds; none where a stage gave it.

    >>> flags_in(flags_verdict(0, [Flag("placeholder", "[Name]")]))
    (Flag(rule='placeholder', evidence='[Name]'),)
    """
    if verdict.stage != VERIFIERS:
        return ()
    return tuple(Flag(rule, str(evidence)) for rule, evidence in verdict.answers.items())
