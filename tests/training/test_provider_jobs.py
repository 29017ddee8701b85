"""A provider's fine-tuning job, on a loopback server: started once, followed, found again after a kill, and its failures."""

import json
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, Done, assert_refused, ended, started
from support.finetuning_server import FinetuningServer, finetuning_server


@pytest.fixture
def server(with_key: None) -> Iterator[FinetuningServer]:
    with finetuning_server() as serving:
        yield serving


@pytest.fixture
def data(tmp_path: Path) -> Path:
    path = tmp_path / "alpaca.json"
    path.write_text(json.dumps([{"instruction": f"Say {n}.", "input": "", "output": str(n)} for n in range(12)]))
    return path


@pytest.fixture
def ask(command: Command, server: FinetuningServer, data: Path, tmp_path: Path) -> Callable[..., Done]:
    """A function that gives the command, with more flags."""

    def call(*more: object) -> Done:
        asked = ["train", data, "--provider", "openai", "--model", "gpt-4.1-mini", "--out", tmp_path / "job", "--look-every", 0]
        return command(*asked, "--base-url", server.base_url, *more)

    return call


def stored(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "job" / "job.json").read_text())
    return found


def test_a_job_is_started_and_followed_to_its_model(ask: Callable[..., Done], server: FinetuningServer, tmp_path: Path) -> None:
    done = ask("--epochs", 2, "--suffix", "mine", "--seed", 7)
    assert done.code == 0, done.err
    assert "ft:gpt-4.1-mini:org::1" in done.out
    assert done.said == ["job ftjob-1", "step 1", "step 2", "step 3", "step 4"]
    [job] = server.jobs.values()
    assert job["method"] == {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 2}}}
    assert (job["suffix"], job["seed"], job["training_file"]) == ("mine", 7, "file-1")
    assert b'{"messages": [{"role": "user", "content": "Say 3."}' in server.contents["file-1"]
    assert stored(tmp_path)["made"] == "ft:gpt-4.1-mini:org::1"
    looks = server.looks
    assert ask("--epochs", 2, "--suffix", "mine", "--seed", 7).out == done.out  # is done: nobody is asked again
    assert (server.looks, len(server.jobs)) == (looks, 1)


@pytest.mark.parametrize("lost", ["files", "jobs"])
def test_what_was_started_before_its_id_was_stored_is_adopted(
    ask: Callable[..., Done], server: FinetuningServer, lost: str
) -> None:
    server.lose.add(lost)
    first = ask()
    assert (first.code, "Traceback" in first.err) == (1, False)
    assert ask().code == 0
    assert (len(server.files), len(server.jobs)) == (1, 1)


def test_the_id_is_stored_before_anything_is_waited_for(
    ask: Callable[..., Done], server: FinetuningServer, tmp_path: Path
) -> None:
    server.refuse["GET job"] = 401
    assert_refused_after_start(ask())
    assert stored(tmp_path)["job_id"] == "ftjob-1"
    server.refuse.clear()
    assert ask().code == 0
    assert len(server.jobs) == 1


def assert_refused_after_start(done: Done) -> None:
    assert done.code == 2
    assert done.said[0] == "job ftjob-1"
    assert len(done.said) == 2


@pytest.mark.parametrize("ending", ["failed", "cancelled"])
def test_a_job_that_ends_without_a_model_says_why_and_is_not_started_again(
    ask: Callable[..., Done], server: FinetuningServer, ending: str
) -> None:
    server.statuses, server.error = ("validating_files", ending), "the file has 3 bad lines"
    done = ask()
    assert done.code == 1
    assert f"job ftjob-1 {ending}" in done.said[-1]
    assert ("3 bad lines" in done.said[-1]) is (ending == "failed")
    assert ask().code == 1
    assert len(server.jobs) == 1


def test_a_refused_upload_is_one_line_and_starts_nothing(ask: Callable[..., Done], server: FinetuningServer) -> None:
    server.refuse["files"] = 400
    assert_refused(ask(), "files refused")
    assert server.jobs == {}


def test_a_file_that_the_provider_would_refuse_is_not_uploaded(
    ask: Callable[..., Done], server: FinetuningServer, data: Path
) -> None:
    data.write_text('[{"instruction": "Say it.", "output": "it"}]')
    assert_refused(ask(), "alpaca.json", "expected at least 10")
    assert server.files == {}


def test_another_plan_in_the_same_folder_is_refused(ask: Callable[..., Done]) -> None:
    assert ask().code == 0
    assert_refused(ask("--epochs", 3), "another epochs (None)")


@pytest.mark.parametrize(("signal_", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_a_wait_that_was_stopped_goes_on(
    ask: Callable[..., Done], server: FinetuningServer, data: Path, tmp_path: Path, signal_: signal.Signals, code: int
) -> None:
    server.statuses = ("running",)
    asked = ["train", data, "--provider", "openai", "--model", "gpt-4.1-mini", "--out", tmp_path / "job"]
    process = started(*asked, "--look-every", 60, "--base-url", server.base_url)
    assert server.looked.wait(120)
    process.send_signal(signal_)
    assert ended(process).code == code
    server.statuses = ("succeeded",)
    assert ask().code == 0
    assert len(server.jobs) == 1
