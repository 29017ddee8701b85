"""An answer in three readings."""

import pytest

from self_instruct.evaluation.readings import Reading, read


@pytest.mark.parametrize(
    ("answer", "cut", "first_line"),
    [
        (" Paris\n\nInput: Rome", "Paris", "Paris"),
        ("\n\nParis \nand more\n \nelse", "Paris \nand more", "Paris"),
        ("one\nTask: next", "one", "one"),
        ("one\nTasks: next", "one\nTasks: next", "one"),
        ("Output: one\ntwo", "Output: one\ntwo", "Output: one"),
        ("", "", ""),
    ],
)
def test_an_answer_is_cut_where_the_task_ends(answer: str, cut: str, first_line: str) -> None:
    assert [read(answer, each) for each in (Reading.RAW, Reading.CUT, Reading.FIRST_LINE)] == [answer, cut, first_line]
