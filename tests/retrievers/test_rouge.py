"""Tokens, the float formula and the needed overlap, each against `rouge-score` or exact fractions."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rouge_score import tokenize as reference_tokenizer

from self_instruct.retrievers.rouge import CommonTokens, f_measure, needed_overlap, rouge_l, tokens

ASCII = st.text(st.characters(max_codepoint=127))
TIES = [
    (common, m, n)
    for m in range(1, 121)
    for n in range(1, 121)
    for common in range(1, min(m, n) + 1)
    if 20 * common == 7 * (m + n)
]


@settings(max_examples=500)
@given(st.text())
def test_ascii_tokens_are_those_of_rouge_score(text: str) -> None:
    assert tokens(text, "ascii") == reference_tokenizer.tokenize(text, None)


@pytest.mark.parametrize("text", ["\u212aelvin 5\u212a", "İstanbul", "\x1c a\x00b_c", "ＡＢＣ abc", "naïve café"])
def test_ascii_tokens_of_odd_letters_are_those_of_rouge_score(text: str) -> None:
    assert tokens(text, "ascii") == reference_tokenizer.tokenize(text, None)


@settings(max_examples=500)
@given(ASCII)
def test_both_kinds_are_the_same_on_ascii_text(text: str) -> None:
    assert tokens(text, "unicode") == tokens(text, "ascii") == reference_tokenizer.tokenize(text, None)


@settings(max_examples=200)
@given(ASCII)
def test_ascii_words_keep_their_tokens_beside_another_script(text: str) -> None:
    assert tokens(f"{text} é", "unicode") == [*tokens(text, "ascii"), "é"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("写一首短诗。", ["写", "一", "首", "短", "诗"]),
        ("コーヒーとラーメン", list("コーヒーとラーメン")),
        ("ｺｰﾋｰ", list("コーヒー")),
        ("เขียน", list("เขียน")),
        ("ຂຽນ", list("ຂຽນ")),
        ("សរសេរ", list("សរសេរ")),
        ("ရေးပါ", list("ရေးပါ")),
        ("짧은 시를 쓰세요.", ["짧은", "시를", "쓰세요"]),
        ("اكتب قصيدة قصيرة، من فضلك", ["اكتب", "قصيدة", "قصيرة", "من", "فضلك"]),
        ("एक छोटी कविता लिखिए।", ["एक", "छोटी", "कविता", "लिखिए"]),
        ("ÉCRIS un POÈME", ["écris", "un", "poème"]),
        ("e\u0301te\u0301", ["été"]),
        ("\u0254\u0303 b", ["\u0254\u0303", "b"]),  # a letter and its mark that have no single character
        ("Ｗｒｉｔｅ ﬁne x²", ["write", "fine", "x2"]),
        ("𠀀𠀁 𐐀 𝐀𝐛", ["𠀀", "𠀁", "𐐨", "ab"]),  # beyond the 65,536th character
        ("用Python3写代码", ["用", "python3", "写", "代", "码"]),
        ("🙂 🚀!", []),
        ("", []),
    ],
)
def test_unicode_tokens_of_many_scripts(text: str, expected: list[str]) -> None:
    assert tokens(text, "unicode") == expected


@settings(max_examples=300)
@given(st.lists(st.sampled_from("abcd"), max_size=25), st.lists(st.sampled_from("abcd"), max_size=25))
def test_rouge_l_is_the_float_of_rouge_score(reference_score, left: list[str], right: list[str]) -> None:
    one, two = " ".join(left), " ".join(right)
    assert rouge_l(one, two) == rouge_l(two, one) == reference_score(one, two, "ascii")


@settings(max_examples=300)
@given(st.text("写诗 ab我é가\u0301🙂", max_size=25), st.text("写诗 ab我é가\u0301🙂", max_size=25))
def test_rouge_l_of_other_scripts_is_the_float_of_rouge_score_with_our_tokens(reference_score, left: str, right: str) -> None:
    assert rouge_l(left, right) == reference_score(left, right, "unicode")


def test_a_count_below_what_is_needed_is_nought() -> None:
    own = CommonTokens(["write", "a", "poem"])
    assert own.count(["write", "the", "poem"], at_least=2) == 2
    assert own.count(["write", "the", "poem"], at_least=3) == 0


def test_the_ties_with_seven_tenths_fall_on_both_sides_of_the_float() -> None:
    floats = [f_measure(*tie) for tie in TIES]
    assert len(TIES) == 342
    assert sum(value > 0.7 for value in floats) == 166
    assert sum(value < 0.7 for value in floats) == 14


def test_every_true_tie_is_refused_where_reaching_the_threshold_is_too_similar() -> None:
    assert all(needed_overlap(m, n, Fraction("0.7"), ">=") == common for common, m, n in TIES)


@pytest.mark.parametrize("text", ["0.5", "0.7", "0.9", "1", "0.65", "0.333"])
def test_the_needed_overlap_draws_the_line_of_both_rules(text: str) -> None:
    threshold, as_float = Fraction(text), float(text)
    for m in range(1, 41):
        for n in range(1, 41):
            reaching, above = needed_overlap(m, n, threshold, ">="), needed_overlap(m, n, threshold, ">")
            for common in range(min(m, n) + 1):
                assert (common >= reaching) == (Fraction(2 * common, m + n) >= threshold), (common, m, n)
                assert (common >= above) == (f_measure(common, m, n) > as_float), (common, m, n)


def test_the_float_rule_holds_at_every_tie() -> None:
    for common, m, n in TIES:
        assert (common >= needed_overlap(m, n, Fraction("0.7"), ">")) == (f_measure(common, m, n) > 0.7)


def test_a_text_without_tokens_never_has_the_needed_overlap() -> None:
    assert [needed_overlap(m, n, Fraction("0.01"), rule) for m, n in ((0, 0), (0, 9), (9, 0)) for rule in (">=", ">")] == [
        1
    ] * 6
