"""What an export shows: sides that share no instruction, subsets that nest, and the same choice whatever came first."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.written import instructions, write_run

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.tasks import Instance
from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.reports.exports.selection import Selected, Selection, Split, read_held_out, select
from self_instruct.reports.writing import ExportError

LABELLED = [Instance(f"word {number}", label) for number, label in enumerate(["a", "b", "c", "a", "a", "b"])]
Writer = Callable[..., Ledger]


@pytest.fixture(scope="module")
def forty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """A run of forty tasks, which no test writes."""
    with write_run(tmp_path_factory.mktemp("forty") / "run", instructions(40)) as ledger:
        yield ledger


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Writer]:
    made: list[Ledger] = []

    def call(name: str, *arguments: object, **settings: object) -> Ledger:
        made.append(write_run(tmp_path / name, *arguments, **settings))  # type: ignore[arg-type]
        return made[-1]

    yield call
    for ledger in made:
        ledger.close()


def chosen(ledger: Ledger, selection: Selection, *, with_seeds: bool = False) -> Selected:
    return select(ledger, RunPlan.of(ledger), selection, with_seeds=with_seeds)


def names(tasks: Iterator[DatasetTask]) -> list[str]:
    return [task.instruction for task in tasks]


def sides(ledger: Ledger, selection: Selection) -> tuple[list[str], list[str]]:
    selected = chosen(ledger, selection)
    return names(selected.tasks(Split.TRAIN)), names(selected.tasks(Split.TEST))


def test_nothing_said_shows_all_on_one_side_in_the_order_of_the_pool(forty: Ledger) -> None:
    selected = chosen(forty, Selection())
    assert selected.splits == (Split.TRAIN,)
    assert names(selected.tasks()) == instructions(40)


@pytest.mark.parametrize(("held_out", "expected"), [(1, 1), (12, 12), (0.1, 4), (0.001, 1), (39, 39)])
def test_every_task_is_on_one_side(forty: Ledger, held_out: float, expected: int) -> None:
    train, test = sides(forty, Selection(held_out=held_out))
    assert len(test) == expected
    assert sorted(train + test) == sorted(instructions(40))


def test_instructions_that_differ_only_in_case_and_white_space_are_on_one_side(write: Writer) -> None:
    told = instructions(10)
    twins = [f"  {one.upper()}".replace(" ", "\t ") for one in told]
    ledger = write("twins", told + twins)
    for held_out in range(1, 10):
        train, test = sides(ledger, Selection(held_out=held_out))
        assert len(test) == 2 * held_out
        assert {" ".join(one.lower().split()) for one in train}.isdisjoint(" ".join(one.lower().split()) for one in test)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 3))
def test_a_smaller_subset_is_within_a_larger_one(forty: Ledger, one: int, other: int, seed: int) -> None:
    small, large = (
        names(chosen(forty, Selection(subset=size, seed=seed)).tasks()) for size in (min(one, other), max(one, other))
    )
    assert len(small) == min(one, other)
    assert set(small) <= set(large)


@given(st.integers(1, 30), st.integers(1, 10))
def test_a_subset_is_the_same_beside_a_held_out_side(forty: Ledger, subset: int, held_out: int) -> None:
    train, test = sides(forty, Selection(subset=subset, held_out=held_out))
    assert train == names(chosen(forty, Selection(subset=subset)).tasks())
    assert set(train).isdisjoint(test)
    assert len(test) == held_out


def test_the_choice_depends_on_no_order_of_arrival(forty: Ledger, write: Writer) -> None:
    backwards = write("backwards", instructions(40)[::-1])
    selection = Selection(held_out=0.2, subset=10)
    assert [sorted(side) for side in sides(backwards, selection)] == [sorted(side) for side in sides(forty, selection)]


def test_another_seed_chooses_otherwise_and_the_runs_own_is_the_default(forty: Ledger) -> None:
    assert sides(forty, Selection(held_out=10)) == sides(forty, Selection(held_out=10, seed=0))
    assert sides(forty, Selection(held_out=10)) != sides(forty, Selection(held_out=10, seed=1))


def test_a_seed_tasks_instruction_is_never_held_out(write: Writer) -> None:
    seed = RunPlan.of(write("other", [])).seeds[0].instruction
    ledger = write("run", [seed.upper(), *instructions(3)])
    train, test = sides(ledger, Selection(held_out=3))
    assert (train, sorted(test)) == ([seed.upper()], sorted(instructions(3)))


def test_seed_tasks_come_first_on_the_side_to_train_on_and_are_in_no_subset(forty: Ledger) -> None:
    selected = chosen(forty, Selection(seeds=True, held_out=5, subset=7))
    train = list(selected.tasks(Split.TRAIN))
    assert [task.is_seed for task in train] == [True] * 12 + [False] * 7
    assert not any(task.is_seed for task in selected.tasks(Split.TEST))


@pytest.mark.parametrize(
    ("said", "by_default", "shown"), [(None, True, 12), (None, False, 0), (True, False, 12), (False, True, 0)]
)
def test_a_format_has_seeds_by_default_or_not(forty: Ledger, said: bool | None, by_default: bool, shown: int) -> None:
    tasks = chosen(forty, Selection(seeds=said), with_seeds=by_default).tasks()
    assert sum(task.is_seed for task in tasks) == shown


def test_at_most_so_many_instances_also_of_a_task_with_more_labels(write: Writer) -> None:
    ledger = write("run", instructions(6), LABELLED)
    drawn = {
        most: [set(task.instances) for task in chosen(ledger, Selection(max_instances=most)).tasks()] for most in range(1, 9)
    }
    assert {most: [len(one) for one in tasks] for most, tasks in drawn.items()} == {most: [min(most, 6)] * 6 for most in drawn}
    for most in range(1, 8):
        assert all(small <= large for small, large in zip(drawn[most], drawn[most + 1], strict=True))


def test_the_first_of_each_label_comes_before_any_second(write: Writer) -> None:
    ledger = write("run", instructions(1), LABELLED)
    [task] = chosen(ledger, Selection(max_instances=3)).tasks()
    assert task.is_classification
    assert sorted(one.output for one in task.instances) == ["a", "b", "c"]


def test_as_many_as_the_runs_own_limit_is_the_draw_without_an_option(write: Writer) -> None:
    ledger = write("run", instructions(6), LABELLED)
    assert list(chosen(ledger, Selection(max_instances=5)).tasks()) == list(chosen(ledger, Selection()).tasks())


def test_an_unfinished_task_and_one_without_instances_are_never_chosen(run: Ledger) -> None:
    with_instances = {"Write a letter to a neighbour.", "Say whether the word is warm or cold."}
    train, test = sides(run, Selection(held_out=1))
    assert set(train + test) == with_instances
    with pytest.raises(ExportError, match=r"^`subset` 3: only 2 instructions with instances are left to take it from\.$"):
        chosen(run, Selection(subset=3))


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(held_out=40), "`held_out` 40: too much for a run of 40 instructions"),
        (Selection(held_out=400), "`held_out` 400: too much for a run of 40 instructions"),
        (Selection(subset=41), "`subset` 41: only 40 instructions"),
        (Selection(subset=40, held_out=1), "`subset` 40: only 39 instructions"),
    ],
)
def test_more_than_there_is_is_refused(forty: Ledger, selection: Selection, words: str) -> None:
    with pytest.raises(ExportError, match=f"^{words}"):
        chosen(forty, selection)


@pytest.mark.parametrize("options", [{"max_instances": 0}, {"subset": 0}, {"subset": -1}, {"held_out": 0}, {"held_out": 1.0}])
def test_a_number_that_cannot_be_meant_is_refused_by_its_name(options: dict[str, int]) -> None:
    [name] = options
    with pytest.raises(ExportError, match=f"^`{name}` "):
        Selection(**options)


@pytest.mark.parametrize("text", ["many", "0.1.2", "10%", ""])
def test_a_held_out_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ExportError, match=r"^`held_out` .*: expected"):
        read_held_out(text)
