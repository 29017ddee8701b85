"""The loop and the ledger's promise, with replies that depend on the prompt alone."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import pytest
from support.runs import spent_in
from support.scripted import ScriptedAsker, plan, reply_to, run

from self_instruct.chains.budgets.bounds import at_most
from self_instruct.chains.budgets.budget import Amount
from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.loop import FRUITLESS_REQUESTS, Loop
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.ledger import Ledger, RequestId
from self_instruct.prompts import ClassificationParser, InstanceParser, InstructionParser, StagePrompt, Templates
from self_instruct.records.errors import ModelDeniedError, ModelUnavailableError
from self_instruct.records.replies import Refusal, Reply, Usage
from self_instruct.records.tasks import Reason, StageName


def test_a_run_ends_when_the_target_is_kept_and_every_task_is_finished(tmp_path: Path) -> None:
    outcome, found = run(tmp_path, ScriptedAsker(), num_instructions=30)
    assert outcome.ending is Ending.DONE
    assert len(found["tasks"]) == 30
    assert all(awaits is None for *_, awaits in found["tasks"])
    assert found["instances"]


@pytest.mark.parametrize("batched", [False, True])
def test_the_dataset_does_not_depend_on_the_order_of_arrival_or_on_concurrency(tmp_path: Path, batched: bool) -> None:
    settings = {"num_instructions": 40, "window": 5, "batched": batched}
    _, calm = run(tmp_path / "calm", ScriptedAsker(), concurrency=1, **settings)
    for number in range(4):
        asker = ScriptedAsker(shuffle=Random(number))
        _, wild = run(tmp_path / f"wild{number}", asker, concurrency=[2, 7, 64, 64][number], **settings)
        assert wild == calm


def test_the_window_changes_what_prompts_show(tmp_path: Path) -> None:
    _, narrow = run(tmp_path / "1", ScriptedAsker(), num_instructions=30, window=1)
    _, wide = run(tmp_path / "16", ScriptedAsker(), num_instructions=30, window=16)
    assert narrow != wide


def test_a_raised_target_gives_what_a_run_with_that_target_gives(tmp_path: Path) -> None:
    _, whole = run(tmp_path / "whole", ScriptedAsker(shuffle=Random(1)), num_instructions=45)
    asker = ScriptedAsker(shuffle=Random(2))
    for target in (1, 2, 13, 14, 45):
        outcome, raised = run(tmp_path / "raised", asker, num_instructions=target)
        assert outcome.ending is Ending.DONE
        assert len(raised["tasks"]) == target
    assert raised == whole
    assert set(asker.asked.values()) == {1}


def test_concurrency_bounds_all_requests_and_the_window_bounds_instruction_requests(tmp_path: Path) -> None:
    asker = ScriptedAsker(shuffle=Random(3))
    run(tmp_path, asker, num_instructions=60, concurrency=9, window=4)
    assert asker.most_in_flight[StageName.INSTRUCTIONS] <= 4
    assert max(asker.most_in_flight.values()) <= 9


def test_what_time_may_cure_stops_the_run_and_repeats_no_paid_reply(tmp_path: Path) -> None:
    _, calm = run(tmp_path / "calm", ScriptedAsker(), num_instructions=40)
    weather, order = Random(7), Random(8)
    stored: set[RequestId] = set()
    endings = set()

    def fail(request: RequestId) -> None:
        if weather.random() < 0.08:
            raise ModelUnavailableError("503")
        assert request not in stored, "a stored reply was asked for again"
        stored.add(request)

    for _ in range(200):
        outcome, found = run(tmp_path / "rough", ScriptedAsker(shuffle=order, fail=fail), num_instructions=40)
        endings.add(outcome.ending)
        if outcome.ending is Ending.DONE:
            break
    assert endings == {Ending.DONE, Ending.UNAVAILABLE}
    assert found == calm


def test_nothing_is_decided_after_an_instruction_request_that_failed(tmp_path: Path) -> None:
    def fail(request: RequestId) -> None:
        if request == RequestId(StageName.INSTRUCTIONS, 2):
            raise ModelUnavailableError("timeout")

    outcome, found = run(tmp_path, ScriptedAsker(fail=fail), num_instructions=100)
    assert outcome.ending is Ending.UNAVAILABLE
    assert "timeout" in outcome.sentence
    assert {task.request for task, *_ in found["tasks"]} <= {0, 1}
    with Ledger.open(tmp_path) as ledger:
        assert ledger.instruction_attempts_from(3), "replies in flight are stored"


def test_a_request_too_many_that_failed_does_not_spoil_a_run_that_is_done(tmp_path: Path) -> None:
    def answer(request: RequestId, given: Mapping[str, Any]) -> Reply:
        both = [reply_to(request, {**given, "text": f"{given['text']}{half}"}).text for half in (1, 2, 3)]
        return Reply("\n10. ".join(both)) if request.stage == StageName.INSTRUCTIONS else reply_to(request, given)

    class FailingLate(ScriptedAsker):
        async def __call__(self, question: Question) -> Reply | Refusal:
            if question.id != RequestId(StageName.INSTRUCTIONS, 1):
                return await super().__call__(question)
            for _ in range(1000):
                await asyncio.sleep(0)
            raise ModelUnavailableError("timeout")

    outcome, found = run(tmp_path, FailingLate(answer), num_instructions=9)
    assert outcome == Outcome(Ending.DONE, "9 instructions kept")
    assert len(found["tasks"]) == 9


def test_a_denied_model_is_an_error_and_what_was_answered_is_stored(tmp_path: Path) -> None:
    def fail(request: RequestId) -> None:
        if request.stage == StageName.CLASSIFICATION:
            raise ModelDeniedError("401 wrong key")

    with pytest.raises(ModelDeniedError, match="401"):
        run(tmp_path, ScriptedAsker(fail=fail), num_instructions=10)
    _, found = run(tmp_path, ScriptedAsker(), num_instructions=10)
    assert len(found["tasks"]) == 10


def test_a_refusal_of_one_request_is_a_decided_rejection(tmp_path: Path) -> None:
    def answer(request: RequestId, given: Mapping[str, Any]) -> Reply:
        refuses = request == RequestId(StageName.INSTRUCTIONS, 1) or (
            request.stage == StageName.INSTANCES and request.request == 0
        )
        return Refusal("context too long") if refuses else reply_to(request, given)

    outcome, found = run(tmp_path, ScriptedAsker(answer), num_instructions=20)
    assert outcome.ending is Ending.DONE
    refused = [each for _, each in found["rejections"] if each.reason is Reason.REFUSED_BY_PROVIDER]
    assert {each.text for each in refused} == {"context too long"}
    assert {each.stage for each in refused} == {StageName.INSTRUCTIONS, StageName.INSTANCES}


def test_fruitless_requests_stop_the_run_and_starting_again_grants_as_many_more(tmp_path: Path) -> None:
    def answer(request: RequestId, given: Mapping[str, Any]) -> Reply:
        return Reply(" too short", "stop") if request.stage == StageName.INSTRUCTIONS else reply_to(request, given)

    for times in (1, 2):
        outcome, found = run(tmp_path, ScriptedAsker(answer), num_instructions=10)
        assert outcome.ending is Ending.FRUITLESS
        assert len(found["rejections"]) == times * FRUITLESS_REQUESTS


def test_max_requests_is_never_exceeded_and_is_counted_over_the_whole_run(tmp_path: Path) -> None:
    asker = ScriptedAsker(shuffle=Random(5))
    for limit in (1, 7, 7, 30):
        outcome, _ = run(tmp_path, asker, num_instructions=50, max_requests=limit)
        assert outcome.ending is Ending.BUDGET
        assert sum(asker.asked.values()) == limit


def test_a_question_answered_neither_way_is_asked_again_once_and_then_recorded(tmp_path: Path) -> None:
    def answer(request: RequestId, given: Mapping[str, Any]) -> Reply:
        return Reply("Perhaps", "stop") if request.stage == StageName.CLASSIFICATION else reply_to(request, given)

    asker = ScriptedAsker(answer)
    _, found = run(tmp_path, asker, num_instructions=3)
    assert {request.attempt for request in asker.asked if request.stage == StageName.CLASSIFICATION} == {1, 2}
    assert [kind for _, _, kind, _ in found["tasks"]] == [None] * 3
    unclear = [each for _, each in found["rejections"] if each.reason is Reason.NEITHER_YES_NOR_NO]
    assert [each.text for each in unclear] == ["Perhaps"] * 3


def test_a_stopped_run_stores_what_is_in_flight_and_goes_on(tmp_path: Path) -> None:
    _, calm = run(tmp_path / "calm", ScriptedAsker(), num_instructions=25)
    settled = plan(num_instructions=25)
    asker = ScriptedAsker(shuffle=Random(1))
    with Ledger.create(tmp_path / "run", settled.facts()) as ledger:
        loop = Loop(ledger, settled, asker, lambda snapshot: loop.stop() if snapshot.spent.requests >= 9 else None)
        outcome = asyncio.run(loop.run())
        assert outcome.ending is Ending.INTERRUPTED
        assert spent_in(ledger).requests == sum(asker.asked.values())
    _, found = run(tmp_path / "run", asker, num_instructions=25)
    assert found == calm
    assert set(asker.asked.values()) == {1}


def test_without_a_model_the_loop_goes_as_far_as_stored_replies_allow(tmp_path: Path) -> None:
    run(tmp_path, ScriptedAsker(), num_instructions=20, max_requests=12)
    outcome, found = run(tmp_path, None, num_instructions=20)
    assert outcome.ending is Ending.UNANSWERED
    assert found["tasks"]


# budgets


PRICES = {"openai:m": {"input": 2, "output": 8}}


@pytest.mark.parametrize("counts", [True, False], ids=["reported", "not reported"])
@pytest.mark.parametrize("limit", [0, 3_000, 20_000, 60_000])
def test_max_tokens_is_never_exceeded_by_what_was_answered_and_what_is_in_flight(
    tmp_path: Path, limit: int, counts: bool
) -> None:
    settings = {"num_instructions": 40, "max_tokens": limit or 1}
    committed = worst = 0

    def most(question: Question) -> int:
        bound = at_most(question)
        return (bound.input_tokens or 0) + (bound.output_tokens or 0)

    class Counting(ScriptedAsker):
        async def __call__(self, question: Question) -> Reply | Refusal:
            nonlocal committed, worst
            committed += most(question)
            worst = max(worst, committed)
            reply = await super().__call__(question)
            assert isinstance(reply, Reply)
            if counts:
                committed += 15 - most(question)
            return reply if counts else replace(reply, usage=Usage())

    asker = Counting(shuffle=Random(limit))
    for _ in range(2):  # the second run goes on: what was counted is counted once
        outcome, _ = run(tmp_path, asker, **settings)
        if outcome.ending is Ending.DONE:
            break
        assert (outcome.ending, outcome.short_of) == (Ending.BUDGET, "max_tokens")
    assert worst <= max(1, limit)
    assert (not asker.asked) == (limit < 2_000)


def test_a_token_budget_waits_for_what_is_in_flight_to_give_back_what_it_did_not_use(tmp_path: Path) -> None:
    settings = {"num_instructions": 30, "concurrency": 64}
    asker = ScriptedAsker(shuffle=Random(1))
    outcome, found = run(tmp_path / "tight", asker, max_tokens=10_000, **settings)
    assert outcome.ending is Ending.DONE, outcome.sentence
    assert sum(asker.asked.values()) * 15 <= 10_000
    assert found == run(tmp_path / "free", ScriptedAsker(), **settings)[1]


def test_max_cost_is_never_exceeded_and_counted_over_the_whole_run(tmp_path: Path) -> None:
    settings = {"model": "openai:m", "prices": PRICES, "num_instructions": 60}
    asker = ScriptedAsker(shuffle=Random(2))
    price = Decimal(2 * 10 + 8 * 5) / 1_000_000
    spent = Decimal(0)
    for limit in ("0.001", "0.012", "0.012", "0.0125"):
        outcome, _ = run(tmp_path, asker, max_cost=limit, **settings)
        assert (outcome.ending, outcome.short_of) == (Ending.BUDGET, "max_cost")
        assert spent <= sum(asker.asked.values()) * price <= Decimal(limit)
        spent = sum(asker.asked.values()) * price
    assert spent
    assert f"(${spent:.4f} are spent)" in outcome.sentence


def test_replies_are_stored_with_the_model_that_was_asked_and_what_was_reserved(tmp_path: Path) -> None:
    run(tmp_path, ScriptedAsker(), model="openai:m", num_instructions=3)
    with Ledger.open(tmp_path) as ledger:
        stored = list(ledger.replies())
    assert {each.reply.model for each in stored} == {"openai:m"}
    assert all((each.at_most.input_tokens or 0) > 256 for each in stored)
    assert {each.at_most.output_tokens for each in stored} == {256, 1024}


def test_a_request_that_failed_gives_back_what_was_reserved_for_it(tmp_path: Path) -> None:
    def fail(request: RequestId) -> None:
        raise ModelUnavailableError("503")

    settled = plan(num_instructions=5)
    with Ledger.create(tmp_path, settled.facts()) as ledger:
        loop = Loop(ledger, settled, ScriptedAsker(fail=fail))
        assert asyncio.run(loop.run()).ending is Ending.UNAVAILABLE
        assert loop._meter._budget.committed == Amount()


# what is done once


def test_each_question_is_rendered_once_and_each_reply_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: Counter[str] = Counter()

    def counted(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def counting(self: Any, *arguments: Any, **more: Any) -> Any:
            done[name] += 1
            return original(self, *arguments, **more)

        monkeypatch.setattr(owner, name, counting)

    counted(StagePrompt, "format_prompt")
    for parser in (InstructionParser, ClassificationParser, InstanceParser):
        counted(parser, "read")

    def answer(request: RequestId, given: Mapping[str, Any]) -> Reply:
        garbled = request.attempt == 1 and request.request % 3 == 0
        return Reply("I'm sorry, I can't.", "stop", Usage(1, 1)) if garbled else reply_to(request, given)

    asker = ScriptedAsker(answer, shuffle=Random(4))
    outcome, _ = run(tmp_path, asker, num_instructions=40)
    assert outcome.ending is Ending.DONE
    assert any(request.attempt == 2 for request in asker.asked)
    assert done == {"format_prompt": asker.asked.total(), "read": asker.asked.total()}


def test_a_prompt_that_cannot_be_rendered_is_that_tasks_rejection(tmp_path: Path) -> None:
    template = "{% if 'ridge' in instruction %}{{ 1 // 0 }}{% endif %}Task: {{ instruction }}\nIs it classification?"
    settled = plan(num_instructions=20)
    broken = replace(settled, templates=Templates({**settled.templates.sources, "classification.chat.jinja": template}))
    with Ledger.create(tmp_path, broken.facts()) as ledger:
        outcome = asyncio.run(Loop(ledger, broken, ScriptedAsker()).run())
        refused = [each for _, each in ledger.rejections() if each.reason is Reason.PROMPT_FAILED]
        tasks = list(ledger.tasks())
    assert outcome.ending is Ending.DONE
    assert len(refused) == sum("ridge" in task.instruction for task in tasks) > 0
    assert all(each.stage == StageName.CLASSIFICATION and "division" in each.text for each in refused)


def test_a_fault_of_the_program_surfaces_once_what_is_under_way_has_arrived(tmp_path: Path) -> None:
    def fail(request: RequestId) -> None:
        if request == RequestId(StageName.INSTRUCTIONS, 3):
            raise KeyError("a bug")

    asker = ScriptedAsker(fail=fail, shuffle=Random(5))
    with pytest.raises(KeyError, match="a bug"):
        run(tmp_path, asker, num_instructions=60)
    with Ledger.open(tmp_path, read_only=True) as ledger:
        assert spent_in(ledger).requests == asker.asked.total() - 1
