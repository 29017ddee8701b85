"""Every format: what it writes is whole, depends on the run alone, and replaces an earlier export; folders with sides."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from support.scripted import plan
from support.written import instructions, write_run

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, RequestId, StoredTask, TaskId
from self_instruct.records.tasks import Instance, StageName
from self_instruct.reports import FORMATS, CardFields, ExportError, Selection, Split
from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.reports.exports.alpaca import alpaca_rows
from self_instruct.reports.exports.export import ROW_FORMATS, default_place, export
from self_instruct.settings.settings import Settings

EXPORT_ALL = """
import sys
from pathlib import Path
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports import FORMATS, Selection
from self_instruct.reports.exports.export import export
with Ledger.open(Path(sys.argv[1]), read_only=True) as ledger:
    for format in FORMATS:
        more = {"selection": Selection(seeds=True)} if format == "openai-chat" else {}
        export(ledger, RunPlan.of(ledger), format, Path(sys.argv[2]) / format, **more)
"""


def digests(folder: Path) -> dict[str, str]:
    paths = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest() for path in paths}


def enough(form: str) -> Selection:
    """What the small run has enough of for a format: with its seeds, for the one that asks for ten rows."""
    return Selection(seeds=True) if form == "openai-chat" else Selection()


def test_alpaca_is_one_array_byte_for_byte(run: Ledger, tmp_path: Path) -> None:
    assert export(run, RunPlan.of(run), "alpaca", tmp_path / "rows.json").count == 7
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
def test_nothing_is_not_exported_and_what_stood_there_stays(form: str, run: Ledger, tmp_path: Path) -> None:
    export(run, RunPlan.of(run), form, tmp_path / "exports" / "out", selection=enough(form))
    before = digests(tmp_path / "exports")
    seeds = None if form == "self-instruct" else False
    with (
        Ledger.create(tmp_path / "empty", plan().facts()) as ledger,
        pytest.raises(ExportError, match=r"^there is nothing to export: no task of this run .*; generate more\.$"),
    ):
        export(ledger, RunPlan.of(ledger), form, tmp_path / "exports" / "out", selection=Selection(seeds=seeds))
    assert digests(tmp_path / "exports") == before


def test_an_export_of_seed_tasks_alone_says_so(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "empty", plan().facts()) as ledger:
        done = export(ledger, RunPlan.of(ledger), "prompt-completion", tmp_path / "out")
    assert str(done) == f"12 rows in {tmp_path / 'out'}, all of seed tasks: no task of this run has an instance yet"


def test_the_originals_files_of_a_run_without_instances_hold_its_tasks_and_say_so(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "begun", plan().facts()) as ledger:
        ledger.add_task(StoredTask(TaskId(0, 0), "Name three rivers.", None, RequestId(StageName.CLASSIFICATION, 0)))
        done = export(ledger, RunPlan.of(ledger), "self-instruct", tmp_path / "out")
    assert str(done) == f"0 rows in {tmp_path / 'out'}: no task of this run has an instance yet"
    assert "Name three rivers." in (tmp_path / "out" / "machine_generated_instructions.jsonl").read_text()


@pytest.mark.parametrize("form", FORMATS)
def test_a_second_export_replaces_the_first_and_is_equal(form: str, run: Ledger, tmp_path: Path) -> None:
    folder = tmp_path / "exports"
    export(run, RunPlan.of(run), form, folder / "out", selection=enough(form))
    first = digests(folder)
    export(run, RunPlan.of(run), form, folder / "out", selection=enough(form))
    assert digests(folder) == first


def test_exports_do_not_depend_on_the_process_or_its_hash_seed(run: Ledger, tmp_path: Path) -> None:
    run.close()
    processes = []
    for hash_seed in ("1", "2"):
        arguments = [sys.executable, "-c", EXPORT_ALL, str(tmp_path / "run"), str(tmp_path / hash_seed)]
        processes.append(subprocess.Popen(arguments, env={**os.environ, "PYTHONHASHSEED": hash_seed}))
    assert [process.wait() for process in processes] == [0, 0]
    assert digests(tmp_path / "1") == digests(tmp_path / "2")
    assert len(digests(tmp_path / "1")) == 13


def test_the_place_of_a_run_is_not_in_its_exports(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    for name in ("here", "there"):
        ledger = make_run(name)
        for form in FORMATS:
            out = tmp_path / f"exports {name}" / form
            export(ledger, RunPlan.of(ledger), form, out, selection=enough(form))
    assert digests(tmp_path / "exports here") == digests(tmp_path / "exports there")


@pytest.mark.parametrize("selection", [Selection(), Selection(held_out=1)], ids=["one file", "two sides"])
def test_an_export_shows_one_moment_of_a_run_that_is_being_written(
    selection: Selection, run: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task is finished by another process before each row; the next export shows them all."""
    waiting = [task for task in run.tasks() if task.awaits]

    def rows(task: DatasetTask, settings: Settings) -> Iterator[dict[str, Any]]:
        if waiting:
            done = waiting.pop(0)
            with run.transaction():
                run.update_task(replace(done, is_classification=False, awaits=None))
                run.add_instances(done.id, [Instance("new", "new")])
        return alpaca_rows(task, settings)

    with Ledger.open(tmp_path / "run", read_only=True) as reader:
        exported = partial(export, reader, RunPlan.of(reader), "alpaca", selection=selection)
        exported(tmp_path / "before")
        monkeypatch.setitem(ROW_FORMATS, "alpaca", replace(ROW_FORMATS["alpaca"], rows=rows))
        during = exported(tmp_path / "during")
        assert (waiting, during.count) == ([], 7)
        assert list(digests(tmp_path / "during").values()) == list(digests(tmp_path / "before").values())
        assert exported(tmp_path / "after").count == 9


