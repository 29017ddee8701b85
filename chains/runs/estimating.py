"""What a run would ask and what that would cost, before anything is asked: `generate --dry-run`.

A run that has begun is estimated by its own experience (`forecast`): tasks kept per request, and tokens per request as the
provider counted them. A new one by assumptions, which are stated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import reduce
from math import ceil
from typing import Any

from self_instruct.chains.budgets.bounds import IMAGE_TOKENS, most_output_tokens
from self_instruct.chains.budgets.meter import WHOLE, price_in
from self_instruct.chains.budgets.prices import cost, discounted
from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.advice import Advice, advice
from self_instruct.chains.runs.calibrating import lessons_left
from self_instruct.chains.runs.deciding import tally_of
from self_instruct.chains.runs.forecast import BYTES_PER_TOKEN, Forecast, Standing, guessed, standing_of, tokens_of
from self_instruct.chains.runs.outlook import Outlook
from self_instruct.chains.runs.pace import Times
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.pool import Pool
from self_instruct.chains.runs.target import accepted_share, expected_target
from self_instruct.chains.stages.classification import CALIBRATION
from self_instruct.chains.stages.instructions import InstructionStage, expected_yield
from self_instruct.chains.stages.stage import Stage
from self_instruct.chains.stages.tagging import entries_of
from self_instruct.ledger import Ledger, RequestId, Spent
from self_instruct.prompts.stage_prompt import prompt_text
from self_instruct.records.replies import Usage
from self_instruct.records.tasks import Proposer, Task
from self_instruct.settings.sections import Price


@dataclass(frozen=True, slots=True)
class FirstQuestion:
    """The first question of its kind, as it would be sent."""

    kind: str
    question: Question


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """What a stage is likely to ask and to use. Costs are US dollars, None where the price is not known.

    `most_output_tokens` is what comes out if every answer is as long as it may be; None where the stage sets no limit.
    """

    stage: str
    model: str | None
    requests: int
    usage: Usage
    most_output_tokens: int | None
    cost: Decimal | None
    most_cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is left to do for the target in each stage, the first questions, and what the numbers rest on, in lines.

    `outlook` has the same with ranges, None for a run in which nothing is decided yet; `advice` what is likely wrong with it.
    """

    questions: tuple[FirstQuestion, ...]
    stages: tuple[StageEstimate, ...]
    assumptions: tuple[str, ...]
    outlook: Outlook | None = None
    advice: tuple[Advice, ...] = ()


def estimate(plan: RunPlan, ledger: Ledger | None) -> Estimate:
    """Return what `generate` would ask of a plan, going on from `ledger` if there is one; nothing is asked or written."""
    if ledger is None:
        return _Estimating(plan, None).estimate()
    with ledger.snapshot():
        return replace(_Estimating(plan, ledger).estimate(), advice=advice(tally_of(ledger, plan.settings)))


