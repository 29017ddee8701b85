"""`run.py verify`: runs and files, the table, the rows with their flags, and what cannot be read."""

import json
from pathlib import Path

import pytest
from support.command import Command, assert_refused

GOOD = {"instruction": "Name the capital of Peru.", "input": "", "output": "Lima", "source": "mine"}
GAP = {"instruction": "Write a note to the postman.", "output": "Dear [Name], please ring twice."}
SORRY = {"instruction": "Sort the names.", "input": "Zoe, Al", "output": "I'm sorry, but I can't help with that."}


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text(lines(GOOD, GAP, SORRY), encoding="utf-8")
    return path


def test_a_table_by_rule_says_what_was_found(command: Command, file: Path) -> None:
    done = command("verify", file)
    assert done.code == 0, done.err
    assert "3 rows: 2 flagged, 1 to be refused" in done.out
    assert "placeholder" in done.out
    assert "[Name]" in done.out
    assert "wrong_sum" not in done.out
    file.write_text(lines(GOOD), encoding="utf-8")
    assert command("verify", file).out == "1 row: 0 flagged, 0 to be refused\n"


def test_each_row_is_written_as_it_came_with_its_flags(command: Command, file: Path, tmp_path: Path) -> None:
    assert command("verify", file, "--out", tmp_path / "marked.jsonl").code == 0
    rows = [json.loads(line) for line in (tmp_path / "marked.jsonl").read_text(encoding="utf-8").splitlines()]
    assert rows == [
        {**GOOD, "flags": [], "refused": False},
        {**GAP, "flags": ["placeholder"], "refused": False},
        {**SORRY, "flags": ["refusal"], "refused": True},
    ]


def test_the_instruction_may_be_in_another_field(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(lines({"prompt": GAP["instruction"], "output": GAP["output"]}), encoding="utf-8")
    assert_refused(command("verify", path), "has no field 'instruction', but prompt, output; choose one with --field")
    assert "1 row: 1 flagged" in command("verify", path, "--field", "prompt").out


def test_settings_say_which_rules_look_and_which_refuse(command: Command, file: Path) -> None:
    done = command("verify", file, "--json", "--set", "verifiers.placeholder=refuse", "--set", "verifiers.refusal=off")
    report = json.loads(done.out)
    assert (report["rows"], report["flagged"], report["refused"], report["skipped"]) == (3, 1, 1, 0)
    found = [rule for rule in report["rules"] if rule["rows"]]
    assert found == [{"rule": "placeholder", "action": "refuse", "rows": 1, "evidence": "[Name]"}]
    assert "refusal" not in [rule["rule"] for rule in report["rules"]]


def test_a_csv_and_a_json_array_are_read_too(command: Command, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text(
        'instruction,output\nWrite a note to the postman.,"Dear [Name], hi."\n', encoding="utf-8"
    )
    (tmp_path / "rows.json").write_text(json.dumps([GAP]), encoding="utf-8")
    for name in ("rows.csv", "rows.json"):
        assert "1 row: 1 flagged" in command("verify", tmp_path / name).out


def test_a_runs_own_instances_are_verified(command: Command, finished_run: Path, tmp_path: Path) -> None:
    done = command("verify", finished_run, "--json", "--out", tmp_path / "marked.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "marked.jsonl").read_text(encoding="utf-8").splitlines()]
    assert json.loads(done.out)["rows"] == len(rows) > 5
    assert {"task", "instruction", "input", "output", "is_classification", "flags", "refused"} == set(rows[0])


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"instruction": "Do it."}, "rows.jsonl:2: field 'output' is missing;"),
        ({"instruction": "Do it.", "output": 7}, "rows.jsonl:2: field 'output' is no text;"),
        ({"instruction": "Do it.", "output": "x", "input": ["y"]}, "rows.jsonl:2: field 'input' is no text;"),
        ({"output": "x"}, "rows.jsonl:2: has no field 'instruction'"),
    ],
)
def test_a_row_that_cannot_be_read_stops_it_or_is_left_out(command: Command, tmp_path: Path, row: object, words: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(lines(GOOD, row, GAP), encoding="utf-8")
    assert_refused(command("verify", path, "--out", tmp_path / "out.jsonl"), words)
    assert not (tmp_path / "out.jsonl").exists()
    done = command("verify", path, "--on-error", "skip")
    assert (done.code, "2 rows, 1 that cannot be read: 1 flagged" in done.out) == (0, True)
    assert words in done.err


def test_a_ledger_is_never_an_output(command: Command, file: Path, finished_run: Path) -> None:
    assert_refused(command("verify", file, "--out", finished_run / "ledger.sqlite"), "is a run's ledger")


def test_a_place_where_nothing_is_read_is_one_clear_line(command: Command, tmp_path: Path) -> None:
    assert_refused(command("verify", tmp_path / "none.jsonl"), "none.jsonl: cannot be read")
    assert_refused(command("verify", tmp_path), "holds no ledger.sqlite")
