"""The decisions of the novelty index on random texts: the rule `>` against `rouge-score`'s float, `>=` against fractions.

Texts are drawn so that many pairs lie at or beside the threshold. Whatever the pool, the script, the lengths, the threshold and
the grouping, the decisions are those of comparing every pair.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil
from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from self_instruct.retrievers import lexical_code
from self_instruct.retrievers.novelty import Kept, Neighbour, NoveltyIndex, TooSimilar
from self_instruct.retrievers.rouge import CommonTokens, TieRule, TokenKind, f_measure, tokens
from self_instruct.settings.sections import NoveltySettings

Score = Callable[[str, str, NoveltySettings], float | Fraction]
THRESHOLDS = ["0.5", "0.7", "0.9", "1.0"]
SCRIPTS = {
    "chinese": list("写一首关于大海的短诗并解释它为什么好"),
    "arabic": ["اكتب", "قصيدة", "قصيرة", "عن", "البحر", "ثم", "اشرح", "لماذا", "هو", "أزرق", "في", "الصيف"],
    "hindi": ["समुद्र", "के", "बारे", "में", "एक", "छोटी", "कविता", "लिखिए", "और", "समझाइए", "कि", "वह", "नीला", "क्यों", "है"],
    "thai": list("เขียนบทกวีสั้นๆเกี่ยวกับทะเลและอธิบาย"),
    "korean": ["바다에", "대한", "짧은", "시를", "쓰고", "왜", "파란지", "쉽게", "설명하세요"],
    "emoji": ["🙂", "🚀", "👩‍🚀", "sea", "❤️", "1️⃣", "🇪🇺"],
    "combining marks": [
        "e\u0301te\u0301",
        "été",
        "n\u0303",
        "ñ",
        "a\u0323\u0301",
        "a\u0301\u0323",
        "cafe\u0301",
        "\u0254\u0303",
    ],
    "astral": ["𠀀", "𠀁", "𐐀", "𐐨", "𝐀𝐛", "ab", "𓀀", "𓀁"],
    "mixed": ["写", "sea", "сей", "मे", "ทะเล", "e\u0301", "𠀀", "?!", "🙂", "7"],
}
SEPARATORS = ["", " ", ", ", " 🙂 ", "。", "\n"]


@pytest.fixture(scope="session")
def score(reference_score, exact_score) -> Score:
    """The score that a rule compares: the float of `rouge-score` for `>`, a fraction for `>=`."""

    def score(left: str, right: str, rules: NoveltySettings) -> float | Fraction:
        if rules.refuse == ">":
            return reference_score(left, right, rules.tokens)
        return exact_score(tokens(left, rules.tokens), tokens(right, rules.tokens))

    return score


def is_too_similar(score: float | Fraction, rules: NoveltySettings) -> bool:
    return score > float(rules.threshold) if rules.refuse == ">" else score >= Fraction(rules.threshold)


def expected(texts: Sequence[str], rules: NoveltySettings, score: Score) -> tuple[list[bool], list[str]]:
    """Return for each text whether it is kept, by comparing it with every one kept before, and those that are."""
    kept: list[str] = []
    decisions = []
    for text in texts:
        decisions.append(not any(is_too_similar(score(text, other, rules), rules) for other in kept))
        kept += [text] * decisions[-1]
    return decisions, kept


def is_kept(decisions: Sequence[Kept | TooSimilar]) -> list[bool]:
    return [isinstance(decision, Kept) for decision in decisions]


@st.composite
def texts_at_the_threshold(draw: st.DrawFn, words: Sequence[str], threshold: str, longest: int = 40) -> list[str]:
    """Return texts of which some share, in order, just as many words with an earlier one as the threshold asks, or one less."""
    count = draw(st.integers(4, 12))
    some = st.lists(st.sampled_from(words), max_size=longest)
    texts = [draw(some)]
    while len(texts) < count:
        base = draw(st.sampled_from(texts))
        m, n = len(base), draw(st.integers(0, longest))
        shared = max(0, ceil(Fraction(threshold) * (m + n) / 2) - draw(st.integers(0, 1)))
        if draw(st.booleans()) or shared > min(m, n):
            texts.append(draw(some))
        else:
            places = sorted(draw(st.permutations(range(m)))[:shared])
            own = [base[place] for place in places]
            for _ in range(n - shared):
                own.insert(draw(st.integers(0, len(own))), draw(st.sampled_from([*words, "other"])))
            texts.append(own)
    separator = draw(st.sampled_from(SEPARATORS[1:]))
    return [separator.join(own) for own in texts]


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[str], NoveltySettings]:
    threshold = draw(st.sampled_from(THRESHOLDS))
    rules = NoveltySettings(
        threshold=threshold, refuse=draw(st.sampled_from(get_args(TieRule))), tokens=draw(st.sampled_from(get_args(TokenKind)))
    )
    words = [f"w{number}" for number in range(draw(st.integers(2, 20)))]
    return draw(texts_at_the_threshold(words, threshold)), rules


@settings(max_examples=300)
@given(streams())
def test_decisions_are_those_of_comparing_with_every_one_that_was_kept(score, stream) -> None:
    texts, rules = stream
    index = NoveltyIndex(rules)
    assert is_kept([index.offer(text) for text in texts]) == expected(texts, rules, score)[0]


@settings(max_examples=60)
@given(st.data())
@pytest.mark.parametrize("script", SCRIPTS)
def test_decisions_in_any_script_are_those_of_comparing_with_every_one_that_was_kept(score, script: str, data) -> None:
    threshold = data.draw(st.sampled_from(THRESHOLDS))
    rules = NoveltySettings(
        threshold=threshold,
        refuse=data.draw(st.sampled_from(get_args(TieRule))),
        tokens=data.draw(st.sampled_from(get_args(TokenKind))),
    )
    texts = data.draw(texts_at_the_threshold(SCRIPTS[script], threshold, longest=20))
    index = NoveltyIndex(rules)
    assert is_kept([index.offer(text) for text in texts]) == expected(texts, rules, score)[0]


@settings(max_examples=150)
@given(st.lists(st.text(max_size=12), max_size=12), st.sampled_from(get_args(TokenKind)))
def test_any_text_at_all_is_decided_as_by_comparing(score, texts: list[str], kind: TokenKind) -> None:
    rules = NoveltySettings(tokens=kind)
    index = NoveltyIndex(rules)
    assert is_kept(index.offer_all(texts)) == expected(texts, rules, score)[0]


@pytest.mark.usefixtures("either_way")
@settings(max_examples=150)
@given(streams(), st.lists(st.integers(0, 12), max_size=4))
def test_offers_in_any_grouping_are_decided_as_one_after_the_other(stream, cuts: list[int]) -> None:
    texts, rules = stream
    one_by_one, grouped = NoveltyIndex(rules), NoveltyIndex(rules)
    sequential = [one_by_one.offer(text) for text in texts]
    ends = [0, *sorted(cuts), len(texts)]
    assert [decision for start, end in pairwise(ends) for decision in grouped.offer_all(texts[start:end])] == sequential
    assert [grouped.nearest_too_similar(text) for text in texts] == [one_by_one.nearest_too_similar(text) for text in texts]


@pytest.mark.usefixtures("either_way")
@settings(max_examples=100)
@given(streams())
def test_an_index_filled_again_decides_the_same(stream) -> None:
    texts, rules = stream
    grown, again = NoveltyIndex(rules), NoveltyIndex(rules)
    again.add_all([text for text, decision in zip(texts, grown.offer_all(texts), strict=True) if isinstance(decision, Kept)])
    assert [again.nearest_too_similar(text) for text in texts] == [grown.nearest_too_similar(text) for text in texts]


def near_copies(seed: int, count: int, lengths: tuple[int, int], vocabulary: int) -> Iterator[str]:
    """Yield texts of which every second is an earlier one with up to a half of its words replaced, left out or doubled."""
    random = Random(seed)
    earlier: list[list[str]] = []
    for _ in range(count):
        if earlier and random.random() < 0.5:
            share = random.random() / 2
            changes = ([], [f"w{random.randrange(vocabulary)}"], ["twice", "twice"])
            own = [
                new
                for word in random.choice(earlier)
                for new in (random.choice(changes) if random.random() < share else [word])
            ]
        else:
            own = [f"w{random.randrange(vocabulary)}" for _ in range(random.randint(*lengths))]
        earlier.append(own)
        yield " ".join(own)


def by_counting(texts: Sequence[str], rules: NoveltySettings) -> list[bool]:
    """Return what `expected` does, quickly enough for long texts and long streams."""
    kept: list[list[str]] = []
    decisions = []
    for own in (tokens(text, rules.tokens) for text in texts):
        common = CommonTokens(own)
        decisions.append(True)
        for other in kept:
            count, both = common.count(other), len(own) + len(other)
            value = f_measure(count, len(own), len(other)) if rules.refuse == ">" else Fraction(2 * count, both or 1)
            if is_too_similar(value, rules):
                decisions[-1] = False
                break
        kept += [own] * decisions[-1]
    return decisions


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("refuse", get_args(TieRule))
@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize(("lengths", "vocabulary"), [((0, 30), 12), ((180, 260), 60), ((480, 560), 90)])
def test_streams_of_near_copies_are_decided_alike_one_by_one_and_together(
    lengths: tuple[int, int], vocabulary: int, threshold: str, refuse: TieRule
) -> None:
    """Also around 213 and 512 tokens, where codes end that have been or are."""
    rules = NoveltySettings(threshold=threshold, refuse=refuse, tokens="ascii")
    texts = list(near_copies(5, 300 if lengths[1] < 100 else 60, lengths, vocabulary))
    one_by_one, together = NoveltyIndex(rules), NoveltyIndex(rules)
    decisions = [one_by_one.offer(text) for text in texts]
    assert is_kept(decisions) == by_counting(texts, rules)
    assert together.offer_all(texts) == decisions
    assert sum(is_kept(decisions)) > 0


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("refuse", get_args(TieRule))
def test_tokens_that_look_alike_to_the_filter_change_no_decision(refuse: TieRule, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the exact comparison at the end tells these apart."""
    monkeypatch.setattr(lexical_code, "_character", lambda token: "abcd"[sum(token.encode()) % 4])
    rules = NoveltySettings(refuse=refuse)
    texts = list(near_copies(7, 200, (0, 15), 40))
    index, together = NoveltyIndex(rules), NoveltyIndex(rules)
    decisions = [index.offer(text) for text in texts]
    assert is_kept(decisions) == by_counting(texts, rules)
    assert together.offer_all(texts) == decisions


def test_the_nearest_is_named_even_where_the_filter_takes_another_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical_code, "_character", lambda token: "x" if token in ("east", "west") else token[0])
    index = NoveltyIndex()
    index.add_all(["go west and find one old tree", "go east and find one tree"])
    # To the filter, row 0 is the whole of it; in truth it lacks "east", and row 1 only "old".
    nearest = Neighbour(1, "go east and find one tree", f_measure(6, 7, 6))
    assert index.nearest_too_similar("go east and find one old tree") == nearest
