"""The page without a browser: what it shows of runs in every state, and how figures are written."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from support.scripted import plan
from support.written import instructions, write_run

from self_instruct.ledger import Ledger, StoredTask, TaskId
from self_instruct.records.judgements import JUDGING, Answer, Concern, Vote
from self_instruct.records.tasks import Instance, Verdict
from self_instruct.reports import report_on, run_report, write_report
from self_instruct.reports.analysis.verb_nouns import verb_nouns
from self_instruct.reports.page.page import page
from self_instruct.reports.page.svg import Bar, histogram
from self_instruct.reports.page.verb_arcs import arcs
from self_instruct.reports.text import difference, readable
from self_instruct.reports.writing import ExportError

FILES = {
    "index.html", "report.json", "verbs-and-objects.png", "similarity-to-seeds.png", "novelty-and-quality.png", "lengths.png",
    "acceptance.png",
}  # fmt: skip
MOST_BYTES = 3_000_000


class Reader(HTMLParser):
    """Reads what a person sees, and the tags it comes in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def words_of(html: str) -> str:
    return " ".join(Reader(html).text.split())


def test_a_run_in_progress_says_so_with_what_is_there(run: Ledger) -> None:
    said = words_of(page([run_report(run)]))
    assert "This run is in progress: 6 of 100 tasks are kept. 2 of them wait for a reply of the model." in said
    assert "Dear neighbour, your hedge ..." in said
    assert "nearestWrite a letter to a neighbour.score0.750" in said.replace(" nearest", "nearest")


def test_a_run_that_somebody_left_is_not_in_progress(run: Ledger, tmp_path: Path) -> None:
    run.close()
    said = words_of(page(report_on([tmp_path / "run"])))
    assert "This run stopped before its end: 6 of 100 tasks are kept. 2 of them wait for a reply of the model." in said
    assert "in progress" not in said


def test_an_empty_run_has_a_clear_page(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "new", plan(num_instructions=None).facts()) as ledger:
        said = words_of(page([run_report(ledger)]))
    assert "This run has kept no task yet" in said
    assert "No instruction request is decided yet." in said
    assert "Nothing was refused." in said


def test_a_run_without_instances_has_a_clear_page(tmp_path: Path) -> None:
    with Ledger.create(tmp_path / "new", plan(num_instructions=1).facts()) as ledger:
        with ledger.transaction():
            ledger.add_task(StoredTask(TaskId(0, 0), "Write a poem.", False, None))
        said = words_of(page([run_report(ledger)]))
    assert "No task of this run has an instance." in said
    assert "No task has instances yet." in said
    assert "No classification task has instances." in said


def test_what_a_model_wrote_is_escaped_everywhere(run: Ledger) -> None:
    evil = "</script><script>alert(1)</script><b onclick='x'>\"{{ 1 }}"
    found = run_report(run, ["Write a letter"])
    before = Reader(page([found]))
    with run.transaction():
        run.add_task(StoredTask(TaskId(7, 0), f"Write a {evil} letter.", True, None))
        run.add_instances(TaskId(7, 0), [Instance(evil, evil)])
    html = page([replace(run_report(run, [evil]), name=evil, models=(evil,))])
    assert html.count("<script>") == 1
    assert "onclick='x'>" not in re.sub("&#39;x&#39;&gt;", "", html)
    assert Reader(html).tags.count("b") == before.tags.count("b") == 0


def test_control_characters_do_not_reach_the_page(run: Ledger) -> None:
    with run.transaction():
        run.add_task(StoredTask(TaskId(7, 0), "Write \x00\x1b[31m a letter.", False, None))
        run.add_instances(TaskId(7, 0), [Instance("", "a\x07b")])
    assert not re.search(r"[\x00-\x08\x0b-\x1f]", page([run_report(run)]))


def test_two_runs_stand_side_by_side_with_what_differs(make_run: Callable[..., Ledger]) -> None:
    left, right = make_run("left"), make_run("right", seed=7)
    with right.transaction():
        right.add_task(StoredTask(TaskId(9, 0), "Write a poem.", None, None))
    html = page([run_report(left), run_report(right)]).replace("\u00a0", " ")
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html)
    cells = {row[0]: row[1:] for row in (re.findall(r">([^<]*)</t[hd]>", row) for row in rows) if row}
    assert cells["of unknown kind"][:3] == ["33.3 %", "42.9 %", "+9.5 points"]
    assert cells["seed"] == ["0", "7"]
    assert "novelty.threshold" not in cells
    assert html.count('<svg class="sunburst"') == 2


def test_the_page_names_no_address_but_its_own_anchors(run: Ledger) -> None:
    html = page([run_report(run)])
    assert re.findall(r"(?:src|href)=\"(?!#|data:,)[^\"]*", html) == []
    assert "default-src 'none'" in html


def test_the_statement_of_a_judged_run_is_on_its_page_as_an_opinion(tmp_path: Path) -> None:
    with write_run(tmp_path / "run", instructions(4), [Instance("", "Dear neighbour")], judging={"enabled": True}) as ledger:
        assert "How good it is" not in page([run_report(ledger)])
        with ledger.transaction():
            for number, task in enumerate(list(ledger.tasks())):
                right, concerns = (Answer.NO, (Concern.TOO_SIMPLE,)) if number == 3 else (Answer.YES, ())
                vote = Vote(Answer.YES, Answer.YES, right, 4, "<b>so</b>", concerns)
                ledger.add_verdicts(task.id, [Verdict(JUDGING, 0, vote.answers())])
        found = run_report(ledger)
    said = words_of(page([found]))
    assert "output correct75 %30 to 95 %only the judge's opinion58 %" in said
    assert "4 instances: none marked by people, 4 judged" in said
    assert "A model’s opinion is no measure of quality" in said
    assert "Too simple, to the judge: “Write a note of 3 words to neighbour 3.”" in said
    assert "The judge: <b>so</b>" in said  # escaped
    assert "The same by topic, the most first" in said
    assert json.loads(found.to_json())["quality"]["concerns"]["examples"]["harmful"] == []
    both = words_of(page([found, replace(found, name="other", quality=None)]))
    assert "Neither a judge nor a person has looked at this run." in both


