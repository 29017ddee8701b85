"""Long replies, read in a thread before they are decided: reading a megabyte takes seconds, in which nothing else could arrive.

Between `in_flight`, which has stored them by then, and the loop, which decides each in its order as if it had arrived when it
was read. They count as under way, so that a server whose replies are all long is asked no faster than they are read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeAlias

from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.in_flight import Arrival, InFlight
from self_instruct.chains.stages.stage import Stage, Step
from self_instruct.ledger import RequestId
from self_instruct.records.replies import Refusal, Reply

LONG = 20_000  # characters; one of so many, made to be hard to read, takes 50 ms

Decide: TypeAlias = Callable[[Stage[Any], RequestId, Any, Reply | Refusal], Step]
"""What a stage decides of a reply about something."""


def decide_now(stage: Stage[Any], request: RequestId, about: Any, reply: Reply | Refusal) -> Step:
    """Return what a stage decides of a reply."""
    return stage.decide(request, about, reply)


class ReadingAhead:
    """What arrives of the questions under way, long replies only once they are read.

    `whose` says of a question which stage decides its reply, and what it is about. `decide` is `decide_now` that reads nothing
    twice.
    """

    def __init__(self, in_flight: InFlight, whose: Callable[[Question], tuple[Stage[Any], Any]]) -> None:
        self._in_flight = in_flight
        self._whose = whose
        self._readings: dict[asyncio.Future[Step], Arrival] = {}
        self._read: dict[RequestId, Step] = {}
        self._thread = ThreadPoolExecutor(1, "reading")  # one: readings would only wait for each other

    def __len__(self) -> int:
        """Return how many replies are being read."""
        return len(self._readings)

    async def arrived(self) -> list[Arrival]:
        """Return what has arrived, or has been read, since the last call; waits until there is something, if only to read.

        Raises what a reading raised.
        """
        arrivals = await self._in_flight.arrived()
        return [*self._finished(), *(arrival for arrival in arrivals if not self._begins(arrival))]

    def decide(self, stage: Stage[Any], request: RequestId, about: Any, reply: Reply | Refusal) -> Step:
        """Return what a stage decides of a reply, at once where that has been read."""
        return self._read.pop(request, None) or stage.decide(request, about, reply)

    def cancel(self) -> None:
        """Give up what is being read: it is stored, and read again when the run goes on."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _begins(self, arrival: Arrival) -> bool:
        """Begin to read a long reply; False of any other."""
        reply = arrival.reply
        if not isinstance(reply, Reply) or len(reply.text) < LONG:
            return False
        stage, about = self._whose(arrival.question)
        reading = asyncio.get_running_loop().run_in_executor(self._thread, stage.decide, arrival.question.id, about, reply)
        reading.add_done_callback(lambda _: self._in_flight.wake())
        self._readings[reading] = arrival
        return True

    def _finished(self) -> list[Arrival]:
        done = [reading for reading in self._readings if reading.done()]
        arrivals = [self._readings.pop(reading) for reading in done]
        self._read.update((arrival.question.id, reading.result()) for arrival, reading in zip(arrivals, done, strict=True))
        return arrivals
