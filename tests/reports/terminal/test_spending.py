"""What was spent: by stage and model, and never 0 where nobody knows."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.scripted import plan

from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.replies import Reply, Usage
from self_instruct.records.tasks import Stage
from self_instruct.reports.terminal.spending import Spending, dollars, in_all, lines, spending, spending_fields

PRICES = {"openai:m": {"input": 2, "cached_input": 1, "output": 8}}


def spent(tmp_path: Path, *replies: tuple[Stage, str | None, Usage], **settings: Any) -> tuple[Spending, ...]:
    """Return the spending of a run that holds these replies."""
    settled = plan(prices=PRICES, **settings)
    with Ledger.create(tmp_path / "run", settled.facts()) as ledger:
        for number, (stage, model, usage) in enumerate(replies):
            ledger.store_reply(RequestId(stage, number), Reply("text", "stop", usage, model), None, Usage(1000, 1000))
        return spending(ledger, settled.settings)


def test_each_stage_and_model_has_its_tokens_and_its_cost(tmp_path: Path) -> None:
    found = spent(
        tmp_path,
        (Stage.INSTANCES, "offline", Usage(7, 3)),
        (Stage.INSTRUCTIONS, "openai:m", Usage(500_000, 100_000, 200_000, 50_000)),
        (Stage.INSTRUCTIONS, "openai:m", Usage(500_000, 100_000, 200_000)),
    )
    assert [(one.stage, one.model, one.cost) for one in found] == [
        (Stage.INSTRUCTIONS, "openai:m", Decimal("3.2")),
        (Stage.INSTANCES, "offline", Decimal(0)),
    ]
    assert lines(found) == [
        "instructions, openai:m: 2 requests; tokens: 1,000,000 in (400,000 cached), 200,000 out (50,000 reasoning);"
        " cost: $3.2000",
        "instances, offline: 1 request; tokens: 7 in, 3 out; cost: $0",
        "in all: 3 requests; tokens: 1,000,007 in (400,000 cached), 200,003 out (50,000 reasoning); cost: $3.2000",
    ]


def test_tokens_that_nobody_counted_are_unknown(tmp_path: Path) -> None:
    [found] = spent(tmp_path, (Stage.INSTRUCTIONS, "openai:m", Usage()))
    assert found.cost is None
    assert lines([found]) == [
        "instructions, openai:m: 1 request, 1 of them with unknown tokens; tokens: unknown in, unknown out; cost: unknown"
    ]
    fields = spending_fields([found])["in_all"]
    assert {fields[name] for name in ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost_usd")} == {
        None
    }
    assert (fields["requests"], fields["unreported_requests"]) == (1, 1)


def test_a_cost_of_which_a_part_was_not_counted_is_a_least_cost(tmp_path: Path) -> None:
    found = spent(tmp_path, (Stage.INSTRUCTIONS, "openai:m", Usage(500_000, 0)), (Stage.INSTRUCTIONS, "openai:m", Usage()))
    assert lines(found)[0].endswith(
        "2 requests, 1 of them with unknown tokens; tokens: 500,000 in, 0 out; cost: at least $1.0000"
    )


def test_one_unknown_price_makes_the_whole_cost_unknown(tmp_path: Path) -> None:
    found = spent(tmp_path, (Stage.INSTRUCTIONS, "openai:m", Usage(5, 5)), (Stage.INSTANCES, "ollama:nobodys", Usage(5, 5)))
    assert [one.cost is None for one in found] == [False, True]
    assert in_all(found)[1] is None


def test_imported_replies_are_of_no_model_and_have_no_cost(tmp_path: Path) -> None:
    [found] = spent(tmp_path, (Stage.INSTRUCTIONS, None, Usage()))
    assert (found.model, found.cost) == (None, None)
    assert lines([found])[0].startswith("instructions, (imported): 1 request")


@pytest.mark.parametrize(
    ("amount", "unreported", "words"),
    [(None, 0, "unknown"), (Decimal(0), 0, "$0"), (Decimal("0.00004"), 0, "$0.0000"), (Decimal(12), 3, "at least $12.0000")],
)
def test_dollars_are_shown_to_the_hundredth_of_a_cent(amount: Decimal | None, unreported: int, words: str) -> None:
    assert dollars(amount, unreported) == words
