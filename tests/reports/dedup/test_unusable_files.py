"""Files that cannot be read as records at all: one error that names the file, and the line where there is one."""

import io
from pathlib import Path

import pytest

from self_instruct.reports.dedup.opening import Format, open_records
from self_instruct.reports.dedup.record_files import MAX_RECORD_BYTES, TOO_LONG, RecordFileError, Records


def opened(path: Path, form: Format | None = None) -> Records:
    with open_records(path, "instruction", form) as records:
        return records


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.json", b'\n{"instruction": "a"}\n', ":2: is no JSON array; expected [...]; is it JSONL (`form=jsonl`)?"),
        ("a.json", b"true", ":1: is no JSON array; expected [...]."),
        ("a.csv", b"\na,b\n1,2\n", ":2: the header has no column 'instruction': 'a,b'; choose one with `field`."),
        ("a.csv", b"caf\xe9,instruction\n", ":1: is not UTF-8 text (byte 4 of the record is 0xe9); save the file as UTF-8."),
        ("a.csv", b"x" * (MAX_RECORD_BYTES + 1), f":1: {TOO_LONG}"),
        ("a.txt", b"", ": the name does not say the format (.jsonl, .ndjson, .json, .csv, .tsv); say it with `form`."),
    ],
    ids=["JSONL named JSON", "no array", "no column", "encoding", "long header", "unknown name"],
)
def test_a_file_that_cannot_be_records_is_an_error(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(RecordFileError) as raised:
        opened(tmp_path / name)
    assert str(raised.value) == f"{tmp_path / name}{message}"


def test_a_missing_file_and_a_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(RecordFileError, match="cannot be read \\(No such file or directory\\)"):
        opened(tmp_path / "a.csv")
    with pytest.raises(RecordFileError, match="cannot be read \\(Is a directory\\)"):
        opened(tmp_path, "json")


class Broken(io.BytesIO):
    name = "<stdin>"

    def read(self, size: int | None = -1, /) -> bytes:
        raise OSError(5, "Input/output error")

    readline = read


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_a_device_that_fails_while_reading_is_an_error_with_the_name(form: Format) -> None:
    with (
        pytest.raises(RecordFileError, match=r"^<stdin>: cannot be read \(Input/output error\)"),
        open_records(Broken(), "instruction", form) as records,
    ):
        list(records.items)
