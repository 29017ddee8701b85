"""The report on a seed file: counts, alike pairs, overlap, broken rules, faults."""

import io
import time
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from self_instruct.records.tasks import Instance, Reason, SeedTask
from self_instruct.reports import EvaluationFileError, SeedReport, check_seeds, load_evaluation
from self_instruct.reports.seeds.overlap import Pair, nearest_pairs, similar_pairs
from self_instruct.reports.terminal.seed_check import seed_tables
from self_instruct.retrievers.rouge import rouge_l
from self_instruct.seeds.loading import load_seeds, read_seeds, shipped_seeds

texts = st.lists(st.lists(st.sampled_from("abcdef"), max_size=8).map(" ".join), max_size=12)


def seed(
    number: int, instruction: str, *instances: Instance, is_classification: bool = False, domain: str = "cooking"
) -> SeedTask:
    instances = instances or (Instance("", "An answer that is long enough."),)
    return SeedTask(f"seed_{number}", f"seed {number}", instruction, instances, is_classification, domain)


def shown(report: SeedReport) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(seed_tables(report))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@given(texts)
def test_similar_pairs_are_those_of_comparing_all(instructions: list[str]) -> None:
    expected = [
        (left, right, rouge_l(instructions[left], instructions[right]))
        for right in range(len(instructions))
        for left in range(right)
        if rouge_l(instructions[left], instructions[right]) > 0.5999  # its float of a true tie may fall below 0.6
    ]
    found, count = similar_pairs(instructions, 0.6, limit=1000)
    assert count == len(expected)
    in_order = sorted(found, key=lambda pair: (pair.right, pair.left))
    assert [(pair.left, pair.right) for pair in in_order] == [each[:2] for each in expected]
    assert [pair.score for pair in in_order] == pytest.approx([each[2] for each in expected])
    assert found == sorted(found, key=lambda pair: (-pair.score, pair.left, pair.right))


def test_a_true_tie_counts_as_similar() -> None:
    five_and_five = ["a b c x y", "a b c v w"]  # 2 * 3 / 10
    assert similar_pairs(five_and_five, 0.6, limit=9)[1] == 1


def test_only_the_most_similar_pairs_are_named_and_all_are_counted() -> None:
    found, count = similar_pairs(["same words here"] * 200, 0.6, limit=3)
    assert count == 200 * 199 // 2
    assert found == [Pair(0, 1, 1.0), Pair(0, 2, 1.0), Pair(0, 3, 1.0)]


@given(texts, texts.filter(bool))
def test_the_nearest_is_that_of_comparing_all(queries: list[str], pool: list[str]) -> None:
    for pair, query in zip(nearest_pairs(queries, pool), queries, strict=True):
        assert pair.score == pytest.approx(max(rouge_l(query, one) for one in pool))
        assert pair.score == pytest.approx(rouge_l(query, pool[pair.right]))


def test_seeds_are_counted_by_kind_domain_first_word_and_length() -> None:
    seeds = [
        seed(0, "Write a recipe for lentil soup."),
        seed(1, "write down everything that you would pack for two weeks in a tent", domain="travel"),
        seed(2, "Is the dish hot or cold?", Instance("soup", "hot"), is_classification=True),
    ]
    report = check_seeds(seeds)
    assert (report.tasks, report.classification, report.empty_input) == (3, 1, 2)
    assert report.domains == {"cooking": 2, "travel": 1}
    assert report.first_words == {"write": 2, "is": 1}
    assert report.lengths == {"1-10": 2, "11-20": 1, "21-40": 0, "41-80": 0, "over 80": 0}


def test_alike_instructions_are_named_the_most_similar_first() -> None:
    seeds = [
        seed(0, "Name three rivers of Europe now."),
        seed(1, "Name three rivers of Asia now."),
        seed(2, "Name three rivers of Europe now!"),
        seed(3, "Explain how a bicycle stays upright."),
    ]
    report = check_seeds(seeds)
    assert [(pair.left, pair.right) for pair in report.similar] == [
        ("seed_0", "seed_2"),
        ("seed_0", "seed_1"),
        ("seed_1", "seed_2"),
    ]
    assert report.similar_count == 3


def test_overlap_with_an_evaluation_set_is_measured_by_task() -> None:
    seeds = [seed(0, "Name three rivers of Europe."), seed(1, "Explain how a bicycle stays upright.")]
    overlap = check_seeds(seeds, evaluation=["List mountains", "Name three rivers of Asia."]).overlap
    assert overlap is not None
    assert (overlap.tasks, overlap.seeds) == (2, 1)
    assert overlap.mean == pytest.approx((0 + 0.8) / 2)
    assert [(pair.left, pair.right, pair.score) for pair in overlap.near] == [("seed_0", "task 2", 0.8)]


