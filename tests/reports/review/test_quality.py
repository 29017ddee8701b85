"""The statement: what it rests on, that it is right however bad the judge, and that an opinion is called one."""

import json
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from self_instruct.chains.stages.task_kinds import TaskKind
from self_instruct.ledger import TaskId
from self_instruct.records.judgements import Answer, Concern, Judgement, Vote, concerns_in
from self_instruct.records.marks import Grade, Mark
from self_instruct.records.tasks import Instance
from self_instruct.reports.review.agreement import Rating, agreement
from self_instruct.reports.review.figures import stratified, wilson
from self_instruct.reports.review.instances import ReviewedInstance
from self_instruct.reports.review.quality import Quality, quality_of
from self_instruct.reports.review.shares import ALL, PAPER, Basis, reasons

YES, NO = Answer.YES, Answer.NO


def verdict(*, is_right: bool) -> Judgement:
    return Judgement((Vote(YES, YES, YES if is_right else NO, 5 if is_right else 1, ""),))


def mark(*, is_right: bool, grade: Grade | None = None) -> Mark:
    return Mark(YES, YES, YES if is_right else NO, grade or (Grade.A if is_right else Grade.D))


def instances(judged: str, marked: str = "", other: str = "") -> list[ReviewedInstance]:
    """One instance a letter: y or n for what the judge, the first and the second person say of it, u for unread, or nothing."""
    return list(_instances(judged, marked.ljust(len(judged)), other.ljust(len(judged))))


def _instances(judged: str, marked: str, other: str) -> Iterator[ReviewedInstance]:
    for at, said in enumerate(judged):
        marks = {rater: mark(is_right=by[at] == "y") for rater, by in (("Ann", marked), ("Bob", other)) if by[at] != " "}
        judgement = Judgement((), 1) if said == "u" else None if said == " " else verdict(is_right=said == "y")
        yield ReviewedInstance(TaskId(at, 0), 0, f"Task {at}", Instance("", "x"), TaskKind.OTHER, judgement, (), marks)


def all_three(found: Quality) -> tuple[Basis, float | None, tuple[float, float] | None]:
    [share] = [each for each in found.shares if each.question == ALL]
    return share.basis, share.figure.value, share.figure.interval


def test_people_alone_are_counted_by_wilson() -> None:
    found = quality_of(instances(" " * 400, "y" * 108 + "n" * 92))
    assert all_three(found) == (Basis.PEOPLE, 0.54, wilson(108, 200).interval)
    assert (found.instances, found.marked, found.raters) == (400, 200, ("Ann",))
    assert {name: round(each.value or 0, 2) for name, each in PAPER.items()} == {
        "valid": 0.92, "input_fits": 0.79, "output_correct": 0.58, ALL: 0.54,
    }  # fmt: skip


def test_people_and_judge_together_weigh_what_the_judge_says_of_all() -> None:
    # 300 of which the judge says yes, of these people find 8 of 10 right; 100 no, 2 of 10 right.
    found = quality_of(instances("y" * 300 + "n" * 100, ("y" * 8 + "n" * 2).ljust(300) + "y" * 2 + "n" * 8))
    basis, value, interval = all_three(found)
    assert (basis, value) == (Basis.BOTH, pytest.approx(0.75 * 0.8 + 0.25 * 0.2))
    assert interval is not None
    assert interval[0] < 0.65 < interval[1]
    [people] = [each.people.value for each in found.shares if each.question == ALL]
    assert people == 0.5


def test_what_only_a_judge_says_is_called_its_opinion() -> None:
    found = quality_of(instances("yyynu"))
    assert all_three(found)[:2] == (Basis.JUDGE, 0.75)
    assert (found.judged, found.unread) == (4, 1)
    assert "not known" in found.shares[0].why
    assert quality_of(instances("  ")).shares[0].basis is Basis.NOBODY
    assert quality_of([]).shares[0].figure.value is None


def test_a_judge_of_too_little_use_leaves_the_figure_to_people() -> None:
    few = quality_of(instances("y" * 100 + "n" * 4, ("y" * 30).ljust(100) + "n"))
    assert all_three(few)[0] is Basis.PEOPLE
    assert "fewer than 5" in few.shares[-1].why
    half = quality_of(instances("y" * 50 + "n" * 50 + " " * 50, ("y" * 10).ljust(50) + ("n" * 10).ljust(50) + "y" * 20))
    assert all_three(half)[:2] == (Basis.PEOPLE, 0.75)


def test_where_reasons_differ_each_names_its_questions() -> None:
    of_the_judge = [share.why for share in quality_of(instances("yn")).shares]
    assert reasons(quality_of(instances("yn")).shares) == [f"Only the judge's opinion: {of_the_judge[0]}."]
    few = quality_of(instances("y" * 100 + "n" * 4, ("y" * 30).ljust(100) + "n"))
    assert reasons(few.shares) == [
        "Valid task, input fits: people's random sample alone (Wilson), since the judge says the same of all.",
        "Output correct, all three: people's random sample alone (Wilson), since of the 4 of which the judge says not yes"
        " only 1 is marked, fewer than 5.",
    ]


def test_people_who_differ_are_unsure_together_and_their_agreement_is_told() -> None:
    found = quality_of(instances("y" * 8, "yyyyynnn", "yyyynnnn"))
    assert all_three(found)[1] == 0.5
    assert found.among_people[ALL].raw.value == 0.875
    assert found.agreement[ALL].pairs[0].kappa.value is not None


