"""What a run is to take yet, by what it has done: the same for one under way and for its ledger."""

import asyncio
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.scripted import ScriptedAsker, plan, reply_to

from self_instruct.chains.budgets.bounds import IMAGE_TOKENS
from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.forecast import guess_by_seeds
from self_instruct.chains.runs.loop import FRUITLESS_REQUESTS, Loop
from self_instruct.chains.runs.outcome import Ending, Snapshot
from self_instruct.chains.runs.pace import Pace, times_of
from self_instruct.chains.runs.prospects import expected
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import StageName
from self_instruct.reports.analysis.status import status

PRICED = {"model": "openai:m", "prices": {"openai:m": {"input": 1, "output": 4}}}


def test_a_run_that_stopped_halfway_tells_what_is_left(tmp_path: Path) -> None:
    half = plan(num_instructions=40, max_requests=60, **PRICED)
    with Ledger.create(tmp_path / "run", half.facts()) as ledger:
        asyncio.run(Loop(ledger, half, ScriptedAsker()).run())
        found = expected(half, ledger)
        kept, requests = len(list(ledger.tasks())), ledger.progress.request
        assert found is not None
        assert found.kept_each.likely == pytest.approx(kept / requests, rel=0.2)
        assert found.tokens is not None
        assert found.tokens.likely == pytest.approx(15 * found.requests.likely)
        assert found.cost is not None
        assert found.cost.likely == pytest.approx(30e-6 * found.requests.likely)
        assert found.seconds is None, "nobody noted when the scripted replies came"

        whole = plan(num_instructions=40, **PRICED)
        before = sum(spent.requests for spent in ledger.spending().values())
        asyncio.run(Loop(ledger, whole, ScriptedAsker()).run())
        needed = sum(spent.requests for spent in ledger.spending().values()) - before
        assert found.requests.high is not None
        assert 0.5 * found.requests.low <= needed <= 1.5 * found.requests.high
        assert (done := expected(whole, ledger)) is not None
        assert done.requests.likely == 0


def test_a_run_under_way_reports_cost_age_newest_and_outlook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("self_instruct.chains.runs.prospects.EVERY_S", 0)
    seen: list[Snapshot] = []
    decided = plan(num_instructions=30, **PRICED)
    with Ledger.create(tmp_path / "run", decided.facts()) as ledger:
        scripted = ScriptedAsker()

        async def waking(question: Question) -> Reply | Refusal:
            loop.wake()  # as the clock does while a slow model answers
            for _ in range(3):
                await asyncio.sleep(0)
            return await scripted(question)

        loop = Loop(ledger, decided, waking, seen.append)
        asyncio.run(loop.run())
        tasks = list(ledger.tasks())
    assert seen[0].outlook is None
    assert any(snapshot.oldest_s > 0 for snapshot in seen)
    last = seen[-1]
    assert last.newest == tasks[-1].instruction
    assert last.cost == Decimal(30 * last.spent.requests) / 1_000_000
    assert last.outlook is not None
    assert last.outlook.requests.likely == 0


def test_a_run_about_images_is_expected_to_read_one_with_each_request_that_shows_it() -> None:
    run = plan()
    text, images = (guess_by_seeds(run.seeds, is_about_images=are) for are in (False, True))
    more = {stage.name: images(stage)[0] - text(stage)[0] for stage in run.stages().all}
    assert more == {"instructions": IMAGE_TOKENS, "classification": 0, "instances": IMAGE_TOKENS}


def poor(request: RequestId, given: Mapping[str, Any]) -> Reply:
    """Bring one task with every second instruction request, and nothing with the others."""
    reply = reply_to(request, given)
    if request.stage != StageName.INSTRUCTIONS:
        return reply
    first = reply.text.strip().splitlines()[0]
    return Reply(f" {first} once more again {request.request}" if request.request % 2 else " a b", "stop", reply.usage)


def test_a_yield_under_the_floor_stops_a_run_that_goes_on_when_started_again(tmp_path: Path) -> None:
    low = plan(num_instructions=60, min_yield=1.5)
    with Ledger.create(tmp_path / "run", low.facts()) as ledger:
        outcome = asyncio.run(Loop(ledger, low, ScriptedAsker(poor)).run())
        assert outcome.ending is Ending.POOR
        assert "min_yield = 1.5" in outcome.sentence
        assert ledger.progress.request == FRUITLESS_REQUESTS
        kept = list(ledger.tasks())
        assert kept
        assert all(task.awaits is None for task in kept), "what was kept is finished"
        asyncio.run(Loop(ledger, low, ScriptedAsker(poor)).run())
        assert ledger.progress.request == 2 * FRUITLESS_REQUESTS, "as many more are granted"


def test_without_a_floor_no_yield_but_none_at_all_stops_a_run(tmp_path: Path) -> None:
    decided = plan(num_instructions=20)
    with Ledger.create(tmp_path / "run", decided.facts()) as ledger:
        assert asyncio.run(Loop(ledger, decided, ScriptedAsker(poor)).run()).ending is Ending.DONE
        found = status(ledger)
    assert [each.cause for each in found.advice]
    assert found.outlook is not None


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_left_is_right_while_the_first_requests_are_still_under_way() -> None:
    clock = Clock()
    pace = Pace(clock)
    for number in range(8):
        pace.sent(RequestId("instructions", number))
    clock.now = 10.0
    pace.ended(RequestId("instructions", 0), is_answered=True)
    pace.ended(RequestId("instructions", 1), is_answered=True)
    found = pace.times()
    assert found.parallel == 8
    assert found.each["instructions"] / found.parallel == 5, "two in ten seconds"
    assert pace.oldest_s == 10


def test_what_brought_no_answer_counts_as_none() -> None:
    clock = Clock()
    pace = Pace(clock)
    pace.sent(RequestId("instances", 0))
    clock.now = 3.0
    pace.ended(RequestId("instances", 0), is_answered=False)
    assert pace.times().each == {}


def test_a_pause_between_two_starts_is_no_time_of_a_run() -> None:
    found = times_of([("a", 0.0, 2.0), ("a", 1.0, 2.0), ("a", 1000.0, 2.0)])
    assert found.each == {"a": 2.0}
    assert found.parallel == pytest.approx(6 / 5)
