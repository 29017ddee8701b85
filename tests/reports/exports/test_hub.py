"""An upload to the hub, by its own client, against a server of ours: what arrives, and what is said where it does not."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import huggingface_hub
import pytest
from huggingface_hub.utils import disable_progress_bars
from support.command import Command, Done, assert_refused, ended, started
from support.hub_server import TOKEN, HubServer, hub

from self_instruct.reports.exports.hub import HubRepository
from self_instruct.reports.writing import ExportError

Push = Callable[..., Done]


@pytest.fixture
def server() -> Iterator[HubServer]:
    with hub() as serving:
        yield serving


@pytest.fixture
def push(command: Command, finished_run: Path, server: HubServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Push:
    """A function that exports the finished run and uploads it to the server, with our key if no other is named."""
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", server.url)
    monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no token"))
    disable_progress_bars()

    def call(form: str, *more: object, token: str = TOKEN, name: str = "me/mine") -> Done:
        monkeypatch.setenv("HF_TOKEN", token)
        return command("export", finished_run, "--format", form, "--push-to-hub", name, *more)

    return call


def test_what_arrives_is_what_was_exported_and_private(finished_run: Path, server: HubServer, tmp_path: Path) -> None:
    environment = {"HF_ENDPOINT": server.url, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "hf")}
    arguments = ("export", finished_run, "--format", "huggingface", "--push-to-hub", "me/mine")
    done = ended(started(*arguments, environment=environment))
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == f"uploaded to {server.url}/datasets/me/mine"
    folder = finished_run / "huggingface"
    assert server.datasets == {"me/mine": {path.name: path.read_bytes() for path in folder.iterdir()}}
    assert server.private == {"me/mine"}
    assert TOKEN not in done.out + done.err


def test_a_file_of_any_row_format_arrives_with_a_card(push: Push, server: HubServer) -> None:
    done = push("messages", "--license", "cc0-1.0")
    assert done.code == 0, done.err
    assert sorted(server.datasets["me/mine"]) == ["README.md", "train.jsonl"]
    assert b"license: cc0-1.0\n" in server.datasets["me/mine"]["README.md"]


def test_a_side_that_is_no_longer_held_out_does_not_stay_on_the_hub(push: Push, server: HubServer) -> None:
    assert push("huggingface", "--held-out", 2).code == 0
    assert "test.parquet" in server.datasets["me/mine"]
    assert push("huggingface").code == 0
    assert sorted(server.datasets["me/mine"]) == ["README.md", "train.parquet"]


def test_a_refused_key_is_one_line_and_the_export_stays(push: Push, finished_run: Path) -> None:
    done = push("huggingface", token="hf_another")
    assert (done.code, len(done.said)) == (2, 1), done.err
    assert "401" in done.err
    assert "HF_TOKEN" in done.err
    assert "hf_another" not in done.err
    assert (finished_run / "huggingface" / "train.parquet").is_file()


def test_a_hub_that_is_not_there_is_one_line(push: Push, finished_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with hub() as gone:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", gone.url)
    done = push("huggingface")
    assert (done.code, len(done.said)) == (1, 1), done.err
    assert f"the export is in {finished_run / 'huggingface'}" in done.err


@pytest.mark.parametrize("name", ["a/b/c", "me/a--b"])
def test_a_name_no_dataset_can_have_is_refused_before_anything_is_written(push: Push, finished_run: Path, name: str) -> None:
    assert_refused(push("huggingface", name=name), "OWNER/NAME")
    assert not (finished_run / "huggingface").exists()


def test_a_missing_client_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "huggingface_hub.errors", None)
    with pytest.raises(ExportError, match=r"pip install 'self-instruct-chains\[hub\]' \(in a checkout: .*\)\.$"):
        HubRepository("me/mine")
