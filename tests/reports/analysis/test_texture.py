"""What the texts of a dataset are like: counted where it is, and unknown where nobody counted."""

import pytest

from self_instruct.ledger import Ledger, RequestId, TaskId
from self_instruct.records.replies import Reply, Served, Usage
from self_instruct.records.tasks import Instance, StageName
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.analysis.texture import growth, texture


def task(number: int, instruction: str, output: str) -> KeptTask:
    return KeptTask(TaskId(0, number), instruction, False, (Instance("", output),))


TASKS = [
    task(0, "Write a short note to the neighbours", "Dear all,\nplease be quiet."),
    task(1, "Write a short note to the teachers", "- one\n- two"),
    task(2, "Sort numbers in Python", "```python\nprint(sorted([3, 1]))\n```"),
    task(3, "Name rivers", "1. Rhine\n2. Elbe"),
]


def test_code_lists_and_near_instructions_are_counted(run: Ledger) -> None:
    found = texture(run, TASKS)
    assert (found.outputs, found.code, found.lists) == (4, 1, 2)
    assert (found.instructions, found.near) == (4, 1)


def test_tokens_are_those_that_the_models_counted(run: Ledger) -> None:
    counted, words = 3 * 50 + 4 * 1 + 2 * 9, 3 * 2 + 4 * 1 + 4 + 5  # two replies that nobody counted are in neither
    assert texture(run, TASKS).tokens_per_word == pytest.approx(counted / words)


def test_time_is_how_long_any_request_was_under_way(run: Ledger) -> None:
    assert texture(run, TASKS).seconds is None
    for request, (begun, seconds) in enumerate([(100.0, 10.0), (105.0, 10.0), (500.0, 2.0)], start=20):
        served = Served(None, None, begun, seconds)
        run.store_reply(RequestId(StageName.INSTRUCTIONS, request), Reply("a b", "stop", Usage(1, 2), "m", served), prompt="p")
    assert texture(run, TASKS).seconds == pytest.approx(17)


def test_diversity_grows_less_where_words_come_again() -> None:
    parts = growth(["Name a river", "Name a lake", "Name a river", "Name a lake"])
    assert [(one.pairs, one.new) for one in parts] == [(2, 2), (2, 1), (2, 0), (2, 0)]
    assert growth(["Name a river"]) == ()
