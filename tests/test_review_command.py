"""`run.py review`: the page, what people saved, and files that no page saved."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, assert_refused

from self_instruct.reports import load_run


def page_data(page: Path) -> dict[str, Any]:
    found = re.search(r'id="data">(.*?)</script>', page.read_text(encoding="utf-8"))
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def saved(run: Path, rater: str, grades: str) -> dict[str, Any]:
    """What a person saves who gives these grades to the first examples."""
    data = page_data(run / "review.html")
    marks = [
        {"item": each["item"], "digest": each["digest"], "valid": "yes", "input_fits": "yes", "reasons": [], "note": "",
         "output_correct": "yes" if grade in "AB" else "no", "grade": grade}
        for each, grade in zip(data["items"], grades, strict=False)
    ]  # fmt: skip
    return {"format": data["format"], "sample": data["sample"], "rater": rater, "marks": marks}


def written(path: Path, content: object) -> Path:
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


@pytest.fixture
def run(finished_run: Path, command: Command) -> Path:
    done = command("review", finished_run, "--sample", 4, "--raters", 2)
    assert done.code == 0, done.err
    assert "4 of " in done.out
    return finished_run


def test_the_page_is_blind_and_the_same_again(run: Path, command: Command, tmp_path: Path) -> None:
    text = (run / "review.html").read_text(encoding="utf-8")
    assert {name for each in page_data(run / "review.html")["items"] for name in each} == {
        "item", "digest", "instruction", "input", "output",
    }  # fmt: skip
    assert not re.search(r"offline|judg|https?:", text)
    assert command("review", run, "--sample", 4, "--out", tmp_path / "again.html").code == 0
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == text


def test_marks_become_verdicts_of_a_person_and_the_latest_stands(run: Path, command: Command, tmp_path: Path) -> None:
    one = written(tmp_path / "one.json", saved(run, " Ann  B.", "AC"))
    two = written(tmp_path / "two.json", saved(run, "Bob", "AAAA"))
    done = command("review", run, "--read", one, two)
    assert done.code == 0, done.err
    assert "Ann B. marked 2 of 4; 2 new or changed" in done.out
    assert "Bob marked 4 of 4; 4 new or changed" in done.out
    assert "2 of 4; 0 new or changed" in command("review", run, "--read", one).out
    written(one, saved(run, "Ann B.", "AD"))
    assert "2 of 4; 1 new or changed" in command("review", run, "--read", one).out
    with load_run(run) as loaded:
        said = [(each.vote, each.answers["grade"]) for each in loaded.verdicts() if each.stage == "person:Ann B."]
    assert sorted(said) == [(1, "A"), (1, "C"), (2, "D")]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"format": "other"}, "was not saved by a review page"),
        ({"sample": "0"}, "is of a sample that was not drawn from this run"),
        ({"rater": " "}, "field 'rater' is no name"),
        ({"rater": "\x1b[2J"}, "field 'rater' is no name"),
        ({"marks": {}}, "field 'marks' is no list"),
        ({"marks": [3]}, "mark 1: is no JSON object"),
        ({"marks": [{"item": "9:9#9"}]}, "mark 1: item '9:9#9' is none of the sample"),
    ],
)
def test_a_file_that_no_page_of_this_run_saved_stores_nothing(
    run: Path, command: Command, tmp_path: Path, changes: dict[str, object], problem: str
) -> None:
    good = written(tmp_path / "good.json", saved(run, "Ann", "AB"))
    bad = written(tmp_path / "bad.json", saved(run, "Bob", "AB") | changes)
    assert_refused(command("review", run, "--read", good, bad), f"{bad}: ", problem)
    with load_run(run) as loaded:
        assert not [each for each in loaded.verdicts() if each.stage.startswith("person:")]


@pytest.mark.parametrize(
    ("field", "value"), [("grade", "E"), ("valid", True), ("note", 3), ("reasons", ["ugly"]), ("digest", "0"), ("grade", ["A"])]
)
def test_a_mark_that_is_none_is_named(run: Path, command: Command, tmp_path: Path, field: str, value: object) -> None:
    said = saved(run, "Ann", "AB")
    said["marks"][1][field] = value
    assert_refused(command("review", run, "--read", written(tmp_path / "bad.json", said)), "bad.json: mark 2: ")


def test_what_is_no_json_and_no_file_is_named(run: Path, command: Command, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{\n1", encoding="utf-8")
    assert_refused(command("review", run, "--read", tmp_path / "bad.json"), "bad.json:2: is not JSON")
    assert_refused(command("review", run, "--read", tmp_path / "none.json"), "none.json: cannot be read")
    assert_refused(command("review", run, "--read"), "--read")


def test_agreement_of_a_run_has_its_raters_and_its_judge(run: Path, command: Command, tmp_path: Path) -> None:
    assert command("judge", run).code == 0
    files = [
        written(tmp_path / f"{name}.json", saved(run, name, grades)) for name, grades in (("Ann", "ABCD"), ("Bob", "ABDD"))
    ]
    assert command("review", run, "--read", *files).code == 0
    found = json.loads(command("agreement", run, "--json").out)
    assert set(found["raters"]) == {"Ann", "Bob", "judge"}
    people = next(pair for pair in found["pairs"] if set(pair["raters"]) == {"Ann", "Bob"})
    assert (people["items"], people["raw"], people["kappa"]) == (4, 1.0, 1.0)
    [pair] = json.loads(command("agreement", run, "--question", "grade", "--json").out)["pairs"]
    assert pair["raw"] == 0.75
    assert pair["weighted_kappa"] == pytest.approx(11 / 12)
    assert_refused(command("agreement", run, files[0]), "is a run, and stands alone")
    assert_refused(command("agreement", run, "--order", "yes,maybe"), "is none of --order")
