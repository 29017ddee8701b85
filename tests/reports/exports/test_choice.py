"""Which rows an export has: what judge and verifiers said of them, the best, and the baselines to compare those with."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.command import Command, assert_refused
from support.written import ITEMS_PER_REQUEST, write_run

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, StoredTask, TaskId
from self_instruct.records.judgements import JUDGING, Answer, Vote
from self_instruct.records.tasks import Flag, Verdict, flags_verdict
from self_instruct.reports import Choice, ExportError, Selection
from self_instruct.reports.exports.selection import select

NUMBERED = "one two three four five six seven eight nine ten eleven twelve".split()  # noqa: SIM905
TOLD = [f"{word} {word[::-1]} question of {word}s" for word in NUMBERED]
ALIKE = "Write a note to your neighbour about the hedge"


def task(number: int) -> TaskId:
    return TaskId(number // ITEMS_PER_REQUEST, number % ITEMS_PER_REQUEST * 40)


def vote(score: int, right: Answer = Answer.YES) -> dict[str, str | int]:
    return Vote(Answer.YES, Answer.YES, right, score, "because").answers()


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[Ledger]:
    """Twelve tasks of two instances; of each, the first has the score number % 6 and an output that is right from 6 on."""
    with write_run(tmp_path / "judged", TOLD, judging={"enabled": True}) as ledger:
        with ledger.transaction():
            for number in range(12):
                said = vote(number % 6, Answer.YES if number >= 6 else Answer.NO)
                ledger.add_verdicts(task(number), [Verdict(JUDGING, 0, said)])
            ledger.add_verdicts(task(2), [flags_verdict(1, [Flag("link", "http://")])])
            ledger.add_verdicts(task(3), [flags_verdict(0, [Flag("cut_off", "and then")])])
        yield ledger


def rows(ledger: Ledger, choice: Choice, **selection: int) -> list[tuple[str, str]]:
    chosen = select(ledger, RunPlan.of(ledger), Selection(choice=choice, **selection), with_seeds=False)
    return [(task.instruction, one.output) for task in chosen.tasks() for one in task.instances]


def firsts(*numbers: int) -> list[tuple[str, str]]:
    return [(TOLD[number], f"note {number}") for number in numbers]


def test_accepted_rows_are_those_of_the_runs_rule(judged: Ledger) -> None:
    assert rows(judged, Choice(accepted=True)) == firsts(9, 10, 11)


def test_a_score_is_a_floor_and_what_has_none_is_below_it(judged: Ledger) -> None:
    assert rows(judged, Choice(min_score=4)) == firsts(4, 5, 10, 11)
    assert len(rows(judged, Choice(min_score=0))) == 12


def test_rows_with_a_flag_are_left_out(judged: Ledger) -> None:
    assert len(rows(judged, Choice())) == 24
    without = rows(judged, Choice(flags=("link",)))
    assert len(without) == 23
    assert (TOLD[2], "out 2") not in without
    assert len(rows(judged, Choice(flags=("any",)))) == 22


def test_the_best_have_the_highest_scores_in_the_order_of_the_pool(judged: Ledger) -> None:
    assert rows(judged, Choice(best=4)) == firsts(4, 5, 10, 11)


def test_of_two_alike_the_best_take_the_second_when_all_others_are_taken(tmp_path: Path) -> None:
    told = [f"{ALIKE} today", f"{ALIKE} tomorrow", "Name three rivers of Asia"]
    with write_run(tmp_path / "run", told, judging={"enabled": True}) as ledger:
        with ledger.transaction():
            for number, score in enumerate((5, 5, 1)):
                ledger.add_verdicts(task(number), [Verdict(JUDGING, 0, vote(score))])
        two = {instruction for instruction, _ in rows(ledger, Choice(min_score=0, best=2))}
        assert told[2] in two
        assert len(two) == 2
        assert len(rows(ledger, Choice(min_score=0, best=3))) == 3


def test_baselines_need_no_judge_and_have_the_size_asked_for(tmp_path: Path) -> None:
    with write_run(tmp_path / "run", TOLD) as ledger:
        assert rows(ledger, Choice(longest=2)) == firsts(10, 11)
        drawn = rows(ledger, Choice(random=7))
        assert len(drawn) == 7
        assert drawn == rows(ledger, Choice(random=7))
        assert drawn != rows(ledger, Choice(random=7), seed=5)
        assert set(drawn) < set(rows(ledger, Choice(random=9)))


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"best": 0}, "`best` 0"),
        ({"best": 3, "random": 3}, "choose one"),
        ({"random": 100}, "only 24 rows"),
        ({"flags": ("nonsense",)}, "no rule has that name"),
        ({"accepted": True}, "run judge first"),
    ],
)
def test_what_cannot_be_chosen_is_said(tmp_path: Path, choice: dict[str, int], words: str) -> None:
    with write_run(tmp_path / "run", TOLD) as ledger, pytest.raises(ExportError, match=words):
        rows(ledger, Choice(**choice))  # type: ignore[arg-type]


def test_the_card_says_how_rows_were_chosen_and_its_command_makes_them_again(
    command: Command, judged: Ledger, tmp_path: Path
) -> None:
    run, options = judged.path.parent, ("--format", "alpaca", "--card", "--min-score", 2, "--flags", "cut_off", "--best", 3)
    assert command("export", run, *options, "--out", tmp_path / "a").code == 0
    card = (tmp_path / "a" / "README.md").read_text()
    assert "**Rows chosen:** of what the run has, only rows with a judge's score of 2 or more; no row with a flag" in card
    [said] = [line for line in card.splitlines() if line.startswith("self-instruct export RUN ")]
    assert command("export", run, *said.split()[3:], "--out", tmp_path / "b").code == 0
    assert (tmp_path / "a" / "train.json").read_bytes() == (tmp_path / "b" / "train.json").read_bytes()
    assert len(json.loads((tmp_path / "a" / "train.json").read_text())) == 3


def test_an_export_without_a_row_is_refused_or_warned_of(command: Command, judged: Ledger, tmp_path: Path) -> None:
    run = judged.path.parent
    assert_refused(command("export", run, "--format", "alpaca", "--min-score", 5.5), "no row of this run is left")
    assert_refused(command("export", run, "--format", "self-instruct", "--best", 2), "has no place for --best")
    with write_run(tmp_path / "empty", ()) as ledger, ledger.transaction():
        ledger.add_task(StoredTask(task(0), TOLD[0], None, None))
    done = command("export", tmp_path / "empty", "--format", "self-instruct", "--out", tmp_path / "out")
    assert (done.code, "0 rows" in done.out) == (0, True)
    assert done.err.startswith("warning: no row is of ")
