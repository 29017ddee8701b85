"""The filter before ROUGE-L: nothing is missed, little is let through, and the host's threads are left alone."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from random import Random

import faiss
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from self_instruct.retrievers import lexical_code
from self_instruct.retrievers.lexical_code import LexicalStore, LexicalText, feature_bits, signature
from self_instruct.retrievers.rouge import CommonTokens, f_measure

THRESHOLDS = [Fraction(text) for text in ("0.1", "0.5", "0.7", "0.9", "1")]


def filled(threshold: Fraction, rows: Iterable[list[str]]) -> LexicalStore:
    store = LexicalStore(threshold)
    for row in rows:
        store.add(LexicalText(row))
    return store


def reached(store: LexicalStore, tokens: list[str]) -> list[int]:
    return [row for _, row in store.may_reach(LexicalText(tokens))]


def varied(random: Random, vocabulary: int, length: int) -> list[str]:
    return [f"w{random.randrange(vocabulary)}" for _ in range(length)]


def edited(random: Random, text: list[str], share: float) -> list[str]:
    return [token if random.random() > share else f"x{random.randrange(9)}" for token in text]


def some_rows(seed: int, count: int) -> list[list[str]]:
    random = Random(seed)
    return [varied(random, 12, random.randint(0, 60)) for _ in range(count)]


@st.composite
def pools(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    words = st.sampled_from([f"w{number}" for number in range(draw(st.integers(2, 20)))])
    text = st.lists(words, max_size=70)
    return draw(text), draw(st.lists(text, min_size=1, max_size=12))


@pytest.mark.usefixtures("either_way")
@settings(max_examples=300)
@given(pools(), st.sampled_from(THRESHOLDS))
def test_every_row_that_reaches_the_threshold_survives_the_search(exact_score, pool, threshold) -> None:
    query, rows = pool
    survivors = set(reached(filled(threshold, rows), query))
    assert {row for row, text in enumerate(rows) if exact_score(query, text) >= threshold} <= survivors


@pytest.mark.usefixtures("either_way")
@pytest.mark.parametrize("threshold", ["0.3", "0.5", "0.7", "0.9", "1"])
@pytest.mark.parametrize("limit", [32, 64, 128, 256, 512])
def test_rows_around_the_edge_of_a_band_are_not_missed(threshold: str, limit: int) -> None:
    random = Random(0)
    rows = [varied(random, 400, limit + more) for more in (-1, 0, 1, 2, 40)]
    store = filled(Fraction(threshold), rows)
    matches = 0
    for row, text in enumerate(rows):
        for query in (text, edited(random, text, 0.05), edited(random, text, 0.25), text[: limit // 2], text[15:]):
            reaches = Fraction(2 * CommonTokens(query).count(text), len(query) + len(text)) >= Fraction(threshold)
            matches += reaches
            assert row in reached(store, query) or not reaches
    assert matches >= len(rows)


@pytest.mark.parametrize("length", [280, 400, 512, 513, 650])
def test_long_rows_are_found_where_their_length_is_in_reach(length: int) -> None:
    words = [f"w{number}" for number in range(1300)]
    lengths = range(200, 1300, 7)
    store = filled(Fraction("0.7"), (words[:n] for n in lengths))
    expected = [row for row, n in enumerate(lengths) if Fraction(2 * min(length, n), length + n) >= Fraction("0.7")]
    assert sorted(reached(store, words[:length])) == expected


@settings(max_examples=200)
@given(pools(), st.sampled_from([96, 118, 128, 256, 2048]))
def test_codes_differ_in_no_more_bits_than_the_texts_have_tokens_outside_the_common_ones(exact_score, pool, bits) -> None:
    query, rows = pool
    for row in rows:
        outside = (1 - exact_score(query, row)) * (len(query) + len(row))  # m + n - 2 l
        assert (feature_bits(query, bits) ^ feature_bits(row, bits)).bit_count() <= outside


@settings(max_examples=200)
@given(pools())
def test_what_is_named_is_no_less_than_the_score_and_the_best_comes_first(pool) -> None:
    query, rows = pool
    found = filled(Fraction("0.5"), rows).may_reach(LexicalText(query))
    assert found == sorted(found, key=lambda bound: (-bound[0], bound[1]))
    for bound, row in found:
        assert bound >= f_measure(CommonTokens(query).count(rows[row]), len(query), len(rows[row]))


@pytest.fixture
def all_tokens_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every token one of three characters, so that most comparisons meet two different tokens with the same one."""
    monkeypatch.setattr(lexical_code, "_character", lambda token: "abc"[sum(token.encode()) % 3])


