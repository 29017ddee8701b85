"""The ledger's promise under concurrency: how many requests are in flight, what becomes of them, and when paces a run only.

The offline model stands in for one whose reply depends on the prompt alone. In virtual time its replies are as late as those of
a real one, and no test waits for them.
"""

import asyncio
import logging
import signal
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.command import ended
from support.faults import LOSSES, Broken, delays, fair, randomly
from support.openai_server import OpenAIServer, serving
from support.runs import open_run
from support.virtual_time import run_virtually

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.question import Question
from self_instruct.chains.offline import OfflineModel
from self_instruct.chains.runs.askers import retrying
from self_instruct.chains.runs.generating import generate
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.outcome import Ending
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import StageName
from self_instruct.reports.exports.export import FORMATS, export
from self_instruct.settings.layers import Layer

_log = logging.getLogger(__name__)
WEATHERED_RUN = Path(__file__).parent / "support" / "weathered_run.py"
TARGET = 120
WINDOW = 64


def given_settings(**values: Any) -> Layer:
    values = {"num_instructions": TARGET, "window": WINDOW, **values}
    return Layer.said(values, "test")


class SlowAsker:
    """Another asker's answers, each after a log-normal time (median 1 s), a share of them lost; counts what it answered."""

    def __init__(self, asker: ModelAsker, seed: int, lost: float) -> None:
        self.asker = asker
        self.lost = lost
        self.random = Random(seed)
        self.answered: Counter[RequestId] = Counter()

    async def __call__(self, question: Question) -> Reply | Refusal:
        await asyncio.sleep(self.random.lognormvariate(0, 1))
        if self.random.random() < self.lost:
            raise ModelUnavailableError("503", is_overload=self.random.random() < 0.5)
        self.answered[question.id] += 1
        return await self.asker(question)


def run_slowly(directory: Path, seed: int, killed_after_s: float | None = None, **values: Any) -> Ending | None:
    """Run (or go on with) a run whose replies are late and often lost, in virtual time; None: it was killed before its end."""
    ledger, plan = open_run(directory, given_settings(**values))
    with ledger:
        asker = SlowAsker(ModelAsker(plan.models()), seed, lost=0.2)

        async def work() -> Ending | None:
            loop = Loop(ledger, plan, retrying(asker, plan.settings, random=Random(seed)))
            with suppress(TimeoutError):
                async with asyncio.timeout(killed_after_s):
                    return (await loop.run()).ending
            return None

        ending, _ = run_virtually(work())
        assert set(asker.answered.values()) <= {1}, "nothing is asked twice that was answered"
        return ending


