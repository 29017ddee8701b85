"""`run.py agreement`: files of ratings, tables and JSON, and rows that cannot be read."""

import json
from pathlib import Path

import pytest
from support.command import Command, assert_refused


def written(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def rated(rater: str, labels: str) -> list[dict[str, object]]:
    return [{"item": item, "rater": rater, "label": label} for item, label in enumerate(labels)]


def test_files_of_several_raters_are_held_against_each_other(command: Command, tmp_path: Path) -> None:
    one, two = written(tmp_path / "one.jsonl", *rated("ann", "AABB")), written(tmp_path / "two.jsonl", *rated("bob", "AABA"))
    done = command("agreement", one, two, "--order", "A,B,C", "--json")
    assert done.code == 0, done.err
    said = json.loads(done.out)
    [pair] = said["pairs"]
    assert (pair["raters"], pair["items"], pair["raw"], pair["kappa"]) == (["ann", "bob"], 4, 0.75, 0.5)
    assert pair["weighted_kappa"] == pytest.approx(0.5)
    assert {"fleiss_kappa", "krippendorff_alpha", "intervals", "majority"} <= said.keys()
    shown = command("agreement", one, two)
    assert shown.code == 0
    assert "Cohen's kappa" in shown.out
    assert "0.500" in shown.out
    assert "weighted kappa" not in shown.out, "no order was given"
    assert "weighted kappa" in command("agreement", one, two, "--order", "A,B,C").out


def test_ratings_of_one_rater_alone_are_refused(command: Command, tmp_path: Path, finished_run: Path) -> None:
    file = written(tmp_path / "one.jsonl", *rated("ann", "AB"))
    assert_refused(command("agreement", file), "agreement needs two raters of an item, and here each is rated only by ann.")
    assert_refused(command("agreement", finished_run), "rated by nobody; people mark some on the page that review writes.")
    command("judge", finished_run)
    assert_refused(command("agreement", finished_run, "--json"), "rated only by judge; people mark some")


def test_labels_may_be_numbers_or_booleans_and_what_is_undefined_is_null(command: Command, tmp_path: Path) -> None:
    rows = [{"item": item, "rater": rater, "label": True} for item in "ab" for rater in (1, 2)]
    said = json.loads(command("agreement", written(tmp_path / "all.jsonl", *rows), "--json").out)
    assert (said["pairs"][0]["raw"], said["pairs"][0]["kappa"], said["fleiss_kappa"]) == (1.0, None, None)
    assert said["majority"] == {"true": 2}


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"item": 1, "rater": "x"}, "field 'label' is missing"),
        ({"item": 1, "rater": "x", "label": ["A"]}, "field 'label' is"),
        ({"item": 0, "rater": "x", "label": "B"}, "has rated item '0' already"),
        ({"item": 1, "rater": "x", "label": "Z"}, "label 'Z' is none of --order"),
        ([1], "is a JSON list"),
    ],
)
def test_a_row_that_is_no_rating_is_named(command: Command, tmp_path: Path, row: object, problem: str) -> None:
    file = written(tmp_path / "ratings.jsonl", {"item": 0, "rater": "x", "label": "A"}, row)
    done = command("agreement", file, "--order", "A,B")
    assert_refused(done, "ratings.jsonl:2: ")
    assert problem in done.err


def test_an_order_that_is_none_is_refused(command: Command, tmp_path: Path) -> None:
    file = written(tmp_path / "ratings.jsonl", {"item": 0, "rater": "x", "label": "A"})
    for order in ("A", "A,,B", "A,A"):
        assert_refused(command("agreement", file, "--order", order), "--order")
