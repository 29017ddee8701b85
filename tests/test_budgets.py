"""Budgets, the dry run, the log and the status of a run under way, as a user of the command line meets them."""

import json
import re
from pathlib import Path

import pytest
from support.command import Command, assert_refused, ended, started
from support.held_server import HeldModel
from support.openai_server import serving
from support.runs import spent_in

from self_instruct.ledger import Ledger
from self_instruct.seeds.loading import shipped_seeds

PRICES = 'prices={"openai:x": {input: 2, output: 8}}'


@pytest.fixture
def without_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)


# budgets


def test_a_token_budget_is_kept_says_how_to_go_on_and_holds_over_the_whole_run(command: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = command("generate", "--run", run, "--num-instructions", 20, "--max-tokens", 12000)
    assert done.code == 1
    assert re.match(
        r"the budget of 12,000 tokens has no room for the next request \([\d,]+ are spent\); raise --max-tokens", done.out
    )
    with Ledger.open(run, read_only=True) as ledger:
        usage = spent_in(ledger).usage
    assert 0 < (usage.input_tokens or 0) + (usage.output_tokens or 0) <= 12000
    assert command("generate", "--run", run).out == done.out, "a run that goes on has no new budget"
    assert command("generate", "--run", run, "--max-tokens", 500000).code == 0


def test_a_cost_budget_is_kept_at_the_price_that_was_given(command: Command, tmp_path: Path, with_key: None) -> None:
    run = tmp_path / "run"
    with serving(HeldModel(gate=opened())) as server:
        options = ["--model", "openai:x", "--base-url", server.base_url, "--max-cost", "0.06", "--set", PRICES]
        done = command("generate", "--run", run, *options)
    assert done.code == 1
    assert re.match(
        r"the budget of \$0\.06 has no room for the next request \(\$0\.0\d+ are spent\); raise --max-cost and", done.out
    )
    spent = json.loads(command("status", run, "--json").out)["spent"]["in_all"]
    assert 0 < spent["cost_usd"] <= 0.06
    assert spent["cost_usd"] == pytest.approx((2 * spent["input_tokens"] + 8 * spent["output_tokens"]) / 1e6)


def opened() -> object:
    from threading import Event

    gate = Event()
    gate.set()
    return gate


@pytest.mark.usefixtures("with_key")
@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_a_budget_that_cannot_be_kept_refuses_to_start_and_leaves_no_run(
    command: Command, tmp_path: Path, dry: list[str]
) -> None:
    unlimited = ["--set", "instances.parameters.max_tokens=null"]
    for options, words in (
        (
            ["--max-cost", "5", "--base-url", "http://127.0.0.1:9/v1"],
            "nobody knows the price of 'openai:x'; give it in US dollars",
        ),
        (
            ["--max-cost", "5", *unlimited],
            "max_cost cannot be kept without a limit to every answer; set instances.parameters.max_",
        ),
        (["--max-tokens", "5", *unlimited], "max_tokens cannot be kept without a limit to every answer"),
        (["--max-cost", "-1"], "--max-cost: max_cost is '-1'; input should be greater than 0."),
        (["--max-tokens", "0"], "--max-tokens: max_tokens is 0; input should be greater than 0."),
        (["--set", 'prices={"openai:x": {input: 2}}'], "prices.openai:x.output"),
    ):
        assert_refused(command("generate", "--run", tmp_path / "run", "--model", "openai:x", *options, *dry), words)
    assert not (tmp_path / "run").exists()


def test_prices_are_read_from_a_config_file_and_remembered(command: Command, tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("max_cost: 5\nprices:\n  gpt-4.1-mini.v2: {input: 0.4, cached_input: 0.1, output: 1.6}\n")
    assert command("generate", "--run", tmp_path / "run", "--config", tmp_path / "c.yaml", "--num-instructions", 2).code == 0
    settings = json.loads(command("status", tmp_path / "run", "--json").out)["settings"]
    assert settings["prices"] == {
        "value": {"gpt-4.1-mini.v2": {"input": "0.4", "output": "1.6", "cached_input": "0.1"}},
        "origin": f"{tmp_path}/c.yaml:2",
    }  # fmt: skip
    assert settings["max_cost"]["value"] == "5"


# what was spent


def test_a_run_ends_with_what_it_spent_by_stage_and_model_and_counts_it_once(command: Command, tmp_path: Path) -> None:
    once = command("generate", "--run", tmp_path / "run", "--num-instructions", 5)
    said = [line for line in once.said if "; tokens: " in line]
    assert [line.partition(":")[0] for line in said] == [
        "instructions, offline", "classification, offline", "instances, offline", "in all",
    ]  # fmt: skip
    assert all(line.endswith("cost: $0") for line in said)
    again = command("generate", "--run", tmp_path / "run")
    assert [line for line in again.said if "; tokens: " in line] == said


# the dry run


@pytest.mark.usefixtures("without_key")
def test_a_dry_run_needs_no_key_shows_the_prompts_estimates_and_writes_nothing(command: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    options = ("--model", "openai:gpt-4.1-mini", "--num-instructions", 1000, "--dry-run", "--prompts")
    done = command("generate", "--run", run, *options)
    assert (done.code, done.err) == (0, "")
    kinds = ["instructions", "classification", "instances of a classification task", "instances of another task"]
    assert [line.removeprefix("First prompt: ") for line in done.out.splitlines() if line.startswith("First prompt: ")] == kinds
    assert done.out.startswith("Estimate of what is left to do, by openai:gpt-4.1-mini\n\n")
    rows = re.findall(r"^  (\w[\w ]*?)  +([\d,]+) .* \$\d\.\d{4}$", done.out, re.MULTILINE)
    assert rows == [("instructions", "125"), ("classification", "1,000"), ("instances", "1,000"), ("in all", "2,125")]
    assert "8 tasks kept per request" in done.out
    longest = max(shipped_seeds()[0].instruction.splitlines(), key=len)
    assert f"Task: {longest}" in done.out, "prompts are shown as they would be sent, however wide the terminal"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_key")
def test_a_dry_run_of_four_stages_and_two_models_breaks_no_word_at_eighty_columns(command: Command, tmp_path: Path) -> None:
    options = ("--model", "openai:gpt-4.1-mini", "--accept", 52_000, "--set", "judging.model=anthropic:claude-sonnet-4-5")
    lines = command("generate", "--run", tmp_path / "run", *options, "--dry-run").out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line.split()[0] for line in lines if line.startswith("  ") and "$" in line][::2] == [
        "instructions", "classification", "instances", "judging", "in",
    ]  # fmt: skip
    assert "openai:gpt-4.1-mini: instructions, classification, instances" in lines
    assert "anthropic:claude-sonnet-4-5: judging" in lines


def test_a_dry_run_on_a_run_that_is_there_says_what_is_left_and_leaves_it_as_it_is(
    command: Command, finished_run: Path
) -> None:
    command("generate", "--run", finished_run, "--num-instructions", 20)
    before = {path: path.read_bytes() for path in finished_run.iterdir()}
    done = command("generate", "--run", finished_run, "--dry-run")
    assert re.search(r"in all +0 +0 +0 +\$0\n", done.out)
    assert "First prompt" not in done.out
    done = command("generate", "--run", finished_run, "--dry-run", "--num-instructions", 120)
    assert re.search(r"kept a request +\d\.\d \(\d\.\d to \d+\.\d\)", done.out)
    assert re.search(r"to go +\d+ \(\d+ to \d+\) requests, [\d,]+ \(", done.out)
    assert re.search(r"instructions +\d\d .*\n.*\n  classification +1\d\d .*\n.*\n  instances +1\d\d ", done.out)
    assert {path: path.read_bytes() for path in finished_run.iterdir()} == before
    assert_refused(command("generate", "--run", finished_run, "--dry-run", "--seed", 4), "this run was started with seed = 0")


# while it is under way


@pytest.mark.usefixtures("with_key")
def test_status_and_the_dry_run_work_while_the_run_is_on(command: Command, tmp_path: Path) -> None:
    run, log = tmp_path / "run", tmp_path / "log"
    model = HeldModel()
    with serving(model) as server:
        options = ["--model", "openai:held", "--base-url", server.base_url, "--num-instructions", 6, "--concurrency", 2]
        process = started("generate", "--run", run, *options, "--log-file", log)
        model.wait_for(1)
        done = command("status", run, "--json")
        assert (done.code, done.err) == (0, "")
        assert json.loads(done.out)["kept"] == 0
        assert json.loads(done.out)["spent"]["in_all"]["input_tokens"] is None
        assert command("generate", "--run", run, "--dry-run").code == 0
        assert [json.loads(line)["event"] for line in log.read_text().splitlines()][:2] == ["start", "request sent"]
        assert process.poll() is None
        model.gate.set()
        assert ended(process).code == 0
    assert json.loads(command("status", run, "--json").out)["kept"] == 6
