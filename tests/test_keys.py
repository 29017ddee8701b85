"""Keys: from the environment alone, and in no file, no output and no traceback, whatever becomes of the run."""

import logging
import traceback
from pathlib import Path
from typing import Any

import pytest
from support.choosy_server import choosing
from support.command import Command, Done
from support.held_server import refusing
from support.openai_server import serving
from support.runs import open_run

from self_instruct.chains.offline import OfflineModel
from self_instruct.chains.runs.generating import generate
from self_instruct.records.errors import SelfInstructError
from self_instruct.settings.layers import Layer

CANARIES = {"OPENAI_API_KEY": "canary-of-openai-31415926", "MY_OWN_TOKEN": "sk-canary-of-mine-27182818"}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, canary in CANARIES.items():
        monkeypatch.setenv(variable, canary)


def assert_nowhere(folder: Path, *texts: str) -> None:
    """Assert that no file below `folder`, and none of `texts`, holds a key."""
    for canary in CANARIES.values():
        assert [path for path in folder.rglob("*") if path.is_file() and canary.encode() in path.read_bytes()] == []
        assert [text for text in texts if canary in text] == []


def finish(command: Command, run: Path, *options: object) -> Done:
    return command("generate", "--run", run, "--num-instructions", 5, "--set", "retries=0", *options)


# good paths


def test_a_run_with_two_keys_shows_and_stores_neither(command: Command, tmp_path: Path) -> None:
    with choosing("temperature") as server:
        config = tmp_path / "config.yaml"
        config.write_text(
            f"model: openai:a\nbase_url: {server.base_url}\ninstances:\n  model: openai:b\n  base_url: {server.base_url}\n"
            "  model_options: {api_key_env: MY_OWN_TOKEN}\n"
        )
        done = finish(command, tmp_path / "run", "--config", config)
        assert (done.code, done.err.count("warning: ")) == (0, 2)
        again = finish(command, tmp_path / "run", "--num-instructions", 9)
        assert (again.code, again.err.count("warning: ")) == (0, 0)
    shown = [command("status", tmp_path / "run"), command("status", tmp_path / "run", "--json")]
    assert "(profile modern; left out, since the model refuses it)" in " ".join(shown[0].out.split())
    assert "MY_OWN_TOKEN" in shown[0].out
    assert_nowhere(tmp_path, *(text for each in (done, again, *shown) for text in (each.out, each.err)))


def test_a_debug_log_of_everything_holds_no_key(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    values = {"model": "openai:a", "num_instructions": 3}
    with caplog.at_level(logging.DEBUG), serving(OfflineModel()) as server:
        ledger, plan = open_run(
            tmp_path / "run", Layer({**values, "base_url": server.base_url}, dict.fromkeys([*values, "base_url"], "test"))
        )
        with ledger:
            generate(ledger, plan)
    assert caplog.text
    assert_nowhere(tmp_path, caplog.text, repr(plan), repr(plan.models()))


# bad paths


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422, 429, 500])
@pytest.mark.parametrize("options", [[], ["--set", "model_options.api_key_env=MY_OWN_TOKEN"]], ids=["usual", "named"])
def test_a_provider_that_repeats_the_key_is_shown_without_it(
    command: Command, tmp_path: Path, status: int, options: list[str]
) -> None:
    with refusing(status) as base_url:
        done = finish(command, tmp_path / "run", "--model", "openai:x", "--base-url", base_url, *options)
    assert done.code in (1, 2)
    assert "(hidden)" in done.out + done.err
    assert_nowhere(tmp_path, done.out, done.err)


@pytest.mark.parametrize(
    "options",
    [
        ["--model", "openai:x", "--set", "model_options.api_key={}"],
        ["--model", "openai:x", "--set", "model_options.organization={}"],
        ["--model", "openai:x", "--set", "instructions.parameters.user={}"],
        ["--model", "openai:x", "--set", "model_options.default_headers={{X: {}}}"],
        ["--model", "openai:x", "--set", "model_options.api_key_env={}"],
        ["--model", "openai:x", "--base-url", "https://host/v1?api-key={}"],
        ["--model", "openai:{}"],
        ["--model", "{}:x"],
        ["--set", "{}=1"],
        ["--set", "{}"],
        ["--seed", "{}"],
        ["--profile", "{}"],
        ["--seeds", "{}"],
        ["--templates", "{}"],
        ["--config", "{}"],
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("canary", CANARIES.values())
def test_a_key_put_into_a_setting_is_refused_and_not_repeated(
    command: Command, tmp_path: Path, options: list[str], canary: str
) -> None:
    done = finish(command, tmp_path / "run", *(option.format(canary) for option in options))
    assert done.code == 2
    assert not (tmp_path / "run").exists()
    assert_nowhere(tmp_path, done.out, done.err)


def test_a_key_in_a_config_file_is_refused_by_its_line_and_not_repeated(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("model: openai:x\nmodel_options:\n  api_key: sk-a-third-canary-16180339\n")
    done = finish(command, tmp_path / "run", "--config", config)
    assert done.code == 2
    assert done.err.startswith(f"{config}:3: model_options.api_key would be stored with the run")
    assert "canary" not in done.err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("status", [401, 429])
def test_a_traceback_of_our_errors_holds_no_key(tmp_path: Path, status: int) -> None:
    with refusing(status) as base_url:
        values: dict[str, Any] = {"model": "openai:x", "base_url": base_url, "retries": 0}
        ledger, plan = open_run(tmp_path / "run", Layer.said(values, "test"))
        with ledger:
            try:
                said = generate(ledger, plan).sentence
            except SelfInstructError as error:
                said = "".join(traceback.format_exception(error))
    assert "(hidden)" in said
    assert_nowhere(tmp_path, said)


def test_a_key_that_cannot_be_sent_is_not_shown(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARIES["OPENAI_API_KEY"] + "\n")
    with refusing(500) as base_url:
        done = command("generate", "--run", tmp_path / "run", "--model", "openai:x", "--base-url", base_url)
    assert done.code == 2
    assert "no request can be sent" in done.said[-1]
    assert_nowhere(tmp_path, done.out, done.err)
