"""Exports into an object store, here fsspec's in memory: the bytes of the disk's, whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFile
from support.command import Command, assert_refused

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.exports.export import FORMATS, export
from self_instruct.reports.object_stores import StoredObject, new_file_at, new_folder_at, place
from self_instruct.reports.writing import ExportError

STORE = fsspec.filesystem("memory")


@pytest.fixture(autouse=True)
def empty_store() -> Iterator[None]:
    yield
    STORE.store.clear()
    STORE.pseudo_dirs[:] = [""]


def objects() -> dict[str, bytes]:
    return {name: bytes(file.getvalue()) for name, file in STORE.store.items()}


def files(folder: Path) -> dict[str, bytes]:
    return {f"/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "openai-chat"])  # which wants more rows
def test_each_format_has_the_bytes_of_the_disk(finished_run: Path, tmp_path: Path, form: str) -> None:
    with Ledger.open(finished_run, read_only=True) as ledger:
        plan = RunPlan.of(ledger)
        export(ledger, plan, form, tmp_path / "out" / "a" / "dataset")
        done = export(ledger, plan, form, "memory://a/dataset")
    assert objects() == files(tmp_path / "out")
    assert str(done).startswith(f"{done.count} rows in memory://a/dataset")


def test_the_command_says_where_it_is_and_sides_that_are_not_written_again_are_removed(
    command: Command, finished_run: Path
) -> None:
    both = command("export", finished_run, "--format", "huggingface", "--held-out", 2, "--out", "memory://sets/mine")
    assert (both.code, both.out) == (0, both.out.splitlines()[0] + "\n")
    assert "memory://sets/mine (train 8, test 2)" in both.out
    STORE.pipe("/sets/mine/notes.txt", b"not ours")
    assert command("export", finished_run, "--format", "huggingface", "--out", "memory://sets/mine").code == 0
    assert sorted(objects()) == ["/sets/mine/README.md", "/sets/mine/notes.txt", "/sets/mine/train.parquet"]


def test_what_fails_half_way_leaves_what_was_there() -> None:
    def fail(file: TextIO) -> None:
        file.write("half")
        raise RuntimeError

    STORE.pipe("/a/rows.jsonl", b"earlier")
    with pytest.raises(RuntimeError), new_file_at(place("memory://a/rows.jsonl")) as one:
        fail(one)
    with pytest.raises(RuntimeError), new_folder_at(place("memory://a"), ["rows.jsonl", "README.md"]) as several:
        fail(several[1])
    assert objects() == {"/a/rows.jsonl": b"earlier"}


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("nowhere://bucket/rows.jsonl", "nowhere"),
        ("s3://bucket/rows.jsonl", "s3fs"),
        ("ftp://me:secret@host/rows.jsonl", "holds a password"),
        ("https://127.0.0.1:9/rows.jsonl", "cannot be written"),
    ],
)
def test_a_store_that_cannot_be_written_is_one_line(command: Command, finished_run: Path, out: str, words: str) -> None:
    done = command("export", finished_run, "--format", "messages", "--out", out)
    assert_refused(done, words)
    assert "secret" not in done.err


def test_the_hub_is_sent_a_folder_of_the_disk(command: Command, finished_run: Path) -> None:
    asked = ("export", finished_run, "--format", "huggingface", "--out", "memory://x", "--push-to-hub", "me/mine")
    assert_refused(command(*asked), "--push-to-hub")
    assert objects() == {}


def test_addresses_of_this_disk_are_paths() -> None:
    assert place("file:///tmp/rows.jsonl") == Path("/tmp/rows.jsonl")
    assert place("rows.jsonl") == Path("rows.jsonl")
    assert place("gs://bucket/a/rows.jsonl") == StoredObject("gs://bucket/a/rows.jsonl")


class UnsignedError(Exception):
    """An error of a store's client, in a class of its own."""


def test_what_a_client_fails_with_names_the_export_and_a_fault_of_ours_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def commit(file: object) -> None:
        raise UnsignedError("no credentials")

    monkeypatch.setattr(MemoryFile, "commit", commit)
    with pytest.raises(ExportError, match=r"^memory://a/rows\.jsonl: cannot be written \(no credentials\)"):
        write_at("memory://a/rows.jsonl")
    with pytest.raises(UnsignedError), new_file_at(place("memory://a/rows.jsonl")):
        raise UnsignedError


def write_at(address: str) -> None:
    with new_file_at(place(address)) as file:
        file.write("row")
