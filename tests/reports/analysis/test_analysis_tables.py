"""The tables of a report, each on a few hand-made tasks whose figures can be checked in one's head."""

from collections.abc import Sequence
from random import Random

import pytest

from self_instruct.ledger import TaskId
from self_instruct.records.tasks import Instance, Reason, Rejection, StageName
from self_instruct.reports.analysis.kept_tasks import KeptTask
from self_instruct.reports.analysis.labels import LabelCount, label_balance
from self_instruct.reports.analysis.refusals import Acceptance, RefusalCounts, acceptance
from self_instruct.reports.analysis.similarity import NearPair, evaluation_overlap, nearest_kept, seed_similarity
from self_instruct.reports.analysis.statistics import Statistics, bin_words, length_histogram, statistics
from self_instruct.reports.analysis.verb_nouns import VerbNoun, verb_nouns


def task(instruction: str, *instances: tuple[str, str], kind: bool | None = False, request: int = 0, item: int = 0) -> KeptTask:
    return KeptTask(TaskId(request, item), instruction, kind, tuple(Instance(*each) for each in instances))


TASKS = [
    task("Say hello", ("", "Hello there"), ("to a friend", "Hi")),
    task("Is it warm or cold?", ("the sun", "warm"), kind=True),
    task("Do something with this", kind=None),
]


def test_the_papers_table_counts_tasks_instances_and_words() -> None:
    assert statistics(TASKS) == Statistics(
        instructions=3, classification=1, other=1, unknown=1, with_instances=2, instances=3, empty_input=1,
        mean_instruction_words=(2 + 5 + 4) / 3, mean_input_words=(3 + 2) / 2, mean_output_words=(2 + 1 + 1) / 3,
    )  # fmt: skip


def test_an_input_of_white_space_is_empty() -> None:
    found = statistics([task("Say hello", (" \n", "Hello"))])
    assert (found.empty_input, found.mean_input_words) == (1, None)


def test_nothing_has_no_means() -> None:
    found = statistics([])
    assert (found.instructions, found.mean_instruction_words, found.mean_input_words, found.mean_output_words) == (
        0,
        None,
        None,
        None,
    )


def test_lengths_fall_into_bins_that_fit_them() -> None:
    tasks = [task(" ".join("a" * 6), ("b " * 25, "c " * 500))]
    assert bin_words(tasks) == {"instruction": 1, "input": 2, "output": 50}
    found = {(each.text, each.least, each.most): each.count for each in length_histogram(tasks)}
    assert [key for key, count in found.items() if count] == [("instruction", 6, 6), ("input", 25, 26), ("output", 451, 500)]
    assert len(found) == 3 * 16


def test_bins_that_are_given_are_taken_and_the_last_holds_all_that_is_longer() -> None:
    found = length_histogram([task("a b", ("b", "c " * 500))], {"instruction": 5, "input": 10, "output": 20})
    assert [(each.text, each.least, each.most) for each in found if each.count] == [
        ("instruction", 1, 5), ("input", 1, 10), ("output", 301, None),
    ]  # fmt: skip


def test_verbs_are_ranked_and_show_their_commonest_objects() -> None:
    found = verb_nouns(
        ["Write a poem.", "Write a poem.", "Write a song.", "List birds.", "Write an essay.", "Explain why.", "Why?"],
        verbs=2,
        nouns=2,
    )
    assert (found.instructions, found.with_verb, found.with_noun) == (7, 6, 5)
    assert (found.distinct_verbs, found.distinct_pairs) == (3, 4)
    assert found.verbs == {"write": 4, "list": 1}
    assert found.pairs == (VerbNoun("write", "poem", 2), VerbNoun("write", "essay", 1), VerbNoun("list", "bird", 1))


def test_similarity_to_the_seeds_is_that_of_the_nearest_seed() -> None:
    seeds = ["write a short poem", "list birds"]
    found = seed_similarity(["write a long poem", "list birds", "xyz"], seeds)
    assert found.mean == pytest.approx((0.75 + 1.0 + 0.0) / 3)
    assert found.median == 0.75
    assert {each.least: each.count for each in found.bins if each.count} == {0.0: 1, 0.75: 1, 0.95: 1}


def test_without_instructions_or_seeds_there_is_no_similarity() -> None:
    assert seed_similarity([], ["list birds"]).mean is None
    assert seed_similarity(["list birds"], []).median is None


def test_the_most_similar_pair_comes_first() -> None:
    found = nearest_kept(["write a short poem", "count to ten", "write a long poem", "count to six now"], limit=2)
    assert found[0] == NearPair(0.75, "write a short poem", "write a long poem")
    assert found[1].left == "count to ten"