@pytest.mark.usefixtures("either_way")
@pytest.mark.usefixtures("all_tokens_alike")
def test_tokens_that_share_a_character_cost_no_row(exact_score) -> None:
    random = Random(4)
    rows = [varied(random, 40, random.randint(0, 20)) for _ in range(60)]
    rows += [edited(random, row, 0.3) for row in rows]
    store = filled(Fraction("0.7"), rows)
    more = 0
    for query in rows:
        reaching = {row for row, text in enumerate(rows) if exact_score(query, text) >= Fraction("0.7")}
        assert reaching <= set(reached(store, query))
        more += len(reached(store, query)) - len(reaching)
    assert more > 0


def test_a_pool_larger_than_what_is_computed_at_once_is_searched_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, queries = some_rows(1, 300), [LexicalText(query) for query in some_rows(2, 90)]
    whole = filled(Fraction("0.5"), rows)
    monkeypatch.setattr(lexical_code, "_AT_ONCE", 64)
    in_parts = filled(Fraction("0.5"), rows)
    assert [in_parts.may_reach(query) for query in queries] == [whole.may_reach(query) for query in queries]


def test_few_rows_survive_that_do_not_match() -> None:
    random = Random(1)
    rows = [varied(random, 300, random.randint(8, 30)) for _ in range(2000)]
    store = filled(Fraction("0.7"), rows)
    assert sum(len(reached(store, edited(random, row, 0.2))) for row in rows[:200]) < 2 * 200


def test_codes_and_signatures_are_the_same_in_every_process() -> None:
    assert signature(["write", "a", "诗"]) == "\u425f\u3e43\u56cb"
    assert feature_bits(["write", "a", "poem", "a", "诗"]) == sum(1 << bit for bit in (20, 67, 95, 154, 203))


def test_a_repeated_token_is_another_feature() -> None:
    assert feature_bits(["a"]).bit_count() == 1
    assert feature_bits(["a", "a", "a"]).bit_count() == 3
    assert feature_bits(varied(Random(2), 9000, 3000), 192) < 1 << 192


def test_narrow_codes_are_wide_ones_folded() -> None:
    tokens = varied(Random(3), 30, 80)
    text = LexicalText(tokens)
    assert [text.feature_bits(bits) for bits in (944, 236, 118, 96, 472)] == [
        feature_bits(tokens, bits) for bits in (944, 236, 118, 96, 472)
    ]


def test_a_text_without_tokens_reaches_nothing() -> None:
    assert reached(filled(Fraction("0.1"), [[], ["a"]]), []) == []
    assert reached(filled(Fraction("0.1"), [[], ["a"]]), ["a"]) == [1]


def test_a_search_leaves_the_number_of_threads_as_it_found_it() -> None:
    before = faiss.omp_get_max_threads()
    store = filled(Fraction("0.7"), [["a", "b"]])

    def search_under(threads: int) -> tuple[list[int], int]:
        faiss.omp_set_num_threads(threads)
        return reached(store, ["a", "b"]), faiss.omp_get_max_threads()

    with ThreadPoolExecutor(max_workers=1) as elsewhere:
        assert elsewhere.submit(search_under, 3).result() == ([0], 3)
    assert faiss.omp_get_max_threads() == before