def test_an_unknown_format_is_refused_by_name(run: Ledger, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"^there is no format 'csv'; choose one of self-instruct, .*, dpo\.$"):
        export(run, RunPlan.of(run), "csv", tmp_path / "out")


@pytest.mark.parametrize("form", ROW_FORMATS)
def test_a_held_out_side_is_a_file_of_its_own_in_a_folder(form: str, tmp_path: Path) -> None:
    with write_run(tmp_path / "run", instructions(30)) as ledger:
        selection = Selection(held_out=5)
        place = default_place(tmp_path / "run", form, selection)
        done = export(ledger, RunPlan.of(ledger), form, place, selection=selection)
    seeds = 12 if form == "prompt-completion" else 0
    assert (done.path, done.rows) == (tmp_path / "run" / form, {Split.TRAIN: 50 + seeds, Split.TEST: 10})
    suffix = ROW_FORMATS[form].suffix
    card = {"README.md"} if form == "huggingface" else set()
    assert {path.name for path in place.iterdir()} == {f"train{suffix}", f"test{suffix}"} | card


def test_a_side_that_is_no_longer_held_out_leaves_no_file_behind(run: Ledger, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(run, RunPlan.of(run), "alpaca", out, selection=Selection(held_out=1), card=CardFields())
    assert sorted(digests(out)) == ["README.md", "test.json", "train.json"]
    export(run, RunPlan.of(run), "alpaca", out, card=CardFields())
    assert sorted(digests(out)) == ["README.md", "train.json"]


def test_a_folder_with_something_else_in_it_is_left_alone(run: Ledger, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(ExportError, match=r"holds 'notes\.txt', which is not of this export"):
        export(run, RunPlan.of(run), "huggingface", tmp_path / "out")
    assert list(digests(tmp_path / "out")) == ["notes.txt"]


@pytest.mark.parametrize("options", [{"selection": Selection(held_out=1)}, {"card": CardFields()}])
def test_a_folder_is_not_given_the_name_of_a_file(run: Ledger, tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(ExportError, match=r"alpaca\.json: this export has several files, so it is a folder"):
        export(run, RunPlan.of(run), "alpaca", tmp_path / "alpaca.json", **options)
    assert not (tmp_path / "alpaca.json").exists()


def test_too_few_rows_for_their_reader_are_refused_and_leave_nothing(run: Ledger, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"^7 rows, but the reader of this format wants 10 at least; generate more\.$"):
        export(run, RunPlan.of(run), "openai-chat", tmp_path / "new" / "out")
    assert list((tmp_path / "new").iterdir()) == []


@pytest.mark.parametrize(
    ("options", "what"),
    [
        ({"selection": Selection(seeds=True)}, "`seeds`"),
        ({"selection": Selection(held_out=1)}, "`held_out`"),
        ({"selection": Selection(subset=1)}, "`subset`"),
        ({"card": CardFields()}, "a dataset card"),
    ],
)
def test_the_originals_files_refuse_what_they_have_no_place_for(
    run: Ledger, tmp_path: Path, options: dict[str, Any], what: str
) -> None:
    with pytest.raises(ExportError, match=f"^self-instruct: has no place for {what}"):
        export(run, RunPlan.of(run), "self-instruct", tmp_path / "out", **options)


def test_the_originals_files_take_fewer_instances_of_a_task(run: Ledger, tmp_path: Path) -> None:
    selection = Selection(max_instances=1)
    assert export(run, RunPlan.of(run), "self-instruct", tmp_path / "out", selection=selection).count == 2


@pytest.mark.parametrize(
    ("form", "name"), [("alpaca", "alpaca.json"), ("parquet", "dataset.parquet"), ("huggingface", "huggingface")]
)
def test_a_format_has_a_place_in_the_run(form: str, name: str) -> None:
    assert default_place(Path("run"), form) == Path("run") / name
