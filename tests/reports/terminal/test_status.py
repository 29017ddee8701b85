"""Status: what is counted, what is shown, and what is never shown."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from support.runs import spent_in
from support.scripted import plan
from support.written import instructions, write_run

from self_instruct.ledger import Ledger, RequestId, StoredTask, TaskId
from self_instruct.records.tasks import Reason, StageName
from self_instruct.reports.analysis.status import RunState, status
from self_instruct.reports.terminal.status import status_tables
from self_instruct.settings.profiles import PAPER


def shown(ledger: Ledger, width: int = 80, *, with_all: bool = False) -> str:
    console = Console(file=io.StringIO(), width=width)
    console.print(status_tables(status(ledger), with_all=with_all))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_tasks_are_counted_by_where_they_stand(run: Ledger) -> None:
    found = status(run)
    assert (found.kept, found.target) == (6, 100)
    assert (found.finished, found.with_instances) == (4, 2)
    assert (found.classification, found.other, found.unknown) == (1, 3, 2)
    assert found.unanswered == {StageName.CLASSIFICATION: 1, StageName.INSTANCES: 1}


def test_a_run_that_somebody_left_is_stopped_and_one_that_is_held_is_running(run: Ledger, tmp_path: Path) -> None:
    assert (status(run).state, json.loads(status(run).to_json())["state"]) == (RunState.RUNNING, "running")
    assert "running: a process works on it" in shown(run)
    run.close()
    with Ledger.open(tmp_path / "run", read_only=True) as left:
        assert (status(left).state, json.loads(status(left).to_json())["state"]) == (RunState.STOPPED, "stopped")
        assert "stopped: no process works on it; run it again" in shown(left)


def test_a_run_is_done_when_it_has_its_target_and_all_replies(tmp_path: Path) -> None:
    with write_run(tmp_path / "run", instructions(3), num_instructions=3) as ledger:
        assert status(ledger).state is RunState.DONE
        ledger.add_task(StoredTask(TaskId(9, 0), "One more.", None, RequestId(StageName.CLASSIFICATION, 9)))
        assert status(ledger).state is RunState.RUNNING


def test_instances_are_counted_as_stored_and_as_exported(run: Ledger) -> None:
    assert (status(run).instances, status(run).exported) == (9, 7)


def test_rejections_are_counted_by_stage_and_reason_in_the_order_of_the_stages(run: Ledger) -> None:
    assert list(status(run).rejections.items()) == [
        ((StageName.INSTRUCTIONS, Reason.TOO_SIMILAR), 1),
        ((StageName.CLASSIFICATION, Reason.NEITHER_YES_NOR_NO), 1),
        ((StageName.INSTANCES, Reason.EMPTY_OUTPUT), 1),
        ((StageName.INSTANCES, Reason.REFUSED_BY_PROVIDER), 1),
    ]


def test_what_was_spent_is_counted_by_stage(run: Ledger) -> None:
    spent = status(run).spent
    assert [(one.stage, one.requests, one.uncounted, one.input_tokens, one.output_tokens) for one in spent] == [
        (StageName.INSTRUCTIONS, 3, 0, 300, 150),
        (StageName.CLASSIFICATION, 6, 2, 80, 4),
        (StageName.INSTANCES, 3, 1, 60, 18),
    ]
    assert sum(one.requests for one in spent) == spent_in(run).requests


def test_json_holds_the_same_as_the_record(run: Ledger) -> None:
    fields = json.loads(status(run).to_json())
    assert fields["kept"] == 6
    assert fields["unanswered"] == {"instructions": 0, "classification": 1, "instances": 1}
    assert fields["rejections"]["instances"] == {"empty output": 1, "refused by the provider": 1}
    assert fields["spent"]["by_stage_and_model"][1] == {
        "stage": "classification", "model": None, "requests": 6, "unreported_requests": 2, "unanswered_requests": 0,
        "input_tokens": 80, "output_tokens": 4, "cached_tokens": None, "reasoning_tokens": None, "cost_usd": None,
    }  # fmt: skip
    assert fields["spent"]["in_all"]["input_tokens"] == 440
    assert fields["settings"]["novelty.threshold"] == {"value": "0.7", "origin": "default"}


def test_each_setting_is_shown_with_its_origin(make_run: Callable[..., Ledger]) -> None:
    ledger = make_run(seed=7)
    ledger.set_fact("origins", {"seed": "--seed"})
    settings = {one.key: one for one in status(ledger).settings}
    assert (settings["seed"].value, settings["seed"].origin) == (7, "--seed")
    assert "seed = 7  (--seed)" in shown(ledger)
    casing = 'instructions.casing = "first letter"  (default)'
    assert casing in shown(ledger, with_all=True)
    assert casing not in shown(ledger), "it is the profile's"
    assert "more that are the profile's: --all" in shown(ledger)


def test_of_paper_only_what_differs_from_paper_is_shown(make_run: Callable[..., Ledger]) -> None:
    said = shown(make_run(**{**PAPER, "seed": 3}))
    assert 'profile = "paper"' in said
    assert "seed = 3" in said
    assert "novelty" not in said.partition("Settings")[2]


SECRETS = ["api_key", "openai_api_key", "API-Key", "azure_ad_token", "password", "Authorization", "client_secret"]


@pytest.mark.parametrize("name", SECRETS)
def test_a_key_given_as_a_parameter_is_never_shown(make_run: Callable[..., Ledger], name: str) -> None:
    ledger = make_run(instances={"classification_parameters": {"extra_headers": {name: "sk-very-secret"}}})
    assert "sk-very-secret" not in shown(ledger) + status(ledger).to_json()
    assert "(hidden)" in shown(ledger, with_all=True)


def test_settings_that_only_sound_like_keys_are_shown(make_run: Callable[..., Ledger]) -> None:
    said = shown(make_run(finetuning={"end_token": "<end>"}, instructions={"parameters": {"max_tokens": 321}}))
    assert 'finetuning.end_token = "<end>"' in said
    assert "instructions.parameters.max_tokens = 321" in said


def test_status_fits_eighty_columns_and_needs_no_colours(run: Ledger) -> None:
    said = shown(run)
    assert max(map(len, said.splitlines())) <= 80
    assert "\x1b" not in said
    for words in ("tasks kept", "6 of 100", "awaiting instances", "too similar", "classification", "Settings"):
        assert words in said


def test_what_looks_like_markup_is_shown_as_it_is(make_run: Callable[..., Ledger]) -> None:
    assert 'model = "[red]x[/red]"' in shown(make_run(model="[red]x[/red]"))


def test_status_reads_while_another_process_writes(run: Ledger, tmp_path: Path) -> None:
    with run.transaction():
        run.set_fact("note", "not committed yet")
        with Ledger.open(tmp_path / "run", read_only=True) as reader:
            assert status(reader).kept == 6


def test_a_run_that_just_began_has_a_status(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "new", plan(num_instructions=None).facts()) as ledger:
        assert (status(ledger).kept, status(ledger).target, status(ledger).spent) == (0, None, ())
        assert "tasks kept       0" in shown(ledger)
