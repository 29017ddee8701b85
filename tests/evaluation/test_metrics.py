"""The metric is that of SuperNI's published script, to the last digit, at a small part of its cost."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from self_instruct.evaluation.metrics import References, exact_match, rouge_l

TEXTS = st.text(st.sampled_from("abingsedrunly 3.5-'ЖéİK\n"), max_size=60)


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=3))
def test_rouge_l_is_that_of_rouge_score_with_its_stemmer(answer: str, references: list[str]) -> None:
    official = RougeScorer(["rougeL"], use_stemmer=True)
    expected = max(official.score(reference, answer)["rougeL"].fmeasure for reference in references)
    assert rouge_l(answer, references) == References(references).score(answer).rouge_l == expected


@given(
    st.text(st.sampled_from("abingsed runly,."), max_size=40), st.text(st.sampled_from("abings ed"), min_size=1, max_size=40)
)
def test_on_ascii_text_the_unicode_figure_is_the_official_one(answer: str, reference: str) -> None:
    found = References([reference]).score(answer)
    assert found.rouge_l_unicode == found.rouge_l


@pytest.mark.parametrize(
    ("answer", "reference", "official", "unicode"),
    [("Да", "Да", 0.0, 1.0), ("新聞", "新しい", 0.0, 0.4), ("yes", "да", 0.0, 0.0), ("cats да", "cat да", 1.0, 1.0)],
)
def test_words_in_other_scripts_count_in_the_second_column_alone(
    answer: str, reference: str, official: float, unicode: float
) -> None:
    found = References([reference]).score(answer)
    assert (found.rouge_l, found.rouge_l_unicode) == (official, pytest.approx(unicode))


@pytest.mark.parametrize(
    ("answer", "reference", "is_exact"),
    [
        ("The  Cat.", "the cat", True),
        ("cat", "the cat", False),
        ("", "", True),
        ("1,000", "1000", True),
        ("“yes”", "yes", False),
    ],
)
def test_exact_match_forgives_case_ascii_punctuation_and_white_space(answer: str, reference: str, is_exact: bool) -> None:
    assert exact_match(answer, [reference]) is is_exact
    assert References([reference]).score(answer).exact_match == is_exact


def test_the_recorded_cases_come_out(reference: Path) -> None:
    cases = [json.loads(line) for line in (reference / "evaluation/superni/metric-cases.jsonl").read_text().splitlines()]
    for case in cases:
        found = References(case["references"]).score(case["prediction"])
        assert (round(100 * found.rouge_l, 4), 100 * found.exact_match) == (case["rougeL"], case["exact_match"]), case
