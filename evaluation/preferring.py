"""A judge says which of two systems answers each task better, in both orders, and a system wins only where both agree.

Between two evaluations' answers and a count of wins with its interval. The pairs are facts of a ledger of their own; each
question is asked once over all starts, and once more where its answer cannot be read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from self_instruct.chains.budgets.meter import check_budgets
from self_instruct.chains.models.names import is_completion_model
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.replies import Model
from self_instruct.chains.runs.answering import do_with
from self_instruct.chains.runs.askers import batching_of, models_of
from self_instruct.chains.runs.listener import NOBODY, Listener
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.stored_facts import read_fact, remember_settings, settings_facts, settings_of
from self_instruct.chains.stages.comparing import OutputPair, turned
from self_instruct.chains.stages.task_kinds import task_kind
from self_instruct.evaluation.intervals import Interval, bootstrap
from self_instruct.evaluation.results import Result, asked_in
from self_instruct.evaluation.scores import Scored
from self_instruct.ledger import Ledger, RequestId
from self_instruct.prompts.prompt_set import prompt_set
from self_instruct.prompts.reading.verdict_parser import PreferenceParser
from self_instruct.records.errors import InputError, SettingsError
from self_instruct.records.judgements import JUDGING, Comparison, Preference, Unread, Winner
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Reason
from self_instruct.retrievers.draws import HashDraws
from self_instruct.settings.layers import Layer
from self_instruct.settings.sections import ModelChoice
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import Settled, settle, settle_again

PREFERENCE = "preference"
FACT = "preferences"
_ORDERS = (0, 1)  # as it is, and swapped


@dataclass(frozen=True, slots=True)
class AnsweredTask:
    """A task, by its id, with the answers of both systems."""

    id: str
    task: str
    pair: OutputPair


@dataclass(frozen=True, slots=True)
class PreferencePlan:
    """Who is compared on what, by which judge. `names` are the two systems'."""

    settings: Settings
    origins: Mapping[str, str]
    names: tuple[str, str]
    answered: tuple[AnsweredTask, ...]

    @property
    def judge(self) -> str:
        """The name of the model that judges."""
        return self.settings.model_of(JUDGING) or ""

    @property
    def choices(self) -> dict[str, ModelChoice]:
        """The judge, by the name of the questions that it is asked."""
        return {PREFERENCE: self.settings.choice(JUDGING)}

    def facts(self) -> dict[str, Any]:
        """Return it as the JSON values that its ledger stores."""
        return {
            **settings_facts(Settled(self.settings, self.origins)),
            FACT: {"names": list(self.names), "answered": [asdict(one) for one in self.answered]},
        }  # fmt: skip

    def remember(self, ledger: Ledger) -> None:
        """Store the settings, of which those that pace may have changed."""
        remember_settings(ledger, Settled(self.settings, self.origins))

    @classmethod
    def of(cls, ledger: Ledger) -> PreferencePlan:
        """Return the plan of what exists; raises `LedgerError` where the ledger is of another kind of run."""
        missing = "is a run's ledger, and of no preferences; choose another `run`."
        return read_fact(ledger, FACT, missing, lambda stored: cls._read(settings_of(ledger), stored))

    @classmethod
    def _read(cls, settled: Settled, stored: Mapping[str, Any]) -> PreferencePlan:
        answered = tuple(AnsweredTask(one["id"], one["task"], OutputPair(**one["pair"])) for one in stored["answered"])
        first, second = stored["names"]
        return cls(settled.settings, settled.origins, (first, second), answered)


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a judge says. `wins` are of each system, in both orders; `unread` could not be read in one of them.

    `more` is how much more often the second wins than the first, in percent of the tasks that were read, with its interval.
    `by_place` counts the ties where the judge took whatever stood first, or second, in both orders. `words` are mean lengths.
    """

    names: tuple[str, str]
    judge: str
    wins: tuple[int, int]
    ties: int
    unread: int
    more: float | None
    interval: Interval | None
    by_place: int
    words: tuple[float, float]


def prefer(
    run: Path,
    given: Layer,
    systems: Mapping[str, Result] | None = None,
    tasks: int | None = None,
    *,
    model: Model | None = None,
    listener: Listener = NOBODY,
) -> tuple[Outcome, Preferences | None]:
    """Return how it ended to have a judge compare two systems in `run`, begun there or gone on with, and what it says.

    `systems` are two results by their names; so many `tasks` that both answered are drawn by the seed, or all. `model` is a
    judge that is there already. Raises `InputError` of every kind.
    """
    ledger, plan, asked = _opened(run, given, systems, tasks, model)
    with ledger:
        work = _Preferring(ledger, plan)
        outcome = Outcome(Ending.DONE, f"{work.done} answers")
        if work.done < work.total:
            outcome = _answered(ledger, plan, work, asked or _models(plan, model), listener)
        return outcome, preferences(ledger, plan) if work.done == work.total else None


def preferences(ledger: Ledger, plan: PreferencePlan) -> Preferences:
    """Return what the stored answers say; every question is answered."""
    said = [_comparison(ledger, number) for number in range(len(plan.answered))]
    read = [(one.task, each.winner, each) for one, each in zip(plan.answered, said, strict=True) if each.winner]
    points = [{Winner.FIRST: -100.0, Winner.TIE: 0.0, Winner.SECOND: 100.0}[winner] for _, winner, _ in read]
    pairs = [one.pair for one in plan.answered]
    return Preferences(
        names=plan.names,
        judge=plan.judge,
        wins=(points.count(-100.0), points.count(100.0)),
        ties=points.count(0.0),
        unread=len(said) - len(read),
        more=fmean(points) if points else None,
        interval=bootstrap({"more": points}, [task for task, *_ in read])["more"] if points else None,
        by_place=sum(_is_by_place(each) for *_, each in read),
        words=(fmean(len(one.first.split()) for one in pairs), fmean(len(one.second.split()) for one in pairs)),
    )


def _is_by_place(said: Comparison) -> bool:
    both = [one.winner for one in (said.straight, said.swapped) if isinstance(one, Preference)]
    return len(both) == 2 and Winner.TIE not in both and both[0] is not both[1]


# the plan and its ledger


def _opened(
    run: Path, given: Layer, systems: Mapping[str, Result] | None, tasks: int | None, model: Model | None
) -> tuple[Ledger, PreferencePlan, dict[str, Model]]:
    """Return the ledger and plan in `run`, begun there with the judge's model if there is none; where that fails, not begun."""
    if not Ledger.exists(run):
        if systems is None:
            raise SettingsError(f"{run}: holds no preferences; name two evaluations to compare.")
        plan = _new_plan(given, systems, tasks)
        asked = _models(plan, model)
        return Ledger.create(run, plan.facts()), plan, asked
    with ExitStack() as undo:
        ledger = undo.enter_context(Ledger.open(run))
        plan = PreferencePlan.of(ledger)
        count = len(plan.answered)
        if systems is not None and _pairs(systems, tasks or count, plan.settings.seed) != plan.answered:
            raise SettingsError(f"{run}: was started with other answers, or other `tasks` ({count}); start another with `run`.")
        if systems is None and tasks not in (None, count):
            raise SettingsError(
                f"{run}: was started with {count} tasks, not {tasks}; leave that out, or start another with `run`."
            )
        settled = settle_again(given, Settled(plan.settings, plan.origins))
        check_budgets(settled.settings)
        plan = replace(plan, settings=settled.settings, origins=settled.origins)
        plan.remember(ledger)
        undo.pop_all()
        return ledger, plan, {}


