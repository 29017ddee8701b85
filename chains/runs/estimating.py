"""What a run would ask and what that would cost, before anything is asked: `generate --dry-run`.

A run that has begun is estimated by its own experience: tasks kept per request, and tokens per request as the provider counted
them. A new one by assumptions, which are stated.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from math import ceil
from typing import Any

from self_instruct.chains.budgets.bounds import most_output_tokens
from self_instruct.chains.budgets.meter import price_in
from self_instruct.chains.budgets.prices import cost
from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.pool import Pool
from self_instruct.chains.stages.instructions import EXPECTED_YIELD, InstructionStage
from self_instruct.chains.stages.stage import Stage
from self_instruct.ledger import Ledger, RequestId, Spent, StoredTask
from self_instruct.prompts.stage_prompt import prompt_text
from self_instruct.records.replies import Usage

BYTES_PER_TOKEN = 4  # English text; other scripts have fewer


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
    """What is left to do for the target in each stage, the first questions, and what the numbers rest on, in lines."""

    questions: tuple[FirstQuestion, ...]
    stages: tuple[StageEstimate, ...]
    assumptions: tuple[str, ...]


def estimate(plan: RunPlan, ledger: Ledger | None) -> Estimate:
    """Return what `generate` would ask of a plan, going on from `ledger` if there is one; nothing is asked or written."""
    if ledger is None:
        return _Estimating(plan, [], {}, 0, frozenset()).estimate()
    with ledger.snapshot():
        decided = ledger.progress.request
        ahead = ledger.instruction_attempts_from(decided)
        return _Estimating(plan, list(ledger.tasks()), _by_stage(ledger), decided, frozenset(ahead)).estimate()


def _by_stage(ledger: Ledger) -> dict[str, Spent]:
    found: dict[str, Spent] = {}
    for (stage, *_), spent in ledger.spending().items():
        found[stage] = found.get(stage, Spent()).plus(spent)
    return found


class _Estimating:
    """One estimate, from where a run stands: its tasks, what it has spent, and which requests are decided or stored ahead."""

    def __init__(
        self,
        plan: RunPlan,
        tasks: Sequence[StoredTask],
        spent: Mapping[str, Spent],
        decided: int,
        ahead: frozenset[int],
    ) -> None:
        self._plan = plan
        self._stages = plan.stages().all
        self._tasks = tasks
        self._spent = spent
        self._decided = decided
        self._ahead = ahead
        self._awaiting = Counter(task.awaits.stage for task in tasks if task.awaits)
        kept = sum(task.id.request < decided for task in tasks)
        self._has_yield = kept > 0
        self._yield = kept / decided if kept else float(EXPECTED_YIELD)
        self._new = max(0, (plan.settings.num_instructions or 0) - len(tasks))
        self._questions = tuple(self._first_questions())

    def estimate(self) -> Estimate:
        """Return the estimate."""
        stages = tuple(self._stage(place, stage) for place, stage in enumerate(self._stages))
        return Estimate(self._questions, stages, tuple(self._assumptions()))

    # the first questions

    def _first_questions(self) -> list[FirstQuestion]:
        numbers = range(self._decided, self._decided + len(self._ahead) + 1)
        number = next(number for number in numbers if number not in self._ahead)
        found = []
        for stage in self._stages:
            for sample in stage.samples(self._plan.seeds):
                about = self._shown(number) if isinstance(stage, InstructionStage) else sample.about
                found.append(FirstQuestion(sample.kind, stage.question(RequestId(stage.name, number), about)))
        return found

    def _shown(self, request: int) -> tuple[str, ...]:
        pool = Pool(self._plan.seeds, self._plan.settings, self._plan.draw)
        pool.restore((task.id, task.instruction) for task in self._tasks)
        return pool.demonstrations(request)

    # the numbers

    def _stage(self, place: int, stage: Stage[Any]) -> StageEstimate:
        requests, each = self._requests(place), self._each(stage)
        limits = [most_output_tokens(question.parameters) for question in self._questions_of(stage)]
        most = max((limit for limit in limits if limit is not None), default=0) * requests if None not in limits else None
        usage = Usage(*(None if count is None else round(count * requests) for count in each))
        price = None if stage.model is None else price_in(self._plan.settings, stage.model)
        longest = Usage(usage.input_tokens, most, usage.cached_tokens)
        return StageEstimate(stage.name, stage.model, requests, usage, most, cost(price, usage), cost(price, longest))

    def _questions_of(self, stage: Stage[Any]) -> list[Question]:
        return [first.question for first in self._questions if first.question.id.stage == stage.name]

    def _requests(self, place: int) -> int:
        """Return how many requests the stage at a place is likely to take, for new tasks and for those on their way."""
        if place == 0:
            return max(0, ceil(self._new / self._yield) - len(self._ahead))
        awaiting = [self._awaiting[stage.name] for stage in self._stages]
        to_come = self._new + sum(awaiting[1:place])
        passed = len(self._tasks) - sum(awaiting[1 : place + 1])
        return ceil(to_come * self._per_task(self._stages[place], passed)) + awaiting[place]

    def _per_task(self, stage: Stage[Any], tasks: int) -> float:
        """Return how many requests of a stage a task takes, by those of `tasks`: some are asked again, some never."""
        spent = self._spent.get(stage.name)
        return spent.requests / tasks if spent and tasks else 1.0

    def _each(self, stage: Stage[Any]) -> tuple[float | None, ...]:
        """Return the likely tokens of one request: in, out, cached."""
        spent = self._spent.get(stage.name, Spent())
        counted = spent.requests - spent.unreported
        if counted:
            usage = spent.usage
            return tuple(
                None if n is None else n / counted for n in (usage.input_tokens, usage.output_tokens, usage.cached_tokens)
            )
        prompts = [_tokens(prompt_text(question.prompt)) for question in self._questions_of(stage)]
        return sum(prompts) / len(prompts), stage.output_bytes(self._plan.seeds) / BYTES_PER_TOKEN, None

    def _assumptions(self) -> list[str]:
        if self._has_yield:
            kept = f"{self._yield:.1f} tasks kept per request, as in those decided so far ({self._decided})"
        else:
            kept = f"{EXPECTED_YIELD} tasks kept per request"
        said = [f"{kept}; it falls as the pool grows, so a large target takes more"]
        guessed = [stage.name for stage in self._stages if not self._counted(stage)]
        if guessed:
            said.append(
                f"tokens of {', '.join(guessed)}: {BYTES_PER_TOKEN} bytes of text each (English), answers as long as the seeds'"
            )
        if len(guessed) < len(self._stages):
            others = "tokens of the other stages" if guessed else "tokens"
            said.append(f"{others}: the mean of what the provider counted in this run")
        return [*said, "nothing is added for requests that fail and are asked again"]

    def _counted(self, stage: Stage[Any]) -> int:
        spent = self._spent.get(stage.name, Spent())
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


def _tokens(text: str) -> float:
    return len(text.encode("utf-8", "surrogatepass")) / BYTES_PER_TOKEN
