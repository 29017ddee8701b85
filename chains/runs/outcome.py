"""Where a run stands, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from self_instruct.chains.budgets.budget import Limit
from self_instruct.chains.models.retrying import RetryState
from self_instruct.chains.runs.advice import Advice
from self_instruct.chains.runs.outlook import Outlook
from self_instruct.ledger import Spent


class Ending(StrEnum):
    """Why a run stopped."""

    DONE = "done"
    UNANSWERED = "unanswered"
    BUDGET = "budget"
    FRUITLESS = "fruitless"
    POOR = "poor yield"
    USED_UP = "used up"
    UNAVAILABLE = "unavailable"
    UNREAD = "unread"
    INTERRUPTED = "interrupted"
    BATCHED = "batched"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and a sentence that says it. `short_of` is the budget that ended it, if one did."""

    ending: Ending
    sentence: str
    short_of: Limit | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Where a run stands: counts over its whole life, and what is under way now. `asking` is known where models are asked.

    `cost` is in US dollars, None where a price is not known. The oldest request under way was sent `oldest_s` seconds ago;
    `newest` is the instruction kept last, since this process began. `outlook` is None before there is experience, `advice`
    what is likely wrong.
    `accepted` tasks count towards `accept`, where that is the target.
    """

    kept: int
    target: int | None
    finished: int
    spent: Spent
    in_flight: int
    rejected: Mapping[tuple[str, str], int]
    asking: RetryState | None = None
    cost: Decimal | None = None
    oldest_s: float = 0.0
    newest: str = ""
    outlook: Outlook | None = None
    advice: tuple[Advice, ...] = ()
    accepted: int | None = None
    accept: int | None = None


@dataclass(frozen=True, slots=True)
class AskingSnapshot:
    """Where the asking of a list of questions stands: how many are answered, over all starts, and what is under way now."""

    answered: int
    total: int
    spent: Spent
    in_flight: int
    asking: RetryState | None = None
