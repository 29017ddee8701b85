"""The checks of a dataset: each fails where its fault is common, and not on the seeds that ship."""

from dataclasses import replace

import pytest

from self_instruct.chains.stages.copies import ShownTexts
from self_instruct.ledger import Ledger, TaskId
from self_instruct.records.tasks import Instance, Reason, StageName
from self_instruct.reports.analysis.checked_run import failing_checks
from self_instruct.reports.analysis.checks import FEWEST, Check, Checked, CheckName, checks, failing
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.seeds.loading import shipped_seeds


def task(number: int, *instances: tuple[str, str], kind: bool | None = False, instruction: str = "") -> KeptTask:
    own = tuple(Instance(*one) for one in instances) or (Instance("", f"Answer number {number}, in a sentence."),)
    return KeptTask(TaskId(0, number), instruction or f"Question number {number}, please.", kind, own)


SOUND = tuple(task(number, kind=number % 7 == 0) for number in range(40))


def found(name: CheckName, checked: Checked) -> Check:
    return next(check for check in checks(checked) if check.name is name)


FAULTY = {
    CheckName.REFUSED: Checked(SOUND, refused={(StageName.INSTRUCTIONS, Reason.TOO_SIMILAR): 90}, refused_text="Name a river."),
    CheckName.COPIES: Checked(
        tuple(task(number, ("", "The sky was red in the morning.")) for number in range(20)),
        demonstrated=ShownTexts(["The sky was red in the morning"]),
    ),
    CheckName.KINDS: Checked(tuple(replace(one, is_classification=True) for one in SOUND), seed_share=0.14),
    CheckName.MISFILED: Checked(
        tuple(task(number, kind=True, instruction=f"Write a story about the number {number}.") for number in range(20))
    ),
    CheckName.ONE_LABEL: Checked(
        tuple(task(number, ("a", f"label {number}"), ("b", f"Label {number}."), kind=True) for number in range(20))
    ),
    CheckName.COMMONEST_OUTPUT: Checked((*SOUND, *(task(number, ("", "Statement")) for number in range(50, 60)))),
    CheckName.SHARED_INPUTS: Checked(tuple(task(number, ("The same text.", f"{number}")) for number in range(20))),
    CheckName.LOOPS: Checked(tuple(task(number, ("", "and so on " * 20)) for number in range(20))),
}


@pytest.mark.parametrize("name", CheckName)
def test_a_check_fails_where_its_fault_is_common(name: CheckName) -> None:
    check = found(name, FAULTY[name])
    assert check.fails
    assert check.example
    assert check.sentence.startswith(f"{name}: ")
    assert check.remedy in check.sentence


@pytest.mark.parametrize("name", CheckName)
def test_a_check_passes_without_its_fault(name: CheckName) -> None:
    assert not found(name, Checked(SOUND, seed_share=0.14)).fails


def test_the_seeds_that_ship_pass_by_far() -> None:
    seeds = shipped_seeds()
    tasks = tuple(
        KeptTask(TaskId(0, place), seed.instruction, seed.is_classification, seed.instances) for place, seed in enumerate(seeds)
    )
    share = sum(seed.is_classification for seed in seeds) / len(seeds)
    for check in checks(Checked(tasks, seed_share=share)):
        assert check.share is None or check.share <= check.threshold / 2, check.sentence


def test_of_few_things_nothing_is_said() -> None:
    few = tuple(task(number, ("The same text.", "x")) for number in range(FEWEST - 1))
    assert failing(checks(Checked(few, seed_share=0.9))) == ()
    assert all(check.share is None for check in checks(Checked(())))


def test_labels_that_an_instruction_names_make_it_no_open_task() -> None:
    tasks = tuple(task(n, kind=True, instruction=f"Tell me whether number {n} is odd. Reply Yes/No.") for n in range(20))
    assert found(CheckName.MISFILED, Checked(tasks)).cases == 0


def test_those_that_fail_come_first() -> None:
    order = [check.fails for check in checks(FAULTY[CheckName.SHARED_INPUTS])]
    assert order == sorted(order, reverse=True)


def test_a_run_is_checked_from_its_ledger(run: Ledger) -> None:
    assert failing_checks(run) == ()