def _new_plan(given: Layer, systems: Mapping[str, Result], tasks: int | None) -> PreferencePlan:
    settled = settle(given)
    if settled.settings.model_of(JUDGING) is None:
        raise SettingsError("no judge is named; name it with `model=PROVIDER:NAME`.")
    check_budgets(settled.settings)
    first, second = systems
    answered = _pairs(systems, tasks, settled.settings.seed)
    return PreferencePlan(settled.settings, settled.origins, (first, second), answered)


def _pairs(systems: Mapping[str, Result], tasks: int | None, seed: int) -> tuple[AnsweredTask, ...]:
    firsts, seconds = ({one.instance.id: one for one in result.scored} for result in systems.values())
    shared = [one for one in firsts if one in seconds]
    if not shared:
        raise InputError("the two systems answered no task in common; name answers to one task set.")
    drawn = HashDraws(f"{seed}:preferred").sample(shared, min(tasks or len(shared), len(shared)))
    return tuple(_answered_task(each, firsts[each], seconds[each]) for each in drawn)


def _answered_task(name: str, first: Scored, second: Scored) -> AnsweredTask:
    asked = asked_in((first, second))
    pair = OutputPair(asked.instruction, asked.input, first.answer.text.strip(), second.answer.text.strip())
    return AnsweredTask(name, asked.task, pair)


