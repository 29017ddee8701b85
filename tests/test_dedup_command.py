"""`run.py dedup`: exit codes, what goes to which stream, and Ctrl-C. The filter itself: tests/reports/test_dedup.py."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

DEDUP = [sys.executable, "-m", "self_instruct.run", "dedup"]
SEA = b'{"instruction": "Write a short poem about the sea."}\n'
LETTER = b'{"instruction": "Draft a letter to the landlord."}\n'


def dedup(*arguments: str | Path, given: bytes = b"") -> tuple[int, bytes, str]:
    done = subprocess.run([*DEDUP, *arguments], input=given, capture_output=True, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


def test_a_file_gets_its_kept_and_refused_records_beside_it_and_a_summary_on_stderr(tmp_path: Path) -> None:
    (tmp_path / "data.jsonl").write_bytes(SEA + LETTER + SEA)
    code, out, said = dedup(tmp_path / "data.jsonl")
    assert (code, out) == (0, b"")
    assert said.startswith("3 read, 2 kept, 1 refused, 0 skipped; ")
    assert (tmp_path / "data.kept.jsonl").read_bytes() == SEA + LETTER
    assert (tmp_path / "data.refused.jsonl").read_bytes().count(b"\n") == 1


def test_standard_input_gives_records_alone_on_standard_output(tmp_path: Path) -> None:
    pool = tmp_path / "pool.json"
    pool.write_bytes(b"[" + LETTER + b"]")
    code, out, said = dedup(
        "-", "--against", pool, "--on-error", "skip", "--threshold", "1.0", given=SEA + b"bad\n" + LETTER + SEA
    )
    assert (code, out) == (0, SEA)
    assert said.startswith("skipped: <stdin>:2: is not JSON")
    assert "4 read, 1 kept, 2 refused, 1 skipped, against 1; " in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "<stdin>:2: is not JSON (Expecting value, column 1); expected one object a line. Nothing was written;"),
        (["--threshold", "7"], "--threshold: novelty.threshold is '7'; must be a decimal above 0"),
        (["--against", "missing.csv"], "missing.csv: cannot be read (No such file or directory);"),
        (["--format", "xml"], "Usage: "),
    ],
    ids=["a fault", "a threshold", "a pool", "a format"],
)
def test_wrong_input_leaves_with_2_and_nothing_on_standard_output(options: list[str], message: str) -> None:
    code, out, said = dedup("-", *options, given=SEA + b"bad\n")
    assert (code, out) == (2, b"")
    assert said.startswith(message)


def test_an_interruption_leaves_with_130_and_no_file(tmp_path: Path) -> None:
    kept = tmp_path / "kept.jsonl"
    process = subprocess.Popen([*DEDUP, "-", "--out", kept], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin
    for _ in range(400):  # more than a pipe holds, so that some was read
        process.stdin.write(SEA * 100)
    process.stdin.flush()
    assert list(tmp_path.iterdir())  # the file that is being written
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1].decode()
    assert process.returncode == 130
    assert said.splitlines()[-1].startswith("stopped, nothing was written; ")
    assert list(tmp_path.iterdir()) == []
