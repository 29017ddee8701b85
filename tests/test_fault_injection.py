"""Whatever fails inside the process, and whenever: nothing paid is lost uncounted, nothing decided wrongly, one line says why.

A longer run by hand: `.venv/bin/python tests/test_fault_injection.py SECONDS`.
"""

import asyncio
import sys
import tempfile
import time
import traceback
from collections import Counter
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.fault_injector import BUG, Died, Faults, FaultyAsker, InjectedBug, injected
from support.runs import spent_in
from support.scripted import ScriptedAsker, dataset, plan
from support.virtual_time import VirtualTimeLoop

from self_instruct.chains.runs.askers import retrying
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.ledger import Ledger
from self_instruct.records.errors import LedgerError
from self_instruct.records.tasks import StageName

STARTS = 12
LIKELY = {  # each kind of fault at each chance, as powers of ten from and to
    "statement": (-3.3, -1.7), "death": (-3.3, -1.7), "request": (-1.5, -0.3), "bug": (-2.5, -1.5), "called_off": (-2.5, -1.5),
}  # fmt: skip
SETTINGS: dict[str, Any] = {"num_instructions": 25, "window": 4, "concurrency": 6, "retries": 2}


@cache
def calm() -> dict[str, Any]:
    """What a run holds that no fault befell."""
    with tempfile.TemporaryDirectory() as folder, Ledger.create(Path(folder) / "run", plan(**SETTINGS).facts()) as ledger:
        asyncio.run(Loop(ledger, plan(**SETTINGS), ScriptedAsker()).run())
        return dataset(ledger)


def start(run: Path, asker: FaultyAsker, faults: Faults) -> Outcome | BaseException:
    """Start a run or let it go on; return how it ended, be it by an error."""
    settled = plan(**SETTINGS)
    with injected(faults):
        try:
            with Ledger.open(run) if Ledger.exists(run) else Ledger.create(run, settled.facts()) as ledger:
                over = retrying(asker, settled.settings, random=faults.random)
                with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
                    return runner.run(Loop(ledger, settled, over, on_fault=over.stop).run())
        except (LedgerError, InjectedBug, Died) as error:
            _let_go(error)
            return error


def _let_go(error: BaseException) -> None:
    """Let nothing that an error holds on to keep a statement of a dead connection open."""
    arose: BaseException | None = error
    while arose is not None:
        traceback.clear_frames(arose.__traceback__)
        arose = arose.__context__


def one_seed(folder: Path, seed: int) -> Counter[str]:
    """Try one run under the faults of a seed, over several starts, then to its end; return what happened in it."""
    random = Random(seed)
    happened: Counter[str] = Counter()
    paid: Counter[Any] = Counter()
    run = folder / "run"
    for _ in range(STARTS):
        faults = Faults(random, **{kind: 10 ** random.uniform(*LIKELY[kind]) for kind in LIKELY if random.random() < 0.6})
        asker = FaultyAsker(ScriptedAsker(), faults)
        ended = start(run, asker, faults)
        happened += faults.happened
        happened[type(ended).__name__ if isinstance(ended, BaseException) else ended.ending.value] += 1
        paid += asker.paid
        check_ending(ended, faults)
        check_ledger(run, asker, paid, is_cut=isinstance(ended, LedgerError | Died))
        if isinstance(ended, Outcome) and ended.ending is Ending.DONE:
            break
    quiet = Faults(random)
    last = FaultyAsker(ScriptedAsker(), quiet)
    ended = start(run, last, quiet)
    assert isinstance(ended, Outcome)
    assert ended.ending is Ending.DONE
    with Ledger.open(run, read_only=True) as ledger:
        assert dataset(ledger) == calm()
    return happened


def check_ending(ended: Outcome | BaseException, faults: Faults) -> None:
    """Assert that a run ended by what befell it, and says so in one line."""
    if isinstance(ended, Outcome):
        assert ended.ending in (Ending.DONE, Ending.UNAVAILABLE), ended
        assert "\n" not in ended.sentence
    elif isinstance(ended, InjectedBug):
        assert str(ended) == BUG
    elif isinstance(ended, LedgerError):
        assert faults.happened["statement"], ended
        assert "\n" not in str(ended)
        assert "mend that" in str(ended), ended
    else:
        assert faults.is_dead


def check_ledger(run: Path, asker: FaultyAsker, paid: Counter[Any], *, is_cut: bool) -> None:
    """Assert that a ledger is sound, and that what was paid for in it is stored, or counted as sent."""
    if not Ledger.exists(run):
        assert not paid
        return
    with Ledger.open(run, read_only=True) as ledger:
        assert ledger.faults() == []
        stored = {each.request for each in ledger.replies()}
        sent = Counter(each.request for each in ledger.sent())
        assert is_cut or asker.returned <= stored
        counted = sent + Counter(stored)
        assert {one: (times, counted[one]) for one, times in paid.items() if times > counted[one]} == {}
        assert spent_in(ledger).requests == counted.total()
        tasks = {each.id for each in ledger.tasks()}
        assert all(one.task in tasks for one in stored if one.stage != StageName.INSTRUCTIONS)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_fails_nothing_paid_is_lost_and_nothing_is_decided_wrongly(tmp_path: Path, seed: int) -> None:
    happened: Counter[str] = Counter()
    for number in range(3):
        happened += one_seed(tmp_path / str(number), seed * 1000 + number)
    assert happened.total() > 10


if __name__ == "__main__":
    begun, number, in_all = time.monotonic(), 0, Counter[str]()
    while time.monotonic() - begun < float(sys.argv[1]):
        number += 1
        with tempfile.TemporaryDirectory() as place:
            try:
                in_all += one_seed(Path(place), number)
            except BaseException:
                print("seed", number)  # noqa: T201
                raise
    print(number, "runs;", dict(in_all))  # noqa: T201