def exported(directory: Path, out: Path) -> dict[str, bytes]:
    """Return every file of every export of a run."""
    ledger, plan = open_run(directory, Layer())
    with ledger:
        for form in FORMATS:
            export(ledger, plan, form, out / form)
    return {str(path.relative_to(out)): path.read_bytes() for path in out.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def calm(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The exports of a run that asks one thing at a time, and is answered at once."""
    folder = tmp_path_factory.mktemp("calm")
    ledger, plan = open_run(folder / "run", given_settings(concurrency=1))
    with ledger:
        assert generate(ledger, plan).ending is Ending.DONE
    return exported(folder / "run", folder / "out")


@pytest.mark.parametrize("concurrency", [1, 2, 16, 64])
def test_exports_do_not_depend_on_concurrency_or_on_when_replies_come(
    tmp_path: Path, calm: dict[str, bytes], concurrency: int
) -> None:
    assert run_slowly(tmp_path / "run", seed=concurrency, concurrency=concurrency) is Ending.DONE
    assert exported(tmp_path / "run", tmp_path / "out") == calm


@given(kills=st.lists(st.floats(0, 20), min_size=1, max_size=4), seed=st.integers(0, 1000), concurrency=st.integers(2, 64))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_exports_do_not_depend_on_when_a_run_is_killed(
    tmp_path_factory: pytest.TempPathFactory, calm: dict[str, bytes], kills: list[float], seed: int, concurrency: int
) -> None:
    folder = tmp_path_factory.mktemp("killed")
    for number, seconds in enumerate(kills):
        run_slowly(folder / "run", seed + number, seconds, concurrency=concurrency)
    assert run_slowly(folder / "run", seed - 1, concurrency=concurrency) is Ending.DONE
    assert exported(folder / "run", folder / "out") == calm


def test_a_kept_task_is_classified_while_instructions_are_still_generated(tmp_path: Path) -> None:
    ledger, plan = open_run(tmp_path, given_settings(window=16, num_instructions=200))
    under_way: Counter[StageName] = Counter()
    overlaps: Counter[frozenset[StageName]] = Counter()
    with ledger:
        asker = SlowAsker(ModelAsker(plan.models()), 0, lost=0)

        async def watched(question: Question) -> Reply | Refusal:
            stage = StageName(question.id.stage)
            under_way[stage] += 1
            overlaps[frozenset(+under_way)] += 1
            try:
                return await asker(question)
            finally:
                under_way[stage] -= 1

        run_virtually(Loop(ledger, plan, retrying(watched, plan.settings)).run())
    assert overlaps[frozenset(StageName)] > 10


# over the wire


NEVER_S = 600.0


def over_the_wire(server: OpenAIServer, concurrency: int, timeout_s: float) -> dict[str, Any]:
    return {
        "model": "openai:x",
        "base_url": server.base_url,
        "num_instructions": 60,
        "concurrency": concurrency,
        "timeout_s": timeout_s,
    }


def run_here(run: Path, server: OpenAIServer, concurrency: int) -> Ending:
    ledger, plan = open_run(run, given_settings(**over_the_wire(server, concurrency, NEVER_S)))
    with ledger:
        return generate(ledger, plan).ending


def started_elsewhere(run: Path, server: OpenAIServer, concurrency: int) -> subprocess.Popen[str]:
    """Return a process of its own that runs the same."""
    values = {"window": WINDOW, **over_the_wire(server, concurrency, timeout_s=3)}
    assignments = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
    command = [sys.executable, str(WEATHERED_RUN), "generate", "--run", str(run), *assignments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def replies(run: Path) -> int:
    if not Ledger.exists(run):
        return 0
    with Ledger.open(run, read_only=True) as ledger:
        return sum(1 for _ in ledger.replies())


@pytest.mark.usefixtures("with_key")
def test_exports_through_a_real_client_do_not_depend_on_concurrency(tmp_path: Path) -> None:
    for concurrency, forecast in ((1, fair), (64, delays(0.03, 1, seed=0))):
        with serving(OfflineModel(), forecast) as server:
            assert run_here(tmp_path / f"run{concurrency}", server, concurrency) is Ending.DONE
        assert set(server.bodies.values()) == {1}
    assert exported(tmp_path / "run1", tmp_path / "out1") == exported(tmp_path / "run64", tmp_path / "out64")


@pytest.mark.usefixtures("with_key")
def test_a_fifth_of_all_requests_fails_and_three_kills_change_nothing_and_repeat_no_stored_reply(tmp_path: Path) -> None:
    concurrency, kills = 16, 3
    with serving(OfflineModel()) as server:
        assert run_here(tmp_path / "calm", server, 1) is Ending.DONE
        needed = server.bodies.total()

    lost, asked_again = 0, Counter[str]()
    moments, losses = Random(5), randomly(0.2, LOSSES, seed=1)
    with serving(OfflineModel(), lambda number: Broken.HANG if number in (20, 90) else losses(number)) as server:
        for number in range(kills + 1):
            stored, answered = replies(tmp_path / "rough"), server.answered.copy()
            process = started_elsewhere(tmp_path / "rough", server, concurrency)
            if number < kills:
                server.wait_for(server.bodies.total() + moments.randrange(5, needed // 4))
                process.send_signal(signal.SIGKILL)
            code = ended(process).code
            assert code == (-signal.SIGKILL if number < kills else 0)

            server.settle()
            since = server.answered - answered
            assert set(since.values()) <= {1}, "an undisturbed process asks nothing again that was answered"
            lost_now = since.total() - (replies(tmp_path / "rough") - stored)
            assert 0 <= lost_now <= (concurrency if number < kills else 0), "but what was in flight at a kill"
            lost += lost_now
            asked_again.update(body for body in since if body in answered)

    sent, kept = server.bodies.total(), replies(tmp_path / "rough")
    _log.info("%d requests sent, %d answered, %d replies stored, %d lost at kills", sent, server.answered.total(), kept, lost)
    not_needed = lost - asked_again.total()  # what was lost is asked again last, and not where the target is reached before
    assert 0 <= not_needed < concurrency
    assert server.answered.total() == replies(tmp_path / "rough") + lost
    assert server.bodies.total() - server.answered.total() > 0.1 * needed, "the weather was bad"
    assert exported(tmp_path / "rough", tmp_path / "out") == exported(tmp_path / "calm", tmp_path / "out-calm")
