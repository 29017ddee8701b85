"""What an evaluation fixes when it starts: the model, the task set, the encoding and the decoding; facts of its ledger.

An evaluation is a run directory like any other, with a ledger that holds replies and no tasks. One that goes on takes all of it
from there; what is given again must be the same, but for what only paces.
Source of the decoding: Wang et al. 2023, arXiv:2212.10560, appendix A: temperature 0, up to 1,024 tokens, no stop.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from self_instruct.chains.budgets.meter import check_budgets
from self_instruct.chains.models.names import FOLDER_PREFIX
from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.stored_facts import read_fact, remember_settings, settings_facts, settings_of
from self_instruct.evaluation.encodings import Encoding, checked_encoding, prompt
from self_instruct.evaluation.task_sets import TaskInstance, TaskSet, digest
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.errors import SettingsError
from self_instruct.settings.dotted_keys import flatten
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import Settled, settle, settle_again

ANSWERS = "answers"
LIKELIHOOD = "likelihood"
FACT = "evaluation"
MOST_TOKENS = 1024  # of an answer
IN_PROCESS_S = 86_400  # a model in this process answers in its turn, however long that takes
_DECODING = "stages.answers.parameters"
_ENCODING = "stages.answers.encoding"
_DEFAULTS = {f"{_DECODING}.temperature": 0, f"{_DECODING}.max_tokens": MOST_TOKENS, _ENCODING: "self-instruct"}


def said(
    model: str | None = None,
    encoding: str | None = None,
    temperature: float | None = None,
    answer_tokens: int | None = None,
    stop: list[str] | None = None,
) -> Layer:
    """Return what flags say about how a task set is asked, as settings."""
    flags = {
        "model": ("MODEL", model),
        _ENCODING: ("--encoding", encoding),
        f"{_DECODING}.temperature": ("--temperature", temperature),
        f"{_DECODING}.max_tokens": ("--answer-tokens", answer_tokens),
        f"{_DECODING}.stop": ("--stop", stop or None),
    }
    given = {key: (flag, value) for key, (flag, value) in flags.items() if value is not None}
    return Layer({key: value for key, (_, value) in given.items()}, {key: flag for key, (flag, _) in given.items()})


@dataclass(frozen=True, slots=True)
class EvaluationPlan:
    """All that decides an evaluation's answers but for the replies. `named` is the task set's name as it was given."""

    settings: Settings
    origins: Mapping[str, str]
    tasks: TaskSet
    named: str

    @classmethod
    def new(cls, given: Layer, tasks: TaskSet, named: str) -> Self:
        """Return the plan of a new evaluation; raises `SettingsError`."""
        in_process = str(given.values.get("model", "")).startswith(FOLDER_PREFIX)
        defaults = {**_DEFAULTS, **({"timeout_s": IN_PROCESS_S} if in_process else {})}
        settled = settle(given.over(Layer.said(defaults, "default")))
        if settled.settings.model is None:
            raise SettingsError("no model is named; give MODEL, such as openai:gpt-4.1-mini, or copy-input.")
        plan = cls(settled.settings, settled.origins, tasks, named)
        checked_encoding(plan.encoding)
        check_budgets(plan.settings)
        return plan

    @classmethod
    def of(cls, ledger: Ledger) -> Self:
        """Return the plan of an evaluation that exists; raises `LedgerError` where the ledger is of another kind of run."""
        missing = "is a run's ledger, not an evaluation's; choose another `run`."
        return read_fact(ledger, FACT, missing, lambda stored: cls._read(settings_of(ledger), stored))

    @classmethod
    def _read(cls, settled: Settled, stored: Mapping[str, Any]) -> Self:
        tasks = tuple(TaskInstance(**{**one, "references": tuple(one["references"])}) for one in stored["tasks"])
        return cls(settled.settings, settled.origins, tasks, stored["named"])

    def going_on(self, given: Layer, tasks: TaskSet | None) -> Self:
        """Return this plan with the pacing settings that were given; raises `SettingsError` where anything else differs."""
        if tasks is not None and digest(tasks) != digest(self.tasks):
            raise SettingsError(f"this evaluation was started with another task set ({self.named}); start another with `run`.")
        settled = settle_again(given, Settled(self.settings, self.origins))
        check_budgets(settled.settings)
        return replace(self, settings=settled.settings, origins=settled.origins)

    def remember(self, ledger: Ledger) -> None:
        """Store what may have changed, for the next time the evaluation goes on."""
        remember_settings(ledger, Settled(self.settings, self.origins))

    def facts(self) -> dict[str, Any]:
        """Return the plan as the JSON values that its ledger stores."""
        return {
            **settings_facts(Settled(self.settings, self.origins)),
            FACT: {"named": self.named, "tasks": [asdict(one) for one in self.tasks]},
        }

    @property
    def model(self) -> str:
        """The name of the model that is asked."""
        return self.settings.model_of(ANSWERS) or ""

    @property
    def encoding(self) -> Encoding:
        """How instances are asked."""
        extra = self.settings.section(ANSWERS).model_extra or {}
        return checked_encoding(extra.get("encoding"))

    def questions(self) -> Iterator[Question]:
        """Yield what the model is asked, an instance each, in the order of the task set."""
        parameters = self.settings.section(ANSWERS).parameters
        for number, one in enumerate(self.tasks):
            yield Question(RequestId(ANSWERS, number), prompt(one, self.encoding), parameters, self.model)

    def source(self) -> dict[str, Any]:
        """Return what is stored with the result: enough to ask the same again."""
        parameters = flatten(self.settings.model_dump(mode="json")["stages"][ANSWERS]["parameters"])
        return {
            "model": self.model, "tasks": self.named, "task_set_sha256": digest(self.tasks), "encoding": self.encoding,
            "parameters": parameters,
        }  # fmt: skip
