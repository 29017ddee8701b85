"""`run.py prefer`: a judge compares two systems in both orders, is asked once more, and is killed on the way."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.language_models import FakeListChatModel
from support.command import Command, assert_refused

from self_instruct.evaluation.predictions import scored_files
from self_instruct.evaluation.preferring import Preferences, prefer
from self_instruct.evaluation.results import Result
from self_instruct.records.errors import InputError, SettingsError
from self_instruct.settings.layers import Layer

A, B, TIE = (f"Reason: Because.\nBetter: {which}" for which in ("A", "B", "tie"))
GIVEN = Layer.said({"model": "my.Judge", "concurrency": 1}, "test")


@pytest.fixture
def systems(tmp_path: Path) -> dict[str, Result]:
    found = {}
    references = tmp_path / "tasks.jsonl"
    _lines(references, [{"id": f"t{n}", "instruction": f"Say {n}.", "input": "", "references": [f"{n}"]} for n in range(3)])
    for name, words in (("short", ""), ("long", " as you asked me to")):
        _lines(tmp_path / f"{name}.jsonl", [{"id": f"t{n}", "prediction": f"{n}{words}"} for n in range(3)])
        found[name] = scored_files(tmp_path / f"{name}.jsonl", str(references))
    return found


def _lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def said(systems: dict[str, Result], run: Path, *replies: str) -> Preferences:
    _, found = prefer(run, GIVEN, systems, model=FakeListChatModel(responses=[*replies]))
    assert found is not None
    return found


def test_a_win_counts_only_in_both_orders(systems: dict[str, Result], tmp_path: Path) -> None:
    found = said(systems, tmp_path / "run", B, A, A, A, TIE, TIE)  # the longer one wins; whatever stands first; a tie
    assert (found.names, found.wins, found.ties, found.by_place, found.unread) == (("short", "long"), (0, 1), 2, 1, 0)
    assert found.more == pytest.approx(100 / 3)
    assert found.words == (1, 6)


def test_what_cannot_be_read_is_asked_once_more_and_then_is_no_verdict(systems: dict[str, Result], tmp_path: Path) -> None:
    found = said(systems, tmp_path / "run", "Both are fine.", A, B, B, A, "?", B, "Hm.")
    assert found.wins[0] + found.wins[1] + found.ties + found.unread == 3
    assert found.unread == 1


def test_other_tasks_than_a_run_began_with_are_refused(systems: dict[str, Result], tmp_path: Path) -> None:
    model = FakeListChatModel(responses=[TIE])
    prefer(tmp_path / "run", GIVEN, systems, 1, model=model)
    for given in (systems, None):
        with pytest.raises(SettingsError, match=r"was started with .*1"):
            prefer(tmp_path / "run", GIVEN, given, 3, model=model)
    _, again = prefer(tmp_path / "run", Layer(), systems, 1)
    assert again == prefer(tmp_path / "run", Layer())[1]


def test_a_task_is_asked_about_as_the_system_that_knows_it_says(systems: dict[str, Result], tmp_path: Path) -> None:
    def without(result: Result) -> Result:
        return replace(
            result, scored=tuple(replace(one, instance=replace(one.instance, instruction="")) for one in result.scored)
        )

    half = {"short": without(systems["short"]), "long": systems["long"]}
    assert said(half, tmp_path / "run", TIE) == said(systems, tmp_path / "whole", TIE)
    with pytest.raises(InputError, match=r"the instruction of 't.' is not known; name the task set"):
        prefer(tmp_path / "none", GIVEN, {name: without(one) for name, one in systems.items()})


def test_nothing_is_asked_twice(systems: dict[str, Result], tmp_path: Path) -> None:
    first = said(systems, tmp_path / "run", B, A, A, A, TIE, TIE)
    _, again = prefer(tmp_path / "run", Layer())  # no model is there: it would have to be loaded
    assert again == first


def test_a_run_that_a_budget_ended_goes_on(command: Command, tmp_path: Path, systems: dict[str, Result]) -> None:
    answers = [
        "--answers",
        tmp_path / "short.jsonl",
        "--answers",
        tmp_path / "long.jsonl",
        "--references",
        tmp_path / "tasks.jsonl",
    ]
    asked = ["prefer", tmp_path / "run", *answers, "--model", "offline"]
    stopped = command(*asked, "--max-requests", 2)
    assert (stopped.code, "raise --max-requests" in stopped.out) == (1, True)
    done = command(*asked, "--max-requests", 100, "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert sum(found["wins"]) + found["ties"] + found["unread"] == len(systems["short"].scored)
    assert "wins more often" in command("prefer", tmp_path / "run").out
    for asked_wrongly in (["status", tmp_path / "run"], ["generate", "--run", tmp_path / "run"]):
        assert_refused(command(*asked_wrongly), "is the preferences' ledger, not a run's; look at it with prefer")


def test_what_cannot_be_compared_is_refused(command: Command, tmp_path: Path, systems: dict[str, Result]) -> None:
    assert systems
    one = ["--answers", tmp_path / "short.jsonl", "--references", tmp_path / "tasks.jsonl"]
    assert_refused(command("prefer", tmp_path / "run", *one, "--model", "offline"), "name two evaluations")
    assert_refused(command("prefer", tmp_path / "run"), "holds no preferences")
    both = [*one, "--answers", tmp_path / "long.jsonl"]
    assert_refused(command("prefer", tmp_path / "run", *both), "no judge is named")
    assert_refused(command("prefer", tmp_path / "run", *both, "--model", "nobody:x"), "no such provider")
    assert not (tmp_path / "run").exists()
