"""Judging on the command line: `generate --accept`, `judge`, the account; killed, no verdict is paid for twice."""

import json
import signal
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, assert_refused
from support.driver import Driver
from support.openai_server import serving
from support.runs import spent_in

from self_instruct.chains import load_model
from self_instruct.ledger import Ledger
from self_instruct.reports.analysis.account import ACCEPTED, account
from self_instruct.reports.analysis.judged import judged

ACCEPT = ("--model", "offline", "--accept")


def test_a_run_ends_with_exactly_fifty_accepted_tasks_and_accounts_for_every_candidate(
    tmp_path: Path, command: Command
) -> None:
    run = tmp_path / "run"
    done = command("generate", "--run", run, *ACCEPT, 50)
    assert done.code == 0, done.err
    assert "50 of 50 tasks accepted" in done.out
    assert "Where every candidate went" in done.out
    with Ledger.open(run, read_only=True) as ledger:
        rows = account(ledger)
        read = len(list(ledger.tasks())) + sum(
            n for (stage, _), n in ledger.count_rejections().items() if stage == "instructions"
        )
        usage = spent_in(ledger).usage
    assert {row.fate: row.candidates for row in rows}[ACCEPTED] == 50
    assert sum(row.candidates for row in rows) == read
    assert round(sum(row.tokens for row in rows)) == (usage.input_tokens or 0) + (usage.output_tokens or 0)
    again = command("generate", "--run", run)
    assert again.code == 0
    assert "50 of 50 tasks accepted" in again.out


def test_judge_says_what_the_judge_thinks_and_how_much_of_it_is_unread(tmp_path: Path, command: Command) -> None:
    run = tmp_path / "run"
    assert command("generate", "--run", run, "--model", "offline", "--num-instructions", 8).code == 0
    done = command("judge", run, "--sample", 5, "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    assert (said["judge"], said["model"], said["instances"], said["votes"]) == ("judging", "offline", 5, 5)
    assert sum(said["answers"]["valid"].values()) == 5 - said["unread_instances"]
    assert said["asked_concerns"] == 5 - said["unread_instances"]
    assert "of the same family" in done.err
    whole = command("judge", run)
    assert "a judge's opinion, not the truth" in " ".join(whole.out.split())
    assert "verdicts unread" in whole.out


def test_a_judge_behind_an_address_stands_beside_one_that_never_answered(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    run = tmp_path / "run"
    assert command("generate", "--run", run, "--model", "offline", "--num-instructions", 8).code == 0
    down = ("--model", "openai:down", "--base-url", "http://127.0.0.1:9/v1", "--set", "retries=0")
    assert command("judge", run, "--sample", 3, *down).code == 1
    with serving(load_model("offline")) as server:
        done = command("judge", run, "--sample", 3, "--model", "openai:chat", "--base-url", server.base_url, "--json")
    assert done.code == 0, done.err
    assert (json.loads(done.out)["model"], json.loads(done.out)["instances"]) == ("openai:chat", 3)
    assert json.loads(done.out)["votes"] == 3 <= sum(server.paths.values())  # what cannot be read is asked for once more
    assert json.loads(command("quality", run, "--json").out)["judge"] == "openai:chat"
    assert json.loads(command("quality", run, "--json", "--judge", "openai:down").out)["judged"] == 0
    assert_refused(command("quality", run, "--judge", "openai:other"), "--judge openai:other: no judge of this run")


def test_what_cannot_be_judged_is_one_line(tmp_path: Path, command: Command) -> None:
    assert_refused(command("judge", tmp_path / "none"), "holds no ledger.sqlite")
    assert command("generate", "--run", tmp_path / "run", "--model", "offline", "--num-instructions", 2).code == 0
    assert_refused(command("judge", tmp_path / "run", "--set", "judging.votes=0"), "judging.votes")
    assert_refused(command("judge", tmp_path / "run", "--set", "judging.required=[good]"), "judging.required")
    assert_refused(
        command("generate", "--run", tmp_path / "new", "--set", "stages.judging.model=offline"), "section of its own"
    )


def found(run: Path) -> dict[str, Any]:
    with Ledger.open(run, read_only=True) as ledger:
        tasks, verdicts = list(ledger.tasks()), [(task, one.to_dict()) for task, one in ledger.verdicts()]
        return {"tasks": tasks, "verdicts": verdicts, "judged": judged(ledger), "second": judged(ledger, "judging-2")}


def stored(run: Path) -> set[str]:
    with Ledger.open(run, read_only=True) as ledger:
        keys = [each.request for each in ledger.replies()]
    return {f"{key.stage} {key.request} {key.item} {key.instance} {key.attempt}" for key in keys}


def test_a_judged_run_killed_five_times_ends_as_an_undisturbed_one_and_pays_for_no_verdict_twice(
    tmp_path: Path, drive: Driver
) -> None:
    calm, rough, log, lost = tmp_path / "calm", tmp_path / "rough", tmp_path / "requests.log", Counter[str]()
    generate = ("generate", *ACCEPT, 12, "--concurrency", 6, "--run")
    judge = ("judge", rough, "--sample", 15, "--set", "judging.parameters.max_tokens=300")

    def killed(moment: str, number: int, *arguments: object) -> None:
        before = Counter(log.read_text().split("\n")) if log.exists() else Counter()
        assert drive(moment, number, log, *arguments) == -signal.SIGKILL
        sent = Counter(log.read_text().split("\n")) - before
        lost.update(key for key in sent if key and key not in stored(rough))

    assert drive("never", 0, tmp_path / "calm.log", *generate, calm) == 0
    assert drive("never", 0, tmp_path / "calm.log", judge[0], calm, *judge[2:]) == 0
    for moment, number in (("reply", 9), ("deciding", 9), ("reply", 14)):
        killed(moment, number, *generate, rough)
    assert drive("never", 0, log, *generate, rough) == 0
    for number in (2, 5):
        killed("reply", number, *judge)
    assert drive("never", 0, log, *judge) == 0
    assert found(rough) == found(calm)
    asked = Counter(line for line in log.read_text().split("\n") if line)
    assert {key: times for key, times in asked.items() if times > 1 + lost[key]} == {}
