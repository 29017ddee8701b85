"""What a run has spent before counts at the price it was paid at."""

import asyncio
from decimal import Decimal
from pathlib import Path

from support.scripted import ScriptedAsker, plan

from self_instruct.chains.budgets.meter import Meter
from self_instruct.chains.runs.loop import Loop
from self_instruct.ledger import Ledger, RequestId, Spent
from self_instruct.records.replies import Usage
from self_instruct.records.tasks import StageName
from self_instruct.settings.sections import Price

TODAY = Price(input=2, output=8)
PRICED = {"model": "openai:m", "prices": {"openai:m": TODAY}, "max_cost": 100}


def test_a_budget_counts_what_was_paid_and_todays_price_where_that_is_not_known() -> None:
    settled = plan(**PRICED)
    million = Spent(1, 0, Usage(1_000_000, 0))
    before = {
        ("instructions", "openai:m", Price(input=30, output=0)): million,
        ("instructions", "openai:m", None): million,
        ("instances", "openai:m", Price(input=5, output=0)): million,
    }
    meter = Meter(settled.settings, before)
    assert meter._budget.spent.cost == Decimal(30 + 2 + 5)
    assert meter.spent == Spent(3, 0, Usage(3_000_000, 0))


def test_a_run_stores_the_price_with_every_reply(tmp_path: Path) -> None:
    settled = plan(num_instructions=5, **PRICED)
    with Ledger.create(tmp_path, settled.facts()) as ledger:
        asyncio.run(Loop(ledger, settled, ScriptedAsker()).run())
        assert {stored.price for stored in ledger.replies()} == {TODAY}
        assert ledger.stored_reply(RequestId(StageName.INSTRUCTIONS, 0)).model == "openai:m"
