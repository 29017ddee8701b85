"""The filter as a tool: what it keeps, what it says of the rest, and that it never leaves half a file."""

import csv
import io
import json
import os
import random
import resource
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from self_instruct.reports.dedup.dedup import DedupSummary, dedup
from self_instruct.reports.dedup.places import Places
from self_instruct.reports.dedup.record_files import RecordFileError
from self_instruct.reports.writing import ExportError
from self_instruct.retrievers.novelty import Kept, NoveltyIndex
from self_instruct.settings.sections import NoveltySettings

SEA = "Write a short poem about the sea."
MOON = "Write a short poem about the moon."
LETTER = "Draft a letter to the landlord."
TEXTS = [SEA, LETTER, MOON, SEA]


def jsonl(texts: list[str]) -> bytes:
    return "".join(json.dumps({"instruction": text}) + "\n" for text in texts).encode()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "data.jsonl"
    path.write_bytes(jsonl(TEXTS))
    return path


def places(source: Path) -> Places:
    return Places.named(str(source))


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


# what is decided


def test_kept_records_are_written_as_they_came_and_refused_ones_with_the_nearest(source: Path) -> None:
    summary = dedup(places(source))
    assert (source.parent / "data.kept.jsonl").read_bytes() == jsonl([SEA, LETTER])
    assert rows(source.parent / "data.refused.jsonl") == [
        {"line": 3, "instruction": MOON, "nearest": SEA, "nearest_line": 1, "score": 0.8571428571428571},
        {"line": 4, "instruction": SEA, "nearest": SEA, "nearest_line": 1, "score": 1.0},
    ]
    assert (summary.read, summary.kept, summary.refused, summary.skipped) == (4, 2, 2, 0)
    assert names(source.parent) == {"data.jsonl", "data.kept.jsonl", "data.refused.jsonl"}


words = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=8).map(" ".join)


@given(st.lists(words, min_size=1, max_size=40), st.sampled_from([">=", ">"]), st.sampled_from(["0.5", "0.7", "1.0"]))
def test_the_decisions_are_those_of_offering_one_instruction_after_the_other(
    texts: list[str], tie: Any, threshold: str
) -> None:
    rules = NoveltySettings(threshold=threshold, refuse=tie)
    index = NoveltyIndex(rules)
    expected = [text for text in texts if isinstance(index.offer(text), Kept)]
    out = io.BytesIO()
    dedup(Places(io.BytesIO(jsonl(texts)), out), rules)
    assert out.getvalue() == jsonl(expected)


def test_many_batches_decide_as_one(tmp_path: Path) -> None:
    numbers = random.Random(0)
    texts = [" ".join(numbers.choices("abcdefghijklmnopqrstuvwxyz", k=9)) for _ in range(1500)]
    index = NoveltyIndex()
    decisions = [index.offer(text) for text in texts]
    (tmp_path / "data.jsonl").write_bytes(jsonl(texts))
    summary = dedup(places(tmp_path / "data.jsonl"))
    assert summary.kept == len(index)
    kept_lines = [line for line, decision in enumerate(decisions, start=1) if isinstance(decision, Kept)]
    assert [(row["line"], row["nearest_line"], row["score"]) for row in rows(tmp_path / "data.refused.jsonl")] == [
        (line, kept_lines[decision.neighbour.row], decision.neighbour.score)
        for line, decision in enumerate(decisions, start=1)
        if not isinstance(decision, Kept)
    ]


