"""What a run says of itself to the logger `self_instruct`: one event for every request sent, answered, failed or decided.

Each record's message is an `Event`; a handler of your own reads its name and fields, `reports.log_file` writes them as JSON.
Nothing is printed where no handler was added.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

from self_instruct.ledger import RequestId
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import StageName
from self_instruct.settings.dotted_keys import shown
from self_instruct.settings.settings import Settings

LOGGER = logging.getLogger("self_instruct")
LOGGER.addHandler(logging.NullHandler())


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a run: its name, and fields of plain values."""

    name: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return " ".join([self.name, *(f"{name}={value!r}" for name, value in self.fields.items())])


class Journal:
    """Tells of one run. `clock` gives seconds, for how long a request took."""

    def __init__(self, run: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._clock = clock
        self._sent: dict[RequestId, float] = {}

    @contextmanager
    def of_run(self, settings: Settings) -> Iterator[None]:
        """Tell that a run starts, with its settings but for secrets; and that it stops, where an error ends it."""
        self._tell("start", settings=shown(settings))
        try:
            yield
        except BaseException as error:
            ending = "error" if isinstance(error, Exception) else "interrupted"
            self._tell("stop", logging.ERROR, ending=ending, error=str(error) or type(error).__name__)
            raise

    def sent(self, request: RequestId, model: str | None) -> None:
        """Tell that a request is on its way."""
        self._sent[request] = self._clock()
        self._tell("request sent", **_identity(request), model=model)

    def stored(self, request: RequestId, reply: Reply | Refusal) -> None:
        """Tell that a reply, or a refusal, is durable."""
        if not LOGGER.isEnabledFor(logging.INFO):  # what follows takes longer than storing it did
            self._sent.pop(request, None)
            return
        fields = {**_identity(request), "model": reply.model, "seconds": self._seconds(request)}
        if isinstance(reply, Refusal):
            self._tell("refusal stored", **fields, words=reply.words)
        else:
            self._tell("reply stored", **fields, finish_reason=reply.finish_reason, **asdict(reply.usage))

    def failed(self, request: RequestId, error: Exception) -> None:
        """Tell that a request brought no reply, in words without secrets, as `provider_errors.translate` leaves them."""
        fields = {**_identity(request), "seconds": self._seconds(request), "error": str(error)}
        self._tell("request failed", logging.WARNING, **fields)

    def decided(self, request: int, kept: int, in_all: int, rejected: Mapping[tuple[str, str], int]) -> None:
        """Tell how many tasks an instruction reply brought, and what the run has kept and refused by now."""
        refused = {f"{stage}: {reason}": count for (stage, reason), count in rejected.items()}
        self._tell(
            "decided", stage=StageName.INSTRUCTIONS.value, request=request, kept=kept, kept_in_all=in_all, refused=refused
        )

    def stopped(self, ending: str, sentence: str, kept: int, requests: int) -> None:
        """Tell how a run ended."""
        self._tell("stop", ending=ending, sentence=sentence, kept=kept, requests=requests)

    def _seconds(self, request: RequestId) -> float:
        return round(self._clock() - self._sent.pop(request), 3)

    def _tell(self, event: str, level: int = logging.INFO, **fields: Any) -> None:
        if LOGGER.isEnabledFor(level):
            LOGGER.log(level, Event(event, {"run": self._run, **fields}))


def _identity(request: RequestId) -> dict[str, Any]:
    return {"stage": str(request.stage), "request": request.request, "item": request.item, "attempt": request.attempt}
