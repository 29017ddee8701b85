"""The decisions of the novelty index, against ROUGE-L with the whole pool."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import get_args

import pytest

from self_instruct.retrievers.novelty import Kept, Neighbour, NoveltyIndex, TooSimilar
from self_instruct.retrievers.rouge import TieRule, TokenKind, tokens
from self_instruct.settings.sections import NoveltySettings

Decide = Callable[[str, str], bool]
SCRIPTS = {
    "latin": ["write", "a", "short", "poem", "about", "the", "sea", "and", "explain", "why", "it", "is", "so", "blue"],
    "chinese": list("写一首关于大海的短诗并解释"),
    "arabic": ["اكتب", "قصيدة", "قصيرة", "عن", "البحر", "ثم", "اشرح", "لماذا", "هو", "أزرق"],
    "hindi": ["समुद्र", "के", "बारे", "में", "एक", "छोटी", "कविता", "लिखिए", "और", "समझाइए"],
    "thai": list("เขียนบทกวีสั้นๆ"),
    "korean": ["바다에", "대한", "짧은", "시를", "쓰고", "왜", "파란지", "설명하세요"],
    "emoji": ["🙂", "🚀", "👩‍🚀", "sea", "❤️"],
    "marks": ["e\u0301te\u0301", "été", "n\u0303", "a\u0323\u0301", "cafe\u0301"],
    "astral": ["𠀀", "𠀁", "𐐀", "𝐀𝐛", "𓀀"],
}


@pytest.fixture
def too_similar(reference_score, exact_score) -> Callable[[NoveltySettings], Decide]:
    """The rule for one pair: `>` as the published code has it, `>=` in fractions."""

    def rule(rules: NoveltySettings) -> Decide:
        def above(left: str, right: str) -> bool:
            return reference_score(left, right, rules.tokens) > float(rules.threshold)

        def reaching(left: str, right: str) -> bool:
            return exact_score(tokens(left, rules.tokens), tokens(right, rules.tokens)) >= Fraction(rules.threshold)

        return above if rules.refuse == ">" else reaching

    return rule


def filled(rules: NoveltySettings, pool: list[str]) -> NoveltyIndex:
    index = NoveltyIndex(rules)
    index.add_all(pool)
    return index


def some_texts(random: Random, words: list[str], count: int, longest: int) -> list[str]:
    texts: list[str] = []
    for _ in range(count):
        if texts and random.random() < 0.5:
            own = [word if random.random() > 0.25 else random.choice(words) for word in random.choice(texts).split()]
        else:
            own = [random.choice(words) for _ in range(random.randint(0, longest))]
        texts.append(" ".join(own))
    return texts


@pytest.mark.parametrize("refuse", get_args(TieRule))
@pytest.mark.parametrize("threshold", ["0.5", "0.7", "0.9", "1"])
@pytest.mark.parametrize("vocabulary", [2, 5, 20])
def test_decisions_are_those_of_comparing_every_pair(too_similar, refuse: TieRule, threshold: str, vocabulary: int) -> None:
    rules = NoveltySettings(threshold=threshold, refuse=refuse, tokens="ascii")
    rule = too_similar(rules)
    random = Random(f"{threshold} {vocabulary}")
    texts = some_texts(random, [f"w{number}" for number in range(vocabulary)], 60, 14)
    decisions = []
    for left in texts[:40]:  # one row a pool: each of the 40 x 60 pairs is decided alone
        index = filled(rules, [left])
        decisions += [(index.nearest_too_similar(right) is not None, rule(left, right)) for right in texts]
    assert [ours for ours, _ in decisions] == [theirs for _, theirs in decisions]
    assert any(ours for ours, _ in decisions) == (refuse == ">=" or threshold != "1")


@pytest.mark.parametrize("refuse", get_args(TieRule))
@pytest.mark.parametrize("kind", get_args(TokenKind))
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_stream_in_any_script_is_decided_as_by_the_whole_pool(
    too_similar, script: str, kind: TokenKind, refuse: TieRule
) -> None:
    rules = NoveltySettings(refuse=refuse, tokens=kind)
    rule = too_similar(rules)
    index, pool = NoveltyIndex(rules), list[str]()
    for text in some_texts(Random(script), SCRIPTS[script], 80, 12):
        novel = not any(rule(text, other) for other in pool)
        assert isinstance(index.offer(text), Kept) == novel, text
        pool += [text] * novel
    assert len(index) == len(pool)


@pytest.mark.parametrize("refuse", get_args(TieRule))
def test_every_tie_with_the_threshold_falls_on_its_side(too_similar, refuse: TieRule) -> None:
    rules = NoveltySettings(refuse=refuse, tokens="ascii")
    rule = too_similar(rules)
    for m, n in ((7, 13), (13, 7), (10, 10), (20, 20), (14, 26), (30, 30), (27, 33), (49, 51), (64, 56)):
        common = 7 * (m + n) // 20
        left = " ".join(f"c{i}" for i in range(common)) + "".join(f" l{i}" for i in range(m - common))
        right = " ".join(f"c{i}" for i in range(common)) + "".join(f" r{i}" for i in range(n - common))
        assert (filled(rules, [left]).nearest_too_similar(right) is not None) == rule(left, right), (m, n)


def test_long_texts_are_decided_as_short_ones_are(too_similar) -> None:
    rules = NoveltySettings(refuse=">", tokens="ascii")
    rule = too_similar(rules)
    random = Random(5)
    pool = [" ".join(f"w{random.randrange(500)}" for _ in range(length)) for length in (100, 200, 213, 214, 230, 300)]
    index = filled(rules, pool)
    refused = 0
    for text in pool:
        for share in (0.1, 0.25, 0.32, 0.5):
            other = " ".join(word if random.random() > share else "new" for word in text.split())
            neighbour = index.nearest_too_similar(other)
            assert (neighbour is not None) == any(rule(other, row) for row in pool)
            refused += neighbour is not None
    assert 8 <= refused <= 20


def test_a_huge_text_is_decided() -> None:
    huge = "word " * 20_000
    index = filled(NoveltySettings(), ["write a short poem", "word " * 30])
    assert index.offer(huge) == Kept(2)
    assert index.offer(huge + "end") == TooSimilar(Neighbour(2, huge, pytest.approx(1, abs=1e-4)))


@pytest.mark.parametrize("empty", ["", "   ", "?!", "🙂"])
def test_a_text_without_tokens_is_similar_to_nothing(empty: str) -> None:
    index = NoveltyIndex()
    assert [index.offer(empty), index.offer(empty), index.offer("write a poem")] == [Kept(0), Kept(1), Kept(2)]
    assert index.nearest_too_similar(empty) is None


def test_an_exact_copy_in_chinese_is_refused_by_unicode_tokens_alone() -> None:
    text = "写一首关于大海的短诗。"
    assert isinstance(filled(NoveltySettings(tokens="unicode"), [text]).offer(text), TooSimilar)
    assert isinstance(filled(NoveltySettings(tokens="ascii"), [text]).offer(text), Kept)


def test_the_defaults_refuse_a_tie_as_the_papers_text_does() -> None:
    pool, tie = "a b c d e f g h i j", "a b c d e f g x y z"
    assert filled(NoveltySettings(), [pool]).nearest_too_similar(tie) == Neighbour(0, pool, 0.7)
    assert filled(NoveltySettings(refuse=">"), [pool]).nearest_too_similar(tie) is None
    assert NoveltyIndex().offer(pool) == Kept(0)


def test_the_nearest_has_the_highest_score_and_was_added_first(reference_score) -> None:
    random = Random(3)
    texts = some_texts(random, SCRIPTS["latin"][:6], 300, 10)
    pool, asked = texts[:200], texts[200:]
    index = filled(NoveltySettings(), pool)
    found = 0
    for text in asked:
        scores = [reference_score(text, other, "ascii") for other in pool]
        nearest = index.nearest_too_similar(text)
        if nearest is not None:
            row = scores.index(max(scores))
            assert nearest == Neighbour(row, pool[row], scores[row])
            found += 1
    assert found > 50


def test_an_offer_enters_the_pool_only_if_it_is_kept() -> None:
    index = NoveltyIndex()
    assert index.offer("write a short poem about rain") == Kept(0)
    refused = index.offer("write a short poem about snow")
    assert refused == TooSimilar(Neighbour(0, "write a short poem about rain", 5 / 6))
    assert len(index) == 1
    assert index.offer("list seven kinds of bread") == Kept(1)


def test_filling_with_nothing_changes_nothing() -> None:
    index = NoveltyIndex()
    index.add_all([])
    assert len(index) == 0
    assert index.offer("write a poem") == Kept(0)


def test_asking_does_not_add() -> None:
    index = NoveltyIndex()
    assert index.nearest_too_similar("write a poem") is None
    assert len(index) == 0


def test_added_texts_are_in_the_pool_whatever_they_are() -> None:
    index = filled(NoveltySettings(), ["write a poem", "write a poem"])
    assert index.add("write a poem") == 2
    assert len(index) == 3
    assert index.nearest_too_similar("write a poem") == Neighbour(0, "write a poem", 1.0)


def test_an_index_filled_again_decides_the_same() -> None:
    texts = some_texts(Random(8), SCRIPTS["latin"] + SCRIPTS["chinese"], 400, 15)
    grown = NoveltyIndex()
    kept = [text for text in texts[:300] if isinstance(grown.offer(text), Kept)]
    again = filled(NoveltySettings(), kept)
    assert len(again) == len(grown) == len(kept)
    assert [again.nearest_too_similar(text) for text in texts] == [grown.nearest_too_similar(text) for text in texts]


@pytest.mark.usefixtures("hasty_threads")
def test_of_equal_offers_from_many_threads_one_is_kept() -> None:
    texts = [f"a{number} b{number} c{number} d{number}" for number in range(500)]
    index = NoveltyIndex()
    with ThreadPoolExecutor(max_workers=8) as threads:
        decisions = list(threads.map(index.offer, [text for text in texts for _ in range(8)]))
    assert sum(isinstance(decision, Kept) for decision in decisions) == len(index) == len(texts)


def test_what_the_recorded_run_kept_is_novel_to_the_paper_profile(reference: Path) -> None:
    index = NoveltyIndex(NoveltySettings(refuse=">", tokens="ascii"))
    index.add_all(json.loads(line)["instruction"] for line in (reference / "seed_tasks.jsonl").read_text().splitlines())
    rows = (reference / "davinci-run" / "kept_instructions.jsonl").read_text().splitlines()
    assert [index.offer(json.loads(line)["instruction"]) for line in rows] == [Kept(175 + number) for number in range(185)]
