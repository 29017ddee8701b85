"""Run the command line, note every request that is sent, and die by SIGKILL at a chosen moment.

Reads JSON lists from standard input, [MOMENT, COUNT, LOG, ARGUMENTS OF run.py ...], runs each in a process of its own, and
writes how it ended: its exit code, or below 0 the signal. These processes are forked from this one, which has all imported,
the modules that are its arguments too.

MOMENT: `statement` dies before the COUNT-th statement to the ledger; `made` when the provider has made the COUNT-th batch and
nobody has noted it; `reply` dies when the COUNT-th reply is committed and nothing is decided from it; `deciding` dies inside
the COUNT-th transaction, before its commit; `sent` dies when the COUNT-th request is noted and may have gone out; `never` does
not die. LOG gets a line for each request that is sent.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from itertools import count
from typing import Any

import faiss  # type: ignore[import-untyped] # noqa: F401  this and what follows: what a run imports when it begins
import sqlglot  # noqa: F401

from self_instruct import run
from self_instruct.chains.models.anthropic_batches import AnthropicBatches
from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.openai_batches import OpenAIBatches
from self_instruct.chains.models.question import Question
from self_instruct.chains.offline.grammar import grammar
from self_instruct.chains.runs import generating  # noqa: F401
from self_instruct.ledger import Ledger
from self_instruct.records.replies import Refusal, Reply
from self_instruct.reports.exports import export  # noqa: F401
from self_instruct.reports.terminal import run_progress, spending  # noqa: F401


def die_at(moment: str, number: int) -> None:
    """Kill this process with no chance to tidy up, at the moment described above."""
    replies, requests, transactions = count(1), count(1), count(1)
    is_reached = False
    store_reply, transaction, ask = Ledger.store_reply, Ledger.transaction, ModelAsker.__call__

    def stored(self: Ledger, *reply: Any, **more: Any) -> None:
        nonlocal is_reached
        store_reply(self, *reply, **more)
        is_reached |= next(replies) == number and moment == "reply"

    @contextmanager
    def within(self: Ledger) -> Iterator[None]:
        with transaction(self):
            yield
            if next(transactions) == number and moment == "deciding":
                os.kill(os.getpid(), signal.SIGKILL)
        if is_reached:
            os.kill(os.getpid(), signal.SIGKILL)

    async def sent(self: ModelAsker, question: Question) -> Reply | Refusal:
        if next(requests) == number and moment == "sent":
            os.kill(os.getpid(), signal.SIGKILL)
        return await ask(self, question)

    Ledger.store_reply, Ledger.transaction = stored, within  # type: ignore[method-assign]
    die_of_batches(moment, number)
    ModelAsker.__call__ = sent  # type: ignore[method-assign]


def die_of_batches(moment: str, number: int) -> None:
    """Kill this process at the moments that runs with batches have besides."""
    statements, made = count(1), count(1)
    execute = Ledger._execute

    def executed(self: Ledger, *asked: Any) -> Any:
        if next(statements) == number and moment == "statement":
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(self, *asked)

    Ledger._execute = executed  # type: ignore[method-assign]
    for door in (OpenAIBatches, AnthropicBatches):

        async def make(self: Any, *asked: Any, make: Any = door.make) -> str:
            batch_id = await make(self, *asked)
            if next(made) == number and moment == "made":
                os.kill(os.getpid(), signal.SIGKILL)
            return str(batch_id)

        door.make = make  # type: ignore[method-assign]


def note_requests(log: str) -> None:
    """Append a line to `log` for each request as it is sent."""
    file = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    ask = ModelAsker.__call__

    async def noted(self: ModelAsker, question: Question) -> Reply | Refusal:
        asked = question.id
        os.write(file, f"{asked.stage} {asked.request} {asked.item} {asked.instance} {asked.attempt}\n".encode())
        return await ask(self, question)

    ModelAsker.__call__ = noted  # type: ignore[method-assign]


def drive(moment: str, number: int, log: str, *arguments: str) -> int:
    """Run the command line in a process of its own and return how it ended."""
    child = os.fork()
    if child == 0:
        die_at(moment, number)
        note_requests(log)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nothing, stream)
        sys.argv = ["run.py", *arguments]
        try:
            run.main()
        except SystemExit as end:
            os._exit(int(end.code or 0))  # at once: to take down the modules that it shares takes longer than the run
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    for module in sys.argv[1:]:
        import_module(module)
    grammar()  # remembered: each process has it from here
    gc.freeze()  # what each process shares is not looked through in each
    for line in sys.stdin:
        sys.stdout.write(f"{drive(*json.loads(line))}\n")
        sys.stdout.flush()