class _Estimating:
    """One estimate, from where a run stands: its tasks, what it has spent, and which requests are decided or stored ahead."""

    def __init__(self, plan: RunPlan, ledger: Ledger | None) -> None:
        self._plan = plan
        stages = plan.stages()
        answer = ledger.reply if ledger else lambda _: None
        self._answer = answer
        self._lessons = [one for stage in stages.all for one in lessons_left(stage.lessons(plan.seeds), answer)]
        if ledger:
            stages.learn(plan.seeds, answer)
        self._stages = stages.all
        self._tasks = list(ledger.tasks()) if ledger else []
        target = expected_target(ledger, plan.settings)
        self._standing = standing_of(ledger, target) if ledger else Standing(0, target, (), 0, {}, {}, Times({}, None))
        self._decided = ledger.progress.request if ledger else 0
        self._ahead = frozenset(ledger.instruction_attempts_from(self._decided) if ledger else ())
        self._share = accepted_share(ledger, plan.settings) if ledger else None
        self._questions = tuple(self._first_questions())
        self._forecast = Forecast(self._stages, self._price, self._guess, plan.settings, len(plan.texts))

    def estimate(self) -> Estimate:
        """Return the estimate."""
        stages = [self._stage(place, stage) for place, stage in enumerate(self._stages)]
        if self._lessons:
            stages.insert(0, self._calibration())
        return Estimate(self._questions, tuple(stages), tuple(self._assumptions()), self._forecast.outlook(self._standing))

    # the first questions

    def _first_questions(self) -> list[FirstQuestion]:
        numbers = range(self._decided, self._decided + len(self._ahead) + 1)
        number = next(number for number in numbers if number not in self._ahead)
        found = []
        for stage in self._stages:
            for sample in stage.samples(self._plan.seeds):
                about = self._shown(number) if isinstance(stage, InstructionStage) else sample.about
                question = self._plan.with_image(stage.question(RequestId(stage.name, number), about))
                found.append(FirstQuestion(sample.kind, question))
        return found

    def _shown(self, request: int) -> tuple[str, ...]:
        plan = self._plan
        pool = Pool(plan.seeds, plan.settings, plan.draw, plan.taxonomy, len(plan.texts))
        pool.restore((task.id, task.instruction) for task in self._tasks)
        if tagging := plan.stages().tagging:
            for task in self._tasks:
                pool.tag(task.id, entries_of(tagging.tags(task.id, Task(task.instruction, None), self._answer)))
        return pool.demonstrations(request)

    # the numbers

    def _stage(self, place: int, stage: Stage[Any]) -> StageEstimate:
        requests = ceil(round(self._forecast.requests(self._standing, place).likely, 6))
        limits = [most_output_tokens(question.parameters) for question in self._questions_of(stage)]
        most = max((limit for limit in limits if limit is not None), default=0) * requests if None not in limits else None
        each = self._forecast.usage(self._standing, stage)
        usage = Usage(*(None if count is None else round(count * requests) for count in each))
        return self._estimated(stage.name, stage.model, requests, usage, most)

    def _calibration(self) -> StageEstimate:
        """Return what is asked about seed tasks before anything else: one token each, and never in batches."""
        asked = len(self._lessons)
        usage = Usage(round(sum(tokens_of(prompt_text(one.prompt)) for one in self._lessons)), asked)
        return self._estimated(CALIBRATION, self._lessons[0].model, asked, usage, asked)

    def _estimated(self, name: str, model: str | None, requests: int, usage: Usage, most: int | None) -> StageEstimate:
        price = discounted(self._price(model), self._share_of_price(name))
        longest = Usage(usage.input_tokens, most, usage.cached_tokens)
        return StageEstimate(name, model, requests, usage, most, cost(price, usage), cost(price, longest))

    def _price(self, model: str | None) -> Price | None:
        return price_in(self._plan.settings, model)

    def _share_of_price(self, stage: str) -> Decimal:
        """Return what a stage's requests cost, as a share of their price."""
        settings = self._plan.settings
        return settings.batch.price if stage in settings.batched_stages else WHOLE

    def _guess(self, stage: Stage[Any]) -> tuple[float, float]:
        is_about_images = self._plan.images is not None
        return guessed(stage, self._questions_of(stage), self._plan.seeds, is_about_images=is_about_images)

    def _questions_of(self, stage: Stage[Any]) -> list[Question]:
        return [first.question for first in self._questions if first.question.id.stage == stage.name]

    def _assumptions(self) -> list[str]:
        if latest := self._standing.latest:
            kept = f"{sum(latest) / len(latest):.1f} tasks kept per request, as in those decided last ({len(latest)})"
        else:
            each = expected_yield(self._plan.settings)
            kept = f"{each:g} task{'' if each == 1 else 's'} kept per request"
        said = [f"{kept}; it falls as the pool grows, so a large target takes more"]
        if self._lessons:
            said.append(f"{CALIBRATION}: seed tasks are asked about first; one alone where the model tells no probabilities")
        if self._forecast.runs_out(self._standing):
            said.append(self._used_up())
        if self._share is not None:
            said.append(self._share.sentence())
        if batched := [stage.name for stage in self._stages if stage.name in self._plan.settings.batched_stages]:
            said.append(f"{', '.join(batched)}: in batches, at {self._plan.settings.batch.price} of the price")
        guessed = [stage.name for stage in self._stages if not self._counted(stage)]
        if guessed:
            said.append(
                f"tokens of {', '.join(guessed)}: {BYTES_PER_TOKEN} bytes of text each (English), answers as long as the seeds'"
            )
        if self._plan.images and guessed:
            said.append(f"an image: {IMAGE_TOKENS:,} tokens, which providers count differently")
        if len(guessed) < len(self._stages):
            others = "tokens of the other stages" if guessed else "tokens"
            said.append(f"{others}: the mean of what the provider counted in this run")
        return [*said, "nothing is added for requests that fail and are asked again"]

    def _used_up(self) -> str:
        at, target = self._standing, self._standing.target or 0
        said = (
            f"{Proposer.BACK_TRANSLATE}: the {self._forecast.texts_left(at)} texts that are left are used up before the target"
        )
        kept = round(at.kept + self._forecast.to_come(at))
        return f"{said}; the others bring the rest" if kept == target else f"{said}, and the run ends with about {kept} tasks"

    def _counted(self, stage: Stage[Any]) -> int:
        spent = self._standing.spent.get(stage.name, Spent())
        return spent.requests - spent.unreported


def in_all(stages: Sequence[StageEstimate]) -> StageEstimate:
    """Return the sum over the stages, under the first one's name; what is not known of one is not known of all."""
    return StageEstimate(
        stages[0].stage,
        None,
        sum(each.requests for each in stages),
        reduce(Usage.plus, (each.usage for each in stages)),
        _total([each.most_output_tokens for each in stages], 0),
        _total([each.cost for each in stages], Decimal(0)),
        _total([each.most_cost for each in stages], Decimal(0)),
    )


def _total(values: Sequence[Any], zero: Any) -> Any:
    return None if None in values else sum(values, zero)
