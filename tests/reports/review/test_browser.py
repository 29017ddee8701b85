"""The review page in a real browser, from the disk: by keyboard and on a phone, kept, undone, saved, and read back."""

import json
import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.tasks import Instance
from self_instruct.reports.review.instances import reviewed_instances
from self_instruct.reports.review.reading import read_reviews
from self_instruct.reports.terminal.review import write_review

PHONE, DESK = (360, 740), (1200, 900)
EVIL = """</script><script>window.hacked = 1</script><img src=x onerror="hacked = 2"> <!-- {{ 7 * 7 }} & <b>bold</b>"""
MARKED = 3


def _attack(run: Path) -> None:
    with Ledger.open(run) as ledger:
        plan = RunPlan.of(ledger)
        task = reviewed_instances(ledger, plan)[-1].task
    beside = sqlite3.connect(run / "ledger.sqlite")
    beside.execute("DELETE FROM instances WHERE request = ? AND item = ?", (task.request, task.item))
    beside.commit()
    beside.close()
    with Ledger.open(run) as ledger:
        ledger.add_instances(task, [Instance(f"{at} {EVIL}", EVIL) for at in range(30)])


@pytest.fixture
def opened(browser: Any, finished_run: Path, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The page of a run of which one output attacks it, with all that it asked for and said."""
    _attack(finished_run)
    write_review(finished_run, 5, 2, None)
    page_file = finished_run / "review.html"
    width, height = getattr(request, "param", DESK)
    context = browser.new_context(viewport={"width": width, "height": height}, accept_downloads=True, has_touch=width < 500)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith(("file:", "data:", "blob:")) else None)
    page.goto(page_file.as_uri())
    yield page
    assert said == []
    context.close()


def mark(page: Any, keys: str) -> None:
    for key in keys:
        page.keyboard.press({">": "ArrowRight", "<": "ArrowLeft"}.get(key, key))


def saved(page: Any) -> dict[str, Any]:
    with page.expect_download() as download:
        page.keyboard.press("s")
    said: dict[str, Any] = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    return said


def test_by_keyboard_alone_marks_are_made_undone_kept_saved_and_read_back(
    opened: Any, finished_run: Path, tmp_path: Path
) -> None:
    opened.keyboard.press("s")
    assert "Write your name first" in opened.locator("#said").text_content()
    opened.keyboard.type("Ann  Example")
    opened.keyboard.press("Escape")
    mark(opened, "yyya>")
    mark(opened, "ynuc12")
    opened.keyboard.press("t")
    opened.keyboard.type("year is wrong")
    opened.keyboard.press("Escape")
    mark(opened, ">nnnd")
    mark(opened, "z")  # the grade goes
    assert opened.locator("#said").text_content() == "2 of 5 marked"
    opened.reload()
    assert opened.locator("#place").text_content() == "Example 3 of 5"
    assert opened.locator("#rater").input_value() == "Ann  Example"
    mark(opened, "b")
    assert opened.locator("#progress").evaluate("bar => bar.value") == MARKED
    file = tmp_path / "ann.json"
    told = saved(opened)
    assert {"judge", "score", "model"} & set(json.dumps(told).split('"')) == set()
    file.write_text(json.dumps(told), encoding="utf-8")
    with Ledger.open(finished_run) as ledger:
        plan = RunPlan.of(ledger)
        [read] = read_reviews(ledger, plan, [file])
        assert (read.rater, read.marks, read.of, read.stored) == ("Ann Example", 3, 5, 3)
        marks = [each.marks["Ann Example"] for each in reviewed_instances(ledger, plan) if each.marks]
    assert sorted(one.grade.value for one in marks) == ["A", "B", "C"]
    assert [one.note for one in marks if one.reasons] == ["year is wrong"]


@pytest.mark.parametrize("opened", [PHONE], indirect=True)
def test_on_a_phone_it_is_no_wider_than_the_screen_and_taps_mark(opened: Any) -> None:
    assert opened.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    for name in ("valid", "input_fits", "output_correct"):
        opened.locator(f"input[name={name}][value=yes]").tap()
    opened.locator("input[name=grade][value=B]").tap()
    opened.locator("#next").tap()
    assert opened.locator("#said").text_content() == "1 of 5 marked"
    assert opened.locator("#place").text_content() == "Example 2 of 5"
    opened.locator("#undo").tap()
    assert opened.locator("#said").text_content() == "0 of 5 marked"


def test_what_a_model_wrote_is_text_and_never_runs(opened: Any) -> None:
    seen = set()
    for _ in range(5):
        seen.add(opened.locator("#output").text_content())
        mark(opened, ">")
    assert EVIL in seen
    assert opened.evaluate("window.hacked") is None
    assert opened.evaluate("document.images.length") == 0


@pytest.mark.parametrize("opened", [PHONE, DESK], indirect=True)
def test_axe_finds_nothing(opened: Any) -> None:
    opened.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = opened.evaluate("axe.run()")["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
