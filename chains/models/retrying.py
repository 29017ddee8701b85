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
from heapq import heappop, heappush
from itertools import count
from random import Random

from self_instruct.chains.models.provider_errors import NO_CONNECTION
from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.models.throttle import Throttle
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply
from self_instruct.settings.frozen import frozen

FIRST_WAIT_S = 1.0
LONGEST_WAIT_S = 60.0
LONGEST_RETRY_AFTER_S = 300.0  # a provider that says to wait longer has the run stopped
PATIENCE_S = 300.0  # without a single answer; longer where a timeout is long
UNREACHED_S = 10.0  # without a single connection, at the beginning: it is rather the address that is wrong
REPORTED_EVERY_S = 1.0
LATE_S = 0.01  # by which a timer is late when the event loop was busy, and has not yet read what arrived meanwhile


@dataclass(frozen=True, slots=True)
class RetryState:
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
    """Asks another asker, again and again where that may help, `concurrency` questions at once at most.

    `retries` is how many tries may follow the first, `timeout_s` how long one may take. `on_change` is called when somebody
    begins to wait for another try, and every second as long as anybody does.
    """

    def __init__(
        self,
        asker: Asker,
        *,
        retries: int,
        timeout_s: float,
        concurrency: int,
        on_change: Callable[[], None] = lambda: None,
        random: Random | None = None,
    ) -> None:
        self._asker = asker
        self._retries = retries
        self._timeout_s = timeout_s
        self._patience_s = max(PATIENCE_S, 2 * timeout_s)
        self._on_change = on_change
        self._random = random or Random()
        self._throttle = Throttle(concurrency)
        self._failed: Counter[str] = Counter()
        self._why = ""
        self._waits = _Waits()
        self._asked = 0  # questions that are under way or wait
        self._answered_at = 0.0
        self._is_reached = False
        self._is_reporting = False

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the reply to a question, or the provider's refusal of it.

        Raises `ModelUnavailableError` where no try brought one, and at once what time cannot cure, be it a fault of our own;
        either ends all waiting, and what is under way may still be answered.
        """
        if not self._asked:  # nobody was silent while nothing was asked
            self._answered_at = _now()
        self._asked += 1
        tries = 0
        try:
            while True:
                tries += 1
                try:
                    return await self._try(question)
                except ModelUnavailableError as failure:
                    wait_s = 0.0 if self._throttle.is_closed else self._wait_s(failure, tries)
                await self._wait(wait_s)
        except Exception as failure:
            self._throttle.close(failure)
            raise
        finally:
            self._asked -= 1

    def stop(self) -> None:
        """End all waiting; the requests that wait fail, those under way may still be answered."""
        self._throttle.close(ModelUnavailableError("the run was stopped"))

    def state(self) -> RetryState:
        """Return how asking goes now."""
        return RetryState(
            slots=self._throttle.slots,
            most=self._throttle.most,
            failed=frozen(self._failed),
            waiting=self._waits.count,
            next_try_s=max(0.0, self._waits.first - _now()) if self._waits.count else 0.0,
            why=self._why,
        )

    async def _try(self, question: Question) -> Reply | Refusal:
        async with self._throttle.slot() as taken:
            try:
                answer = await self._in_time(question)
            except ModelUnavailableError as failure:
                self._failed[failure.kind] += 1
                self._why = failure.kind
                self._is_reached = self._is_reached or failure.kind != NO_CONNECTION
                if failure.is_overload:
                    self._throttle.narrow(taken, min(failure.retry_after_s or 0, LONGEST_RETRY_AFTER_S))
                raise
            self._is_reached = True
            self._answered_at = _now()
            self._throttle.widen()
            return answer

    async def _in_time(self, question: Question) -> Reply | Refusal:
        try:
            async with asyncio.timeout(None) as limit:
                deadline = _Deadline(limit, self._timeout_s)
                try:
                    return await self._asker(question)
                finally:
                    deadline.cancel()
        except TimeoutError:
            words = f"no answer within {self._timeout_s:g} s"
            raise ModelUnavailableError(words, kind="timeout", is_overload=True) from None

    def _wait_s(self, failure: ModelUnavailableError, tries: int) -> float:
        """Return how long to wait before the next try; raises the failure where none may follow."""
        if effort := self._effort_spent(failure, tries):
            raise ModelUnavailableError(f"{failure} ({effort})", kind=failure.kind) from failure
        longest_s = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** (tries - 1))
        return max(failure.retry_after_s or 0, self._random.uniform(0, longest_s))

    def _effort_spent(self, failure: ModelUnavailableError, tries: int) -> str:
        """Return in words why there is no further try; "" where there is one."""
        silent_s = _now() - self._answered_at
        if tries > self._retries:
            return "tried once" if tries == 1 else f"tried {tries} times"
        if (failure.retry_after_s or 0) > LONGEST_RETRY_AFTER_S:
            return "waiting a few minutes would not help"
        if not self._is_reached and silent_s >= UNREACHED_S:
            return f"the server was not reached for {silent_s:.0f} s"
        if silent_s >= self._patience_s:
            return f"nothing was answered for {silent_s:.0f} s"
        return ""

    async def _wait(self, seconds: float) -> None:
        number = self._waits.begin(_now() + seconds)
        try:
            if not self._is_reporting:
                self._is_reporting = True
                self._on_change()
                asyncio.get_running_loop().call_later(REPORTED_EVERY_S, self._report)
            await self._throttle.sleep(seconds)
        finally:
            self._waits.end(number)

    def _report(self) -> None:
        """Say once a second that some wait, as long as any do; what goes wrong in that ends the waiting."""
        self._is_reporting = self._waits.count > 0
        if self._is_reporting:
            try:
                self._on_change()
            except Exception as error:  # noqa: BLE001  raised by all who wait
                self._throttle.close(error)
            asyncio.get_running_loop().call_later(REPORTED_EVERY_S, self._report)


class _Deadline:
    """Ends a try that takes too long; later where the event loop was busy, since the answer may lie there unread.

    Not a closure that starts its timer again: that is a cycle, which keeps what was asked and answered until it is collected.
    """

    def __init__(self, limit: asyncio.Timeout, seconds: float) -> None:
        self._limit = limit
        self._begin(seconds)

    def cancel(self) -> None:
        self._timer.cancel()

    def _begin(self, seconds: float) -> None:
        self._due = _now() + seconds
        self._timer = asyncio.get_running_loop().call_at(self._due, self._expire)

    def _expire(self) -> None:
        late_s = _now() - self._due
        if late_s > LATE_S:
            self._begin(late_s)
        else:
            self._limit.reschedule(_now())


class _Waits:
    """Who waits until when; however many they are, the first is found at once."""

    def __init__(self) -> None:
        self._numbers = count()
        self._waiting: set[int] = set()
        self._ends: list[tuple[float, int]] = []

    def begin(self, until: float) -> int:
        number = next(self._numbers)
        self._waiting.add(number)
        heappush(self._ends, (until, number))
        return number

    def end(self, number: int) -> None:
        self._waiting.discard(number)
        while self._ends and self._ends[0][1] not in self._waiting:
            heappop(self._ends)

    @property
    def count(self) -> int:
        return len(self._waiting)

    @property
    def first(self) -> float:
        return self._ends[0][0]


def _now() -> float:
    return asyncio.get_running_loop().time()
