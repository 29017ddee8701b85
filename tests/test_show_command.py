"""The command `show`: rows of a run as a person reads them."""

from pathlib import Path

import pytest
from support.command import Command, assert_refused
from support.written import instructions, write_run

from self_instruct.ledger import Ledger, TaskId
from self_instruct.records.judgements import JUDGING, Answer, Concern, Vote
from self_instruct.records.tasks import Flag, Instance, Rejection, Verdict, flags_verdict


@pytest.fixture
def run(tmp_path: Path) -> Path:
    with write_run(tmp_path / "run", instructions(30)) as ledger:
        _say(ledger)
    return tmp_path / "run"


def _say(ledger: Ledger) -> None:
    with ledger.transaction():
        said = Vote(Answer.YES, Answer.YES, Answer.NO, 2, "no", (Concern.UNCLEAR,)).answers()
        ledger.add_verdicts(TaskId(0, 0), [flags_verdict(1, [Flag("link", "http")]), Verdict(JUDGING, 1, said)])
        near: dict[str, str | float] = {"nearest": "Write a note.", "score": 0.75}
        ledger.add_rejections(0, [(0, Rejection("instructions", "too similar", "Write a \x1b[2Jnote!", 7, near))])


def test_it_shows_the_first_rows_and_says_how_many_there_are(command: Command, run: Path) -> None:
    done = command("show", run)
    assert done.code == 0
    assert done.out.count("instruction: ") == 20
    assert done.out.endswith("20 of 60 rows; --random N draws others, --grep TEXT looks for some\n")
    assert (
        "0:0  classification  link  judging: score 2  judging: unclear\n  instruction: Write a note of 0 words to neighbour 0."
        in done.out
    )


def test_it_looks_for_a_text_in_any_case_in_any_field(command: Command, run: Path) -> None:
    out = command("show", run, "--grep", "NOTE 17").out
    assert out.endswith("\n1 row\n")
    assert "output: note 17\n" in out
    assert command("show", run, "--grep", "nowhere").out.endswith("no row\n")


def test_rows_are_drawn_by_the_runs_seed(command: Command, run: Path) -> None:
    drawn = command("show", run, "--random", 5).out
    assert drawn.count("instruction: ") == 5
    assert drawn == command("show", run, "--random", 5).out
    assert drawn.split("\n")[:5] != command("show", run).out.split("\n")[:5]


def test_it_shows_what_was_refused_with_the_evidence_and_commands_no_terminal(command: Command, run: Path) -> None:
    out = command("show", run, "--refused", "too similar").out
    assert "0:7  instructions  too similar\n  refused: Write a \ufffd[2Jnote!" in out
    assert "nearest: Write a note." in out
    assert "score: 0.750" in out


def test_another_reason_is_one_line_that_names_those_there_are(command: Command, run: Path) -> None:
    assert_refused(command("show", run, "--refused", "ugly"), "the reasons are 'too similar'")


def test_a_long_text_is_cut_and_the_rest_counted(command: Command, tmp_path: Path) -> None:
    write_run(tmp_path / "long", ["Say it at length."], [Instance("", "x" * 5_000)]).close()
    assert "(3,000 more characters)" in " ".join(command("show", tmp_path / "long").out.split())
