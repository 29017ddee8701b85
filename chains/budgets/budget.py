"""A budget that is never overspent: what a request may use at most is set aside before it is sent.

Pure counting; it knows neither models nor the ledger. What was set aside is replaced by what was really used when the reply
arrives, so that a bound which is far too high costs nothing but the last few requests.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

Limit: TypeAlias = Literal["max_requests", "max_tokens", "max_cost"]


@dataclass(frozen=True, slots=True)
class Amount:
    """Requests, tokens (in and out together) and US dollars."""

    requests: int = 0
    tokens: int = 0
    cost: Decimal = Decimal(0)

    def plus(self, other: Amount) -> Amount:
        """Return the sum."""
        return Amount(self.requests + other.requests, self.tokens + other.tokens, self.cost + other.cost)

    def minus(self, other: Amount) -> Amount:
        """Return the difference."""
        return Amount(self.requests - other.requests, self.tokens - other.tokens, self.cost - other.cost)


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be spent over a run's life; None where there is no limit."""

    max_requests: int | None = None
    max_tokens: int | None = None
    max_cost: Decimal | None = None

    def exceeded_by(self, amount: Amount) -> Limit | None:
        """Return the first limit that an amount is above, or None.

        >>> Limits(max_requests=3, max_tokens=100).exceeded_by(Amount(requests=2, tokens=101))
        'max_tokens'
        """
        if self.max_requests is not None and amount.requests > self.max_requests:
            return "max_requests"
        if self.max_tokens is not None and amount.tokens > self.max_tokens:
            return "max_tokens"
        if self.max_cost is not None and amount.cost > self.max_cost:
            return "max_cost"
        return None


class Budget:
    """What was spent and what is set aside for requests in flight, together never above the limits.

    That holds as long as no request uses more than was set aside for it; one that does is counted as it was, and nothing more
    is let through than still fits.
    """

    def __init__(self, limits: Limits, spent: Amount = Amount()) -> None:
        self.limits = limits
        self.spent = spent
        self._reserved: dict[Hashable, Amount] = {}
        self.committed = spent  # and what requests in flight may use at most

    def reserve(self, request: Hashable, at_most: Amount) -> Limit | None:
        """Set aside what a request may use at most and return None, or return the limit that it does not fit into."""
        if request in self._reserved:
            raise ValueError(f"{request} is in flight already")
        exceeded = self.limits.exceeded_by(self.committed.plus(at_most))
        if exceeded is None:
            self._reserved[request] = at_most
            self.committed = self.committed.plus(at_most)
        return exceeded

    def settle(self, request: Hashable, used: Amount) -> None:
        """Count what a request has used, in the place of what was set aside for it."""
        self.release(request)
        self.spent = self.spent.plus(used)
        self.committed = self.committed.plus(used)

    def release(self, request: Hashable) -> None:
        """Give back what was set aside for a request that brought no reply."""
        self.committed = self.committed.minus(self._reserved.pop(request))
