"""The command line: what is said of wrong input, where settings come from, and how a run goes on."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.command import ROOT, RUN_PY, Command, Done, assert_refused
from support.held_server import refusing
from support.openai_server import serving

from self_instruct.chains.offline import OfflineModel
from self_instruct.ledger import Ledger

CANARY = "sk-canary-3141592653"
COMMANDS = [("generate",), ("status",), ("export",), ("replay",), ("import",), ("seeds",), ("seeds", "check")]


def values_of(command: Command, run: Path) -> dict[str, tuple[Any, str]]:
    """Return each setting of a run with its origin, as `status --json` shows them."""
    shown = json.loads(command("status", run, "--json").out)["settings"]
    return {key: (each["value"], each["origin"]) for key, each in shown.items()}


# the commands


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(command: Command, name: tuple[str, ...]) -> None:
    done = command(*name, "--help")
    assert (done.code, done.err) == (0, "")
    assert "Usage: run.py" in done.out


@pytest.mark.parametrize("arguments", [("gnerate",), ("generate", "--sed", "1"), ("generate", "--seed", "x"), ("status",)])
def test_wrong_usage_is_refused_with_the_usage(command: Command, arguments: tuple[str, ...]) -> None:
    done = command(*arguments)
    assert done.code == 2
    assert done.err.startswith("Usage: run.py")
    assert "Error: " in done.said[-1]


def test_a_run_says_which_model_answers_how_far_it_came_and_where_it_lies(command: Command, tmp_path: Path) -> None:
    done = command("generate", "--run", tmp_path / "run", "--num-instructions", 6)
    assert done.code == 0
    assert "The offline model answers: a rule-based stand-in for trying the chain, not for training." in done.said[0]
    assert done.said[-1].startswith("6 of 6 instructions kept, 6 finished;")
    assert done.out == f"done: 6 instructions kept in {tmp_path / 'run'}\n"


def test_a_finished_run_says_done_again_and_changes_nothing(command: Command, finished_run: Path) -> None:
    before = command("export", finished_run, "--format", "alpaca", "--out", finished_run / "before.json")
    again = command("generate", "--run", finished_run)
    assert (again.code, again.out) == (0, f"done: 6 instructions kept in {finished_run}\n")
    assert command("export", finished_run, "--format", "alpaca", "--out", finished_run / "after.json").code == before.code == 0
    assert (finished_run / "before.json").read_bytes() == (finished_run / "after.json").read_bytes()


def test_a_spent_budget_says_how_to_go_on(command: Command, tmp_path: Path) -> None:
    done = command("generate", "--run", tmp_path / "run", "--num-instructions", 20, "--max-requests", 5)
    assert done.code == 1
    assert done.out.startswith("the budget of 5 requests is spent; raise --max-requests and run it again to go on")
    done = command("generate", "--run", tmp_path / "run", "--max-requests", 500)
    assert (done.code, done.out) == (0, f"done: 20 instructions kept in {tmp_path / 'run'}\n")


def test_where_nothing_is_installed_one_line_says_so() -> None:
    done = subprocess.run([sys.executable, "-I", "-S", str(RUN_PY)], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "self-instruct is not installed here: run `make run`, or `pip install -e .`" in done.stderr


# settings


def test_each_setting_comes_from_flag_then_set_then_config_then_profile_then_default(command: Command, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text(
        "profile: paper\nseed: 1\nwindow: 2\nconcurrency: 3\ninstructions:\n  parameters: {stop: null}\n"
    )
    options = ["--config", tmp_path / "c.yaml", "--seed", 7, "--set", "seed=8", "--set", "window=9", "--num-instructions", 3]
    assert command("generate", "--run", tmp_path / "run", *options).code == 0
    values = values_of(command, tmp_path / "run")
    assert values["seed"] == (7, "--seed")
    assert values["window"] == (9, "--set")
    assert values["concurrency"] == (3, f"{tmp_path}/c.yaml:4")
    assert values["batched"] == (True, "profile paper")
    assert values["novelty.threshold"] == ("0.7", "default")
    assert values["instructions.parameters.top_p"] == (0.5, "profile paper")
    assert "instructions.parameters.stop" not in values


def test_a_run_that_goes_on_refuses_another_deciding_setting_and_shows_both_values(
    command: Command, finished_run: Path
) -> None:
    for arguments, words in (
        (
            ["--seed", 1],
            "this run was started with seed = 0, not 1; leave that out, or start another run.",
        ),
        (["--profile", "paper"], "profile = 'modern', not 'paper'"),
        (["--set", "window=4", "--model", "openai:x"], "window = 16, not 4, model = 'offline', not 'openai:x'"),
        (["--set", "instructions.parameters.temperature=null"], "instructions.parameters.temperature = 0.7, not None"),
    ):
        assert_refused(command("generate", "--run", finished_run, *arguments), words)
    assert command("generate", "--run", finished_run, "--seed", 0, "--profile", "modern").code == 0


def test_a_run_that_goes_on_takes_pacing_settings_and_remembers_them(command: Command, finished_run: Path) -> None:
    assert command("generate", "--run", finished_run, "--num-instructions", 8, "--concurrency", 2).code == 0
    assert command("generate", "--run", finished_run).code == 0
    values = values_of(command, finished_run)
    assert values["num_instructions"] == (8, "--num-instructions")
    assert values["concurrency"] == (2, "--concurrency")


def test_a_model_that_cannot_be_had_is_not_remembered_by_an_imported_run(command: Command, tmp_path: Path) -> None:
    (tmp_path / "batch").mkdir()
    (tmp_path / "batch" / "machine_generated_instructions.jsonl").write_text('{"instruction": "Name three rivers in Asia."}\n')
    run = tmp_path / "run"
    assert command("import", tmp_path / "batch", "--run", run).code == 0
    assert_refused(command("generate", "--run", run), "no model is known to it; name one with --model PROVIDER:NAME.")
    assert_refused(command("generate", "--run", run, "--model", "nonsense:x"), "no such provider")
    assert command("generate", "--run", run, "--model", "offline").code == 0
    assert values_of(command, run)["model"] == ("offline", "--model")


# keys


@pytest.fixture
def with_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)


def assert_key_is_nowhere(done: Done, folder: Path) -> None:
    assert CANARY not in done.out + done.err
    assert all(CANARY.encode() not in path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.usefixtures("with_key")
def test_a_key_is_in_no_output_and_no_file_of_a_run(command: Command, tmp_path: Path) -> None:
    with serving(OfflineModel()) as server:
        options = ["--model", "openai:x", "--base-url", server.base_url, "--num-instructions", 4]
        assert_key_is_nowhere(command("generate", "--run", tmp_path / "run", *options), tmp_path)
    for arguments in (
        ["status"],
        ["status", "--json"],
        ["export", "--format", "self-instruct"],
        ["export", "--format", "alpaca"],
    ):
        done = command(arguments[0], tmp_path / "run", *arguments[1:])
        assert done.code == 0
        assert_key_is_nowhere(done, tmp_path)


@pytest.mark.usefixtures("with_key")
@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_denied_model_is_one_line_without_the_key_and_another_can_be_named(
    command: Command, tmp_path: Path, status: int
) -> None:
    with refusing(status) as base_url:
        done = command("generate", "--run", tmp_path / "run", "--model", "openai:misspelt", "--base-url", base_url)
    assert done.code == 2
    assert done.said[-1].startswith("the provider denies the model: ")
    assert "no, not with Bearer (hidden)" in done.said[-1]
    assert_key_is_nowhere(done, tmp_path)
    again = command("generate", "--run", tmp_path / "run", "--model", "offline", "--num-instructions", 3)
    assert again.code == 0, again.err


@pytest.mark.usefixtures("with_key")
def test_a_server_that_cannot_answer_now_stops_the_run_which_says_how_to_go_on(command: Command, tmp_path: Path) -> None:
    with refusing(503) as base_url:
        options = ["--model", "openai:x", "--base-url", base_url, "--set", "retries=1"]
        done = command("generate", "--run", tmp_path / "run", *options)
    assert done.code == 1
    assert done.out.startswith("the model could not answer: ")
    assert "(tried 2 times)" in done.out
    assert done.out.endswith(f"; what was answered is stored; run it again to go on ({tmp_path / 'run'})\n")
    assert_key_is_nowhere(done, tmp_path)
    with serving(OfflineModel()) as server:
        again = command("generate", "--run", tmp_path / "run", "--base-url", server.base_url, "--num-instructions", 3)
    assert again.code == 0


@pytest.mark.usefixtures("with_key")
def test_refusals_of_single_requests_are_stored_without_the_key(command: Command, tmp_path: Path) -> None:
    with refusing(400, "the context length is exceeded") as base_url:
        done = command("generate", "--run", tmp_path / "run", "--model", "openai:x", "--base-url", base_url)
    assert done.code == 1
    assert "20 requests in a row brought nothing new" in done.out
    with Ledger.open(tmp_path / "run", read_only=True) as ledger:
        assert {rejection.reason for _, rejection in ledger.rejections()} == {"refused by the provider"}
    assert_key_is_nowhere(done, tmp_path)


@pytest.mark.usefixtures("with_key")
def test_a_parameter_that_the_client_does_not_know_is_warned_of_and_left_out(command: Command, tmp_path: Path) -> None:
    with serving(OfflineModel()) as server:
        options = ["--model", "openai:x", "--base-url", server.base_url, "--set", "instructions.parameters.top_q=1"]
        done = command("generate", "--run", tmp_path / "run", *options, "--num-instructions", 5)
    assert done.code == 0
    assert [line for line in done.said if "top_q" in line] == [
        "warning: the model openai:x refuses the parameter 'top_q'; it is left out from now on"
    ]
