"""Instructions of a run written again: in any order of replies, stopped at any request, the tasks are the same."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import BaseMessage
from support.runs import spent_in

from self_instruct.chains.offline.answering import Answer
from self_instruct.chains.offline.model import OfflineModel
from self_instruct.chains.runs.generating import generate
from self_instruct.chains.runs.improvement_plan import ASKED
from self_instruct.chains.runs.improving import improve
from self_instruct.chains.runs.offers import OffersInOrder
from self_instruct.chains.runs.outcome import Ending
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, TaskId
from self_instruct.records.revisions import Operator, Result, revision_in
from self_instruct.reports.analysis.improvement import improvement
from self_instruct.settings.layers import Layer
from self_instruct.settings.sections import NoveltySettings


class Picky(OfflineModel):
    """An offline model that finds every second task too simple, or (`mumbles`) gives no verdict that can be read."""

    mumbles: bool = False

    def _answer(self, messages: Sequence[BaseMessage], stop: Sequence[str] | None, options: Any) -> Answer:
        said = super()._answer(messages, stop, options)
        if "Valid task:" not in said.text:
            return said
        if self.mumbles:
            return replace(said, text="Well.")
        asked = str(messages[-1].content).rpartition("<<<task\n")[2].partition("\ntask>>>")[0]
        is_even = sha256(asked.encode()).digest()[0] % 2 == 0
        return replace(said, text=said.text.replace("Concerns: none", "Concerns: too simple") if is_even else said.text)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    plan = RunPlan.new(Layer.said({"model": "offline", "num_instructions": 25}, "here"))
    with Ledger.create(tmp_path / "run", plan.facts()) as ledger:
        assert generate(ledger, plan).ending is Ending.DONE
    return tmp_path / "run"


def improved(run: Path, new: Path, judge: OfflineModel | None = None, **settings: Any) -> Ending:
    models = dict.fromkeys(ASKED, judge or Picky(faults=False))
    given = Layer.said({"model": "offline", "stages.regenerate.enabled": False, **settings}, "here")
    return improve(run, new, given, models=models).ending


def found(run: Path) -> dict[str, Any]:
    with Ledger.open(run, read_only=True) as ledger:
        verdicts = [(task, one.to_dict()) for task, one in ledger.verdicts()]
        return {"tasks": list(ledger.tasks()), "instances": list(ledger.instances()), "verdicts": verdicts}


def test_instructions_written_again_are_the_same_however_often_it_was_stopped(tmp_path: Path, run: Path) -> None:
    calm, rough = tmp_path / "calm", tmp_path / "rough"
    assert improved(run, calm, concurrency=1) is Ending.DONE
    for most in range(7, 400, 23):
        ending = improved(run, rough, max_requests=most, concurrency=9)
        if ending is Ending.DONE:
            break
    assert ending is Ending.DONE
    assert found(rough) == found(calm)
    with Ledger.open(rough, read_only=True) as ledger, Ledger.open(calm, read_only=True) as undisturbed:
        assert spent_in(ledger).requests == spent_in(undisturbed).requests
        results = Counter(one.result for one in revisions(ledger, Operator.REWRITE))
        whole = improvement(ledger)
        texts = [kept.instruction for kept in ledger.tasks()]
    assert results[Result.WIN] == whole.rewritten > 1
    assert sum(results.values()) > results[Result.WIN]
    assert len(set(texts)) == len(texts)


def test_a_rewritten_task_has_instances_of_its_own_that_were_judged(tmp_path: Path, run: Path) -> None:
    assert improved(run, tmp_path / "new") is Ending.DONE
    with Ledger.open(run, read_only=True) as ledger:
        before = {kept.id: kept.instruction for kept in ledger.tasks()}
    with Ledger.open(tmp_path / "new", read_only=True) as ledger:
        for kept in ledger.tasks():
            tried = [one for verdict in ledger.verdicts_of(kept.id) if (one := revision_in(verdict))]
            won = [one for one in tried if one.operator is Operator.REWRITE and one.is_kept]
            assert (kept.instruction != before[kept.id]) == bool(won)
            judged = {one.instance for one in ledger.verdicts_of(kept.id) if one.stage == "judging"}
            assert judged == set(range(len(ledger.instances_of(kept.id))))


def revisions(ledger: Ledger, operator: Operator) -> list[Any]:
    return [one for _, verdict in ledger.verdicts() if (one := revision_in(verdict)) and one.operator is operator]


def test_improving_stops_where_too_many_verdicts_cannot_be_read(tmp_path: Path, run: Path) -> None:
    new, judge = tmp_path / "new", Picky(mumbles=True)
    assert improved(run, new, judge, concurrency=1) is Ending.UNREAD
    with Ledger.open(new, read_only=True) as ledger:
        requests = spent_in(ledger).requests
    assert requests < 60
    assert improved(run, new, judge, concurrency=1) is Ending.UNREAD
    with Ledger.open(new, read_only=True) as ledger:
        assert spent_in(ledger).requests == requests
    assert improved(run, new, judge, **{"judging.max_unread": 1}) is Ending.DONE


def test_offers_are_decided_in_the_order_of_the_pool() -> None:
    rivers = "Name the longest rivers of {} and say where each of them ends."
    pool = [(TaskId(0, item), f"Task number {item} of this pool, old.") for item in range(4)]
    offers = OffersInOrder([rivers.format("Asia")], pool, NoveltySettings(), {TaskId(0, 1): "Say why the sky is blue at noon."})
    first, _, third, last = (task for task, _ in pool)
    assert list(offers.say(last, "Say why the sky is blue at night.")) == []
    assert list(offers.say(third, "Task number 2 of this pool, new.")) == []
    decided = dict(offers.say(first, None))
    assert list(decided) == [third, last]
    assert decided[third]  # near to others of the pool, though not refused for the one it replaces
    assert decided[last]
    assert decided[last].text == "Say why the sky is blue at noon."
