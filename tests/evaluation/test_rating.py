"""`run.py rate`: the page hides whose answer is whose, and what people save becomes counts by system and agreement."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.command import Command, assert_refused

TASKS = 6


@pytest.fixture
def folder(command: Command, tmp_path: Path) -> Path:
    """A folder with the page for two systems, of which `good` always says what is asked and `bad` never."""
    references = tmp_path / "tasks.jsonl"
    asked = [
        {"id": f"t{n}", "instruction": f"Say {n}.", "input": "", "references": [f"{n}", f"number {n}"]} for n in range(TASKS)
    ]
    _lines(references, asked)
    _lines(tmp_path / "good.jsonl", [{"id": f"t{n}", "prediction": f"{n} <b>&</b> good"} for n in range(TASKS)])
    _lines(tmp_path / "bad.jsonl", [{"id": f"t{n}", "prediction": "</script>no"} for n in range(TASKS)])
    answers = ["--answers", tmp_path / "good.jsonl", "--answers", tmp_path / "bad.jsonl", "--references", references]
    done = command("rate", tmp_path / "rated", *answers)
    assert done.code == 0, done.err
    assert f"{TASKS} tasks with 2 answers each, for 2 people" in done.out
    return tmp_path / "rated"


def _lines(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def shown(folder: Path) -> dict[str, Any]:
    found = re.search(r'id="data">(.*?)</script>', (folder / "rating.html").read_text(encoding="utf-8"))
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def saved(folder: Path, rater: str, good: str, bad: str, count: int = TASKS) -> Path:
    """The file of a person who gives this grade to each answer that is good, and that to each that is not."""
    data = shown(folder)
    marks = [
        {
            "item": each["item"],
            "digest": each["digest"],
            **{f"grade_{at}": good if "good" in each[f"answer_{at}"] else bad for at in range(2)},
        }
        for each in data["items"][:count]
    ]
    file = folder / f"{rater}.json"
    file.write_text(json.dumps({"format": data["format"], "sample": data["sample"], "rater": rater, "marks": marks}))
    return file


def test_a_page_that_cannot_be_written_is_one_line_that_names_its_folder(command: Command, folder: Path) -> None:
    (folder / "file").write_text("mine")
    answers = ["--answers", folder.parent / "good.jsonl", "--answers", folder.parent / "bad.jsonl"]
    done = command("rate", folder / "file", *answers, "--references", folder.parent / "tasks.jsonl")
    assert_refused(done, "choose another place with `folder`")


def test_the_page_hides_the_systems_and_varies_their_order(folder: Path) -> None:
    data = shown(folder)
    assert set(data["items"][0]) == {"item", "digest", "instruction", "input", "reference", "answer_0", "answer_1"}
    assert len({"good" in each["answer_0"] for each in data["items"]}) == 2
    assert "good.jsonl" not in (folder / "rating.html").read_text(encoding="utf-8")


def test_grades_are_counted_by_system_with_the_agreement_of_raters(folder: Path, command: Command) -> None:
    ann, bob = saved(folder, "Ann", "A", "D"), saved(folder, "Bob", "B", "D", count=4)
    done = command("rate", folder, "--read", ann, "--read", bob, "--json")
    found = json.loads(done.out)
    assert found["systems"] == {
        "good.jsonl": {"A": TASKS, "B": 4, "C": 0, "D": 0},
        "bad.jsonl": {"A": 0, "B": 0, "C": 0, "D": TASKS + 4},
    }
    [pair] = found["agreement"]["acceptable"]["pairs"]
    assert (pair["items"], pair["kappa"]) == (8, 1.0)
    [pair] = found["agreement"]["four_levels"]["pairs"]
    assert pair["raw"] == 0.5
    told = command("rate", folder, "--read", ann).out
    assert "100.0 %" in told
    assert "Agreement" not in told  # one rater agrees with nobody


def test_a_person_who_saved_twice_is_heard_as_they_spoke_last(folder: Path, command: Command) -> None:
    first = saved(folder, "Ann", "C", "D").rename(folder / "first.json")
    last = saved(folder, "Ann", "A", "D", count=4)
    found = json.loads(command("rate", folder, "--read", first, "--read", last, "--json").out)
    assert found["systems"]["good.jsonl"] == {"A": 4, "B": 0, "C": TASKS - 4, "D": 0}


def test_the_page_of_another_sample_does_not_replace_one_that_people_may_have(folder: Path, command: Command) -> None:
    ann = saved(folder, "Ann", "A", "D")
    answers = ["--answers", folder.parent / "good.jsonl", "--answers", folder.parent / "bad.jsonl"]
    again = ["rate", folder, *answers, "--references", folder.parent / "tasks.jsonl"]
    assert_refused(command(*again, "--tasks", 3), "holds the page of another sample", "name another folder")
    assert command(*again).code == 0
    assert command("rate", folder, "--read", ann).code == 0


def test_what_no_page_saved_is_refused(folder: Path, command: Command, tmp_path: Path) -> None:
    good = json.loads(saved(folder, "Ann", "A", "D").read_text())
    for change, says in (
        ({"format": "self-instruct review 1"}, "was not saved by a rating page"),
        ({"sample": "another"}, "was not drawn from this folder"),
        ({"marks": [{**good["marks"][0], "digest": "0"}]}, "was made of another text"),
        ({"marks": [{**good["marks"][0], "grade_1": "E"}]}, "field 'grade_1' is \"E\"; expected A, B, C, D"),
        ({"marks": [good["marks"][0], good["marks"][0]]}, "is there twice"),
    ):
        file = tmp_path / "other.json"
        file.write_text(json.dumps({**good, **change}))
        assert_refused(command("rate", folder, "--read", file), says)
    assert_refused(command("rate", tmp_path / "none", "--read", tmp_path / "other.json"), "write the page first")
    assert_refused(command("rate", tmp_path / "none"), "name two evaluations or more")


def test_it_is_graded_by_keyboard_alone_in_a_real_browser(folder: Path, command: Command, browser: Any) -> None:
    page = browser.new_context(viewport={"width": 360, "height": 740}, accept_downloads=True).new_page()
    page.goto((folder / "rating.html").as_uri())
    for _ in range(TASKS):
        first = "good" in page.inner_text("#answer_0")
        page.keyboard.type("ad" if first else "da")
        page.keyboard.press("ArrowRight")
    assert "All are marked" in page.inner_text("#said")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.fill("#rater", "Ann")
    with page.expect_download() as download:
        page.click("#save")
    file = folder / "ann.json"
    download.value.save_as(file)
    page.context.close()
    counts = json.loads(command("rate", folder, "--read", file, "--json").out)["systems"]
    assert (counts["good.jsonl"]["A"], counts["bad.jsonl"]["D"]) == (TASKS, TASKS)
