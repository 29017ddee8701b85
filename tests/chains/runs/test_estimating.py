"""The estimate of a dry run: what is left to ask, by a run's own experience where it has any."""

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
from support.scripted import WORDS, ScriptedAsker, plan

from self_instruct.chains.runs.estimating import Estimate, estimate, in_all
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.turns import Turns
from self_instruct.chains.stages.instructions import EXPECTED_YIELD
from self_instruct.ledger import Ledger, RequestId
from self_instruct.prompts.stage_prompt import as_sent
from self_instruct.records.replies import Reply, Usage
from self_instruct.records.tasks import Proposer, StageName

PRICED = {"model": "openai:m", "prices": {"openai:m": {"input": 1, "output": 4}}}


def after(directory: Path, **settings: Any) -> Ledger:
    """Return the ledger of a run with these settings, once it has stopped."""
    settled = plan(**settings)
    ledger = Ledger.create(directory, settled.facts())
    asyncio.run(Loop(ledger, settled, ScriptedAsker(shuffle=Random(1))).run())
    return ledger


def requests(found: Estimate) -> list[int]:
    return [each.requests for each in found.stages]


def test_a_new_run_asks_for_the_target_at_the_yield_that_is_assumed() -> None:
    found = estimate(plan(num_instructions=100, **PRICED), None)
    assert requests(found) == [-(-100 // EXPECTED_YIELD), 100, 100]
    assert found.assumptions[0].startswith(f"{EXPECTED_YIELD} tasks kept per request")


def test_costs_are_those_of_the_tokens_and_the_whole_is_the_sum() -> None:
    found = estimate(plan(num_instructions=100, **PRICED), None)
    for each in found.stages:
        assert each.usage.input_tokens is not None
        assert each.usage.output_tokens is not None
        assert each.most_output_tokens is not None
        assert each.usage.output_tokens < each.most_output_tokens
        assert each.cost == Decimal(each.usage.input_tokens + 4 * each.usage.output_tokens) / 1_000_000
        assert each.most_cost == Decimal(each.usage.input_tokens + 4 * each.most_output_tokens) / 1_000_000
    whole = in_all(found.stages)
    assert whole.requests == sum(requests(found))
    assert whole.cost == sum(each.cost or 0 for each in found.stages)


def test_an_unknown_price_or_an_answer_without_limit_is_unknown() -> None:
    found = estimate(plan(model="ollama:x", classification={"parameters": {}}), None)
    assert {each.cost for each in found.stages} == {None}
    assert [each.most_output_tokens is None for each in found.stages] == [False, True, False]
    assert in_all(found.stages).most_output_tokens is None


def test_the_first_prompts_are_those_that_are_sent(tmp_path: Path) -> None:
    settled = plan(num_instructions=9)
    sent: list[str] = []
    with after(tmp_path, num_instructions=9) as ledger:
        sent.append(ledger.prompt(0) or "")
    found = estimate(settled, None)
    prompts = [as_sent(first.question.prompt) for first in found.questions]
    assert prompts[0] == sent[0]
    assert prompts[0].startswith("[user]\n")
    assert [first.question.id.stage for first in found.questions] == [
        StageName.INSTRUCTIONS, StageName.CLASSIFICATION, StageName.INSTANCES, StageName.INSTANCES,
    ]  # fmt: skip
    assert "Class label:" in prompts[2]
    assert all("question number" in prompt for prompt in prompts)


def test_a_run_that_has_begun_is_estimated_by_its_own_experience(tmp_path: Path) -> None:
    with after(tmp_path, num_instructions=20) as ledger:
        spent = ledger.spending()
        found = estimate(plan(num_instructions=120, **PRICED), ledger)
        decided = ledger.progress.request
        kept = sum(task.id.request < decided for task in ledger.tasks())
        ahead = len(ledger.instruction_attempts_from(decided))
    assert requests(found)[0] == -(-100 * decided // kept) - ahead
    classified = spent[StageName.CLASSIFICATION, None, None].requests
    assert requests(found)[1] == -(-100 * classified // 20)
    for each in found.stages:
        assert each.usage.input_tokens == each.requests * 10, "what the provider counted"
        assert each.usage.output_tokens == each.requests * 5
    assert f"{kept / decided:.1f} tasks kept per request" in found.assumptions[0]
    assert not any("bytes" in line for line in found.assumptions)


def test_what_is_left_of_a_stopped_run_is_what_it_has_not_asked(tmp_path: Path) -> None:
    with after(tmp_path, num_instructions=20, max_requests=12) as ledger:
        before = spent_in(ledger).requests
        left = in_all(estimate(plan(num_instructions=20), ledger).stages).requests
    with Ledger.open(tmp_path) as ledger:
        asyncio.run(Loop(ledger, plan(num_instructions=20), ScriptedAsker()).run())
        asked = spent_in(ledger).requests - before
    assert asked * 0.6 <= left <= asked * 1.6


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path) -> None:
    with after(tmp_path, num_instructions=20) as ledger:
        found = estimate(plan(num_instructions=20, **PRICED), ledger)
    assert requests(found) == [0, 0, 0]
    assert in_all(found.stages).cost == 0


@pytest.mark.parametrize("target", [None, 5])
def test_a_target_that_is_reached_or_missing_asks_for_no_more_instructions(tmp_path: Path, target: int | None) -> None:
    with after(tmp_path, num_instructions=20) as ledger:
        assert requests(estimate(plan(num_instructions=target), ledger))[0] == 0


TEXTS = tuple(f"A user's text number {number} about {word}." for number, word in enumerate(WORDS))
MIXED = {"back-translate": 0.5, "self-instruct": 0.3, "evolve": 0.2}


def asked_of_each(shares: Mapping[str, float], target: int) -> Counter[str]:
    """Return how many requests each proposer takes, one after the other, if each brings what is assumed of it."""
    turns = Turns({Proposer(name): share for name, share in shares.items()}, {Proposer.BACK_TRANSLATE: len(TEXTS)})
    asked, kept, number = Counter[str](), 0, 0
    while kept < target and (turn := turns.of(number)):
        asked[turn.proposer.stage] += 1
        kept += EXPECTED_YIELD if turn.proposer is Proposer.SELF_INSTRUCT else 1
        number += 1
    return asked


@pytest.mark.parametrize("target", [20, 60, 500])
@pytest.mark.parametrize("shares", [MIXED, {"back-translate": 1.0}], ids=["mixed", "alone"])
def test_where_texts_run_out_the_others_bring_the_rest_or_nobody(shares: dict[str, float], target: int) -> None:
    about_texts = replace(plan(num_instructions=target, proposers=shares), texts=TEXTS)
    found = estimate(about_texts, None)
    asked = asked_of_each(shares, target)
    by_stage = {each.stage: each.requests for each in found.stages}
    assert all(abs(by_stage[stage] - count) <= 2 for stage, count in asked.items()), (by_stage, asked)
    answered = by_stage["back-translate"]
    assert by_stage["instances"] == (0 if len(shares) == 1 else pytest.approx(target - answered, abs=1))
    used_up = [line for line in found.assumptions if line.startswith("back-translate")]
    assert bool(used_up) is (asked["back-translate"] == len(TEXTS) and target > len(TEXTS))
    assert all(("about 30 tasks" in line) is (len(shares) == 1) for line in used_up)


def test_a_run_whose_texts_run_out_is_to_ask_about_those_that_are_left(tmp_path: Path) -> None:
    alone = {"proposers": {"back-translate": 1.0}, "num_instructions": 100}
    some = replace(plan(**alone, max_requests=12), texts=TEXTS)
    with Ledger.create(tmp_path / "run", some.facts()) as ledger:
        asyncio.run(Loop(ledger, some, ScriptedAsker(proposal)).run())
        found = estimate(replace(some, settings=plan(**alone).settings), ledger)
        used = spent_in(ledger).requests
    assert 0 < used < len(TEXTS)
    assert requests(found) == [len(TEXTS) - used, 0, 0]
    assert f"the {len(TEXTS) - used} texts that are left are used up" in "\n".join(found.assumptions)


def proposal(request: RequestId, given: Mapping[str, Any]) -> Reply:
    return Reply(" ".join(Random(given["text"]).sample(WORDS, 9)), "stop", Usage(10, 5))
