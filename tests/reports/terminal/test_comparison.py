"""Two runs over the same replies: what changed, and for which reason."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from rich.console import Console
from support.scripted import plan

from self_instruct.chains.runs.importing import import_batch
from self_instruct.chains.runs.replaying import replay
from self_instruct.ledger import Ledger, Progress, RequestId, StoredTask, TaskId
from self_instruct.records.tasks import Instance, Reason, Rejection, StageName
from self_instruct.reports import Comparison, compare
from self_instruct.reports.analysis.comparison import Change, Otherwise
from self_instruct.reports.terminal.comparison import comparison_tables
from self_instruct.settings.layers import Layer

ONE, TWO, THREE = TaskId(0, 0), TaskId(0, 40), TaskId(1, 0)


def rejection(stage: StageName, reason: Reason, task: TaskId, text: str = "text", **evidence: str | float) -> Rejection:
    return Rejection(stage, reason, text, task.item, evidence)


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Ledger, Ledger]:
    """Two runs in which everything up to request 2 is decided, and task ONE is kept."""
    runs = []
    for name in ("before", "after"):
        ledger = Ledger.create(tmp_path / name, plan().facts())
        ledger.set_progress(Progress(2, 0, 0, 0))
        keep(ledger, ONE)
        runs.append(ledger)
    return runs[0], runs[1]


def keep(ledger: Ledger, task: TaskId, *instances: Instance, awaits: StageName | None = None) -> None:
    waiting = RequestId(awaits, task.request, task.item) if awaits else None
    kept = StoredTask(task, f"task {task.request}:{task.item}", False, waiting)
    if task in {known.id for known in ledger.tasks()}:
        ledger.update_task(kept)
    else:
        ledger.add_task(kept)
    ledger.add_instances(task, instances)


def refuse(ledger: Ledger, request: int, *rejections: Rejection) -> None:
    ledger.add_rejections(request, enumerate(rejections))


def counts(changes: Sequence[Change]) -> list[tuple[str, int]]:
    return [(str(each.why), each.count) for each in changes]


def total(changes: Sequence[Change]) -> int:
    return sum(each.count for each in changes)


def test_equal_runs_differ_in_nothing(make_run: Callable[..., Ledger]) -> None:
    found = compare(make_run("before"), make_run("after"))
    assert (found.kept_before, found.kept_after, found.kept_in_both) == (6, 6, 6)
    assert (found.instances_before, found.instances_after) == (9, 9)
    assert found.newly_kept == found.newly_refused == found.instances_gained == found.instances_lost == ()
    assert found.unanswered == {StageName.CLASSIFICATION: 1, StageName.INSTANCES: 1}


def test_a_task_newly_kept_says_why_it_had_been_refused(pair: tuple[Ledger, Ledger]) -> None:
    before, after = pair
    refuse(before, 0, rejection(StageName.INSTRUCTIONS, Reason.TOO_SIMILAR, TWO, nearest="task one", score=0.7))
    keep(after, TWO, awaits=StageName.CLASSIFICATION)
    found = compare(before, after)
    assert counts(found.newly_kept) == [("too similar", 1)]
    assert found.newly_kept[0].examples[0].text == "task 0:40"
    assert found.newly_kept[0].examples[0].evidence == {"nearest": "task one", "score": 0.7}
    assert found.unanswered == {StageName.CLASSIFICATION: 1}


def test_a_task_newly_refused_says_why(pair: tuple[Ledger, Ledger]) -> None:
    before, after = pair
    keep(before, TWO, Instance("a", "b"))
    refuse(after, 0, rejection(StageName.INSTRUCTIONS, Reason.BANNED_WORD, TWO, word="file"))
    found = compare(before, after)
    assert counts(found.newly_refused) == [("banned word", 1)]
    assert counts(found.instances_lost) == [("of a task newly refused", 1)]


def test_a_reply_refused_whole_explains_all_its_tasks(pair: tuple[Ledger, Ledger]) -> None:
    before, after = pair
    refuse(before, 1, rejection(StageName.INSTRUCTIONS, Reason.CUT_OFF, THREE, "1. Name a river.\n" * 5))
    keep(after, THREE)
    keep(after, TaskId(1, 50))
    assert counts(compare(before, after).newly_kept) == [("cut off", 2)]


def test_a_first_item_refused_by_a_rule_explains_no_other(pair: tuple[Ledger, Ledger]) -> None:
    before, after = pair
    refuse(before, 1, rejection(StageName.INSTRUCTIONS, Reason.TOO_SHORT, THREE))
    keep(after, TaskId(1, 50))
    assert counts(compare(before, after).newly_kept) == [(Otherwise.NOT_READ, 1)]


def test_a_task_of_a_reply_that_was_not_reached_is_not_called_refused(pair: tuple[Ledger, Ledger]) -> None:
    before, after = pair
    keep(after, TaskId(2, 0))
    assert counts(compare(before, after).newly_kept) == [(Otherwise.NOT_REACHED, 1)]


def test_instances_of_a_task_in_both_are_matched_with_their_rejections(pair: tuple[Ledger, Ledger]) -> None:
    before, after = pair
    both = Instance("same", "same in both")
    keep(before, ONE, both, Instance("x", "a whole sentence."))
    keep(after, ONE, both, Instance("y", "cut here"), Instance("z", "read anew"))
    refuse(before, 0, rejection(StageName.INSTANCES, Reason.CUT_OFF, ONE, "Input: y\nOutput: cut here"))
    refuse(after, 0, rejection(StageName.INSTANCES, Reason.NOT_A_LABEL, ONE, "a whole sentence.", input="x"))
    found = compare(before, after)
    assert counts(found.instances_gained) == [("cut off", 1), (Otherwise.NOT_READ, 1)]
    assert counts(found.instances_lost) == [("not a class label", 1)]


@pytest.mark.parametrize(
    ("refused", "lost"),
    [
        ("Input: 3 + 4, then add 10\nOutput: 17", Instance("3 + 4", "7")),
        ("Input: Is it wet?\nOutput: The answer is yes, surely", Instance("Is it wet?", "yes")),
        ("Input: another\nOutput: yes", Instance("Is it wet?", "yes")),
    ],
)
def test_an_output_that_only_occurs_in_a_refused_text_is_not_the_instance_that_was_refused(
    pair: tuple[Ledger, Ledger], refused: str, lost: Instance
) -> None:
    before, after = pair
    keep(before, ONE, lost)
    keep(after, ONE)
    refuse(after, 0, rejection(StageName.INSTANCES, Reason.CUT_OFF, ONE, refused))
    assert counts(compare(before, after).instances_lost) == [(Otherwise.NOT_READ, 1)]


@pytest.mark.parametrize("form", ["published", "tolerant"])
@pytest.mark.parametrize("piece", ["Class label: yes\nIs it wet?", " yes\nIs it wet?"])
def test_a_label_is_found_again_in_the_piece_that_was_refused(tmp_path: Path, form: str, piece: str) -> None:
    with (
        Ledger.create(tmp_path / "before", plan(instances={"form": form}).facts()) as before,
        Ledger.create(tmp_path / "after", plan().facts()) as after,
    ):
        for ledger in (before, after):
            keep(ledger, ONE)
            ledger.update_task(StoredTask(ONE, "a task", True, None))
        before.add_instances(ONE, [Instance("Is it wet?", "yes"), Instance("Is it dry?", "yes")])
        refuse(after, 0, rejection(StageName.INSTANCES, Reason.CUT_OFF, ONE, piece))
        assert counts(compare(before, after).instances_lost) == [("cut off", 1), (Otherwise.NOT_READ, 1)]


def test_a_piece_of_a_reply_explains_no_task_behind_it(pair: tuple[Ledger, Ledger]) -> None:
    before, after = pair
    refuse(before, 1, rejection(StageName.INSTRUCTIONS, Reason.EMPTY, THREE, "1. \n"))
    keep(after, TaskId(1, 50))
    assert counts(compare(before, after).newly_kept) == [(Otherwise.NOT_READ, 1)]


def test_instances_of_a_task_that_is_unanswered_or_unclear_now_are_not_called_refused_by_a_rule(
    pair: tuple[Ledger, Ledger],
) -> None:
    before, after = pair
    keep(before, ONE, Instance("", "one"))
    keep(before, TWO, Instance("", "two"))
    keep(after, ONE, awaits=StageName.INSTANCES)
    keep(after, TWO)
    refuse(after, 0, rejection(StageName.CLASSIFICATION, Reason.NEITHER_YES_NOR_NO, TWO))
    assert counts(compare(before, after).instances_lost) == [(Otherwise.NOT_REACHED, 1), ("neither yes nor no", 1)]


def test_a_task_of_another_kind_is_counted(pair: tuple[Ledger, Ledger]) -> None:
    before, after = pair
    after.update_task(StoredTask(ONE, "task 0:0", True, None))
    assert compare(before, after).changed_kind == 1


def test_reasons_are_counted_in_full_and_shown_by_three_examples(pair: tuple[Ledger, Ledger]) -> None:
    before, after = pair
    tasks = [TaskId(1, item) for item in range(0, 200, 40)]
    for task in tasks:
        keep(after, task)
        refuse(before, 1, rejection(StageName.INSTRUCTIONS, Reason.BANNED_START, task))
    keep(after, TWO)
    changes = compare(before, after).newly_kept
    assert counts(changes) == [("banned start", 5), (Otherwise.NOT_READ, 1)]
    assert [example.text for example in changes[0].examples] == ["task 1:0", "task 1:40", "task 1:80"]


def shown(comparison: Comparison) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(comparison_tables(comparison))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_table_says_that_prompts_are_not_redrawn_and_fits_eighty_columns(pair: tuple[Ledger, Ledger]) -> None:
    before, after = pair
    nearest = "[bold]\x1b[31m" + "long " * 50
    refuse(before, 0, rejection(StageName.INSTRUCTIONS, Reason.TOO_SIMILAR, TWO, nearest=nearest, score=2 / 3))
    keep(after, TWO)
    said = shown(compare(before, after))
    assert "Prompts were not redrawn" in said
    assert "[bold]" in said
    assert "\x1b" not in said
    assert "0.67" in said
    assert max(map(len, said.splitlines())) <= 80


def test_the_recorded_run_is_compared_with_its_replay_under_modern_rules(reference: Path, tmp_path: Path) -> None:
    values = {"profile": "paper", "seeds": str(reference / "seed_tasks.jsonl")}
    import_batch(reference / "original-layout", tmp_path / "paper", Layer.said(values, "test"))
    with (
        Ledger.open(tmp_path / "paper", read_only=True) as before,
        replay(before, tmp_path / "modern", Layer({"profile": "modern"}, {"profile": "test"})) as after,
    ):
        found = compare(before, after)
    assert (found.kept_before, found.instances_before) == (186, 226)
    assert found.kept_after == 186 + total(found.newly_kept) - total(found.newly_refused)
    assert found.instances_after == 226 + total(found.instances_gained) - total(found.instances_lost)