def test_the_threshold_of_the_best_f1_is_suggested_and_differences_are_shown() -> None:
    found = quality_of(instances("y" * 15 + "n" * 10, "y" * 14 + "n" * 10 + "y"))
    assert found.suggested == 5
    assert [(each.score, each.recall.value) for each in found.thresholds] == [(1, 1.0), (5, 14 / 15)]
    assert [each.name for each in found.differing] == ["14:0#0", "24:0#0"]
    assert quality_of(instances("yn", "yn")).suggested is None


def test_the_papers_printed_reviews_give_its_counts_as_judgements_and_as_marks(reference: Path) -> None:
    wanted = json.loads((reference / "evaluation" / "expected.json").read_text(encoding="utf-8"))
    yes = wanted["quality/paper-tables-10-11.jsonl"]["yes"]
    lines = (reference / "evaluation" / "quality" / "paper-tables-10-11.jsonl").read_text(encoding="utf-8").splitlines()
    every = []
    for at, row in enumerate(map(json.loads, lines)):
        names = ("instruction_valid", "input_appropriate", "output_correct")
        said = [YES if row[name] else NO for name in names]
        assert row["all"] == (NO not in said)
        one = Instance(row["input"], row["output"])
        judgement_, mark_ = Judgement((Vote(*said, 3, ""),)), Mark(*said, Grade.A)
        every.append(
            ReviewedInstance(TaskId(at, 0), 0, row["instruction"], one, TaskKind.OTHER, judgement_, (), {"Yizhong": mark_})
        )
    found = quality_of(every)
    counts = [yes["instruction_valid"], yes["input_appropriate"], yes["output_correct"], yes["all"]]
    for share, count in zip(found.shares, counts, strict=True):
        assert share.people == share.judge == wilson(count, 17)
        assert share.basis is Basis.PEOPLE  # the judge has judged no more than people have marked
    assert all(each.pairs[0].raw.value == 1.0 for each in found.agreement.values())


def test_the_ratings_that_the_paper_prints_are_grades_in_order(reference: Path) -> None:
    wanted = json.loads((reference / "evaluation" / "expected.json").read_text(encoding="utf-8"))
    lines = (reference / "evaluation" / "agreement" / "paper-table-9-ratings.jsonl").read_text(encoding="utf-8").splitlines()
    rows = list(map(json.loads, lines))
    counts = Counter(Grade(row["rating"]).value for row in rows)
    assert counts == wanted["agreement/paper-table-9-ratings.jsonl"]["counts"]
    ratings = [
        Rating(f"{row['task_id']} {row['system']}", rater, row["rating"]) for row in rows for rater in ("paper", "again")
    ]
    found = agreement(ratings, [grade.value for grade in Grade])
    assert found.items == len(rows)
    assert found.pairs[0].weighted_kappa.value == found.pairs[0].spearman.value == found.krippendorff_alpha.value == 1


def voted(*concerns: str | None) -> Judgement:
    """Votes that name these concerns, between commas; None for one from before it was asked."""
    return Judgement(tuple(Vote(YES, YES, YES, 5, "", None if each is None else concerns_in(each)) for each in concerns))


def test_a_concern_is_what_more_than_half_of_the_votes_name_that_say_anything() -> None:
    assert voted("harmful", "harmful, unclear", "none").concerns == (Concern.HARMFUL,)
    assert voted("unclear", "none").concerns == ()
    assert voted("unclear", None, None).concerns == (Concern.UNCLEAR,)
    assert voted(None).concerns is None


def test_concerns_are_counted_by_task_kind_and_topic() -> None:
    texts = ("Bake a bread that makes ill.", "Compare two insurances for a bank.", "Go on.")
    said = [
        (0, TaskKind.CODE, "none"),
        (0, TaskKind.CODE, "harmful"),
        (1, TaskKind.CODE, "none"),
        (2, TaskKind.SUMS, "unclear"),
    ]
    every = [
        ReviewedInstance(TaskId(task, 0), at, texts[task], Instance("", str(at)), kind, voted(concerns))
        for at, (task, kind, concerns) in enumerate(said)
    ]
    found = quality_of(every).concerns
    assert found is not None
    assert [(each.name, each.tasks, tuple(each.counts.values())) for each in found.kinds] == [
        ("code", 2, (1, 0, 0)), ("sums", 1, (0, 1, 0)),
    ]  # fmt: skip
    assert [(each.name, each.tasks, tuple(each.counts.values())) for each in found.topics] == [
        ("food", 1, (1, 0, 0)), ("no topic known", 1, (0, 1, 0)), ("money", 1, (0, 0, 0)),
    ]  # fmt: skip
    assert found.examples == {"harmful": (texts[0],), "unclear": (texts[2],), "too simple": ()}
    assert quality_of(instances("yn")).concerns is None


@pytest.mark.parametrize(("hits", "share"), [(0.9, 0.6), (0.5, 0.6), (0.8, 0.95)])
def test_intervals_hold_the_truth_as_often_as_they_say_however_bad_the_judge(hits: float, share: float) -> None:
    draw = random.Random(7)
    held = tries = 0
    for _ in range(400):
        truth = [draw.random() < share for _ in range(1000)]
        says = [right if draw.random() < hits else not right for right in truth]
        sample = draw.sample(range(1000), 120)
        strata = [
            (sum(one == said for one in says) / 1000, sum(truth[at] for at in sample if says[at] == said),
             sum(says[at] == said for at in sample))
            for said in (True, False)
        ]  # fmt: skip
        low, high = stratified(strata).interval or (0, 0)
        held, tries = held + (low <= sum(truth) / 1000 <= high), tries + 1
    assert held / tries > 0.93
