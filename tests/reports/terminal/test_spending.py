"""What was spent: by stage and model, and never 0 where nobody knows."""

from pathlib import Path
from typing import Any

import pytest
from support.scripted import plan

from self_instruct.ledger import Ledger, RequestId
from self_instruct.records.replies import Reply, Usage
from self_instruct.records.tasks import StageName
from self_instruct.reports.analysis.spending import Spending, in_all, spending, spending_fields
from self_instruct.reports.terminal.printing import show
from self_instruct.reports.terminal.spending import spending_lines, spending_table
from self_instruct.reports.text import dollars
from self_instruct.settings.sections import Price

PRICES = {"openai:m": {"input": 2, "cached_input": 1, "output": 8}}


def spent(tmp_path: Path, *replies: tuple[StageName, str | None, Usage], **settings: Any) -> tuple[Spending, ...]:
    """Return the spending of a run that holds these replies."""
    settled = plan(prices=PRICES, **settings)
    with Ledger.create(tmp_path / "run", settled.facts()) as ledger:
        for number, (stage, model, usage) in enumerate(replies):
            ledger.store_reply(RequestId(stage, number), Reply("text", "stop", usage, model), at_most=Usage(1000, 1000))
        return spending(ledger, settled.settings)


def test_each_stage_and_model_has_its_tokens_and_its_cost(tmp_path: Path) -> None:
    found = spent(
        tmp_path,
        (StageName.INSTANCES, "offline", Usage(7, 3)),
        (StageName.INSTRUCTIONS, "openai:m", Usage(500_000, 100_000, 200_000, 50_000)),
        (StageName.INSTRUCTIONS, "openai:m", Usage(500_000, 100_000, 200_000)),
    )
    assert [(one.stage, one.model, one.cost) for one in found] == [
        (StageName.INSTRUCTIONS, "openai:m", 3.2),
        (StageName.INSTANCES, "offline", 0),
    ]
    assert spending_lines(found) == [
        "instructions, openai:m: 2 requests; tokens: 1,000,000 in (400,000 cached), 200,000 out (50,000 reasoning);"
        " cost: $3.2000",
        "instances, offline: 1 request; tokens: 7 in, 3 out; cost: $0",
        "in all: 3 requests; tokens: 1,000,007 in (400,000 cached), 200,003 out (50,000 reasoning); cost: $3.2000",
    ]


def test_a_table_has_a_row_for_each_stage_and_rows_below_for_what_there_is_of_a_part(
    capsys: pytest.CaptureFixture[str],
) -> None:
    show(spending_table([one("instructions", "m", 5), one("instances", "m")]))
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("  ")]
    assert lines == [
        ["requests", "tokens", "in", "tokens", "out", "cost"],
        ["instructions", "3", "100", "20", "$0"], ["-", "cached", "5"],
        ["instances", "3", "100", "20", "$0"],
        ["in", "all", "6", "200", "40", "$0"], ["-", "cached", "5"],
    ]  # fmt: skip


def test_models_are_named_with_their_stages_below_a_table_and_one_alone_above(capsys: pytest.CaptureFixture[str]) -> None:
    show(spending_table([one("instructions", "m"), one("instances", "m")]))
    assert capsys.readouterr().out.startswith("Spent, by m\n")
    show(spending_table([one("instructions", "m"), one("judging", "m"), one("judging", "a:judge")]))
    said = capsys.readouterr().out
    assert said.startswith("Spent\n")
    assert "  judging 2 " in said
    assert said.endswith("\nm: instructions, judging 1\na:judge: judging 2\n\n")


def one(stage: str, model: str, cached: int = 0) -> Spending:
    return Spending(stage, model, 3, 0, 0, 100, 20, cached, None, 0)


def test_tokens_that_nobody_counted_are_unknown(tmp_path: Path) -> None:
    [found] = spent(tmp_path, (StageName.INSTRUCTIONS, "openai:m", Usage()))
    assert found.cost is None
    assert spending_lines([found]) == [
        "instructions, openai:m: 1 request, 1 of them with unknown tokens; tokens: unknown in, unknown out; cost: unknown"
    ]
    fields = spending_fields([found])["in_all"]
    assert {fields[name] for name in ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost_usd")} == {
        None
    }
    assert (fields["requests"], fields["unreported_requests"]) == (1, 1)


def test_a_cost_of_which_a_part_was_not_counted_is_a_least_cost(tmp_path: Path) -> None:
    found = spent(
        tmp_path, (StageName.INSTRUCTIONS, "openai:m", Usage(500_000, 0)), (StageName.INSTRUCTIONS, "openai:m", Usage())
    )
    assert spending_lines(found)[0].endswith(
        "2 requests, 1 of them with unknown tokens; tokens: 500,000 in, 0 out; cost: at least $1.0000"
    )


def test_the_price_that_was_paid_counts_and_todays_where_it_is_not_known(tmp_path: Path) -> None:
    settled = plan(prices=PRICES)
    with Ledger.create(tmp_path / "run", settled.facts()) as ledger:
        for number, price in enumerate([Price(input=6, output=0), Price(input=4, output=0), None]):
            reply = Reply("text", "stop", Usage(1_000_000, 0), "openai:m")
            ledger.store_reply(RequestId("rating", number), reply, price=price)
        ledger.store_reply(
            RequestId(StageName.INSTANCES, 0), Reply("text", "stop", Usage(1, 1), "gone:x"), price=Price(input=0, output=0)
        )
        found = spending(ledger, settled.settings)
    assert [(one.stage, one.model, one.requests, one.cost) for one in found] == [
        ("instances", "gone:x", 1, 0),
        ("rating", "openai:m", 3, 6 + 4 + 2),
    ]


def test_one_unknown_price_makes_the_whole_cost_unknown(tmp_path: Path) -> None:
    found = spent(
        tmp_path, (StageName.INSTRUCTIONS, "openai:m", Usage(5, 5)), (StageName.INSTANCES, "ollama:nobodys", Usage(5, 5))
    )
    assert [one.cost is None for one in found] == [False, True]
    assert in_all(found).cost is None


def test_imported_replies_are_of_no_model_and_have_no_cost(tmp_path: Path) -> None:
    [found] = spent(tmp_path, (StageName.INSTRUCTIONS, None, Usage()))
    assert (found.model, found.cost) == (None, None)
    assert spending_lines([found])[0].startswith("instructions, (imported): 1 request")


@pytest.mark.parametrize(
    ("amount", "unreported", "words"),
    [(None, 0, "unknown"), (0, 0, "$0"), (0.00004, 0, "$0.0000"), (1234.5, 3, "at least $1,234.5000")],
)
def test_dollars_are_shown_to_the_hundredth_of_a_cent(amount: float | None, unreported: int, words: str) -> None:
    assert dollars(amount, unreported) == words
