"""The one retry layer of a run: what time may cure is asked again, patiently but not for ever.

Between the loop and the models; the providers' clients do not retry by themselves. Each failed try waits as long as the
provider says (Retry-After), or a random part of a time that doubles with each try ("full jitter"). Overloads narrow the
throttle for the whole run. What time cannot cure, or has not cured after a bounded effort, ends every wait at once.
Time is the event loop's own, so that a test may let it pass as it likes.
Source of the jitter: Brooker 2015, "Exponential backoff and jitter", AWS Architecture Blog.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from self_instruct.chains.models.asking import Asker
from self_instruct.chains.models.throttle import Throttle
from self_instruct.ledger import RequestId
from self_instruct.records.errors import ModelUnavailableError, SelfInstructError
from self_instruct.records.replies import Reply
from self_instruct.settings.settings import Settings

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
LONGEST_RETRY_AFTER_S = 300.0  # a provider that says to wait longer has the run stopped
PATIENCE_S = 300.0  # without a single answer; longer where a timeout is long
REPORTED_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Weather:
    """How asking goes: the slots there are of `most`, the tries that failed so far by kind, and who waits for another try.

    `waiting` requests wait, the first of them for `next_try_s` more seconds; `why` is what failed last.
    """

    slots: int
    most: int
    failed: Mapping[str, int]
    waiting: int
    next_try_s: float
    why: str


class RetryingAsker:
    """Asks another asker, again and again where that may help; `on_change` is called as the weather changes.

    `retries` of the settings is how many tries may follow the first, `timeout_s` how long one may take.
    """

    def __init__(
        self,
        asker: Asker,
        settings: Settings,
        on_change: Callable[[], None] = lambda: None,
        random: Random | None = None,
    ) -> None:
        self._asker = asker
        self._retries = settings.retries
        self._timeout_s = settings.timeout_s
        self._patience_s = max(PATIENCE_S, 2 * settings.timeout_s)
        self._on_change = on_change
        self._random = random or Random()
        self._throttle = Throttle(settings.concurrency)
        self._failed: Counter[str] = Counter()
        self._why = ""
        self._next_tries: dict[RequestId, float] = {}
        self._answered_at: float | None = None

    async def __call__(self, request: RequestId, given: Mapping[str, Any]) -> Reply:
        """Return the reply to a request.

        Raises `ModelUnavailableError` where no try brought one, and what time cannot cure at once; either ends all waiting.
        """
        if self._answered_at is None:
            self._answered_at = _now()
        tries = 0
        while True:
            tries += 1
            try:
                return await self._try(request, given)
            except ModelUnavailableError as failure:
                await self._wait(request, self._wait_s(failure, tries))
            except SelfInstructError as failure:
                self._throttle.close(failure)
                raise

    def stop(self) -> None:
        """End all waiting; the requests that wait fail, those under way may still be answered."""
        self._throttle.close(ModelUnavailableError("the run was stopped"))

    def weather(self) -> Weather:
        """Return how asking goes now."""
        return Weather(
            slots=self._throttle.slots,
            most=self._throttle.most,
            failed=dict(self._failed),
            waiting=len(self._next_tries),
            next_try_s=max(0.0, min(self._next_tries.values()) - _now()) if self._next_tries else 0.0,
            why=self._why,
        )

    async def _try(self, request: RequestId, given: Mapping[str, Any]) -> Reply:
        async with self._throttle.slot() as taken:
            try:
                reply = await self._in_time(request, given)
            except ModelUnavailableError as failure:
                self._failed[failure.kind] += 1
                self._why = failure.kind
                if failure.is_overload:
                    self._throttle.narrow(taken, min(failure.retry_after_s or 0, LONGEST_RETRY_AFTER_S))
                raise
            self._answered_at = _now()
            self._throttle.widen()
            return reply

    async def _in_time(self, request: RequestId, given: Mapping[str, Any]) -> Reply:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._asker(request, given)
        except TimeoutError:
            words = f"no answer within {self._timeout_s:g} s"
            raise ModelUnavailableError(words, kind="timeout", is_overload=True) from None

    def _wait_s(self, failure: ModelUnavailableError, tries: int) -> float:
        """Return how long to wait before the next try; where none may follow, end all waiting and raise the failure."""
        if effort := self._effort_spent(failure, tries):
            final = ModelUnavailableError(f"{failure} ({effort})", kind=failure.kind)
            self._throttle.close(final)
            raise final from failure
        longest_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (tries - 1))
        return max(failure.retry_after_s or 0, self._random.uniform(0, longest_s))

    def _effort_spent(self, failure: ModelUnavailableError, tries: int) -> str:
        """Return in words why there is no further try; "" where there is one."""
        silent_s = _now() - (self._answered_at or 0)
        if tries > self._retries:
            return "tried once" if tries == 1 else f"tried {tries} times"
        if (failure.retry_after_s or 0) > LONGEST_RETRY_AFTER_S:
            return "waiting a few minutes would not help"
        if silent_s >= self._patience_s:
            return f"nothing was answered for {silent_s:.0f} s"
        return ""

    async def _wait(self, request: RequestId, seconds: float) -> None:
        self._next_tries[request] = until = _now() + seconds
        try:
            while (left_s := until - _now()) > 0:
                self._on_change()
                await self._throttle.sleep(min(left_s, REPORTED_EVERY_S))
        finally:
            del self._next_tries[request]


def _now() -> float:
    return asyncio.get_running_loop().time()
