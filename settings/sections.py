"""The sections of a run's settings, a stage or a rule's each, and what their values may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, PositiveInt, model_validator

from self_instruct.records.judgements import JUDGING, MOST_SCORE
from self_instruct.records.tasks import PROPOSING, TAGGING, VERIFIERS, StageName
from self_instruct.settings.frozen import FrozenDict, frozen
from self_instruct.settings.secrets import address_holds_secret, is_secret_variable

ProfileName = Literal["modern", "paper"]
Language = Literal["en", "de"]
ENGLISH: Language = "en"
CriterionName = Literal["valid", "input_fits", "output_correct"]
"""What is asked of an instance, as `records.judgements.Criterion` has it."""
ConcernName = Literal["harmful", "unclear", "too simple"]
"""What may concern a judge, as `records.judgements.Concern` has it."""
Form = Literal["tolerant", "published"]
"""How replies are read: `published` as the original code does, `tolerant` of what chat models write."""
Copies = Literal["refuse", "count"]
Dollars = Annotated[Decimal, Field(ge=0)]
T = TypeVar("T")
SAMPLED: Mapping[str, Any] = frozen({"temperature": 0.7, "max_tokens": 1024})
DECIDED: Mapping[str, Any] = frozen({"temperature": 0, "max_tokens": 256})
WRITTEN: Mapping[str, Any] = frozen({"temperature": 0, "max_tokens": 1024})
JUDGED: Mapping[str, Any] = frozen({"temperature": 0, "max_tokens": 512})
VOTES_OF_A_SAMPLED_JUDGE = 3
MOST_VOTES = 9


def _threshold(text: str) -> str:
    """Check a novelty threshold: a decimal in (0, 1], kept as text so that it is exact."""
    if not re.fullmatch(r"\d(\.\d{1,15})?", text) or not 0 < Fraction(text) <= 1:
        raise ValueError("must be a decimal above 0 and at most 1, such as 0.7")
    return text


def _address(text: str) -> str:
    """Check a server's address; one with a user name or password in it is refused, since settings are stored and shown."""
    parts = urlsplit(text)
    if parts.username is not None or parts.password is not None:
        raise ValueError("must hold no user name or password; they would be stored with the run")
    if address_holds_secret(text):
        raise ValueError("must hold no key; it would be stored with the run")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("must be an address such as http://127.0.0.1:8000/v1")
    return text


