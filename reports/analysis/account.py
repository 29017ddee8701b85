"""The account of a run: every candidate, where it went and why, and what it cost.

A candidate is whatever was read from an instruction reply that is decided. What a request for instructions cost is shared
evenly among its candidates; what was asked about a task is that task's. So the columns add up to all candidates and, with what
was paid for replies that brought none, to all that the run has spent.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, partial
from typing import Self

from self_instruct.chains.budgets.meter import price_in
from self_instruct.chains.budgets.prices import cost
from self_instruct.chains.runs.accepting import AcceptRule, why_not_accepted
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, StoredReply, StoredTask, TaskId
from self_instruct.records.replies import UNCOUNTED, Reply
from self_instruct.records.tasks import PROPOSING
from self_instruct.settings.sections import Price

ACCEPTED = "accepted"
NO_CANDIDATE = "replies without a candidate, or not decided yet"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """The candidates that went the same way, and what they cost: tokens in and out, and US dollars (None: not known)."""

    fate: str
    candidates: int
    tokens: float
    cost: float | None


@dataclass(frozen=True, slots=True)
class _Cost:
    tokens: Decimal = Decimal(0)
    dollars: Decimal | None = Decimal(0)

    def plus(self, other: Self) -> Self:
        known = self.dollars is not None and other.dollars is not None
        dollars = self.dollars + other.dollars if known else None  # type: ignore[operator]  # both are known
        return type(self)(self.tokens + other.tokens, dollars)

    def over(self, count: int) -> Self:
        return type(self)(self.tokens / count, None if self.dollars is None else self.dollars / count)


def account(ledger: Ledger) -> tuple[AccountRow, ...]:
    """Return where the candidates of a run went: the accepted first, then the others by number; last what brought none."""
    with ledger.snapshot():
        plan = RunPlan.of(ledger)
        fates = list(_fates(ledger, plan))
        of_task, of_request = _costs(ledger, plan)
    sizes = Counter(task.request for task, _ in fates)
    count: Counter[str] = Counter()
    spent: defaultdict[str, _Cost] = defaultdict(_Cost)
    for task, fate in fates:
        count[fate] += 1
        spent[fate] = spent[fate].plus(of_request[task.request].over(sizes[task.request])).plus(of_task.pop(task, _Cost()))
    for request, each in of_request.items():
        if request not in sizes:
            spent[NO_CANDIDATE] = spent[NO_CANDIDATE].plus(each)
    order = sorted(spent, key=lambda fate: (fate == NO_CANDIDATE, fate != ACCEPTED, -count[fate], fate))
    return tuple(_row(fate, count[fate], spent[fate]) for fate in order)


def _row(fate: str, candidates: int, spent: _Cost) -> AccountRow:
    return AccountRow(fate, candidates, float(spent.tokens), None if spent.dollars is None else float(spent.dollars))


def _fates(ledger: Ledger, plan: RunPlan) -> Iterator[tuple[TaskId, str]]:
    """Yield each candidate with where it went."""
    for task, refused in ledger.rejections():
        if refused.stage in PROPOSING:
            yield task, f"refused: {refused.reason}"
    for kept, why in why_not_accepted(ledger, AcceptRule.of(ledger, plan.settings)):
        yield kept.id, _fate(kept, why)


def _fate(kept: StoredTask, why: str | None) -> str:
    if kept.awaits is not None:
        return f"waits for {kept.awaits.stage}"
    if kept.is_classification is None:
        return "kept, kind not known"
    return ACCEPTED if why is None else f"kept, not accepted: {why}"


def _costs(ledger: Ledger, plan: RunPlan) -> tuple[dict[TaskId, _Cost], defaultdict[int, _Cost]]:
    """Return what was paid for questions about each task, and for each instruction request."""
    of_task: defaultdict[TaskId, _Cost] = defaultdict(_Cost)
    of_request: defaultdict[int, _Cost] = defaultdict(_Cost)
    price = cache(partial(price_in, plan.settings))
    for stored in ledger.replies():
        paid = _paid(stored, stored.price or price(stored.reply.model))
        if stored.request.stage in PROPOSING:
            of_request[stored.request.request] = of_request[stored.request.request].plus(paid)
        else:
            of_task[stored.request.task] = of_task[stored.request.task].plus(paid)
    return dict(of_task), of_request


def _paid(stored: StoredReply, price: Price | None) -> _Cost:
    usage = stored.reply.usage if isinstance(stored.reply, Reply) else UNCOUNTED
    counted = usage if usage.is_reported else stored.at_most
    tokens = (counted.input_tokens or 0) + (counted.output_tokens or 0)
    return _Cost(Decimal(tokens), cost(price, counted))
