"""Every format: what it writes is whole, depends on the run alone, and replaces an earlier export."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from support.scripted import plan

from self_instruct.chains.runs import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports import FORMATS, ExportError, export
from self_instruct.seeds.records import Instance

EXPORT_ALL = """
import sys
from pathlib import Path
from self_instruct.chains.runs import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports import FORMATS, export
with Ledger.open(Path(sys.argv[1]), read_only=True) as ledger:
    for format in FORMATS:
        export(ledger, RunPlan.of(ledger), format, Path(sys.argv[2]) / format)
"""


def digests(folder: Path) -> dict[str, str]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in paths}


def test_alpaca_is_one_array_byte_for_byte(run: Ledger, tmp_path: Path) -> None:
    assert export(run, RunPlan.of(run), "alpaca", tmp_path / "rows.json") == 7
    text = (tmp_path / "rows.json").read_bytes()
    assert text.startswith(
        b"[\n"
        b'{"instruction": "Write a letter to a neighbour.", "input": "", "output": "Dear neighbour, ..."},\n'
        b'{"instruction": "Write a letter to a neighbour.", "input": "about the hedge", '
        b'"output": "Dear neighbour, your hedge ..."},\n'
        b'{"instruction": "Say whether the word is warm or cold.", "input": "word '
    )
    assert text.endswith(b'"}\n]\n')
    assert [list(row) for row in json.loads(text)] == [["instruction", "input", "output"]] * 7


@pytest.mark.parametrize("form", FORMATS)
def test_a_run_without_instances_exports_well(form: str, tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "empty", plan().facts()) as ledger:
        count = export(ledger, RunPlan.of(ledger), form, tmp_path / "out")
    assert count == (12 if form == "prompt-completion" else 0)
    if form == "alpaca":
        assert json.loads((tmp_path / "out").read_text()) == []


@pytest.mark.parametrize("form", FORMATS)
def test_a_second_export_replaces_the_first_and_is_equal(form: str, run: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    export(run, RunPlan.of(run), form, folder / "out")
    first = digests(folder)
    export(run, RunPlan.of(run), form, folder / "out")
    assert digests(folder) == first


def test_exports_do_not_depend_on_the_process_or_its_hash_seed(run: Ledger, tmp_path: Path) -> None:
    run.close()
    processes = []
    for hash_seed in ("1", "2"):
        arguments = [sys.executable, "-c", EXPORT_ALL, str(tmp_path / "run"), str(tmp_path / hash_seed)]
        processes.append(subprocess.Popen(arguments, env={**os.environ, "PYTHONHASHSEED": hash_seed}))
    assert [process.wait() for process in processes] == [0, 0]
    assert digests(tmp_path / "1") == digests(tmp_path / "2")
    assert len(digests(tmp_path / "1")) == 6


def test_the_place_of_a_run_is_not_in_its_exports(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    for name in ("here", "there"):
        ledger = make_run(name)
        for form in FORMATS:
            export(ledger, RunPlan.of(ledger), form, tmp_path / f"exports {name}" / form)
    assert digests(tmp_path / "exports here") == digests(tmp_path / "exports there")


def test_an_export_shows_one_moment_of_a_run_that_is_being_written(run: Ledger, tmp_path: Path) -> None:
    with Ledger.open(tmp_path / "run", read_only=True) as reader, reader.snapshot():
        before = list(reader.instances())
        task = next(task.id for task in run.tasks() if task.awaits)
        run.add_instances(task, [Instance("new", "new")])
        assert list(reader.instances()) == before
    with Ledger.open(tmp_path / "run", read_only=True) as reader:
        assert len(list(reader.instances())) == len(before) + 1


def test_an_unknown_format_is_refused_by_name(run: Ledger, tmp_path: Path) -> None:
    with pytest.raises(
        ExportError, match=r"^there is no format 'csv'; choose one of self-instruct, prompt-completion, alpaca\.$"
    ):
        export(run, RunPlan.of(run), "csv", tmp_path / "out")
