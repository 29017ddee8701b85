"""Run the command line, note every request that is sent, and die by SIGKILL at a chosen moment.

    python killed_run.py MOMENT COUNT LOG -- ARGUMENTS OF run.py

MOMENT: `reply` dies when the COUNT-th reply is committed and nothing is decided from it; `deciding` dies inside the COUNT-th
transaction, before its commit; `never` does not die. LOG gets a line for each request that is sent.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

from self_instruct import run
from self_instruct.chains.asking import ModelAsker
from self_instruct.ledger import Ledger, RequestId
from self_instruct.seeds.records import Reply


def die_at(moment: str, number: int) -> None:
    """Kill this process with no chance to tidy up, at the moment described above."""
    replies, transactions = count(1), count(1)
    store_reply, transaction = Ledger.store_reply, Ledger.transaction

    def stored(self: Ledger, *reply: Any) -> None:
        store_reply(self, *reply)
        if next(replies) == number and moment == "reply":
            os.kill(os.getpid(), signal.SIGKILL)

    @contextmanager
    def within(self: Ledger) -> Iterator[None]:
        with transaction(self):
            yield
            if next(transactions) == number and moment == "deciding":
                os.kill(os.getpid(), signal.SIGKILL)

    Ledger.store_reply, Ledger.transaction = stored, within  # type: ignore[method-assign]


def note_requests(log: str) -> None:
    """Append a line to `log` for each request as it is sent."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    ask = ModelAsker.__call__

    async def noted(self: ModelAsker, request: RequestId, given: Mapping[str, Any]) -> Reply:
        os.write(file, f"{request.stage} {request.request} {request.item} {request.attempt}\n".encode())
        return await ask(self, request, given)

    ModelAsker.__call__ = noted  # type: ignore[method-assign]


if __name__ == "__main__":
    moment, number, log, _, *arguments = sys.argv[1:]
    die_at(moment, int(number))
    note_requests(log)
    sys.argv = ["run.py", *arguments]
    run.main()
