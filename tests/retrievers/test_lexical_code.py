"""The filter before ROUGE-L: nothing is missed, little is let through, and the host's threads are left alone."""

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from random import Random

import faiss
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from self_instruct.retrievers.lexical_code import FEATURE_BITS, LexicalStore, feature_bits

THRESHOLDS = [Fraction(text) for text in ("0.5", "0.7", "0.9", "1")]


def filled(threshold: Fraction, rows: list[list[str]]) -> LexicalStore:
    store = LexicalStore(threshold)
    store.add_all(rows)
    return store


def varied(random: Random, vocabulary: int, length: int) -> list[str]:
    return [f"w{random.randrange(vocabulary)}" for _ in range(length)]


def edited(random: Random, text: list[str], share: float) -> list[str]:
    return [token if random.random() > share else f"x{random.randrange(9)}" for token in text]


@st.composite
def pools(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    words = st.sampled_from([f"w{number}" for number in range(draw(st.integers(2, 20)))])
    text = st.lists(words, max_size=30)
    return draw(text), draw(st.lists(text, min_size=1, max_size=20))


@settings(max_examples=300, deadline=None)
@given(pools(), st.sampled_from(THRESHOLDS))
def test_every_row_that_reaches_the_threshold_survives_the_search(exact_score, pool, threshold) -> None:
    query, rows = pool
    survivors = set(filled(threshold, rows).may_reach(query))
    assert {row for row, text in enumerate(rows) if exact_score(query, text) >= threshold} <= survivors


@pytest.mark.parametrize(("threshold", "limit"), [("0.5", 128), ("0.7", 213), ("0.9", 640), ("1", 300)])
def test_rows_around_the_longest_that_has_a_code_of_its_own_are_not_missed(exact_score, threshold: str, limit: int) -> None:
    random = Random(0)
    rows = [varied(random, 400, limit + more) for more in (-1, 0, 1, 40)]
    store = filled(Fraction(threshold), rows)
    matches = 0
    for row, text in enumerate(rows):
        for query in (text, edited(random, text, 0.05), edited(random, text, 0.25), text[: limit // 2], text[15:]):
            reaches = exact_score(query, text) >= Fraction(threshold)
            matches += reaches
            assert row in store.may_reach(query) or not reaches
    assert matches >= len(rows)


@pytest.mark.parametrize("length", [396, 400, 407, 650])
def test_a_query_too_long_for_any_code_is_answered_by_length_alone(length: int) -> None:
    words = [f"w{number}" for number in range(1300)]
    lengths = range(200, 1300)
    store = filled(Fraction("0.7"), [words[:n] for n in lengths])
    may_reach = {row for row, n in enumerate(lengths) if Fraction(2 * min(length, n), length + n) >= Fraction("0.7")}
    assert set(store.may_reach(words[:length])) == may_reach


@settings(max_examples=200, deadline=None)
@given(pools())
def test_codes_differ_in_no_more_bits_than_the_texts_have_tokens_outside_the_common_ones(exact_score, pool) -> None:
    query, rows = pool
    for row in rows:
        outside = (1 - exact_score(query, row)) * (len(query) + len(row))  # m + n - 2 l
        assert (feature_bits(query) ^ feature_bits(row)).bit_count() <= outside


def test_few_rows_survive_that_do_not_match() -> None:
    random = Random(1)
    rows = [varied(random, 300, random.randint(8, 30)) for _ in range(2000)]
    store = filled(Fraction("0.7"), rows)
    assert sum(len(store.may_reach(edited(random, row, 0.2))) for row in rows[:200]) < 2 * 200


def test_feature_bits_are_the_same_in_every_process() -> None:
    assert feature_bits(["write", "a", "poem", "about", "a", "river"]) == sum(1 << bit for bit in (3, 21, 26, 35, 95, 171))
    assert feature_bits(["诗"]) == 1 << 139


def test_a_repeated_token_is_another_feature() -> None:
    assert feature_bits(["a"]).bit_count() == 1
    assert feature_bits(["a", "a", "a"]).bit_count() == 3
    assert feature_bits(varied(Random(2), 9000, 3000)) < 1 << FEATURE_BITS


def test_a_batch_that_cannot_be_read_adds_nothing() -> None:
    store = filled(Fraction("0.7"), [["a"]])
    unreadable = [["b"] * 300, None]
    with pytest.raises(TypeError):
        store.add_all(unreadable)
    assert len(store) == 1
    assert store.may_reach(["b"] * 300) == []


def test_a_search_leaves_the_number_of_threads_as_it_found_it() -> None:
    before = faiss.omp_get_max_threads()
    store = filled(Fraction("0.7"), [["a", "b"]])

    def search_under(threads: int) -> tuple[list[int], int]:
        faiss.omp_set_num_threads(threads)
        return store.may_reach(["a", "b"]), faiss.omp_get_max_threads()

    with ThreadPoolExecutor(max_workers=1) as elsewhere:
        assert elsewhere.submit(search_under, 3).result() == ([0], 3)
    assert faiss.omp_get_max_threads() == before
