"""The budget: never overspent, whatever comes and goes in whatever order."""

from collections.abc import Iterable
from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from self_instruct.chains.budgets.budget import Amount, Budget, Limits

LIMITS = Limits(max_requests=12, max_tokens=1_000, max_cost=Decimal("0.5"))
amounts = st.builds(Amount, st.just(1), st.integers(0, 400), st.decimals(0, Decimal("0.2"), places=4))
shares = st.fractions(0, 1)


def part_of(amount: Amount, tokens: float, cost: float) -> Amount:
    """Return what a request used of what was set aside for it."""
    return Amount(1, int(amount.tokens * tokens), amount.cost * Decimal(int(cost * 100)) / 100)


def total(amounts: Iterable[Amount]) -> Amount:
    return reduce(Amount.plus, amounts, Amount())


class Spending(RuleBasedStateMachine):
    """Requests are sent, answered and lost in any order; each uses no more than was set aside for it."""

    def __init__(self) -> None:
        super().__init__()
        self.budget = Budget(LIMITS)
        self.in_flight: dict[int, Amount] = {}
        self.used: list[Amount] = []
        self.sent = 0

    @rule(at_most=amounts)
    def send(self, at_most: Amount) -> None:
        self.sent += 1
        before = self.budget.committed
        exceeded = self.budget.reserve(self.sent, at_most)
        assert exceeded == LIMITS.exceeded_by(before.plus(at_most))
        if exceeded is None:
            self.in_flight[self.sent] = at_most
        else:
            assert self.budget.committed == before

    @rule(data=st.data(), tokens=shares, cost=shares)
    def answer(self, data: st.DataObject, tokens: float, cost: float) -> None:
        if self.in_flight:
            request = data.draw(st.sampled_from(sorted(self.in_flight)))
            used = part_of(self.in_flight.pop(request), tokens, cost)
            self.budget.settle(request, used)
            self.used.append(used)

    @rule(data=st.data())
    def lose(self, data: st.DataObject) -> None:
        if self.in_flight:
            request = data.draw(st.sampled_from(sorted(self.in_flight)))
            del self.in_flight[request]
            self.budget.release(request)

    @invariant()
    def is_never_overspent(self) -> None:
        assert LIMITS.exceeded_by(self.budget.committed) is None

    @invariant()
    def counts_what_was_used_and_what_is_in_flight(self) -> None:
        spent = total(self.used)
        assert self.budget.spent == spent
        assert self.budget.committed == spent.plus(total(self.in_flight.values()))


TestSpending = Spending.TestCase
TestSpending.settings = settings(max_examples=50)  # of 50 steps each


@given(st.lists(amounts, max_size=30))
def test_without_limits_everything_fits(requests: list[Amount]) -> None:
    budget = Budget(Limits())
    assert [budget.reserve(number, amount) for number, amount in enumerate(requests)] == [None] * len(requests)


@pytest.mark.parametrize(
    ("amount", "limit"),
    [
        (Amount(12, 1_000, Decimal("0.5")), None),
        (Amount(13, 1_000, Decimal("0.5")), "max_requests"),
        (Amount(12, 1_001, Decimal("0.5")), "max_tokens"),
        (Amount(12, 1_000, Decimal("0.5000001")), "max_cost"),
    ],
)
def test_a_limit_may_be_reached_and_not_passed(amount: Amount, limit: str | None) -> None:
    assert LIMITS.exceeded_by(amount) == limit
    assert Budget(LIMITS).reserve("all", amount) == limit


def test_what_was_spent_before_counts() -> None:
    assert Budget(LIMITS, Amount(12)).reserve("one more", Amount(1)) == "max_requests"


def test_a_request_that_used_more_than_was_set_aside_is_counted_as_it_was() -> None:
    budget = Budget(Limits(max_tokens=100))
    budget.reserve("a", Amount(1, 60))
    budget.settle("a", Amount(1, 95))
    assert budget.spent == Amount(1, 95)
    assert budget.reserve("b", Amount(1, 6)) == "max_tokens"
    assert budget.reserve("b", Amount(1, 5)) is None


def test_a_request_in_flight_is_not_sent_again() -> None:
    budget = Budget(LIMITS)
    budget.reserve("a", Amount(1))
    with pytest.raises(ValueError, match="in flight already"):
        budget.reserve("a", Amount(1))
