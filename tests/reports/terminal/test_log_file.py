"""The log file: a JSON object a line, only ever added to, without secrets; nothing where there is none."""

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, assert_refused
from support.held_server import refusing
from support.limits import file_size_limit

from self_instruct.chains.runs.journal import LOGGER, Journal
from self_instruct.ledger import RequestId
from self_instruct.records.errors import ModelUnavailableError
from self_instruct.records.tasks import StageName
from self_instruct.reports.terminal.log_file import JsonLines, log_file
from self_instruct.settings.settings import Settings

CANARY = "sk-canary-1618033988"
REQUEST = RequestId(StageName.CLASSIFICATION, 3, 17, 2)


def events(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_run_tells_of_its_start_every_request_every_decision_and_its_stop(command: Command, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    done = command("generate", "--run", tmp_path / "run", "--num-instructions", 4, "--log-file", log)
    assert done.code == 0
    told = events(log)
    assert all(each["run"] == str(tmp_path / "run") for each in told)
    assert all({"time", "level", "event"} <= each.keys() for each in told)
    assert (told[0]["event"], told[0]["settings"]["num_instructions"]) == ("start", 4)
    assert (told[-1]["event"], told[-1]["ending"], told[-1]["kept"]) == ("stop", "done", 4)
    sent, stored, decided = (
        [each for each in told if each["event"] == name] for name in ("request sent", "reply stored", "decided")
    )
    assert len(sent) == len(stored) == told[-1]["requests"]
    assert {"stage", "request", "item", "attempt", "model", "seconds", "finish_reason", "input_tokens"} <= stored[0].keys()
    assert sum(each["kept"] for each in decided) == decided[-1]["kept_in_all"] == 4


def test_a_second_run_is_added_and_nothing_else_is_printed(command: Command, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    options = ["--num-instructions", 2, "--log-file", log]
    with_log = command("generate", "--run", tmp_path / "a", *options)
    first = log.read_bytes()
    command("generate", "--run", tmp_path / "b", *options)
    assert log.read_bytes().startswith(first)
    assert [each["event"] for each in events(log)].count("start") == 2
    assert with_log.err == command("generate", "--run", tmp_path / "c", *options[:2]).err


def test_a_failure_is_told_in_the_providers_words_without_the_key(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    log = tmp_path / "run.log"
    for status, words, ending in ((503, "come back later", "unavailable"), (401, "who are you", "error")):
        with refusing(status, words) as base_url:
            command("generate", "--run", tmp_path / "run", "--model", "openai:x", "--base-url", base_url, "--log-file", log,
                    "--set", "retries=0")  # fmt: skip
        failed = [each for each in events(log) if each["event"] == "request failed"]
        assert words in failed[-1]["error"]
        assert failed[-1]["level"] == "warning"
        assert events(log)[-1]["ending"] == ending
    assert CANARY not in log.read_text(encoding="utf-8")


@pytest.mark.parametrize("place", ["file/run.log", "."])
def test_a_file_that_cannot_be_written_is_one_line_and_leaves_no_run(command: Command, tmp_path: Path, place: str) -> None:
    (tmp_path / "file").touch()
    done = command("generate", "--run", tmp_path / "run", "--log-file", tmp_path / place)
    assert_refused(done, f"--log-file {tmp_path / place}: cannot be written (")
    assert not (tmp_path / "run").exists()


def test_the_folder_of_a_log_file_is_made(tmp_path: Path) -> None:
    with log_file(tmp_path / "new" / "folder" / "log"):
        Journal("run").sent(REQUEST, "m")
    assert len(events(tmp_path / "new" / "folder" / "log")) == 1


def test_each_line_is_there_at_once(tmp_path: Path) -> None:
    with log_file(tmp_path / "log"):
        Journal("run").sent(REQUEST, "m")
        [told] = events(tmp_path / "log")
    told.pop("time")
    assert told == {
        "level": "info", "event": "request sent", "run": "run", "stage": "classification", "request": 3, "item": 17,
        "attempt": 2, "model": "m",
    }  # fmt: skip


def test_any_words_of_a_provider_are_one_line_of_json(tmp_path: Path) -> None:
    words = 'no "\n\u2028 漢字 \ud83d'
    journal = Journal("run", clock=iter([1.0, 3.5]).__next__)
    with log_file(tmp_path / "log"):
        journal.sent(REQUEST, None)
        journal.failed(REQUEST, ModelUnavailableError(words))
    assert (tmp_path / "log").read_bytes().count(b"\n") == 2
    failed = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").split("\n") if line][-1]
    assert (failed["error"], failed["seconds"]) == (words, 2.5)


def test_the_logger_is_left_as_it_was(tmp_path: Path) -> None:
    before = (LOGGER.level, list(LOGGER.handlers))
    with log_file(tmp_path / "log"):
        pass
    assert (LOGGER.level, LOGGER.handlers) == before


def test_without_a_handler_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    journal = Journal("run")
    journal.sent(REQUEST, None)
    journal.failed(REQUEST, ModelUnavailableError("503"))
    assert capfd.readouterr() == ("", "")


def test_an_app_reads_the_events_from_the_logger(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "self_instruct")
    Journal("run").stopped("done", "4 instructions kept", 4, 9)
    [record] = caplog.records
    assert record.getMessage() == "stop run='run' ending='done' sentence='4 instructions kept' kept=4 requests=9"
    assert json.loads(JsonLines().format(record))["ending"] == "done"


def test_the_settings_that_are_told_hold_no_secret(tmp_path: Path) -> None:
    parameters = {"extra_headers": {"Authorization": CANARY}}
    with log_file(tmp_path / "log"), Journal("run").of_run(Settings.model_validate({"instances": {"parameters": parameters}})):
        pass
    assert CANARY not in (tmp_path / "log").read_text()


def test_a_full_disk_is_said_once_and_the_run_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with log_file(tmp_path / "log"), file_size_limit(200):
        for number in range(9):
            Journal("run").sent(RequestId(StageName.INSTRUCTIONS, number), None)
    assert capsys.readouterr().err == f"{tmp_path / 'log'}: [Errno 27] File too large; nothing more is logged.\n"
