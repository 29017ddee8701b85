"""Faults inside the process, drawn by a seed: any SQL statement may fail or be the last, any await may end otherwise.

A statement fails before or after it was carried out, as a disk reports it; or the process "dies" at it, after which no
statement is carried out any more and what was not committed is gone. A request fails as a provider's does, by a bug of ours, or
by being called off; before it is answered, or after, when it is paid for.
"""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from self_instruct.chains.models.question import Asker, Question
from self_instruct.ledger import RequestId, opening
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply

CODES = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_NOMEM)
BUG = "an injected bug"


class Died(BaseException):
    """The process is no more."""


class InjectedBug(Exception):  # noqa: N818  a bug has no name that ends in Error
    """A fault of our own."""


@dataclass
class Faults:
    """How likely each kind of fault is, at each statement and at each request; `calm` lets nothing happen."""

    random: Random
    statement: float = 0.0
    death: float = 0.0
    request: float = 0.0
    bug: float = 0.0
    called_off: float = 0.0
    is_dead: bool = False
    happened: Counter[str] = field(default_factory=Counter)

    def meets(self, kind: str) -> bool:
        """Return whether a fault of a kind happens now."""
        happens = self.random.random() < getattr(self, kind)
        self.happened[kind] += happens
        return happens

    def before_statement(self) -> None:
        """Let a statement fail that was not carried out, or the process die before it."""
        if self.is_dead or self.meets("death"):
            self.is_dead = True
            raise Died
        if self.meets("statement"):
            raise _reported(self.random)

    def after_statement(self) -> None:
        """Let a statement fail that was carried out, or the process die after it."""
        if self.meets("death"):
            self.is_dead = True
            raise Died


def _reported(random: Random) -> sqlite3.OperationalError:
    error = sqlite3.OperationalError("injected: the disk says no")
    error.sqlite_errorcode = random.choice(CODES)
    return error


@contextmanager
def injected(faults: Faults) -> Iterator[None]:
    """Let every connection to a ledger that is opened inside meet the faults, and close what a death leaves open."""
    opened: list[sqlite3.Connection] = []

    class Faulty(sqlite3.Connection):
        def execute(self, *statement: Any) -> sqlite3.Cursor:
            faults.before_statement()
            done = super().execute(*statement)
            faults.after_statement()
            return done

        def executemany(self, *statement: Any) -> sqlite3.Cursor:
            faults.before_statement()
            done = super().executemany(*statement)
            faults.after_statement()
            return done

    connect = sqlite3.connect

    def connecting(*arguments: Any, **more: Any) -> sqlite3.Connection:
        opened.append(connect(*arguments, **more, factory=Faulty))
        return opened[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(opening.sqlite3, "connect", connecting)
        try:
            yield
        finally:
            for connection in opened:
                connection.close()


class FaultyAsker:
    """Answers as another asker does, unless a fault happens. `paid` are the requests whose answer was on its way to the run."""

    def __init__(self, asker: Asker, faults: Faults) -> None:
        self._asker = asker
        self._faults = faults
        self.paid: Counter[RequestId] = Counter()
        self.returned: set[RequestId] = set()

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the answer, or fail as the faults have it."""
        await self._pass_time()
        self._fail()
        self.paid[question.id] += 1
        reply = await self._asker(question)
        await self._pass_time()
        if self._faults.meets("called_off"):
            raise asyncio.CancelledError
        self.returned.add(question.id)
        return reply

    def _fail(self) -> None:
        if self._faults.meets("request"):
            raise ModelUnavailableError("503 injected", kind="503", is_overload=self._faults.random.random() < 0.5)
        if self._faults.meets("bug"):
            raise InjectedBug(BUG)

    async def _pass_time(self) -> None:
        for _ in range(self._faults.random.randrange(4)):
            await asyncio.sleep(0)
        if self._faults.random.random() < 0.1:
            await asyncio.sleep(self._faults.random.random())