def test_of_many_instructions_the_index_finds_the_same_best_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(3)
    texts = [" ".join(random.choices("abcdefgh", k=8)) for _ in range(300)]
    exact = [pair.score for pair in nearest_kept(texts)]
    monkeypatch.setattr("self_instruct.reports.analysis.similarity.ALL_COMPARED", 0)
    assert [pair.score for pair in nearest_kept(texts)][:3] == exact[:3]
    assert nearest_kept(["one two three", "four five six"]) == ()


def test_overlap_counts_evaluation_tasks_that_are_nearly_repeated() -> None:
    kept = ["write a short poem", "list birds", "xyz abc"]
    found = evaluation_overlap(kept, ["write a long poem", "List birds!", "quite different words"])
    assert found is not None
    assert (found.tasks, found.near, found.identical, found.kept_near) == (3, 2, 1, 2)
    assert found.mean == pytest.approx((0.75 + 1.0 + 0.0) / 3)
    assert found.pairs[0] == NearPair(1.0, "list birds", "List birds!")


def test_without_an_evaluation_set_there_is_no_overlap() -> None:
    assert evaluation_overlap(["list birds"], []) is None
    assert evaluation_overlap([], ["list birds"]) is None


def rejected(request: int, reason: Reason, text: str, stage: StageName = StageName.INSTRUCTIONS) -> tuple[TaskId, Rejection]:
    return TaskId(request, 0), Rejection(stage, reason, text, evidence={"because": text})


def counted(rejections: Sequence[tuple[TaskId, Rejection]]) -> RefusalCounts:
    return RefusalCounts(rejections, Random(0))


def test_refusals_come_by_stage_the_commonest_reason_first() -> None:
    rows = counted([
        rejected(0, Reason.EMPTY_OUTPUT, "", StageName.INSTANCES),
        rejected(0, Reason.TOO_SHORT, "Go"),
        *(rejected(1, Reason.TOO_SIMILAR, f"text {number}") for number in range(5)),
    ]).rows()  # fmt: skip
    assert [(row.stage, row.reason, row.count, len(row.examples)) for row in rows] == [
        (StageName.INSTRUCTIONS, Reason.TOO_SIMILAR, 5, 3),
        (StageName.INSTRUCTIONS, Reason.TOO_SHORT, 1, 1),
        (StageName.INSTANCES, Reason.EMPTY_OUTPUT, 1, 1),
    ]
    assert all(example.evidence == {"because": example.text} for row in rows for example in row.examples)


def test_every_refused_text_has_the_same_chance_to_be_an_example() -> None:
    shown = [0] * 6
    for seed in range(3000):
        rejections = [rejected(0, Reason.TOO_SHORT, str(number)) for number in range(6)]
        for example in RefusalCounts(rejections, Random(seed)).rows()[0].examples:
            shown[int(example.text)] += 1
    assert min(shown) > 1400  # 1500 each is even; the standard deviation is 27
    assert max(shown) < 1600


def test_acceptance_counts_candidates_that_were_read_and_nothing_else() -> None:
    counts = counted([
        rejected(0, Reason.TOO_SIMILAR, "x"), rejected(2, Reason.TOO_SHORT, "y"), rejected(2, Reason.CUT_OFF, "z"),
        rejected(2, Reason.EMPTY_OUTPUT, "", StageName.INSTANCES),
    ])  # fmt: skip
    tasks = [task("a", request=0), task("b", request=0), task("c", request=1)]
    found = acceptance(tasks, counts.candidates, decided=4)
    assert found == (Acceptance(0, 0, 3, 2), Acceptance(1, 1, 1, 1), Acceptance(2, 2, 1, 0), Acceptance(3, 3, 0, 0))
    assert [step.share for step in found] == [2 / 3, 1.0, 0.0, None]


def test_many_requests_are_put_together_in_equal_steps() -> None:
    found = acceptance([task("a", request=99)], {98: 1}, decided=100, steps=8)
    assert [(step.first, step.last) for step in found] == [(first, min(first + 12, 99)) for first in range(0, 100, 13)]
    assert (found[-1].candidates, found[-1].kept) == (2, 1)
    assert acceptance([], {}, decided=0) == ()


def test_labels_are_counted_without_case_and_stops() -> None:
    found = label_balance([
        task("Is it warm or cold?", ("a", "Warm."), ("b", "warm"), ("c", "cold"), kind=True),
        task("Is it wet?", ("a", "yes"), ("b", "yes"), kind=True),
        task("Is it red?", ("a", "no"), kind=True),
        task("Say hello", ("", "hello")),
        task("Is it blue?", kind=True),
    ])  # fmt: skip
    assert (found.tasks, found.instances, found.single, found.several, found.one_label) == (3, 6, 1, 2, 1)
    assert found.mean_largest_share == pytest.approx((2 / 3 + 1) / 2)
    assert found.by_labels == {1: 1, 2: 1, 3: 0, 4: 0, 5: 0}
    assert found.commonest[:2] == (LabelCount("warm", 2, 1), LabelCount("yes", 2, 1))