def test_rules_are_held_against_seeds_under_both_profiles() -> None:
    seeds = [
        seed(0, "列出三条流经多个国家的河流，并说明它们的长度。"),
        seed(1, "Sort the words by length."),
        seed(2, "Is it warm?", Instance("ice", "It is certainly not warm at all."), is_classification=True),
        seed(3, "Describe the file in one sentence.", Instance("a", "a")),
    ]
    broken = [(each.profile, each.seed, each.reason) for each in check_seeds(seeds).violations]
    assert sorted(broken) == [
        ("modern", "seed_2", Reason.NOT_A_LABEL),
        ("modern", "seed_2", Reason.TOO_SHORT),
        ("modern", "seed_3", Reason.BANNED_WORD),
        ("modern", "seed_3", Reason.INPUT_EQUALS_OUTPUT),
        ("paper", "seed_0", Reason.TOO_SHORT),
        ("paper", "seed_2", Reason.TOO_SHORT),
        ("paper", "seed_3", Reason.BANNED_WORD),
        ("paper", "seed_3", Reason.INPUT_EQUALS_OUTPUT),
    ]


def test_every_fault_is_named_with_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "seeds.jsonl"
    path.write_text("{}\n" * 15)
    report = check_seeds(*read_seeds(path))
    assert [fault.split(" ")[0] for fault in report.faults] == [f"{path}:{number}:" for number in range(1, 16)]
    assert "lines at fault" in shown(report)


def test_the_report_fits_eighty_columns_and_reads_no_markup() -> None:
    seeds = [seed(number, f"[bold]Say[/bold] \x1b[31m {'word ' * number}", domain="d" * 60) for number in range(3)]
    said = shown(check_seeds(seeds, [], [seeds[0].instruction]))
    assert max(map(len, said.splitlines())) <= 80
    assert "[bold]Say[/bold]" in said
    assert "\x1b" not in said


def test_no_seeds_are_a_report_too() -> None:
    report = check_seeds([], ["seeds.jsonl:1: is not JSON."], ["a task"])
    assert report.tasks == 0
    assert report.overlap is None
    assert report.faults == ("seeds.jsonl:1: is not JSON.",)
    assert "0 classification" in shown(report)


def test_the_shipped_seeds_break_no_rule_and_give_nothing_away(reference: Path) -> None:
    evaluation = load_evaluation(reference / "user-oriented" / "user_oriented_instructions.jsonl")
    report = check_seeds(shipped_seeds(), evaluation=evaluation)
    assert (report.tasks, report.classification) == (175, 25)
    assert report.violations == ()
    assert report.similar_count == 0
    assert report.overlap is not None
    assert report.overlap.near == ()
    assert len(report.domains) >= 25
    assert max(report.domains.values()) <= 12


def test_the_seeds_of_the_original_are_measured_as_known(reference: Path) -> None:
    evaluation = load_evaluation(reference / "user-oriented" / "user_oriented_instructions.jsonl")
    report = check_seeds(load_seeds(reference / "seed_tasks.jsonl"), evaluation=evaluation)
    assert (report.classification, report.empty_input, report.similar_count) == (26, 50, 3)
    assert report.overlap is not None
    assert (report.overlap.tasks, report.overlap.seeds) == (252, 16)
    assert round(report.overlap.mean, 4) == 0.3388


def test_two_thousand_seeds_take_little_time() -> None:
    random = Random(0)
    words = [f"word{number}" for number in range(500)]
    seeds = [seed(number, " ".join(random.choices(words, k=20))) for number in range(2000)]
    started = time.process_time()
    check_seeds(seeds, evaluation=[one.instruction for one in seeds[:200]])
    assert time.process_time() - started < 5  # measured: 0.7; the bound leaves room for a busy machine


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "1: is empty; {}"),
        (b'{"instruction": "a"}\n\n{oops', "3: is not JSON (Expecting property name enclosed in double quotes, column 2); {}"),
        (b'{"input": "a"}', "1: has no field 'instruction', but input; {}"),
        (b'["a"]', "1: is a JSON list; {}"),
        (b'{"instruction": 3}', "1: field 'instruction' is 3; {}"),
        (b"\xff\xfe", "1: is not UTF-8 text (byte 1 of the record is 0xff); {}"),
    ],
)
def test_an_evaluation_file_at_fault_is_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "eval.jsonl").write_bytes(content)
    with pytest.raises(EvaluationFileError) as raised:
        load_evaluation(tmp_path / "eval.jsonl")
    expected = "expected one task as a JSON object a line, with an instruction."
    assert str(raised.value) == f"{tmp_path}/eval.jsonl:{said.format(expected)}"


def test_an_evaluation_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(EvaluationFileError, match=r"none\.jsonl: cannot be read \(No such file or directory\); expected JSONL"):
        load_evaluation(tmp_path / "none.jsonl")


def test_an_evaluation_file_gives_its_instructions_in_order(tmp_path: Path) -> None:
    (tmp_path / "eval.jsonl").write_text('\ufeff{"instruction": "one"}\n{"instruction": "two", "id": 2}\n', encoding="utf-8")
    assert load_evaluation(tmp_path / "eval.jsonl") == ("one", "two")
