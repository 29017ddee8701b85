"""Long replies are read beside the event loop: nothing waits for them, and they decide what they would have decided."""

import asyncio
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import pytest
from support.scripted import ScriptedAsker, dataset, plan

from self_instruct.chains.models.question import Question
from self_instruct.chains.runs import reading_ahead
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.outcome import Ending
from self_instruct.chains.stages.stage import Stage
from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import StageName

FIRST = RequestId(StageName.INSTRUCTIONS, 0)


def run(directory: Path, asker: ScriptedAsker, **settings: Any) -> dict[str, Any]:
    settled = plan(**settings)
    with Ledger.create(directory, settled.facts()) as ledger:
        assert asyncio.run(Loop(ledger, settled, asker).run()).ending is Ending.DONE
        return dataset(ledger)


@pytest.mark.parametrize("concurrency", [1, 7])
def test_what_is_read_in_a_thread_decides_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, concurrency: int) -> None:
    at_once = run(tmp_path / "at once", ScriptedAsker(), num_instructions=30, window=5)
    monkeypatch.setattr(reading_ahead, "LONG", 12)  # nearly all instructions and instances, hardly any yes or no
    asker = ScriptedAsker(shuffle=Random(1))
    assert run(tmp_path / "ahead", asker, num_instructions=30, window=5, concurrency=concurrency) == at_once
    assert set(asker.asked.values()) == {1}
    assert max(asker.most_in_flight.values()) <= concurrency


class Slow(ScriptedAsker):
    """Answers at once, but for the second question about instructions, which comes when the first reply is being read."""

    begun: Event

    async def __call__(self, question: Question) -> Reply | Refusal:
        if question.id == RequestId(StageName.INSTRUCTIONS, 1):
            await asyncio.to_thread(self.begun.wait, 20)
        return await super().__call__(question)


def test_while_a_long_reply_is_read_others_arrive_and_are_stored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asker = Slow()
    asker.begun, stored = Event(), Event()
    decide, store = Stage.decide, Ledger.store_reply
    waited: list[bool] = []

    def slow(self: Stage[Any], request: RequestId, about: Any, reply: Reply | Refusal) -> Any:
        if request == FIRST:
            asker.begun.set()
            waited.append(stored.wait(20))
        return decide(self, request, about, reply)

    def noted(self: Ledger, request: RequestId, *more: Any, **named: Any) -> None:
        store(self, request, *more, **named)
        if request == RequestId(StageName.INSTRUCTIONS, 1):
            stored.set()

    monkeypatch.setattr(reading_ahead, "LONG", 12)
    monkeypatch.setattr(Stage, "decide", slow)
    monkeypatch.setattr(Ledger, "store_reply", noted)
    run(tmp_path, asker, num_instructions=20, window=5, concurrency=4)
    assert waited == [True]


def test_a_fault_of_a_reader_surfaces_when_all_that_is_under_way_is_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Stage[Any], request: RequestId, about: Any, reply: Reply | Refusal) -> Any:
        raise KeyError("a fault of ours")

    monkeypatch.setattr(reading_ahead, "LONG", 12)
    monkeypatch.setattr(Stage, "decide", broken)
    asker, settled = ScriptedAsker(shuffle=Random(2)), plan(num_instructions=20, window=5, concurrency=5)
    with Ledger.create(tmp_path, settled.facts()) as ledger:
        with pytest.raises(KeyError, match="a fault of ours"):
            asyncio.run(Loop(ledger, settled, asker).run())
        assert {stored.request for stored in ledger.replies()} == set(asker.asked)
