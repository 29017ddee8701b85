"""A provider that fails as a script says, in virtual time, and an asker that tries it again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from random import Random
from typing import Any, TypeAlias

from support.questions import question

from self_instruct.chains.models.question import Question
from self_instruct.chains.models.retrying import RetryingAsker
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply

ANSWER = Reply("an answer")
Script: TypeAlias = Callable[[int], Exception | float | None]
"""What the try of a number (from 0) meets: an error, an answer after so many seconds, or an answer at once."""


class Highest(Random):
    """Draws the upper end, so that waits are as long as they may be."""

    def uniform(self, a: float, b: float) -> float:
        return b


class FlakyProvider:
    """An asker whose tries meet what a script says, and which remembers when they were made."""

    def __init__(self, script: Script, latency_s: float = 0) -> None:
        self.script = script
        self.latency_s = latency_s
        self.tried_at: list[float] = []
        self.most_under_way = 0
        self.under_way = 0

    async def __call__(self, asked: Question) -> Reply:
        met = self.script(len(self.tried_at))
        self.tried_at.append(asyncio.get_running_loop().time())
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(met if isinstance(met, float) else self.latency_s)
        finally:
            self.under_way -= 1
        if isinstance(met, Exception):
            raise met
        return ANSWER

    @property
    def waits(self) -> list[float]:
        """The seconds between the tries."""
        return [later - earlier for earlier, later in zip(self.tried_at, self.tried_at[1:], strict=False)]


def overload(retry_after_s: float | None = None) -> ModelUnavailableError:
    kind = "429 Too Many Requests"
    return ModelUnavailableError("slow down", kind=kind, is_overload=True, retry_after_s=retry_after_s)


def failing(times: int, error: Callable[[], Exception] = overload) -> Script:
    return lambda number: error() if number < times else None


def retrying(provider: Any, random: Random | None = None, **settings: Any) -> RetryingAsker:
    """Return an asker with the settings' defaults, and waits as long as they may be unless `random` says otherwise."""
    return RetryingAsker(
        provider, **{"retries": 8, "timeout_s": 300, "concurrency": 16, **settings}, random=random or Highest()
    )


async def all_of(asker: RetryingAsker, numbers: Iterable[int]) -> list[Reply | Refusal]:
    return await asyncio.gather(*(asker(question(number)) for number in numbers))