def _options(options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check what a model is constructed with: nothing that another setting says, and a key only by its variable's name."""
    said_elsewhere = sorted(_SAID_ELSEWHERE & set(options))
    if said_elsewhere:
        raise ValueError(f"must not hold {said_elsewhere[0]!r}; that is said by 'model' and 'base_url'")
    variable = options.get("api_key_env")
    if variable is not None and not (isinstance(variable, str) and variable.isidentifier() and is_secret_variable(variable)):
        raise ValueError("must hold as 'api_key_env' the name of an environment variable that ends in KEY or TOKEN")
    return options


def _two_words(words: tuple[str, str]) -> tuple[str, str]:
    """Check two answers to a question: words of which none begins the other, so that a token is one's alone."""
    one, other = (word.casefold() for word in words)
    if not all(word.isalpha() for word in words) or one.startswith(other) or other.startswith(one):
        raise ValueError("must be two words of letters, none of which begins the other, such as [label, text]")
    return words


def distinct(names: tuple[T, ...]) -> tuple[T, ...]:
    """Check a list of questions or rules: each once."""
    if len(set(names)) < len(names):
        raise ValueError("must name each once")
    return names


_SAID_ELSEWHERE = frozenset({"model", "model_name", "model_provider", "base_url", "configurable_fields", "config_prefix"})
Address = Annotated[str, AfterValidator(_address)]
ModelName = Annotated[str, Field(min_length=1)]
Parameters = Annotated[Mapping[str, Any], AfterValidator(frozen)]
ModelOptions = Annotated[Mapping[str, Any], AfterValidator(_options), AfterValidator(frozen)]
Attempts = Annotated[int, Field(ge=1, le=2)]
TwoWords = Annotated[tuple[str, str], AfterValidator(_two_words)]
ModuleName = Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")]
NewStageName = Annotated[str, Field(pattern=r"^[A-Za-z][\w-]*$")]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """Which model answers a stage, at which address, and what it is constructed with. No `model`: none is named yet."""

    model: str | None
    base_url: str | None
    options: Mapping[str, Any]


class Section(BaseModel):
    """What is frozen and takes no other names; the words below a field are its description."""

    model_config = ConfigDict(frozen=True, extra="forbid", coerce_numbers_to_str=True, use_attribute_docstrings=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """Return a copy with some values replaced; they are frozen but, as ever with pydantic, not checked."""
        return super().model_copy(update=frozen(update or {}), deep=deep)


class ModelSettings(Section):
    """What every stage sets: parameters passed to the model as they are, how its replies are read, and a model of its own.

    A stage that names a `model` takes `base_url` and `model_options` from here alone: those of another would break it.
    """

    model: ModelName | None = None
    """The stage's own model; null: the run's."""
    base_url: Address | None = None
    """The address of the server of the stage's own model."""
    model_options: ModelOptions = Field(default_factory=FrozenDict)
    """What the stage's own model is constructed with."""
    parameters: Parameters = Field(default_factory=FrozenDict)
    """Passed to the model with every request; null leaves out one that the profile sets."""
    form: Form = "tolerant"
    """How replies are read: `published` as the original code does, `tolerant` of what chat models write."""


class InstructionSettings(ModelSettings):
    """Instruction generation and the rules for a candidate (section 2.2; the lists are those of the published code)."""

    parameters: Parameters = Field(default_factory=lambda: SAMPLED)
    """Passed to the model with every request; null leaves out one that the profile sets."""
    demonstrations: PositiveInt = 8
    """How many instructions a prompt shows; a run needs at least as many seed tasks."""
    machine_demonstrations: int = Field(default=2, ge=0)
    """How many of them at most are machine-written."""
    classification_only: bool = False
    """Ask for classification tasks alone."""
    casing: Literal["first letter", "capitalize"] = "first letter"
    """What is raised: the first letter, or all as `str.capitalize` does, which makes "NASA" "Nasa"."""
    min_words: int = Field(default=4, ge=0)
    """An instruction of fewer words is refused."""
    max_words: PositiveInt = 150
    """An instruction of more words is refused."""
    banned_words: tuple[str, ...] = (
        "image", "images", "graph", "graphs", "picture", "pictures", "file", "files", "map", "maps", "draw", "plot", "go to",
    )  # fmt: skip
    """An instruction with one of these words is refused: a language model sees no image."""
    banned_starts: tuple[str, ...] = ("Write a program",)
    """An instruction that starts so is refused."""
    any_start: bool = True
    """False: an instruction may start with neither punctuation nor a non-ASCII character."""
    attempts: Attempts = 2
    """2: a reply without any task is asked for once more, with what was wrong."""
    copies: Copies = "refuse"
    """What becomes of a candidate that repeats a demonstration of its prompt: refused as that, or only counted."""


class NoveltySettings(Section):
    """When a candidate is too similar to an instruction of the pool."""

    threshold: Annotated[str, AfterValidator(_threshold)] = "0.7"
    """The ROUGE-L with one of the pool at which a candidate is refused (section 2.2): a decimal above 0, at most 1."""
    refuse: Literal[">=", ">"] = ">="
    """Whether the threshold itself is refused, or only what is above it."""
    tokens: Literal["unicode", "ascii"] = "unicode"
    """What counts as words: those of every script, or `[a-z0-9]+`, as `rouge-score` has it."""


class ClassificationSettings(ModelSettings):
    """The few-shot question whether a task is a classification task."""

    parameters: Parameters = Field(default_factory=lambda: DECIDED)
    """Passed to the model with every request; null leaves out one that the profile sets."""
    attempts: Attempts = 2
    """2: a reply that is neither yes nor no is asked for once more, with what was wrong."""
    decide_by: Literal["auto", "text", "probabilities"] = "auto"
    """What answers: the reply's text, or how likely the model found each of `words`, against a threshold set on the seed tasks.

    `auto`: the second for a completion model that tells it, else the first.
    """
    words: TwoWords = ("label", "text")
    """The two words for a classification task and for all others: what a chat model answers; their probabilities may decide."""
    calibration_tasks: PositiveInt = 40
    """How many seed tasks of each kind set that threshold; each costs a request of one token."""


class InstanceSettings(ModelSettings):
    """Instance generation: output-first for classification tasks, input-first otherwise."""

    parameters: Parameters = Field(default_factory=lambda: WRITTEN)
    """Passed to the model with every request about a task that is not a classification task."""
    classification_parameters: Parameters = Field(default_factory=lambda: WRITTEN)
    """Passed to the model with every request about a classification task."""
    conflicts: Literal["instance", "task"] = "instance"
    """What goes when one input has two outputs: those instances, or all of the task's."""
    check_labels: bool = True
    """Refuse a class label that is a sentence, or none of those that the instruction names."""
    min_labels: Annotated[int, Field(ge=0)] = 2
    """A classification task with fewer labels, whose instruction names none, is asked about again as one of another kind."""
    max_per_task: PositiveInt = 5
    """How many instances of a task a dataset has; drawn when it is prepared, for the ledger keeps all."""
    spread_labels: bool = True
    """Draw the first instance of each label before any second."""
    attempts: Attempts = 2
    """2: a reply without any instance is asked for once more, with what was wrong."""
    copies: Copies = "refuse"
    """What becomes of an instance with an input or output of the few-shot examples: refused as that, or only counted."""


def _off(said: object) -> object:
    """Return "off" where YAML read that word as false."""
    return "off" if said is False else said


Action = Annotated[Literal["off", "flag", "refuse"], BeforeValidator(_off)]
"""What a verifier does with an instance in which it finds something."""


class VerifierSettings(Section):
    """Rules that need no model: off, flag (kept with the instance) or refuse. docs/quality.md says what each finds."""

    repeats_instruction: Action = "refuse"
    """The output is the instruction, or begins with it."""
    repeats_input: Action = "flag"
    """The output is the input, begins with all of it, or is a long piece of it."""
    refusal: Action = "refuse"
    """The output refuses, speaks as a machine, or asks for the input."""
    boilerplate: Action = "flag"
    """The output begins or ends with an assistant's courtesy."""
    cut_off: Action = "flag"
    """The output stops in the middle."""
    placeholder: Action = "flag"
    """The output leaves a gap to be filled in, such as "[Your Name]"."""
    run_on: Action = "refuse"
    """A second task begins in the output."""
    missing_input: Action = "flag"
    """The input is empty although the instruction points at one."""
    needless_input: Action = "flag"
    """The input says that there is none, or is the instruction again."""
    not_json: Action = "refuse"
    """JSON is asked for, and none can be read."""
    wrong_format: Action = "flag"
    """CSV, a table, bullets or a numbered list is asked for, and not given."""
    wrong_count: Action = "flag"
    """Not as many words, sentences, lines or items as are asked for."""
    wrong_case: Action = "flag"
    """Capitals, or none, are asked for, and others given."""
    broken_code: Action = "flag"
    """Python, JSON, SQL or a regular expression does not parse."""
    wrong_sum: Action = "flag"
    """An equation of numbers is wrong."""
    not_a_label: Action = "flag"
    """The output is none of the class labels that the instruction names."""
    wrong_language: Action = "flag"
    """The output is in a language that is neither asked for nor that of the task."""
    personal_data: Action = "flag"
    """The output has an e-mail address, or a telephone, card or account number, that the task has not."""
    link: Action = "flag"
    """The output has a web address that the task has not."""
    image_talk: Action = "flag"
    """The output speaks of an image or an attachment."""
    repeated_text: Action = "refuse"
    """The output is caught in a loop."""
    mentions_people: Action = "off"
    """The output mentions first names, words of gender, places or professions of the lexicon that ships."""
    own: Annotated[Mapping[NewStageName, Action], AfterValidator(frozen)] = Field(default_factory=FrozenDict)
    """Rules of your own, by the names under which they are registered."""
    defined_in: ModuleName | None = None
    """The module that registers those when it is imported, such as `my_package.rules`."""

    def actions(self) -> Mapping[str, Action]:
        """Return what each rule does, by its name."""
        ours = {name: getattr(self, name) for name in RULES}
        return {**ours, **self.own}


RULES = tuple(name for name in VerifierSettings.model_fields if name not in ("own", "defined_in"))


NEARLY_ALWAYS_RIGHT = (
    "repeats_instruction", "refusal", "placeholder", "run_on", "not_json", "broken_code", "wrong_sum", "image_talk",
    "repeated_text",
)  # fmt: skip
"""The rules whose flags were right in at least 98 of 100 on tasks that they were not tuned on (docs/quality.md)."""


class JudgingSettings(ModelSettings):
    """The judge: three questions and a score for each instance, and the rule by which a task is accepted."""

    enabled: bool | None = None
    """Whether a run judges its instances as they come; null: where it begins with `judging.model` or `accept` given."""
    parameters: Parameters = Field(default_factory=lambda: JUDGED)
    """Passed to the model with every request; null leaves out one that the profile sets."""
    votes: Annotated[int, Field(ge=1, le=MOST_VOTES)] | None = None
    """How often each instance is judged; null: 3 times where the model is sampled, else once."""
    attempts: Attempts = 2
    """2: a verdict that cannot be read is asked for once more, with what was wrong, before it counts as unread."""
    max_unread: Annotated[float, Field(ge=0, le=1)] = 0.2
    """The share of unread verdicts above which a run stops and says so."""
    required: Annotated[tuple[CriterionName, ...], AfterValidator(distinct)] = ("valid", "input_fits", "output_correct")
    """The questions whose answer must be yes for an instance to be accepted."""
    min_score: Annotated[float, Field(ge=0, le=MOST_SCORE)] = 3
    """The score, 0 to 5, that an accepted instance has at least."""
    refused_flags: Annotated[tuple[NewStageName, ...], AfterValidator(distinct)] = NEARLY_ALWAYS_RIGHT
    """The verifiers whose flag keeps an instance from being accepted, whatever the judge says of it."""
    refused_concerns: Annotated[tuple[ConcernName, ...], AfterValidator(distinct)] = ()
    """What must not concern the judge for an instance to be accepted: harmful, unclear, too simple."""

    @property
    def vote_count(self) -> int:
        """How often each instance is judged."""
        is_sampled = self.parameters.get("temperature") != 0  # without it, providers sample
        return self.votes or (VOTES_OF_A_SAMPLED_JUDGE if is_sampled else 1)


class StageSettings(ModelSettings):
    """What is set of a stage of a user's own; keys that are not ours are the stage's, to be read from `model_extra`."""

    model_config = ConfigDict(extra="allow")

    defined_in: ModuleName | None = None
    """The module that registers the stage when it is imported, such as `my_package.difficulty`."""

    @model_validator(mode="after")
    def _freeze_its_own(self) -> Self:
        object.__setattr__(self, "__pydantic_extra__", frozen(self.model_extra))
        return self


def new_stages(stages: Mapping[str, StageSettings]) -> Mapping[str, StageSettings]:
    """Check the sections of a user's own stages: none may be named as one of ours."""
    ours = next((name for name in stages if name in (*PROPOSING, *StageName, JUDGING, TAGGING)), None)
    if VERIFIERS in stages:
        raise ValueError(f"must not hold {VERIFIERS!r}, under which flags are kept; choose another name")
    if ours:
        raise ValueError(f"must not hold {ours!r}; that stage has a section of its own, {ours!r}")
    named: Mapping[str, StageSettings] = frozen(stages)
    return named


class BatchSettings(Section):
    """Which stages are asked in a provider's batches, at half the price and within a day, and how (docs/batches.md)."""

    enabled: bool | None = None
    """Ask in batches; null: where `batch.stages` names any."""
    stages: Annotated[tuple[NewStageName, ...], AfterValidator(distinct)] | None = None
    """The stages that are; null: all that read nothing from the pool, which is all but `instructions`."""
    finish_online: bool = False
    """Ask what a batch leaves unanswered one by one at once, at the full price; false: in further batches."""
    tries: PositiveInt = 3
    """In how many batches a question is asked at most before the run stops and says so."""
    lines: PositiveInt = 50_000
    """How many questions a batch has at most; the provider's own limit holds too."""
    look_every_s: PositiveFloat = 30
    """How many seconds lie between two looks at a batch that is under way."""
    price: Annotated[Decimal, Field(ge=0, le=1)] = Decimal("0.5")
    """What a question in a batch costs, as a share of its price."""

    @property
    def is_on(self) -> bool:
        """Whether any stage is asked in batches."""
        return bool(self.stages) if self.enabled is None else self.enabled


class RaySettings(Section):
    """Actors of Ray that hold the models and answer in the place of this process (docs/many-machines.md)."""

    address: Annotated[str, Field(min_length=1)] | None = None
    """`local` for a Ray of the run's own on this machine, `auto` or HOST:PORT for a cluster; null: this process asks."""
    actors: PositiveInt = 2
    """How many actors there are at most; those for which the cluster has no room join as it grows."""
    cpus: float = Field(default=1, ge=0, allow_inf_nan=False)
    """How many CPUs Ray sets aside for an actor."""
    gpus: float = Field(default=0, ge=0, allow_inf_nan=False)
    """How many GPUs Ray gives to an actor; a part of one lets several share it."""
    slots: PositiveInt = 16
    """How many questions an actor has under way at once; a model in its own process still answers one by one."""


class FinetuningSettings(Section):
    """How prompt/completion rows are written."""

    strip_field_names: bool = False
    """Remove a "field:" prefix from half the rows, as the published code does."""
    end_token: str = ""
    """What every completion ends with."""


class Price(Section):
    """What a model costs, in US dollars per million tokens; without `cached_input`, cached tokens cost what others do."""

    input: Dollars
    output: Dollars
    cached_input: Dollars | None = None