def test_topics_stand_beside_the_seeds_and_languages_are_told(run: Ledger) -> None:
    found = run_report(run)
    said = words_of(page([found]))
    assert "Topics and languages" in said
    assert {one.language for one in found.languages} == {"Chinese", "English", "not told"}
    assert sum(one.tasks for one in found.topics) == found.statistics.instructions


def test_the_growth_of_diversity_is_a_curve_with_its_figures(tmp_path: Path) -> None:
    with write_run(tmp_path / "run", [f"Name a river number {number}." for number in range(20)], [Instance("", "x")]) as ledger:
        found = run_report(ledger)
    assert [part.new for part in found.texture.drawn_growth[:2]] == [4, 1]  # "river number 0", then "number 1"
    html = page([found])
    assert 'aria-label="Share of word pairs that are new, over 20 instructions"' in html
    assert "instructions 2 to 2: 1 of 4 pairs of words are new" in html


def test_long_texts_are_cut_and_say_by_how_much() -> None:
    assert readable("x" * 30, 10) == "x" * 10 + " … (20 more characters)"


def test_figures_are_written_as_they_are_read() -> None:
    assert difference(0.218, 0.19, 3) == "−0.028"


def test_arcs_fill_the_circle_and_objects_lie_within_their_verb() -> None:
    found = list(
        arcs(verb_nouns(["Write a poem."] * 3 + ["Write a song."] + [f"List {word}." for word in ("birds", "dogs", "cats")]))
    )
    verbs = [arc for arc in found if arc.ring == 1]
    assert (verbs[0].start, verbs[-1].end) == (0.0, 1.0)
    assert sum(arc.end - arc.start for arc in found if arc.ring == 2) == pytest.approx(1.0)
    assert [arc.said for arc in found][:3] == ["write: 4", "write poem: 3", "write song: 1"]


def test_objects_beyond_the_fourth_are_put_together() -> None:
    instructions = [f"Write a {noun}." for noun in ("poem", "song", "story", "letter", "speech", "novel")]
    rest = list(arcs(verb_nouns(instructions)))[-1]
    assert (rest.noun, rest.count, rest.said) == ("", 2, "write (any other object): 2")


def test_a_histogram_has_a_bar_for_each_bin_and_a_round_scale() -> None:
    drawn = histogram([Bar(37, "<a>"), Bar(0, "b")], 'a "summary"', "axis")
    assert drawn.count('class="bar"') == 2
    assert "&lt;a&gt;" in drawn
    assert ">40</text>" in drawn


def test_the_folder_holds_page_tables_and_figures(finished_run: Path, tmp_path: Path) -> None:
    write_report(report_on([finished_run]), tmp_path / "out")
    assert {file.name for file in (tmp_path / "out").iterdir()} == FILES
    for name in FILES:
        content = (tmp_path / "out" / name).read_bytes()
        assert not name.endswith(".png") or content.startswith(b"\x89PNG")
    assert len((tmp_path / "out" / "index.html").read_bytes()) < MOST_BYTES
    [fields] = json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))["runs"]
    assert fields["statistics"]["instructions"] == 6


def test_the_same_run_gives_the_same_files(finished_run: Path, tmp_path: Path) -> None:
    for name in ("first", "again"):
        write_report(report_on([finished_run]), tmp_path / name)
    for name in FILES:
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "again" / name).read_bytes(), name


def test_an_earlier_report_is_replaced_and_nothing_else(finished_run: Path, tmp_path: Path) -> None:
    reports = report_on([finished_run])
    write_report(reports, tmp_path / "out")
    write_report(reports, tmp_path / "out")
    with pytest.raises(ExportError, match=r"ledger\.sqlite"):
        write_report(reports, finished_run)


def test_runs_of_the_same_name_are_numbered_and_no_path_is_shown(finished_run: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / finished_run.name
    other.mkdir(parents=True)
    (other / "ledger.sqlite").write_bytes((finished_run / "ledger.sqlite").read_bytes())
    assert [report.name for report in report_on([finished_run, other])] == [f"{other.name} (1)", f"{other.name} (2)"]


def test_two_runs_have_the_same_bins_of_lengths(tmp_path: Path) -> None:
    for name, words in (("short", 3), ("long", 90)):
        write_run(tmp_path / name, instructions(5), [Instance("", "word " * words)]).close()
    short, long = report_on([tmp_path / "short", tmp_path / "long"])
    assert [(row.text, row.least) for row in short.lengths] == [(row.text, row.least) for row in long.lengths]
    [alone] = report_on([tmp_path / "short"])
    assert [row.least for row in alone.lengths if row.text == "output"][:3] == [1, 2, 3]


def test_a_report_names_no_place_of_the_machine(make_run: Callable[..., Ledger]) -> None:
    ledger = make_run(
        seeds="/home/somebody/seeds.jsonl", base_url="http://10.0.0.7:8000/v1", model="transformers:/home/somebody/tuned",
        model_options={"cache_dir": "/home/somebody/cache"},
    )  # fmt: skip
    report = run_report(ledger)
    for text in (page([report]), report.to_json()):
        assert "/home/somebody" not in text
        assert "10.0.0.7" not in text
        assert "seeds.jsonl" in text
        assert "transformers:tuned" in text
