"""What tasks are about and in which languages, without a model."""

import pytest

from self_instruct.ledger import TaskId
from self_instruct.records.tasks import Instance, SeedTask
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.analysis.languages import languages
from self_instruct.reports.analysis.topics import topics
from self_instruct.reports.review.concerns import NO_TOPIC
from self_instruct.retrievers.taxonomy import topic_of


@pytest.mark.parametrize(
    ("instruction", "rest", "topic"),
    [
        ("Suggest a RECIPE with two vegetables.", "", "food"),
        ("Say how one gets well.", "The doctor looks at the patient.", "health"),
        ("Say how one gets well.", "Ask a doctor.", ""),  # a single word outside the instruction
        ("Write a sentence about a whale.", "", "nature"),  # of equal ones the first
        ("Do what I said.", "", ""),
        ("Explain recipients and seashells.", "", ""),  # whole words
    ],
)
def test_a_task_has_the_topic_of_most_of_its_words(instruction: str, rest: str, topic: str) -> None:
    assert topic_of(instruction, Instance(rest, ""))[0] == topic


def task(number: int, instruction: str, output: str = "x") -> KeptTask:
    return KeptTask(TaskId(number, 0), instruction, False, (Instance("", output),))


def test_topics_are_shares_beside_those_of_the_seeds() -> None:
    seeds = [SeedTask("a", "a", "Bake a cake.", (Instance("", "x"),), is_classification=False)]
    rows = {one.topic: one for one in topics([task(0, "Bake bread."), task(1, "Sing a song."), task(2, "Go on.")], seeds)}
    food = rows["food"]
    assert (food.tasks, food.all_tasks, food.seeds, food.all_seeds, food.words) == (1, 3, 1, 1, ("bake", "bread"))
    assert rows["arts"].tasks == rows[NO_TOPIC].tasks == 1
    assert list(rows)[-1] == NO_TOPIC


def test_languages_are_told_of_instructions_and_of_outputs() -> None:
    german = "Das ist ein Satz, den man nicht auf Englisch lesen kann."
    rows = languages([task(0, german), task(1, "Say it in one of the languages that you know.", german), task(2, "Oui")])
    counts = [(one.language, *one.counts) for one in rows]
    assert counts == [("German", 1, 1), ("English", 1, 0), ("not told", 1, 2)]
    assert (rows[0].all_instructions, rows[0].all_outputs) == (3, 3)
