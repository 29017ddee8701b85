"""What each condition of an experiment trains on, from one small run."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from self_instruct import SelfInstruct
from self_instruct.experiment.conditions import NAMES, Condition, conditions, exchanged
from self_instruct.records.errors import InputError
from self_instruct.reports.loaded_run import load_run
from self_instruct.training.rows import Parts, Row

JUDGED = ("best", "accepted")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    SelfInstruct("offline", num_instructions=16).run(folder)
    return folder


@pytest.fixture(scope="module")
def made(run: Path) -> dict[str, Condition]:
    with load_run(run) as loaded:
        return {one.name: one for one in conditions(loaded, [name for name in NAMES if name not in JUDGED], {})}


def instructions(rows: tuple[Row, ...]) -> set[str]:
    return {row.instruction for row in rows if isinstance(row, Parts)}


def test_both_are_the_seeds_and_what_was_generated(made: dict[str, Condition]) -> None:
    assert made["both"].rows == made["seeds"].rows + made["generated"].rows
    assert len(instructions(made["seeds"].rows)) == 175
    assert made["both"].instructions == len(instructions(made["generated"].rows)) > 0
    assert made["vanilla"].rows == ()


def test_a_smaller_part_is_within_a_larger_one(made: dict[str, Condition]) -> None:
    parts = [set(made[name].rows) for name in ("seeds", "eighth", "quarter", "half", "both")]
    assert all(smaller < larger for smaller, larger in pairwise(parts))


def test_chosen_rows_are_half_of_the_generated_ones(made: dict[str, Condition]) -> None:
    half = len(made["generated"].rows) // 2
    for name in ("random", "longest"):
        chosen = made[name].rows[len(made["seeds"].rows) :]
        assert len(chosen) == half
        assert set(chosen) <= set(made["generated"].rows)
    lengths = sorted((len(row.output) for row in made["generated"].rows if isinstance(row, Parts)), reverse=True)
    longest = made["longest"].rows[len(made["seeds"].rows) :]
    assert sum(len(row.output) for row in longest if isinstance(row, Parts)) == sum(lengths[:half])


def test_exchanging_moves_outputs_within_their_kind_alone() -> None:
    kinds = [place % 2 == 0 for place in range(40)]
    rows = [
        Parts(f"Task {place}", "x" if place % 3 else "", f"{kinds[place]} {bool(place % 3)} {place}") for place in range(40)
    ]
    moved = exchanged(rows, kinds, seed=0)
    assert Counter(row.output for row in moved) == Counter(row.output for row in rows)
    assert [(row.instruction, row.input) for row in moved] == [(row.instruction, row.input) for row in rows]
    assert all(old.output != new.output for old, new in zip(rows, moved, strict=True))
    assert all(old.output.rsplit(" ", 1)[0] == new.output.rsplit(" ", 1)[0] for old, new in zip(rows, moved, strict=True))


def test_what_rests_on_a_judge_needs_one(run: Path) -> None:
    with load_run(run) as loaded, pytest.raises(InputError, match="rest on a judge"):
        list(conditions(loaded, ["accepted"], {}))


def test_a_name_that_is_none_is_refused(run: Path, tmp_path: Path) -> None:
    with load_run(run) as loaded:
        with pytest.raises(InputError, match="`conditions` most: there is no such condition; choose from vanilla"):
            list(conditions(loaded, ["most"], {}))
        with pytest.raises(InputError, match="`rows` seeds: is the name of a condition"):
            list(conditions(loaded, [], {"seeds": tmp_path}))
