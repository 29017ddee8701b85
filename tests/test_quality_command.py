"""`run.py quality`: the statement on a run, before and after people and a judge."""

import json
from pathlib import Path

from support.command import Command, assert_refused


def test_a_run_nobody_looked_at_and_one_that_a_judge_did(finished_run: Path, command: Command, tmp_path: Path) -> None:
    done = command("quality", finished_run)
    assert done.code == 0, done.err
    assert "nobody was asked" in done.out
    assert command("judge", finished_run).code == 0
    shown = command("quality", finished_run).out
    assert "only the judge's opinion" in shown
    assert "Worst" not in shown or "Best" in shown
    said = json.loads(command("quality", finished_run, "--json").out)
    assert [each["question"] for each in said["shares"]] == ["valid", "input_fits", "output_correct", "all"]
    assert {each["basis"] for each in said["shares"]} == {"only the judge's opinion"}
    assert said["shares"][0]["paper"]["value"] == 0.92
    assert said["judged"] + said["unread"] == said["instances"]
    assert_refused(command("quality", tmp_path / "none"), "holds no ledger.sqlite")
