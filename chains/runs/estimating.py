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

from self_instruct.chains.budgets.bounds import Bounds, most_output_tokens
from self_instruct.chains.budgets.meter import price_in
from self_instruct.chains.budgets.prices import cost
from self_instruct.chains.runs.loop import EXPECTED_YIELD
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.pool import Pool
from self_instruct.ledger import Ledger, RequestId, Spent, StoredTask
from self_instruct.prompts.stage_prompt import StagePromptValue
from self_instruct.records.replies import Usage
from self_instruct.records.tasks import SeedTask, Stage

BYTES_PER_TOKEN = 4  # English text; other scripts have fewer
_YES_OR_NO = 2.0  # tokens: the word and the end
_MARKERS = len("Example 1\nInput: \nOutput: \n")


@dataclass(frozen=True, slots=True)
class FirstPrompt:
    """The prompt of the first request of its kind, as it would be sent, and the parameters sent with it."""

    kind: str
    request: RequestId
    value: StagePromptValue
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """What a stage is likely to ask and to use. Costs are US dollars, None where the price is not known.

    `most_output_tokens` is what comes out if every answer is as long as it may be; None where the stage sets no limit.
    """

    stage: Stage
    model: str | None
    requests: int
    usage: Usage
    most_output_tokens: int | None
    cost: Decimal | None
    most_cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """What is left to do for the target, in all three stages, the first prompts, and what the numbers rest on, in lines."""

    prompts: tuple[FirstPrompt, ...]
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


def _by_stage(ledger: Ledger) -> dict[Stage, Spent]:
    found: dict[Stage, Spent] = {}
    for (stage, _), spent in ledger.spending().items():
        found[stage] = found.get(stage, Spent()).plus(spent)
    return found


