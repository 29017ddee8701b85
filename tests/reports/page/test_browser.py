"""The page in a real browser, from the disk: nothing is loaded, nothing fails, and everybody can get through it."""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from self_instruct.ledger import Ledger
from self_instruct.ledger.schema import checksum
from self_instruct.records.judgements import JUDGING, Answer, Concern, Vote
from self_instruct.records.marks import Grade, Mark
from self_instruct.records.tasks import Verdict
from self_instruct.reports import report_on, write_report

SIZES = [(360, 740), (800, 1000), (1400, 900)]
EVIL = """Write a story.</script><script>window.hacked = 1</script><img src=x onerror="hacked = 2"> {{ 7 * 7 }} <b>bold</b>"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory, finished_ledger: bytes) -> dict[str, Path]:
    """The reports of one run that a judge and a person looked at, and of two, the second of which attacks the page."""
    directory = tmp_path_factory.mktemp("reports")
    for name in ("first", "second"):
        (directory / name).mkdir()
        (directory / name / "ledger.sqlite").write_bytes(finished_ledger)
    _look_at(directory / "first")
    _attack(directory / "second")
    one, two = report_on([directory / "first", directory / "second"], ["Write a poem."])
    made = {"one": directory / "one", "two": directory / "two"}
    write_report([one], made["one"])
    write_report([one, two], made["two"], "poems.jsonl")
    return made


def _look_at(run: Path) -> None:
    yes, mark = Answer.YES, Mark(Answer.YES, Answer.YES, Answer.NO, Grade.C)
    vote = Vote(yes, yes, yes, 4, "It does what is asked.", (Concern.TOO_SIMPLE,))
    with Ledger.open(run) as ledger, ledger.transaction():
        for task, _ in [*ledger.instances()]:
            said = [one.stage for one in ledger.verdicts_of(task)]
            if JUDGING not in said:
                ledger.add_verdicts(task, [Verdict(JUDGING, 0, vote.answers()), Verdict("person:Ann", 0, mark.answers())])


def _attack(run: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(run / "ledger.sqlite")
    connection.create_function("sealed", -1, checksum)
    kept = "is_classification, attempt, awaits_stage, awaits_attempt, awaits_instance"
    connection.execute(f"UPDATE tasks SET instruction = ?1, checksum = sealed(request, item, ?1, {kept})", (EVIL,))
    sealed = "sealed(request, item, position, ?1, ?1)"
    connection.execute(f"UPDATE instances SET output = ?1, input = ?1, checksum = {sealed}", (EVIL,))
    connection.commit()
    connection.close()


class Opened:
    """A page with all that it asked for and all that its console said."""

    def __init__(self, browser: Any, folder: Path, size: tuple[int, int], scheme: str) -> None:
        self.context = browser.new_context(viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.said: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.address = (folder / "index.html").as_uri()
        self.page.goto(self.address)

    def violations(self) -> list[tuple[str, str, str]]:
        """What axe finds, all lists unfolded."""
        self.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
        self.page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
        found = self.page.evaluate("axe.run()")["violations"]
        return [(each["id"], each["impact"], each["nodes"][0]["html"]) for each in found]


@pytest.fixture
def open_page(browser: Any, folders: dict[str, Path]) -> Iterator[Any]:
    """A function that opens one of the reports."""
    opened: list[Opened] = []

    def open_it(which: str = "one", size: tuple[int, int] = SIZES[2], scheme: str = "light") -> Opened:
        opened.append(Opened(browser, folders[which], size, scheme))
        return opened[-1]

    yield open_it
    for each in opened:
        each.context.close()


@pytest.mark.parametrize("which", ["one", "two"])
def test_nothing_is_loaded_and_the_console_is_silent(open_page: Any, which: str) -> None:
    opened = open_page(which)
    assert opened.page.title().startswith("Self-Instruct: first")
    assert [url for url in opened.requests if not url.startswith("data:")] == [opened.address]
    assert opened.said == []


def test_what_a_model_wrote_is_text_and_never_runs(open_page: Any) -> None:
    opened = open_page("two")
    assert opened.page.evaluate("window.hacked") is None
    assert opened.page.evaluate("document.images.length") == 0
    assert opened.page.get_by_role("heading", name=EVIL).count() > 0
    assert opened.said == []


def test_the_pictures_are_there(open_page: Any) -> None:
    page = open_page().page
    for picture in (".sunburst", "#novelty .chart", "#balance .chart", "#lengths .chart >> nth=2", "#acceptance .chart"):
        box = page.locator(picture).first.bounding_box()
        assert box["width"] > 100
        assert box["height"] > 100, picture


AXED = [("one", 0, "light"), ("one", 1, "dark"), ("two", 2, "light"), ("two", 1, "dark")]


@pytest.mark.parametrize(("which", "size", "scheme"), [(which, SIZES[at], scheme) for which, at, scheme in AXED])
def test_axe_finds_nothing(open_page: Any, which: str, size: tuple[int, int], scheme: str) -> None:
    assert open_page(which, size, scheme).violations() == []


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("which", ["one", "two"])
def test_the_page_is_never_wider_than_the_window(open_page: Any, which: str, size: tuple[int, int]) -> None:
    assert open_page(which, size).page.evaluate("document.documentElement.scrollWidth") <= size[0]


def test_the_dark_page_is_dark(open_page: Any) -> None:
    colour = "getComputedStyle(document.body).backgroundColor"
    assert open_page(scheme="dark").page.evaluate(colour) == "rgb(20, 22, 26)"
    assert open_page(scheme="light").page.evaluate(colour) == "rgb(253, 253, 252)"


def test_the_keyboard_enters_the_sunburst_once_and_walks_it(open_page: Any) -> None:
    page = open_page().page
    focused = "document.activeElement.getAttribute('aria-label')"
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.matches('.arc')"):
            break
    labels = page.eval_on_selector_all(".arc", "arcs => arcs.map(arc => arc.getAttribute('aria-label'))")
    assert page.evaluate(focused) == labels[0]
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == labels[1]
    assert page.locator(".middle .what").text_content() == page.locator(".arc").nth(1).get_attribute("data-what")
    page.keyboard.press("ArrowLeft")
    assert page.evaluate(focused) == labels[0]
    page.keyboard.press("End")
    assert page.evaluate(focused) == labels[-1]
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.matches('.arc')")


def test_the_sunburst_names_what_the_mouse_is_on(open_page: Any) -> None:
    page = open_page().page
    arc = page.locator(".arc").first
    at_rest = page.locator(".middle .what").text_content()
    arc.scroll_into_view_if_needed()
    ring, own = page.locator(".sunburst").first.bounding_box(), arc.locator("path").bounding_box()
    page.mouse.move(ring["x"] + ring["width"] / 2 + 4, own["y"] + 10)  # where the first begins
    assert page.locator(".middle .what").text_content() == arc.get_attribute("data-what")
    page.locator("h1").hover()
    assert page.locator(".middle .what").text_content() == at_rest


def test_a_bar_says_what_it_is_under_the_mouse(open_page: Any) -> None:
    page = open_page().page
    column = page.locator("#novelty .column").nth(4)
    column.hover()
    assert page.locator("#tip").text_content() == column.get_attribute("data-tip")
    page.locator("h1").hover()
    assert page.locator("#tip").is_hidden()


def test_everything_can_be_read_without_scripts(browser: Any, folders: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folders["one"] / "index.html").as_uri())
    assert page.locator(".sunburst .arc").count() > 0
    assert page.locator("#read article").count() > 0
    context.close()


def test_it_prints_on_light_paper_with_the_examples_unfolded(open_page: Any) -> None:
    page = open_page(scheme="dark").page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(253, 253, 252)"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".reason:not([open])").count() == 0
    assert page.pdf().startswith(b"%PDF")
