"""A run for programs: flat frozen records, read one at a time, from a file that is never written."""

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas
import pytest
from support.written import instructions, write_run

from self_instruct import reports
from self_instruct.ledger import Ledger
from self_instruct.records.errors import InputError, LedgerError
from self_instruct.records.tasks import Instance, Reason, StageName
from self_instruct.reports import RunInstance, RunRejection, RunTask, Selection, export, load_run, report_on, write_report
from self_instruct.seeds import load_seeds, shipped_seeds

HEAVY = {"datasets", "faiss", "matplotlib", "rich", "huggingface_hub", "langchain", "langchain_openai", "pandas", "pyarrow"}


@pytest.fixture
def place(run: Ledger) -> Path:
    return run.path.parent


def test_the_first_task_and_what_is_known_of_the_others(place: Path) -> None:
    with load_run(place) as run:
        tasks = list(run.tasks())
    letters = (Instance("", "Dear neighbour, ..."), Instance("about the hedge", "Dear neighbour, your hedge ..."))
    assert tasks[0] == RunTask("0:0", "Write a letter to a neighbour.", False, None, letters)
    assert [(task.task, task.is_classification, task.awaits, len(task.instances)) for task in tasks[1:]] == [
        ("0:31", True, None, 7),
        ("0:60", None, None, 0),
        ("1:0", False, StageName.INSTANCES, 0),
        ("1:44", None, StageName.CLASSIFICATION, 0),
        ("2:0", False, None, 0),
    ]


def test_instances_make_a_table_and_join_with_the_tasks(place: Path) -> None:
    with load_run(str(place)) as run:
        frame = pandas.DataFrame(run.instances())
        tasks = pandas.DataFrame(run.tasks()).set_index("task")
    assert list(frame.columns) == [field.name for field in dataclasses.fields(RunInstance)]
    assert frame.groupby("task").size().to_dict() == {"0:0": 2, "0:31": 7}
    assert (frame["task"].map(tasks["instruction"]) == frame["instruction"]).all()


def test_rejections_make_a_table_with_their_evidence(place: Path) -> None:
    with load_run(place) as run:
        found = list(run.rejections())
    evidence = {"nearest": "Write a letter to a neighbour.", "score": 0.75}
    assert RunRejection("0:90", StageName.INSTRUCTIONS, Reason.TOO_SIMILAR, "Write a letter to a friend.", evidence) in found
    assert pandas.DataFrame(found).groupby("reason").size().sum() == len(found) == 4


def test_counts_settings_and_seeds_are_the_runs(make_run: Callable[..., Ledger], tmp_path: Path) -> None:
    make_run("other", seed=7, model="offline")
    with load_run(tmp_path / "other") as run:
        assert (run.counts().kept, run.counts().instances, run.counts().spent[0].requests) == (6, 9, 3)
        assert (run.settings.seed, run.settings.model, len(run.seeds)) == (7, "offline", 12)


def test_the_dataset_is_that_of_an_export(place: Path) -> None:
    with load_run(place) as run:
        assert [len(task.instances) for task in run.dataset()] == [2, 5]
        assert [len(task.instances) for task in run.dataset(Selection(max_instances=1))] == [1, 1]


def test_two_iterations_go_on_beside_each_other(tmp_path: Path) -> None:
    write_run(tmp_path / "run", instructions(20)).close()
    with load_run(tmp_path / "run") as run:
        pairs = [(task, again) for task, again in zip(run.tasks(), run.tasks(), strict=True)]
        assert [task for task, _ in pairs] == [again for _, again in pairs]
        assert len([one for _ in run.rejections() for one in run.tasks()]) == 0


