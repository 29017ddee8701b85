"""Count what a run spends, and let no request through that its budgets do not allow.

Between the loop and the ledger: `Budget` counts, `bounds` says what a question can use at most, `prices` what that costs. What
was spent before comes from the ledger's replies, so that a run that goes on counts nothing twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import reduce

from self_instruct.chains.budgets.bounds import at_most, stages_without_limit
from self_instruct.chains.budgets.budget import Amount, Budget, Limit, Limits
from self_instruct.chains.budgets.prices import cost, discounted, price_of
from self_instruct.chains.models.question import Question
from self_instruct.ledger import RequestId, Spent
from self_instruct.records.errors import SettingsError
from self_instruct.records.replies import Usage
from self_instruct.settings.sections import Price
from self_instruct.settings.settings import Settings

WHOLE = Decimal(1)
_NOTHING = Decimal(0)


def check_budgets(settings: Settings) -> None:
    """Raise `SettingsError` where the budgets of a run cannot be kept: an answer without limit, a price that is not known."""
    if settings.max_tokens is None and settings.max_cost is None:
        return
    name = "max_cost" if settings.max_tokens is None else "max_tokens"
    if unlimited := stages_without_limit(settings):
        raise SettingsError(f"{name} cannot be kept without a limit to every answer; set {unlimited[0]}.max_tokens, e.g. 1024.")
    if settings.max_cost is None:
        return
    for stage in settings.stage_names:
        model = settings.model_of(stage)
        if model is not None and price_in(settings, model) is None:
            raise SettingsError(
                f"max_cost cannot be kept: nobody knows the price of {model!r}; give it in US dollars per million tokens:"
                f' prices={{"{model}": {{input: 0.40, output: 1.60}}}}, in a config file or as a setting.'
            )


def price_in(settings: Settings, model: str | None) -> Price | None:
    """Return what a model costs in a run with these settings; None where that, or the model, is not known."""
    if model is None:
        return None
    choices = [settings.choice(stage) for stage in settings.stage_names]
    addresses = [choice.base_url for choice in choices if choice.model == model and choice.base_url]
    return price_of(model, settings.prices, addresses[0] if addresses else None)


class Meter:
    """What a run has spent, in all and by stage, and what its budgets still allow.

    `cost` is in US dollars, of the tokens that were counted; None where a price is not known.
    `before` is what was spent until now, by stage, model and the price paid.
    """

    def __init__(self, settings: Settings, before: Mapping[tuple[str, str | None, Price | None], Spent]) -> None:
        self._settings = settings
        self._prices: dict[str | None, Price | None] = {}
        self.by_stage: dict[str, Spent] = {}
        self.cost: Decimal | None = Decimal(0)
        spent = Amount()
        for (stage, model, paid), each in before.items():
            price = paid or self.price(model)
            self._count(stage, price, each)
            spent = spent.plus(_amount(price, each.requests, each.usage.plus(each.at_most)))
        limits = Limits(settings.max_requests, settings.max_tokens, settings.max_cost)
        self._budget = Budget(limits, spent)
        self.short_of: Limit | None = None

    @property
    def spent(self) -> Spent:
        """What the whole run has spent."""
        return reduce(Spent.plus, self.by_stage.values(), Spent())

    def reserve(self, question: Question, share: Decimal = WHOLE) -> Usage | None:
        """Set aside what a question can use at most, and return that; or return None: it fits into `short_of` no more.

        `share` is what it costs of its model's price.
        """
        most = at_most(question)
        price = discounted(self.price(question.model), share)
        self.short_of = self._budget.reserve(question.id, _amount(price, 1, most))
        return None if self.short_of else most

    def settle(self, question: Question, used: Spent) -> None:
        """Count what a question has used, in the place of what was set aside for it."""
        price = self.price(question.model)
        self._count(question.id.stage, price, used)
        self._budget.settle(question.id, _amount(price, used.requests, used.usage.plus(used.at_most)))

    def release(self, request: RequestId) -> None:
        """Give back what was set aside for a question that brought no reply."""
        self._budget.release(request)

    def price(self, model: str | None) -> Price | None:
        """Return what a model costs; None where that is not known."""
        if model not in self._prices:
            self._prices[model] = price_in(self._settings, model)
        return self._prices[model]

    def shortage(self) -> str:
        """Return a sentence that says which budget the next request does not fit into."""
        limits, spent = self._budget.limits, self._budget.spent
        if self.short_of == "max_tokens":
            return f"the budget of {limits.max_tokens:,} tokens has no room for the next request ({spent.tokens:,} are spent)"
        if self.short_of == "max_cost":
            return f"the budget of ${limits.max_cost} has no room for the next request (${spent.cost:.4f} are spent)"
        return f"the budget of {limits.max_requests} requests is spent"

    def _count(self, stage: str, price: Price | None, used: Spent) -> None:
        self.by_stage[stage] = self.by_stage.get(stage, Spent()).plus(used)
        paid = _cost(price, used.usage)
        self.cost = None if self.cost is None or paid is None else self.cost + paid


def _amount(price: Price | None, requests: int, tokens: Usage) -> Amount:
    """Return what budgets count for some requests: what the provider counted, and what was reserved where it did not."""
    return Amount(requests, (tokens.input_tokens or 0) + (tokens.output_tokens or 0), _cost(price, tokens) or _NOTHING)


def _cost(price: Price | None, tokens: Usage) -> Decimal | None:
    """Return what some tokens cost, those that were counted; None where the price is not known."""
    if price is None:
        return None
    return cost(price, Usage(tokens.input_tokens or 0, tokens.output_tokens or 0, tokens.cached_tokens))
