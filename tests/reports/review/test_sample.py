"""The sample that people are shown: from every stratum in its share, by the run's seed, each with the same weight."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.stages.task_kinds import TaskKind
from self_instruct.ledger import Ledger, TaskId
from self_instruct.records.errors import InputError
from self_instruct.records.judgements import Answer, Vote, judgement
from self_instruct.records.tasks import Instance
from self_instruct.reports.review.instances import ReviewedInstance
from self_instruct.reports.review.sample import draw_sample, known_samples

KINDS = [TaskKind.CODE] * 10 + [TaskKind.WRITING] * 30 + [TaskKind.OTHER] * 60


@pytest.fixture
def plan(finished_run: Path) -> RunPlan:
    with Ledger.open(finished_run, read_only=True) as ledger:
        return RunPlan.of(ledger)


@pytest.fixture
def instances() -> list[ReviewedInstance]:
    return [
        ReviewedInstance(TaskId(at, 0), 0, f"Task {at}", Instance("", str(at)), kind, flags=("link",) * (at % 2))
        for at, kind in enumerate(KINDS)
    ]


def test_every_stratum_is_there_in_its_share(plan: RunPlan, instances: list[ReviewedInstance]) -> None:
    sample = draw_sample(plan, instances, 20, 2)
    drawn = Counter(item.stratum for item in sample.items)
    for stratum, count in Counter(each.stratum for each in instances).items():
        assert abs(drawn[stratum] - count / 5) < 1, stratum
    assert len({item.name for item in sample.items}) == 20
    assert sum(item.weight for item in sample.items) == pytest.approx(len(instances))


def test_only_what_a_judge_has_looked_at_is_drawn_where_that_is_asked_for(
    plan: RunPlan, instances: list[ReviewedInstance]
) -> None:
    with pytest.raises(InputError, match="no judged instance to review yet; run judge first"):
        draw_sample(plan, instances, 5, 1, only_judged=True)
    vote = Vote(Answer.YES, Answer.YES, Answer.YES, 5, "Right.")
    some = [replace(each, judgement=judgement([vote])) if at % 4 == 0 else each for at, each in enumerate(instances)]
    sample = draw_sample(plan, some, 5, 1, only_judged=True)
    judged = {each.name for each in some if each.judgement}
    assert {item.name for item in sample.items} <= judged
    assert sum(item.weight for item in sample.items) == pytest.approx(len(instances))  # they stand for the whole run


def test_the_same_run_draws_the_same_sample_in_the_same_order(plan: RunPlan, instances: list[ReviewedInstance]) -> None:
    assert draw_sample(plan, instances, 20, 2) == draw_sample(plan, instances[::-1], 20, 2)
    assert [item.stratum for item in draw_sample(plan, instances, 50, 2).items] != sorted(
        each.stratum for each in instances[::2]
    )


def test_of_few_instances_all_are_drawn_and_of_none_there_is_no_sample(
    plan: RunPlan, instances: list[ReviewedInstance]
) -> None:
    sample = draw_sample(plan, instances[:7], 120, 1)
    assert sorted(item.name for item in sample.items) == sorted(each.name for each in instances[:7])
    assert {item.weight for item in sample.items} == {1.0}
    with pytest.raises(InputError, match="no finished instance"):
        draw_sample(plan, [], 5, 1)


def test_a_sample_is_kept_with_its_run(plan: RunPlan, instances: list[ReviewedInstance], finished_run: Path) -> None:
    one, two = (draw_sample(plan, instances, size, 2) for size in (10, 20))
    with Ledger.open(finished_run) as ledger:
        one.remember(ledger)
        two.remember(ledger)
        assert known_samples(ledger) == {one.id: one, two.id: two}
