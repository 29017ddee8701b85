"""What may happen to a request on the loopback server in place of a plain answer, and forecasts of when."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.utils import formatdate
from enum import Enum, auto
from random import Random
from time import time
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Refuse:
    """An error with a status; like some providers it repeats the key it was sent. `retry_after` is the header as it is sent."""

    status: int
    words: str = "no"
    retry_after: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Delay:
    """The plain answer, but only after some seconds."""

    seconds: float


class Broken(Enum):
    """What else goes wrong."""

    HANG = auto()  # no answer at all until the server ends
    DROP = auto()  # the connection ends in the middle of the answer
    MALFORMED = auto()  # half of the JSON, with the length of that half
    EMPTY = auto()  # 200 and an empty body
    TRUNCATED = auto()  # a stream that ends politely, but before its end
    WRONG_TYPE = auto()  # a web page
    CUT_OFF = auto()  # a reply cut by length


Fault: TypeAlias = Refuse | Delay | Broken
Forecast: TypeAlias = Callable[[int], Fault | None]
"""What happens to the request of a number, counted from 0 as they arrive; None: it is answered."""

LOSSES: tuple[Fault, ...] = (
    Refuse(429, retry_after="0.02"), Refuse(429), Refuse(500), Refuse(503),
    Broken.DROP, Broken.MALFORMED, Broken.EMPTY, Broken.WRONG_TYPE,
)  # fmt: skip
"""The faults after which the same request may be asked again at once, and then brings what it would have brought."""

SAID_OF: dict[str, tuple[Fault, str]] = {
    "429": (Refuse(429), "429 Too Many Requests"),
    "429 with seconds": (Refuse(429, retry_after="0.05"), "429 Too Many Requests"),
    "429 with a date": (Refuse(429, retry_after=formatdate(time() - 5, usegmt=True)), "429 Too Many Requests"),
    "500": (Refuse(500), "500 Internal Server Error"),
    "503": (Refuse(503), "503 Service Unavailable"),
    "a dropped connection": (Broken.DROP, "ConnectionError"),
    "malformed JSON": (Broken.MALFORMED, "JSONDecodeError"),
    "an empty body": (Broken.EMPTY, "JSONDecodeError"),
    "a wrong content type": (Broken.WRONG_TYPE, "Error"),
}
"""Faults that time cures, each with what is said of it where it lasts."""


def fair(number: int) -> None:
    """Let every request be answered."""


def scripted(*faults: Fault | None) -> Forecast:
    """Return the faults of the first requests, in order; later ones are answered."""
    return lambda number: faults[number] if number < len(faults) else None


def always(fault: Fault) -> Forecast:
    """Return the same fault for all."""
    return lambda number: fault


def randomly(share: float, faults: Sequence[Fault], seed: int) -> Forecast:
    """Return one of `faults` for a share of the requests; the same ones, by number, for the same seed."""

    def forecast(number: int) -> Fault | None:
        random = Random(f"{seed}:{number}")
        return random.choice(faults) if random.random() < share else None

    return forecast


def delays(median_s: float, sigma: float, seed: int) -> Forecast:
    """Return a log-normal delay for every request."""
    random = Random(seed)
    return lambda number: Delay(median_s * random.lognormvariate(0, sigma))
