"""Who brought the tasks of a run and what that cost: a table that adds up to the run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.command import Command
from support.runs import spent_in

from self_instruct import SelfInstruct
from self_instruct.ledger import Ledger
from self_instruct.reports.analysis.run_report import run_report
from self_instruct.reports.page.page import page


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    prices = {"offline": {"input": 2, "output": 8}}
    mixed = SelfInstruct("offline", proposers={"evolve": 1, "self-instruct": 1}, num_instructions=20, prices=prices)
    directory = tmp_path_factory.mktemp("mixed")
    mixed.run(directory)
    return directory


def rows(command: Command, run: Path) -> Mapping[str, dict[str, Any]]:
    return {row["proposer"]: row for row in json.loads(command("status", run, "--json").out)["proposers"]}


def test_the_rows_add_up_to_the_run_and_the_rates_are_theirs(run: Path, command: Command) -> None:
    found = rows(command, run)
    with Ledger.open(run, read_only=True) as ledger:
        spent, tasks = spent_in(ledger), list(ledger.tasks())
        evolved = {lineage.request for lineage in ledger.lineages()}
    in_all = json.loads(command("status", run, "--json").out)["spent"]["in_all"]
    assert list(found) == ["self-instruct", "evolve"]
    assert sum(row["requests"] for row in found.values()) == spent.requests
    assert sum(row["tokens"] for row in found.values()) == in_all["input_tokens"] + in_all["output_tokens"]
    assert sum(row["cost_usd"] for row in found.values()) == pytest.approx(in_all["cost_usd"])
    assert sum(row["kept"] for row in found.values()) == len(tasks) == 20
    assert found["evolve"]["kept"] == sum(task.id.request in evolved for task in tasks)
    for row in found.values():
        assert row["kept"] >= row["accepted"] > 0
        assert row["accepted_per_1000_requests"] == pytest.approx(1000 * row["accepted"] / row["requests"])
        assert row["accepted_per_1000_tokens"] == pytest.approx(1000 * row["accepted"] / row["tokens"])
        assert row["accepted_per_dollar"] == pytest.approx(row["accepted"] / row["cost_usd"])


def test_status_report_and_an_improved_run_show_it(run: Path, command: Command, tmp_path: Path) -> None:
    shown = command("status", run).out
    assert "accepted per 1,000 tokens" in shown
    with Ledger.open(run, read_only=True) as ledger:
        found = run_report(ledger)
    assert "Who brought the tasks" in page([found])
    assert [row["proposer"] for row in found.to_fields()["proposers"]] == ["self-instruct", "evolve"]
    assert command("improve", run, "--run", tmp_path / "better", "--model", "offline").code == 0
    assert rows(command, tmp_path / "better").keys() == rows(command, run).keys()
    assert "  evolve: " in command("show", tmp_path / "better").out


def test_a_run_of_the_papers_proposer_alone_has_no_such_table(command: Command, finished_run: Path) -> None:
    assert rows(command, finished_run) == {}
    assert "Proposers" not in command("status", finished_run).out
