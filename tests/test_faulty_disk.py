"""Whatever fails while a file is written: one line says so, and what stood there stands there whole, with nothing beside it."""

import json
from pathlib import Path

import pytest
from support.command import Command, Done
from support.faulty_files import FaultyDisk, faulty

COMMANDS = {
    "an export of one file": ["export", "RUN", "--format", "alpaca", "--out", "OUT/rows.json"],
    "an export of two sides": ["export", "RUN", "--format", "messages", "--held-out", 1, "--out", "OUT/sides"],
    "an export of four files": ["export", "RUN", "--format", "self-instruct", "--out", "OUT/original"],
    "a dataset with its card": ["export", "RUN", "--format", "huggingface", "--out", "OUT/dataset"],
    "similarities": ["similarities", "RUN", "--out", "OUT/similarities.jsonl"],
    "a report": ["report", "RUN", "--out", "OUT/report"],
    "a page to review": ["review", "RUN", "--sample", 3, "--out", "OUT/review.html"],
    "kept and refused records": ["dedup", "DATA", "--out", "OUT/kept.jsonl", "--refused", "OUT/refused.jsonl"],
    "rows with flags": ["verify", "DATA", "--out", "OUT/flagged.jsonl"],
    "a page to rate": ["rate", "OUT/rated", "--answers", "A", "--answers", "B", "--references", "DATA"],
    "a task set": ["evaluate", "--tasks", "DATA", "--lm-eval", "OUT/tasks"],
    "templates": ["templates", "copy", "OUT/templates"],
}
ONE_BY_ONE = ("kept and refused records", "a page to rate")  # each whole, the first may be new and the second not
ONLY_NEW = ("templates",)  # never written over others
MOST = 4  # of what is done, that fails in turn, from the first to the last


@pytest.fixture
def places(tmp_path: Path, finished_run: Path) -> dict[str, Path]:
    rows = [{"id": str(n), "instruction": f"Say {n}.", "output": str(n), "prediction": str(n)} for n in (1, 2, 3)]
    for name in ("data.jsonl", "a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    (tmp_path / "out").mkdir()
    return {"RUN": finished_run, "DATA": tmp_path / "data.jsonl", "A": tmp_path / "a.jsonl", "B": tmp_path / "b.jsonl"}


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", COMMANDS)
def test_whatever_fails_what_stood_there_stands_there_whole(
    command: Command, tmp_path: Path, places: dict[str, Path], name: str
) -> None:
    out = tmp_path / "out"
    words = [places.get(str(word), str(word).replace("OUT", str(out))) for word in COMMANDS[name]]

    assert command(*words).code == 0
    new = files(out)
    assert new
    old = {} if name in ONLY_NEW else dict.fromkeys(new, b"old")

    def again(disk: FaultyDisk) -> Done:
        for path in new:
            (out / path).unlink(missing_ok=True)
            if path in old:
                (out / path).write_bytes(old[path])
        with faulty(disk):
            return command(*words)

    calm = FaultyDisk(out)
    assert again(calm).code == 0
    assert files(out) == new
    assert calm.done > 2
    for failing in sorted({number * (calm.done - 1) // (MOST - 1) for number in range(MOST)}):
        done = again(FaultyDisk(out, failing))
        assert (done.code, len(done.said)) == (2, 1), (failing, done)
        assert "cannot be written" in done.err
        left = files(out)
        if name in ONE_BY_ONE:
            assert left.keys() == old.keys()
            assert all(text in (old[path], new[path]) for path, text in left.items())
        else:
            assert left == old, failing
