"""Novelty against quality: each task where it belongs, by the judge's score or else by flags."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from self_instruct.chains.stages.task_kinds import TaskKind
from self_instruct.ledger import TaskId
from self_instruct.records.judgements import Answer, Judgement, Vote
from self_instruct.records.tasks import Instance
from self_instruct.reports.analysis.balance import MOST, Balance, BalanceCell, balance
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.page.charts import balance_chart, balance_sentence
from self_instruct.reports.review.instances import ReviewedInstance
from self_instruct.reports.seeds.overlap import nearest_before
from self_instruct.retrievers import rouge_l
from self_instruct.retrievers.draws import HashDraws

SEEDS = ["Name a river."]
TEXTS = ["Name a river in Asia.", "Write two lines about rain.", "Write two lines about snow."]


def judged(score: float) -> Judgement:
    return Judgement((Vote(Answer.YES, Answer.YES, Answer.YES, score, "Fine."),))


def reviewed(number: int, *, score: float | None = None, flags: int = 0, position: int = 0) -> ReviewedInstance:
    one = ReviewedInstance(TaskId(number, 0), position, TEXTS[number % 3], Instance("", "x"), TaskKind.OTHER)
    return replace(one, judgement=None if score is None else judged(score), flags=("placeholder",) * flags)


def found(instances: list[ReviewedInstance], texts: list[str] | None = None) -> Balance:
    tasks = [KeptTask(TaskId(number, 0), text, False) for number, text in enumerate(texts or TEXTS)]
    return balance(tasks, instances, SEEDS, HashDraws("balance"))


def test_a_task_stands_at_its_distance_to_the_pool_before_it_and_its_mean_score() -> None:
    scores = [reviewed(0, score=5), reviewed(1, score=3), reviewed(1, score=4, position=1), reviewed(2, score=1)]
    shown = found(scores)
    assert shown.cells == (
        BalanceCell(0.2, 0.25, 1.0, 1, TEXTS[2]),  # four of five words are those of the one before
        BalanceCell(0.25, 0.3, 5.0, 1, TEXTS[0]),  # three words in eight
        BalanceCell(1.0 - 0.05, 1.0, 3.5, 1, TEXTS[1]),
    )
    assert (shown.measure, shown.tasks, shown.whole, shown.median) == ("score", 3, 3, pytest.approx(0.25))
    assert (shown.nearer, shown.newer) == (1, (5 + 3.5) / 2)
    assert "Mean score: 4.25 in the newer half" in balance_sentence(shown)


def test_without_a_judge_it_stands_at_its_flags_and_many_are_one_level() -> None:
    shown = found([reviewed(0), reviewed(1, flags=7), reviewed(2, flags=2)])
    assert [(cell.level, cell.count) for cell in shown.cells] == [(2, 1), (0, 1), (3, 1)]
    assert "3 flags and more: 1 task, such as" in balance_chart(shown)
    assert "Flags an instance: " in balance_sentence(shown)


def test_of_a_run_that_is_partly_judged_only_what_was_judged_is_shown() -> None:
    shown = found([reviewed(0, score=2), reviewed(1), reviewed(2)])
    assert (shown.measure, shown.tasks) == ("score", 1)
    assert found([]) == Balance("flags", 0, 0, ())


def test_of_many_tasks_as_many_are_drawn_as_a_reader_needs() -> None:
    texts = [f"Task {number} asks for {number * 7 % 64}." for number in range(MOST + 50)]
    shown = found([reviewed(number, flags=number % 2) for number in range(len(texts))], texts)
    assert (shown.tasks, shown.whole) == (MOST, MOST + 50) == (sum(cell.count for cell in shown.cells), MOST + 50)
    assert "1,000 tasks of 1,050, drawn by the run’s seed" in balance_sentence(shown)


WORDS = st.lists(st.text("ab", min_size=1, max_size=2), max_size=5).map(" ".join)


@settings(max_examples=25)
@given(st.lists(WORDS, min_size=1, max_size=90), st.lists(WORDS, max_size=3), st.data())
def test_the_nearest_before_is_that_of_comparing_with_each(texts: list[str], pool: list[str], data: st.DataObject) -> None:
    places = sorted(data.draw(st.sets(st.integers(0, len(texts) - 1))))
    expected = [max((rouge_l(texts[at], other) for other in [*pool, *texts[:at]]), default=0.0) for at in places]
    assert list(nearest_before(texts, places, pool)) == pytest.approx(expected)
