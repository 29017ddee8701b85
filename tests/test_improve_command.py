"""Improving on the command line: a new run with what won, an account, preferences; killed, nothing is paid for twice."""

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, assert_refused
from support.driver import Driver
from support.runs import spent_in

from self_instruct.ledger import Ledger
from self_instruct.records.revisions import Operator, Result, revision_in
from self_instruct.reports.analysis.improvement import improvement, trajectories

OFFLINE = ("--model", "offline")


@pytest.fixture
def run(tmp_path: Path, command: Command) -> Path:
    assert command("generate", "--run", tmp_path / "run", *OFFLINE, "--num-instructions", 12).code == 0
    return tmp_path / "run"


def outputs(command: Command, run: Path) -> list[dict[str, Any]]:
    assert command("export", run, "--format", "alpaca", "--out", run / "rows.json").code == 0
    found: list[dict[str, Any]] = json.loads((run / "rows.json").read_text())
    return found


def test_an_improved_run_exports_what_won_and_both_sides_as_preferences(tmp_path: Path, command: Command, run: Path) -> None:
    new = tmp_path / "new"
    done = command("improve", run, "--run", new, *OFFLINE, "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    before, after = outputs(command, run), outputs(command, new)
    assert [(row["instruction"], row["input"]) for row in before] == [(row["instruction"], row["input"]) for row in after]
    changed = [(old["output"], new["output"]) for old, new in zip(before, after, strict=True) if old != new]
    assert len(changed) == said["replaced"] > 0
    assert command("export", new, "--format", "dpo", "--out", new / "pairs.jsonl").code == 0
    rows = [json.loads(line) for line in (new / "pairs.jsonl").read_text().splitlines()]
    pairs = {(row["rejected"][0]["content"], row["chosen"][0]["content"]) for row in rows}
    assert pairs >= set(changed)
    assert all(row["prompt"][0]["role"] == "user" for row in rows)
    tried = Counter[str]()
    for of in said["tried"].values():
        tried.update(of)
    assert tried["win"] + tried["loss"] >= len(rows)


def test_what_was_tried_is_kept_in_its_order_and_adds_up(tmp_path: Path, command: Command, run: Path) -> None:
    new = tmp_path / "new"
    assert command("improve", run, "--run", new, *OFFLINE, "--rounds", 2).code == 0
    final = {(row["instruction"], row["input"]): row["output"] for row in outputs(command, new)}
    with Ledger.open(new, read_only=True) as ledger:
        ways, whole = trajectories(ledger), improvement(ledger)
    assert sum(len(way.revisions) for way in ways) == sum(sum(of.values()) for of in whole.tried.values())
    for way in ways:
        stands = way.revisions[0].before
        for step in way.revisions:
            if step.operator is Operator.REWRITE:
                continue
            assert step.before == stands
            stands = step.after if step.result is Result.WIN else stands
        assert final[way.instruction, way.input] == stands
    assert any(len(way.revisions) > 2 for way in ways)
    shown = command("show", new, "--random", 1000)
    assert "try 1, regenerate: " in shown.out
    assert command("status", new).out.count("done") == 1
    assert command("report", new).code == 0
    page = (new / "report" / "index.html").read_text()
    assert 'href="#improved"' in page
    assert "<span>regenerate</span><span>win</span><span>judge</span>" in page


def test_the_judge_of_an_improved_run_is_asked_nothing_twice_and_its_rule_holds(
    tmp_path: Path, command: Command, run: Path
) -> None:
    new = tmp_path / "new"
    assert command("improve", run, "--run", new, *OFFLINE, "--no-regenerate").code == 0
    with Ledger.open(new, read_only=True) as ledger:
        requests = spent_in(ledger).requests
    assert command("judge", new).code == 0
    with Ledger.open(new, read_only=True) as ledger:
        assert spent_in(ledger).requests == requests
    assert command("export", new, "--format", "alpaca", "--accepted").code == 0
    again = command("improve", run, "--run", new)
    assert again.code == 0
    assert "instances looked at" in again.out
    with Ledger.open(new, read_only=True) as ledger:
        assert spent_in(ledger).requests == requests


def test_what_the_judge_has_said_of_the_old_run_is_not_asked_again(tmp_path: Path, command: Command, run: Path) -> None:
    fresh, judged = tmp_path / "fresh", tmp_path / "judged"
    assert command("improve", run, "--run", fresh, *OFFLINE, "--max-requests", 20).code == 1
    assert command("judge", run).code == 0
    assert command("improve", run, "--run", fresh, "--max-requests", 5000).code == 0  # begun before there were verdicts
    assert command("improve", run, "--run", judged, *OFFLINE).code == 0
    assert found(judged) == found(fresh)
    asked = {name: scorings(name) for name in (judged, fresh)}
    assert asked[judged] < asked[fresh] < scorings(run, "judging") + asked[judged] + 20
    assert min(asked.values()) > 0


def scorings(run: Path, stage: str = "scoring") -> int:
    with Ledger.open(run, read_only=True) as ledger:
        return sum(one.request.stage == stage for one in ledger.replies())


def test_an_improved_run_goes_on_where_its_budget_ended(tmp_path: Path, command: Command, run: Path) -> None:
    new, calm = tmp_path / "new", tmp_path / "calm"
    short = command("improve", run, "--run", new, *OFFLINE, "--max-requests", 20)
    assert short.code == 1
    assert "raise --max-requests" in short.out
    assert command("improve", run, "--run", new, "--max-requests", 5000).code == 0
    assert command("improve", run, "--run", calm, *OFFLINE).code == 0
    assert found(new) == found(calm)


def test_without_comparing_new_outputs_stand_that_no_rule_is_against(tmp_path: Path, command: Command, run: Path) -> None:
    new = tmp_path / "new"
    said = command("improve", run, "--run", new, *OFFLINE, "--no-compare")
    assert said.code == 0, said.err
    assert "no judge was asked" in said.out
    with Ledger.open(new, read_only=True) as ledger:
        assert {key[0] for key in ledger.spending()} == {Operator.REGENERATE}
        tried = [one for way in trajectories(ledger) for one in way.revisions]
    assert {"nobody"} <= {one.decided_by for one in tried if one.is_kept} <= {"nobody", "verifiers"}
    assert {one.decided_by for one in tried if not one.is_kept} <= {"rules", "verifiers"}
    stands = {(row["instruction"], row["input"]): row["output"] for row in outputs(command, new)}
    assert {one.after for one in tried if one.is_kept} <= set(stands.values())
    preferred = [one for one in tried if one.preferred]
    assert {one.decided_by for one in preferred} <= {"verifiers"}


@pytest.mark.parametrize("was_judged", [False, True])
def test_a_judge_that_has_judged_an_older_run_goes_on_with_its_prompts(
    tmp_path: Path, command: Command, was_judged: bool
) -> None:
    assert command("generate", "--run", tmp_path / "run", *OFFLINE, "--num-instructions", 2).code == 0
    with Ledger.open(tmp_path / "run") as ledger, ledger.transaction():
        ledger.set_fact("templates", {**ledger.fact("templates"), "judge.jinja": "Old.", "compare.jinja": "Old."})
    if was_judged:
        assert command("judge", tmp_path / "run", *OFFLINE, "--set", "judging.max_unread=1").code == 0
    assert command("improve", tmp_path / "run", "--run", tmp_path / "new", *OFFLINE, "--set", "judging.max_unread=1").code == 0
    with Ledger.open(tmp_path / "new", read_only=True) as ledger:
        after = ledger.fact("templates")
    assert (after["judge.jinja"] == "Old.") is was_judged
    assert after["compare.jinja"] != "Old."


@pytest.mark.parametrize("has_own", [False, True])
def test_an_older_run_is_improved_with_the_prompts_of_today_unless_it_has_its_own(
    tmp_path: Path, command: Command, has_own: bool
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "regenerate.chat.jinja").write_text("Do the task below.\n\nTask: {{ instruction }}")
    own = ["--templates", tmp_path / "own"] if has_own else []
    assert command("generate", "--run", tmp_path / "run", *OFFLINE, "--num-instructions", 2, *own).code == 0
    with Ledger.open(tmp_path / "run") as ledger, ledger.transaction():
        stored = ledger.fact("templates")
        ledger.set_fact("templates", {**stored, "critique.jinja": "As it was."})
    assert command("improve", tmp_path / "run", "--run", tmp_path / "new", *OFFLINE).code == 0
    with Ledger.open(tmp_path / "new", read_only=True) as ledger:
        after = ledger.fact("templates")
    assert (after["critique.jinja"] == "As it was.") is has_own
    assert after["regenerate.chat.jinja"] == stored["regenerate.chat.jinja"]


def test_what_cannot_be_improved_is_one_line(tmp_path: Path, command: Command, run: Path) -> None:
    new = tmp_path / "new"
    assert_refused(command("improve", tmp_path / "none", "--run", new), "holds no ledger.sqlite")
    assert_refused(
        command("improve", run, "--run", new, "--no-regenerate", "--no-rewrite", "--rounds", 0), "nothing is to be done"
    )
    for more in ("--rewrite", "--rounds=1"):
        assert_refused(command("improve", run, "--run", new, *OFFLINE, "--no-compare", more), "only where a judge compares")
    assert_refused(command("improve", run, "--run", new, "--rounds", -1), "a whole number from 0")
    assert_refused(command("improve", run, "--run", new, "--model", "nobody:x"), "nobody")
    assert_refused(command("improve", run, "--run", run, *OFFLINE), "the old run stays as it is")
    assert command("generate", "--run", tmp_path / "other", *OFFLINE, "--num-instructions", 1).code == 0
    assert_refused(command("improve", run, "--run", tmp_path / "other"), "no run that was made by improving another")
    assert_refused(command("export", run, "--format", "dpo"), "improve a run first")
    assert not new.exists()
    assert command("improve", run, "--run", new, *OFFLINE, "--max-requests", 3).code == 1
    assert_refused(command("improve", run, "--run", new, "--rounds", 3), "stages.revise.rounds = 1, not 3")
    assert_refused(command("generate", "--run", new), "made by improving another run")
    assert_refused(command("replay", new, "--run", tmp_path / "replayed"), "made by improving another run")
    assert command("generate", "--run", run, "--num-instructions", 14).code == 0
    assert_refused(command("improve", run, "--run", new), "begun from other tasks")


def found(run: Path) -> dict[str, Any]:
    with Ledger.open(run, read_only=True) as ledger:
        verdicts = [(task, one.to_dict()) for task, one in ledger.verdicts()]
        return {"tasks": list(ledger.tasks()), "instances": list(ledger.instances()), "verdicts": verdicts}


def stored(run: Path) -> set[str]:
    with Ledger.open(run, read_only=True) as ledger:
        keys = [each.request for each in ledger.replies()]
    return {f"{key.stage} {key.request} {key.item} {key.instance} {key.attempt}" for key in keys}


def test_improving_killed_eight_times_ends_as_undisturbed_and_pays_for_nothing_twice(
    tmp_path: Path, run: Path, drive: Driver
) -> None:
    calm, rough, log, lost = tmp_path / "calm", tmp_path / "rough", tmp_path / "requests.log", Counter[str]()
    improve = ("improve", run, *OFFLINE, "--concurrency", 6, "--run")
    assert drive("never", 0, tmp_path / "calm.log", *improve, calm) == 0
    for moment, number in [("reply", 3), ("deciding", 4), ("reply", 9), ("sent", 7)] * 2:
        before = Counter(log.read_text().split("\n")) if log.exists() else Counter()
        assert drive(moment, number, log, *improve, rough) == -signal.SIGKILL
        sent = Counter(log.read_text().split("\n")) - before
        lost.update(key for key in sent if key and key not in stored(rough))
    assert drive("never", 0, log, *improve, rough) == 0
    assert found(rough) == found(calm)
    asked = Counter(line for line in log.read_text().split("\n") if line)
    assert {key: times for key, times in asked.items() if times > 1 + lost[key]} == {}
    with Ledger.open(rough, read_only=True) as ledger:
        assert any(revision_in(one) for _, one in ledger.verdicts())
