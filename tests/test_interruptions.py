"""A run that is interrupted, by its user, a closed pipe or a full disk, loses nothing and goes on to the same end."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import RUN_PY, Command, Done, ended, started
from support.faults import Refuse, always
from support.held_server import HeldModel
from support.limits import file_size_limit
from support.openai_server import PATIENCE_S, OpenAIServer, serving

from self_instruct.chains.offline import OfflineModel
from self_instruct.ledger import LEDGER_FILE, Ledger

TARGET = 8
STOPPING = "stopping when what is in flight is answered; once more (Ctrl-C) stops at once\n"

SYNCHRONOUS = """
import os, threading
from langchain_core.language_models import SimpleChatModel
from self_instruct import run
from self_instruct.chains.models import loading as models

class Blocking(SimpleChatModel):
    @property
    def _llm_type(self):
        return "blocking"

    def _call(self, messages, stop=None, run_manager=None, **kwargs):
        os.write(1, b"asked\\n")
        threading.Event().wait()

models.load_model = lambda *_, **__: Blocking()
run.main()
"""


@pytest.fixture
def held(with_key: None) -> Iterator[tuple[HeldModel, OpenAIServer]]:
    """A model that answers when it is let, and the server it stands behind."""
    model = HeldModel()
    with serving(model) as server:
        yield model, server
        model.gate.set()


def arguments(run: Path, server: OpenAIServer) -> list[Any]:
    options = ["--model", "openai:held", "--base-url", server.base_url, "--concurrency", 3, "--num-instructions", TARGET]
    return ["generate", "--run", run, *options]


def replies(run: Path) -> int:
    with Ledger.open(run, read_only=True) as ledger:
        return sum(1 for _ in ledger.replies())


def exported(command: Command, run: Path) -> bytes:
    assert command("export", run, "--format", "alpaca", "--out", run / "alpaca.json").code == 0
    return (run / "alpaca.json").read_bytes()


def undisturbed(command: Command, tmp_path: Path, server: OpenAIServer) -> bytes:
    """Return the export of a run like the one under test that nobody interrupted; the server must be let."""
    assert command(*arguments(tmp_path / "calm", server)).code == 0
    return exported(command, tmp_path / "calm")


def no_traceback(done: Done) -> bool:
    return not any(word in done.err for word in ("Traceback", "Exception ignored", "Error:"))


# Ctrl-C


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_once_stores_what_is_in_flight_and_the_run_goes_on_to_the_same_end(
    command: Command, tmp_path: Path, held: tuple[HeldModel, OpenAIServer], number: signal.Signals
) -> None:
    model, server = held
    process = started(*arguments(tmp_path / "run", server))
    model.wait_for(1)
    process.send_signal(number)
    assert process.stderr
    assert process.stderr.readline() == STOPPING
    assert process.poll() is None, "it waits for what is in flight"
    model.gate.set()
    done = ended(process)
    assert done.code == 130
    assert done.out == f"interrupted; what was answered is stored; run it again to go on ({tmp_path / 'run'})\n"
    assert no_traceback(done)
    asked = sum(server.bodies.values())
    assert replies(tmp_path / "run") == asked <= 3

    assert command(*arguments(tmp_path / "run", server)).code == 0
    assert set(server.bodies.values()) == {1}, "no reply is paid for twice"
    assert exported(command, tmp_path / "run") == undisturbed(command, tmp_path, server)


def test_ctrl_c_twice_stops_at_once_and_the_run_goes_on_to_the_same_end(
    command: Command, tmp_path: Path, held: tuple[HeldModel, OpenAIServer]
) -> None:
    model, server = held
    process = started(*arguments(tmp_path / "run", server))
    model.wait_for(1)
    process.send_signal(signal.SIGINT)
    assert process.stderr
    assert process.stderr.readline() == STOPPING
    process.send_signal(signal.SIGINT)
    done = ended(process, timeout_s=PATIENCE_S / 2)  # the gate is closed still: it has not waited for the reply
    assert done.code == 130
    assert done.out == f"stopped at once; what was answered is stored; run it again to go on ({tmp_path / 'run'})\n"
    assert no_traceback(done)
    assert replies(tmp_path / "run") == 0

    model.gate.set()
    assert command(*arguments(tmp_path / "run", server)).code == 0
    assert exported(command, tmp_path / "run") == undisturbed(command, tmp_path, server)


def test_ctrl_c_twice_does_not_wait_for_a_model_without_an_async_client(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", SYNCHRONOUS, "generate", "--run", str(tmp_path / "run"), "--model", "any"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    assert process.stderr
    assert process.stdout.readline() == "asked\n"
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == STOPPING
    process.send_signal(signal.SIGINT)
    done = ended(process, timeout_s=PATIENCE_S / 2)
    assert done.code == 130
    assert no_traceback(done)


@pytest.mark.usefixtures("with_key")
def test_ctrl_c_does_not_wait_for_another_try(command: Command, tmp_path: Path) -> None:
    with serving(OfflineModel(), always(Refuse(429, retry_after="200"))) as server:
        process = started(*arguments(tmp_path / "run", server))
        server.wait_for(1)
        process.send_signal(signal.SIGINT)
        done = ended(process, timeout_s=PATIENCE_S / 2)
    assert done.code == 130
    assert done.out == f"interrupted; what was answered is stored; run it again to go on ({tmp_path / 'run'})\n"
    assert done.said[-1] == "1 try failed: 429 Too Many Requests 1"
    assert no_traceback(done)
    assert replies(tmp_path / "run") == 0
    assert server.bodies.total() == 1

    with serving(OfflineModel()) as server:
        assert command(*arguments(tmp_path / "run", server)).code == 0
        assert exported(command, tmp_path / "run") == undisturbed(command, tmp_path, server)


# a reader who has seen enough


READING = [["export", "RUN", "--format", "alpaca"], ["--help"]]


@pytest.mark.parametrize("reading", [*READING, ["status", "RUN"]], ids=" ".join)
def test_a_closed_pipe_shows_no_traceback(finished_run: Path, reading: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "self_instruct.run", *(str(finished_run) if word == "RUN" else word for word in reading)],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
        )
    finally:
        os.close(writer)
    done = ended(process)
    assert done.err == ""
    assert done.code in (0, 1)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("reading", [*READING, ["status", "RUN", "--json"], ["generate", "--run", "RUN"]], ids=" ".join)
def test_a_full_standard_output_is_one_line(finished_run: Path, reading: list[str]) -> None:
    arguments = [str(finished_run) if word == "RUN" else word for word in reading]
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen([sys.executable, str(RUN_PY), *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
        done = ended(process)
    assert done.code == 1
    assert done.said[-1] == "standard output cannot be written (No space left on device)"
    assert "Traceback" not in done.err


# a full disk


def test_a_disk_that_fills_is_one_line_and_the_same_command_goes_on_to_the_same_end(command: Command, tmp_path: Path) -> None:
    def generate(run: Path, target: int = TARGET) -> Done:
        return command("generate", "--run", run, "--num-instructions", target)

    assert generate(tmp_path / "calm").code == 0
    assert generate(tmp_path / "run", 1).code == 0
    before = replies(tmp_path / "run")
    size = (tmp_path / "run" / LEDGER_FILE).stat().st_size
    with file_size_limit(size):
        done = generate(tmp_path / "run")
    assert done.code == 2
    assert str(tmp_path / "run" / LEDGER_FILE) in done.said[-1]
    assert "nothing decided is lost: mend that and run the same command again" in done.said[-1]
    assert no_traceback(done)
    assert replies(tmp_path / "run") >= before

    assert generate(tmp_path / "run").code == 0
    assert exported(command, tmp_path / "run") == exported(command, tmp_path / "calm")