def test_an_iteration_shows_one_moment_of_a_run_that_is_being_written(run: Ledger, place: Path) -> None:
    with load_run(place) as reader:
        tasks = reader.tasks()
        first = next(tasks)
        waiting = next(task for task in run.tasks() if task.awaits)
        with run.transaction():
            run.update_task(dataclasses.replace(waiting, is_classification=False, awaits=None))
            run.add_instances(waiting.id, [Instance("new", "new")])
        assert sum(len(task.instances) for task in (first, *tasks)) == 9
        assert sum(len(task.instances) for task in reader.tasks()) == 10


def test_a_run_that_is_read_goes_on_all_the_same(tmp_path: Path) -> None:
    write_run(tmp_path / "run", instructions(20)).close()
    with load_run(tmp_path / "run") as reader:
        assert len(list(reader.tasks())) == 20
        with Ledger.open(tmp_path / "run") as writer, writer.transaction():
            writer.set_fact("note", 1)


def test_records_are_frozen(place: Path) -> None:
    with load_run(place) as run, pytest.raises(dataclasses.FrozenInstanceError):
        next(run.tasks()).instruction = "another"  # type: ignore[misc]


def test_reading_changes_no_file(place: Path, run: Ledger) -> None:
    run.close()
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    with load_run(place) as loaded:
        assert list(loaded.instances())
        assert list(loaded.rejections())
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_after_its_end_it_says_that_it_was_closed(place: Path) -> None:
    with load_run(place) as run:
        pass
    run.close()
    for read in (run.tasks, run.instances, run.rejections, run.dataset):
        with pytest.raises(LedgerError, match="was closed"):
            list(read())  # type: ignore[operator]


def test_a_folder_without_a_run_and_a_damaged_one_are_one_line_each(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"holds no ledger\.sqlite"):
        load_run(tmp_path)
    (tmp_path / "ledger.sqlite").write_bytes(b"no database" * 100)
    with pytest.raises(LedgerError, match="is damaged or no ledger"):
        load_run(tmp_path)


def test_it_holds_a_task_at_a_time(tmp_path: Path) -> None:
    """A run of 3 MB is read within a third of that."""
    import tracemalloc

    write_run(tmp_path / "run", instructions(300), [Instance("x" * 5_000, "y" * 5_000)]).close()
    with load_run(tmp_path / "run") as run:
        tracemalloc.start()
        try:
            assert sum(len(one.input) + len(one.output) for one in run.instances()) == 3_000_000
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 1_000_000


def test_a_run_is_loaded_without_what_only_other_reports_need() -> None:
    code = "import sys; from self_instruct.reports import load_run; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert HEAVY & {name.partition(".")[0] for name in loaded} == set()
    rooms = {".".join(name.split(".")[2:3]) for name in loaded if name.startswith("self_instruct.reports.")}
    assert rooms == {"analysis", "dataset_tasks", "exports", "loaded_run", "text", "writing"}
    assert not {"self_instruct.reports.analysis.run_report", "self_instruct.reports.exports.export"} & set(loaded)


def test_a_name_that_is_not_public_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match=r"^module 'self_instruct\.reports' has no attribute 'lod_run'"):
        reports.lod_run  # noqa: B018


def test_paths_may_be_texts_and_a_run_is_exported_by_its_own(place: Path, tmp_path: Path) -> None:
    assert report_on([str(place)])[0].name == place.name
    write_report(report_on([str(place)]), str(tmp_path / "report"))
    assert (tmp_path / "report" / "index.html").is_file()
    with pytest.raises(InputError, match="expected several run directories, got one"):
        report_on(str(place))
    with load_run(str(place)) as run:
        whole = run.export("alpaca", tmp_path / "whole.json")
        chosen = run.export("alpaca", str(tmp_path / "chosen.json"), selection=Selection(seeds=True))
    assert export(str(place), "alpaca", tmp_path / "again.json").count == whole.count < chosen.count
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
    seeds = tmp_path / "seeds.jsonl"
    seeds.write_text(json.dumps(shipped_seeds()[0].to_dict()) + "\n", encoding="utf-8")
    assert load_seeds(str(seeds)) == shipped_seeds()[:1]
