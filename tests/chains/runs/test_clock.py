"""A clock that jumps, as after a suspend or a correction: it is noted with replies and decides nothing."""

import asyncio
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from support.scripted import dataset, plan

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.provider_errors import retry_after_s
from self_instruct.chains.offline import OfflineModel
from self_instruct.chains.runs.askers import retrying
from self_instruct.chains.runs.loop import Loop
from self_instruct.ledger import Ledger
from self_instruct.records.tasks import StageName
from self_instruct.reports.analysis.status import status

YEARS_S = 40 * 365 * 86_400.0


def run(directory: Path, clock: Callable[[], float]) -> dict[str, Any]:
    settled = plan(num_instructions=12, window=4, concurrency=3)
    with Ledger.create(directory, settled.facts()) as ledger:
        asker = retrying(ModelAsker({stage: OfflineModel() for stage in StageName}, clock=clock), settled.settings)
        asyncio.run(Loop(ledger, settled, asker).run())
        assert status(ledger).to_json()
        return dataset(ledger)


@pytest.mark.parametrize("jumps", [(0.0, YEARS_S), (YEARS_S, 0.0), (-YEARS_S, YEARS_S, 1.7e9), (float("nan"), float("inf"))])
def test_a_clock_that_jumps_changes_no_decision(tmp_path: Path, jumps: tuple[float, ...]) -> None:
    assert run(tmp_path / "jumping", cycle(jumps).__next__) == run(tmp_path / "steady", lambda: 1.7e9)


def test_a_date_to_wait_until_that_is_past_by_a_clock_ahead_means_no_wait() -> None:
    headers = {"retry-after": "Fri, 31 Dec 1999 23:59:59 GMT"}
    assert retry_after_s(headers, lambda: 1.7e9) == 0