# asking


def _models(plan: PreferencePlan, model: Model | None) -> dict[str, Model]:
    """Return the judge by the name of its questions; none where actors of Ray hold it."""
    return {PREFERENCE: model} if model else models_of(plan.settings, plan.choices)


def _answered(
    ledger: Ledger, plan: PreferencePlan, work: _Preferring, models: Mapping[str, Model], listener: Listener
) -> Outcome:
    judging = plan.settings.judging.model_copy(update={"enabled": True})  # so that it is among what batches are asked
    settings = plan.settings.model_copy(update={"judging": judging})
    batched = plan.choices if JUDGING in settings.batched_stages else ()
    batching = batching_of(ledger, settings, plan.choices, models, batched, listener)
    return do_with(ledger, work, settings, plan.choices, models, listener, batching)


class _Preferring:
    """Asks about each pair in both orders, and once more where the answer cannot be read (`chains.runs.answering.Work`)."""

    trouble = None

    def __init__(self, ledger: Ledger, plan: PreferencePlan) -> None:
        prompts = prompt_set(completion=[JUDGING] if is_completion_model(plan.judge) else ())
        self._ledger, self._plan = ledger, plan
        self._prompts = (prompts.compare, prompts.compare_again)[: plan.settings.judging.attempts]
        self._waiting: deque[Question] = deque()
        self.total = len(_ORDERS) * len(plan.answered)
        self.done = 0
        for number in range(len(plan.answered)):
            for order in _ORDERS:
                self._go_on(number, order)

    def __iter__(self) -> Iterator[Question]:
        return self

    def __next__(self) -> Question:
        """Return a question that is not answered yet."""
        if not self._waiting:
            raise StopIteration
        return self._waiting.popleft()

    def take(self, question: Question, reply: Reply | Refusal) -> None:
        """Ask once more about what cannot be read."""
        del reply  # it is stored
        self._go_on(question.id.request, question.id.item)

    def _go_on(self, number: int, order: int) -> None:
        """Have the next attempt asked at a pair in one order, unless it has been read or there is none left."""
        wrong: dict[str, str] = {}
        for attempt, prompt in enumerate(self._prompts, start=1):
            request = RequestId(PREFERENCE, number, order, attempt)
            reply = self._ledger.reply(request)
            if reply is None:
                self._waiting.append(self._question(request, prompt, wrong))
                return
            found = _read(reply)
            if isinstance(found, Preference) or found.why == Reason.REFUSED_BY_PROVIDER:
                break
            wrong = {"wrong": found.why}
        self.done += 1

    def _question(self, request: RequestId, prompt: Any, wrong: Mapping[str, str]) -> Question:
        pair = self._plan.answered[request.request].pair
        shown = pair.swapped if request.item else pair
        kind = task_kind(pair.instruction, None).value
        rendered = prompt.format_prompt(**asdict(shown), kind=kind, **wrong)
        return Question(request, rendered, self._plan.settings.judging.parameters, self._plan.judge)


def _read(reply: Reply | Refusal) -> Preference | Unread:
    if isinstance(reply, Refusal):
        return Unread(Reason.REFUSED_BY_PROVIDER, reply.words)
    return PreferenceParser().read(reply)


def _comparison(ledger: Ledger, number: int) -> Comparison:
    straight, swapped = (_last(ledger, number, order) for order in _ORDERS)
    return Comparison(straight, turned(swapped))


def _last(ledger: Ledger, number: int, order: int) -> Preference | Unread:
    replies: Sequence[Reply | Refusal | None] = [
        ledger.reply(RequestId(PREFERENCE, number, order, attempt)) for attempt in (1, 2)
    ]
    return next((_read(reply) for reply in reversed(replies) if reply is not None), Unread(Reason.EMPTY))
