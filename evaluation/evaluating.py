"""Evaluate a model on a task set: have every instance answered, over the ledger, and score the answers.

Between a task set and a result. A killed evaluation goes on where it stood and pays for nothing twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.models.replies import Model
from self_instruct.chains.runs.answering import answer_all
from self_instruct.chains.runs.askers import asker_of, batching_of, models_of, paced
from self_instruct.chains.runs.listener import NOBODY, Listener
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.evaluation.baselines import BASELINES, Copying
from self_instruct.evaluation.likelihoods import (
    LikelihoodAsker,
    check_gives_likelihoods,
    likelihood_questions,
    stored_likelihoods,
)
from self_instruct.evaluation.other_harnesses import alpaca_eval_rows
from self_instruct.evaluation.plan import ANSWERS, EvaluationPlan
from self_instruct.evaluation.predictions import prediction_rows, reference_rows, scored_files
from self_instruct.evaluation.results import Result
from self_instruct.evaluation.scores import Answer, score
from self_instruct.evaluation.task_sets import TaskSet
from self_instruct.ledger import LEDGER_FILE, Ledger, RequestId
from self_instruct.records.errors import InputError, SettingsError
from self_instruct.records.replies import Ended, Refusal, Reply
from self_instruct.reports.writing import new_file, write_array, write_lines
from self_instruct.settings.layers import Layer
from self_instruct.settings.sections import ModelChoice

PREDICTIONS, REFERENCES, ALPACA_EVAL = "predictions.jsonl", "references.jsonl", "alpaca_eval.json"


@dataclass(frozen=True, slots=True)
class Evaluated:
    """How an evaluation ended; `result` is None where it stopped short."""

    outcome: Outcome
    result: Result | None


def evaluate(
    run: Path,
    given: Layer,
    tasks: TaskSet | None = None,
    named: str | None = None,
    *,
    model: Model | None = None,
    with_likelihood: bool = False,
    listener: Listener = NOBODY,
) -> Evaluated:
    """Return how the evaluation in `run` ended, begun there or gone on with, and its result.

    `model` is one that is there already; without it the one that the settings name is loaded. `with_likelihood` also asks how
    likely the model finds the references. The answers and references are written beside the ledger, in the published script's
    form. Raises `InputError` of every kind.
    """
    ledger, plan, asked = _opened(run, given, tasks, named, model, with_likelihood)
    batched = () if plan.model in BASELINES else {ANSWERS} & plan.settings.batched_stages
    with ledger, ExitStack() as closing:
        batching = batching_of(ledger, plan.settings, _choices(plan), asked, batched, listener)
        for questions, asker in _rounds(ledger, plan, asked, with_likelihood, listener, closing):
            outcome = answer_all(ledger, questions, asker, paced(plan.settings, asked), listener, batching)
            if outcome.ending is not Ending.DONE:
                return Evaluated(outcome, None)
        result = stored_result(ledger, plan)
        _write(run, result)
        return Evaluated(Outcome(Ending.DONE, f"{len(plan.tasks)} answers"), result)


def load_result(source: Path, references: str | None = None, split: Path | None = None) -> Result:
    """Return the result of an evaluation's run directory, or of a file of predictions; see `scored_files`.

    Raises `InputError` where an evaluation is not finished, and of every kind that files can bring.
    """
    if not (source / LEDGER_FILE).exists():
        return scored_files(source, references, split)
    with Ledger.open(source, read_only=True) as ledger, ledger.snapshot():
        return stored_result(ledger, EvaluationPlan.of(ledger))


def stored_result(ledger: Ledger, plan: EvaluationPlan) -> Result:
    """Return the scores of the stored answers; raises `InputError` where one is missing."""
    likelihoods = stored_likelihoods(ledger, plan)
    answers = [_answer(ledger.reply(RequestId(ANSWERS, number)), likelihoods[number]) for number in range(len(plan.tasks))]
    missing = answers.count(None)
    if missing:
        raise InputError(f"{ledger.path.parent}: {missing} of {len(answers)} answers are missing; run its evaluation again.")
    scored = tuple(score(one, answer) for one, answer in zip(plan.tasks, answers, strict=True) if answer)
    return Result(scored, plan.source())


def _answer(reply: Reply | Refusal | None, likelihoods: tuple[float, ...] | None) -> Answer | None:
    if reply is None:
        return None
    if isinstance(reply, Refusal):
        return Answer("", is_refused=True, log_likelihoods=likelihoods)
    is_at_limit = None if reply.ended is None else reply.ended is Ended.LENGTH
    is_refused = reply.ended in (Ended.REFUSED, Ended.FILTERED)
    return Answer(reply.text, is_at_limit, is_refused, likelihoods)


def _opened(
    run: Path, given: Layer, tasks: TaskSet | None, named: str | None, model: Model | None, with_likelihood: bool
) -> tuple[Ledger, EvaluationPlan, dict[str, Model]]:
    """Return the evaluation in `run`, begun there if there is none, and the model that it asks, as `_models` does.

    Where the model cannot be loaded nothing has changed and no new run is there.
    """
    if not Ledger.exists(run):
        if tasks is None or named is None:
            raise SettingsError(f"{run}: holds no evaluation; name what to ask with `tasks`.")
        plan = EvaluationPlan.new(given, tasks, named)
        asked = _models(plan, model, with_likelihood)
        return Ledger.create(run, plan.facts()), plan, asked
    with ExitStack() as undo:
        ledger = undo.enter_context(Ledger.open(run))
        plan = EvaluationPlan.of(ledger).going_on(given, tasks)
        is_all_there = _is_answered(ledger, [*plan.questions(), *(likelihood_questions(plan) if with_likelihood else ())])
        asked = {} if is_all_there else _models(plan, model, with_likelihood)
        plan.remember(ledger)
        undo.pop_all()
        return ledger, plan, asked


def _models(plan: EvaluationPlan, model: Model | None, with_likelihood: bool) -> dict[str, Model]:
    """Return the model that is asked, by its stage: none for a baseline, nor where actors of Ray hold it."""
    if with_likelihood and plan.settings.ray.address is not None:
        raise SettingsError("`ray`: likelihoods are asked of a model in this process; leave `likelihood` or it out.")
    asked = {ANSWERS: model} if model else {}
    if not asked and plan.model not in BASELINES:
        asked = models_of(plan.settings, _choices(plan))
    if with_likelihood:
        check_gives_likelihoods(asked.get(ANSWERS))
    return asked


def _choices(plan: EvaluationPlan) -> dict[str, ModelChoice]:
    return {ANSWERS: plan.settings.choice(ANSWERS)}


def _rounds(
    ledger: Ledger,
    plan: EvaluationPlan,
    asked: Mapping[str, Model],
    with_likelihood: bool,
    listener: Listener,
    closing: ExitStack,
) -> Iterator[tuple[list[Question], Asker]]:
    """Yield what is not all answered yet, and who answers it: first the task set, then how likely its references are."""
    questions = list(plan.questions())
    if not _is_answered(ledger, questions):
        if plan.model in BASELINES:
            yield questions, Copying(plan.model, plan.tasks)
        else:
            yield questions, closing.enter_context(asker_of(ledger, plan.settings, _choices(plan), asked, listener))
    questions = list(likelihood_questions(plan)) if with_likelihood else []
    if not _is_answered(ledger, questions):
        yield questions, LikelihoodAsker(asked.get(ANSWERS), plan)


def _is_answered(ledger: Ledger, questions: Sequence[Question]) -> bool:
    return all(ledger.reply(question.id) for question in questions)


def _write(run: Path, result: Result) -> None:
    """Write the answers and the references as the published script has them, and the answers as AlpacaEval has them."""
    for name, rows in (
        (PREDICTIONS, prediction_rows(result.scored)),
        (REFERENCES, reference_rows(each.instance for each in result.scored)),
    ):
        with new_file(run / name, "run") as file:
            write_lines(file, rows)
    with new_file(run / ALPACA_EVAL, "run") as file:
        write_array(file, alpaca_eval_rows(result.scored, str(result.source["model"])))