def test_an_array_stays_a_valid_array(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    for texts, kept in ((TEXTS, [SEA, LETTER]), ([], [])):
        path.write_text(json.dumps([{"instruction": text, "n": 1.0} for text in texts]))
        dedup(places(path))
        assert json.loads((tmp_path / "data.kept.json").read_text()) == [{"instruction": text, "n": 1.0} for text in kept]


def test_csv_keeps_its_header_and_its_rows_as_they_came(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(f'\ufeffid;instruction\r\n1;"{SEA}"\r\n2;{MOON}\r\n"3";{LETTER}'.encode())
    dedup(places(path))
    kept = (tmp_path / "data.kept.csv").read_bytes()
    assert kept == f'\ufeffid;instruction\r\n1;"{SEA}"\r\n"3";{LETTER}'.encode()
    assert [row["id"] for row in csv.DictReader(io.StringIO(kept.decode("utf-8-sig")), delimiter=";")] == ["1", "3"]


def test_a_pool_that_is_there_is_checked_against_and_not_written(source: Path, tmp_path: Path) -> None:
    empty, pool = tmp_path / "empty.json", tmp_path / "pool.csv"
    empty.write_bytes(b"[]")
    pool.write_bytes(f"id,instruction\n1,Bake a cake.\n2,{SEA}\n3,{SEA}\n".encode())
    summary = dedup(places(source), against=[empty, pool])
    assert (source.parent / "data.kept.jsonl").read_bytes() == jsonl([LETTER])
    assert (summary.against, summary.read, summary.kept) == (3, 4, 1)
    assert rows(source.parent / "data.refused.jsonl")[0] == {
        "line": 1, "instruction": SEA, "nearest": SEA, "nearest_line": 3, "nearest_file": str(pool), "score": 1.0,
    }  # fmt: skip


def test_a_pool_does_not_change_how_the_own_records_are_named(tmp_path: Path, source: Path) -> None:
    pool = tmp_path / "pool.jsonl"
    pool.write_bytes(jsonl(["Bake a cake."]))
    dedup(places(source), against=[pool])
    assert [(row["nearest_line"], "nearest_file" in row) for row in rows(tmp_path / "data.refused.jsonl")] == [(1, False)] * 2


def test_another_field_and_the_rules_of_the_paper_can_be_chosen() -> None:
    chinese = "列出三条河流".encode()
    out = io.BytesIO()
    data = b'{"prompt": "' + chinese + b'"}\n'
    dedup(Places(io.BytesIO(data * 2), out), NoveltySettings(tokens="ascii"), field="prompt")
    assert out.getvalue() == data * 2  # without tokens, similar to nothing


def test_half_of_a_surrogate_pair_is_carried_through() -> None:
    data = b'{"instruction": "Explain \\ud83d to me"}\n'
    out = io.BytesIO()
    assert dedup(Places(io.BytesIO(data * 2), out)).refused == 1
    assert out.getvalue() == data


# bad input

BAD = jsonl([SEA]) + b"{bad\n" + jsonl([MOON]) + b'{"prompt": 1}\n' + jsonl([LETTER])


def test_a_fault_stops_with_file_and_line_and_nothing_is_written(source: Path) -> None:
    source.write_bytes(BAD)
    (source.parent / "data.kept.jsonl").write_text("old")
    with pytest.raises(RecordFileError, match=rf"^{source}:2: is not JSON .* Nothing was written; `on_error=skip`"):
        dedup(places(source))
    assert names(source.parent) == {"data.jsonl", "data.kept.jsonl"}
    assert (source.parent / "data.kept.jsonl").read_text() == "old"


def test_a_fault_after_many_records_gives_a_stream_nothing() -> None:
    out = io.BytesIO()
    with pytest.raises(RecordFileError, match=r"^<stream>:1001: "):
        dedup(Places(io.BytesIO(jsonl([SEA] * 1000) + b"bad"), out))
    assert out.getvalue() == b""


def test_faults_are_skipped_counted_and_the_first_ten_are_named(source: Path) -> None:
    source.write_bytes(BAD + b"bad\n" * 20)
    summary = dedup(places(source), on_error="skip")
    assert (source.parent / "data.kept.jsonl").read_bytes() == jsonl([SEA, LETTER])
    assert (summary.read, summary.kept, summary.refused, summary.skipped) == (25, 2, 1, 22)
    assert [fault.split(": ")[0] for fault in summary.faults] == [f"{source}:{line}" for line in (2, 4, *range(6, 14))]


def test_faults_of_a_pool_are_counted_apart(source: Path, tmp_path: Path) -> None:
    pool = tmp_path / "pool.jsonl"
    pool.write_bytes(b"bad\n" + jsonl(["Bake a cake."]))
    with pytest.raises(RecordFileError, match=f"^{pool}:1: "):
        dedup(places(source), against=[pool])
    summary = dedup(places(source), against=[pool], on_error="skip")
    assert (summary.against, summary.against_skipped, summary.skipped, summary.read) == (1, 1, 0, 4)
    assert summary.faults[0].startswith(f"{pool}:1: ")


def test_a_truncated_array_can_be_filtered_as_far_as_it_goes(tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_bytes(json.dumps([{"instruction": text} for text in TEXTS]).encode()[:-10])
    summary = dedup(places(path), on_error="skip")
    assert (summary.kept, summary.refused, summary.skipped) == (2, 1, 1)
    assert len(json.loads((tmp_path / "data.kept.json").read_bytes())) == 2


def test_an_empty_file_is_stopped_at_or_gives_an_empty_one(source: Path) -> None:
    source.write_bytes(b"")
    with pytest.raises(RecordFileError, match=":1: is empty"):
        dedup(places(source))
    assert dedup(places(source), on_error="skip").skipped == 1
    assert (source.parent / "data.kept.jsonl").read_bytes() == b""


# where it is written


@pytest.mark.parametrize(
    ("source", "out", "refused"),
    [
        ("data.csv", "data.kept.csv", "data.refused.jsonl"),
        ("a.b/data.v1.jsonl", "a.b/data.v1.kept.jsonl", "a.b/data.v1.refused.jsonl"),
    ],
)
def test_without_names_the_outputs_lie_beside_the_input(source: str, out: str, refused: str) -> None:
    assert Places.named(source) == Places(Path(source), Path(out), Path(refused))


def test_named_places_are_used(source: Path, tmp_path: Path) -> None:
    dedup(Places.named(str(source), str(tmp_path / "new" / "a.jsonl"), tmp_path / "new" / "b.jsonl"))
    assert names(tmp_path / "new") == {"a.jsonl", "b.jsonl"}


def test_a_file_can_be_replaced_by_what_is_kept_of_it(source: Path) -> None:
    dedup(Places(source, source))
    assert source.read_bytes() == jsonl([SEA, LETTER])


@pytest.mark.parametrize(
    ("out", "refused"),
    [("pool.jsonl", None), ("kept.jsonl", "pool.jsonl"), ("kept.jsonl", "data.jsonl"), ("same.jsonl", "./same.jsonl")],
)
def test_no_file_that_is_read_is_overwritten_and_no_output_by_the_other(source: Path, out: str, refused: str | None) -> None:
    folder = source.parent
    pool = folder / "pool.jsonl"
    pool.write_bytes(jsonl([SEA]))
    with pytest.raises(ExportError, match="name another"):
        dedup(Places(source, folder / out, folder / refused if refused else None), against=[pool])
    assert (source.read_bytes(), pool.read_bytes()) == (jsonl(TEXTS), jsonl([SEA]))
    assert names(folder) == {"data.jsonl", "pool.jsonl"}


def stopping(_: DedupSummary) -> None:
    raise KeyboardInterrupt


def test_an_interruption_leaves_nothing(source: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        dedup(places(source), on_progress=stopping)
    assert names(source.parent) == {"data.jsonl"}


def many(path: Path) -> Path:
    path.write_bytes(b"".join(b'{"instruction": "w%d x%d y%d z%d"}\n' % ((number,) * 4) for number in range(5000)))
    return path


def test_a_full_disk_is_an_error_that_names_the_output_and_leaves_nothing(tmp_path: Path) -> None:
    source = many(tmp_path / "data.jsonl")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))  # the real thing, but for the errno: EFBIG
    try:
        with pytest.raises(ExportError, match=r"data\.kept\.jsonl: cannot be written \(File too large\)"):
            dedup(places(source))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(tmp_path) == {"data.jsonl"}


def test_standard_output_on_a_full_device_is_an_error(source: Path) -> None:
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(ExportError, match="standard output: cannot be written"),
    ):
        dedup(Places(source, full))


FILTER_STDIN = """
import sys
from self_instruct.reports.dedup.dedup import dedup
from self_instruct.reports.dedup.places import Places
from self_instruct.reports.writing import ExportError
try:
    dedup(Places.named("-", None, None))
except ExportError as error:
    sys.exit(str(error))
"""


def test_standard_input_goes_to_standard_output_and_nothing_else_does() -> None:
    done = subprocess.run([sys.executable, "-c", FILTER_STDIN], input=jsonl(TEXTS), capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (jsonl([SEA, LETTER]), b"")


def test_a_reader_that_goes_away_is_one_line_and_no_traceback(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with many(tmp_path / "data.jsonl").open("rb") as source, os.fdopen(writing, "wb") as closed:
        done = subprocess.run(
            [sys.executable, "-c", FILTER_STDIN], stdin=source, stdout=closed, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr) == (1, b"standard output: its reader has closed it; not all was written.\n")


class Alike(io.RawIOBase):
    """Lines of one instruction and 2,000 other bytes each, made as they are read."""

    def __init__(self, lines: int) -> None:
        self._left = lines

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        line = jsonl([SEA]).replace(b"}", b', "input": "' + b"x" * 2000 + b'"}')
        lines = min(self._left, len(buffer) // len(line))
        self._left -= lines
        buffer[: lines * len(line)] = line * lines
        return lines * len(line)


def test_memory_does_not_grow_with_what_is_refused() -> None:
    stream, out = io.BufferedReader(Alike(5000), 2**16), io.BytesIO()
    tracemalloc.start()
    try:
        summary = dedup(Places(stream, out))
        assert tracemalloc.get_traced_memory()[1] < 3_000_000  # the records have 10 MB
    finally:
        tracemalloc.stop()
    assert (summary.read, summary.kept) == (5000, 1)


def test_the_report_hears_of_the_end(source: Path) -> None:
    heard: list[DedupSummary] = []
    summary = dedup(places(source), on_progress=heard.append)
    assert heard[-1] == summary
    assert summary.bytes_read == source.stat().st_size