class _Estimating:
    """One estimate, from where a run stands: its tasks, what it has spent, and which requests are decided or stored ahead."""

    def __init__(
        self,
        plan: RunPlan,
        tasks: Sequence[StoredTask],
        spent: Mapping[Stage, Spent],
        decided: int,
        ahead: frozenset[int],
    ) -> None:
        self._plan = plan
        self._tasks = tasks
        self._spent = spent
        self._decided = decided
        self._ahead = ahead
        self._awaiting = Counter(task.awaits.stage for task in tasks if task.awaits)
        kept = sum(task.id.request < decided for task in tasks)
        self._has_yield = kept > 0
        self._yield = kept / decided if kept else float(EXPECTED_YIELD)
        self._new = max(0, (plan.settings.num_instructions or 0) - len(tasks))
        self._prompts = self._first_prompts()

    def estimate(self) -> Estimate:
        """Return the estimate."""
        return Estimate(self._prompts, tuple(map(self._stage, Stage)), tuple(self._assumptions()))

    # the prompts

    def _first_prompts(self) -> tuple[FirstPrompt, ...]:
        plan = self._plan
        pool = Pool(plan.seeds, plan.settings)
        pool.restore((task.id, task.instruction) for task in self._tasks)
        request = next(
            number for number in range(self._decided, self._decided + len(self._ahead) + 1) if number not in self._ahead
        )
        first = RequestId(Stage.INSTRUCTIONS, request)
        prompts = [self._prompt("instructions", first, {"demonstrations": pool.demonstrations(request)})]
        about = {"instruction": plan.seeds[0].instruction}
        prompts.append(self._prompt("classification", RequestId(Stage.CLASSIFICATION, request), about))
        for is_classification, kind in ((True, "instances of a classification task"), (False, "instances of another task")):
            seed = next((seed for seed in plan.seeds if seed.is_classification is is_classification), plan.seeds[0])
            given = {"instruction": seed.instruction, "is_classification": is_classification}
            prompts.append(self._prompt(kind, RequestId(Stage.INSTANCES, request), given))
        return tuple(prompts)

    def _prompt(self, kind: str, request: RequestId, given: Mapping[str, Any]) -> FirstPrompt:
        prompt, parameters = Bounds(self._plan.prompts(), self._plan.settings).question(request, given)
        return FirstPrompt(kind, request, prompt.format_prompt(**given), parameters)

    # the numbers

    def _stage(self, stage: Stage) -> StageEstimate:
        settings = self._plan.settings
        model, requests, each = settings.model_of(stage), self._requests(stage), self._each(stage)
        limits = [most_output_tokens(prompt.parameters) for prompt in self._prompts if prompt.request.stage is stage]
        most = max((limit for limit in limits if limit is not None), default=0) * requests if None not in limits else None
        usage = Usage(*(None if count is None else round(count * requests) for count in each))
        price = None if model is None else price_in(settings, model)
        longest = Usage(usage.input_tokens, most, usage.cached_tokens)
        return StageEstimate(stage, model, requests, usage, most, cost(price, usage), cost(price, longest))

    def _requests(self, stage: Stage) -> int:
        if stage is Stage.INSTRUCTIONS:
            return max(0, ceil(self._new / self._yield) - len(self._ahead))
        unclassified = self._new + self._awaiting[Stage.CLASSIFICATION]
        if stage is Stage.CLASSIFICATION:
            classified = len(self._tasks) - self._awaiting[Stage.CLASSIFICATION]
            return ceil(unclassified * self._per_task(stage, classified))
        finished = len(self._tasks) - self._awaiting.total()
        return ceil(unclassified * self._per_task(stage, finished)) + self._awaiting[Stage.INSTANCES]

    def _per_task(self, stage: Stage, tasks: int) -> float:
        """Return how many requests of a stage a task takes, by those of `tasks`: some are asked again, some never."""
        spent = self._spent.get(stage)
        return spent.requests / tasks if spent and tasks else 1.0

    def _each(self, stage: Stage) -> tuple[float | None, ...]:
        """Return the likely tokens of one request: in, out, cached."""
        spent = self._spent.get(stage, Spent())
        counted = spent.requests - spent.unreported
        if counted:
            usage = spent.usage
            return tuple(
                None if n is None else n / counted for n in (usage.input_tokens, usage.output_tokens, usage.cached_tokens)
            )
        prompts = [prompt for prompt in self._prompts if prompt.request.stage is stage]
        given = sum(_tokens(prompt.value.system + prompt.value.text) for prompt in prompts) / len(prompts)
        return given, self._assumed_output(stage), None

    def _assumed_output(self, stage: Stage) -> float:
        seeds = self._plan.seeds
        if stage is Stage.INSTRUCTIONS:
            return EXPECTED_YIELD * sum(_tokens(seed.instruction) for seed in seeds) / len(seeds)
        if stage is Stage.CLASSIFICATION:
            return _YES_OR_NO
        return sum(map(_instance_tokens, seeds)) / len(seeds)

    def _assumptions(self) -> list[str]:
        if self._has_yield:
            kept = f"{self._yield:.1f} tasks kept per request, as in those decided so far ({self._decided})"
        else:
            kept = f"{EXPECTED_YIELD} tasks kept per request"
        said = [f"{kept}; it falls as the pool grows, so a large target takes more"]
        guessed = [stage.value for stage in Stage if not self._counted(stage)]
        if guessed:
            said.append(
                f"tokens of {', '.join(guessed)}: {BYTES_PER_TOKEN} bytes of text each (English), answers as long as the seeds'"
            )
        if len(guessed) < len(Stage):
            others = "tokens of the other stages" if guessed else "tokens"
            said.append(f"{others}: the mean of what the provider counted in this run")
        return [*said, "nothing is added for requests that fail and are asked again"]

    def _counted(self, stage: Stage) -> int:
        spent = self._spent.get(stage, Spent())
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


def _instance_tokens(seed: SeedTask) -> float:
    return sum(_tokens(one.input) + _tokens(one.output) + _MARKERS / BYTES_PER_TOKEN for one in seed.instances)
