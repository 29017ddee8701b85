"""Lists by rare tokens: a large pool's rows are found as if all were read, and few are."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate
from random import Random

import faiss
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from self_instruct.retrievers import lexical_code
from self_instruct.retrievers.lexical_code import LexicalStore, LexicalText, signature
from self_instruct.retrievers.rare_tokens import RareTokenLists, Reach

EVERYTHING = 10_000  # bits: every code differs in fewer
THRESHOLDS = [Fraction(text) for text in ("0.1", "0.5", "0.7", "0.9", "1")]


def zipf_texts(seed: int, count: int, vocabulary: int) -> list[list[str]]:
    """Return texts whose k-th commonest word is written once for every k times of the first."""
    random, words = Random(seed), [f"w{number}" for number in range(vocabulary)]
    weights = list(accumulate(1 / place for place in range(1, vocabulary + 1)))
    return [random.choices(words, cum_weights=weights, k=random.randint(4, 32)) for _ in range(count)]


def in_lists(texts: Sequence[Sequence[str]]) -> RareTokenLists:
    own = [signature(text).encode("utf-16-le") for text in texts]
    lists = RareTokenLists(faiss, Reach(Fraction("0.7")), range(1, 33), 128, bytearray(b"".join(own)))
    codes = np.zeros((len(texts), 16), dtype=np.uint8)
    lists.add(codes, *characters(texts))
    return lists


def characters(texts: Sequence[Sequence[str]]) -> tuple[np.ndarray, np.ndarray]:
    own = "".join(map(signature, texts)).encode("utf-16-le")
    return np.frombuffer(own, dtype=np.uint16), np.cumsum([len(text) for text in texts])


def read(lists: RareTokenLists, text: Sequence[str]) -> set[int]:
    """Return all rows that a text is compared with."""
    return lists.near(np.zeros((1, 16), dtype=np.uint8), LexicalText(text).characters, EVERYTHING)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60), st.sampled_from([2, 9, 40, 400]), st.sampled_from(THRESHOLDS))
def test_a_pool_that_grows_gives_the_same_rows_in_lists_as_read_whole(
    early_lists, seed: int, count: int, vocabulary: int, threshold: Fraction
) -> None:
    """Searches between additions: rows in lists, rows not yet in them, and lists begun anew, over two bands."""
    random, whole = Random(seed), LexicalStore(threshold)
    with early_lists():
        listed = LexicalStore(threshold)
        texts = [[f"w{random.randrange(vocabulary)}" for _ in range(random.randint(0, 70))] for _ in range(count)]
        for text in texts:
            query = LexicalText([token for token in random.choice(texts) if random.random() > 0.2])
            assert listed.may_reach(query) == whole.may_reach(query)
            listed.add(LexicalText(text))
            whole.add(LexicalText(text))
        for query in map(LexicalText, texts):
            assert listed.may_reach(query) == whole.may_reach(query)


def test_a_text_is_compared_with_few_rows_and_with_itself() -> None:
    texts = zipf_texts(0, 4000, 20_000)
    lists = in_lists(texts)
    found = [read(lists, text) for text in texts[:300]]
    assert all(row in rows for row, rows in enumerate(found))
    assert sum(map(len, found)) < 0.05 * len(texts) * len(found)
    assert lists.are_worth_it(*characters(texts))


def test_lists_are_not_worth_it_where_every_text_is_of_the_same_few_words() -> None:
    texts = zipf_texts(0, 2000, 30)
    assert not in_lists(texts).are_worth_it(*characters(texts))


def test_a_pool_of_few_words_stays_read_whole_until_it_has_doubled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical_code, "_FIRST_LISTED_BYTES", 16 * 1000)
    store, begun = LexicalStore(Fraction("0.7")), list[int]()
    monkeypatch.setattr(lexical_code, "RareTokenLists", lambda *args: begun.append(len(store)) or RareTokenLists(*args))
    for text in zipf_texts(0, 4100, 30):
        store.add(LexicalText(text))
        store.may_reach(LexicalText(["w1", "w2", "w3", "w4"]))
    assert begun == [1000, 2000, 4000]


def test_rows_of_words_that_came_after_the_lists_were_begun_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexical_code, "_FIRST_LISTED_BYTES", 16 * 500)
    monkeypatch.setattr(lexical_code, "_UNLISTED_BYTES", 16 * 10)
    store = LexicalStore(Fraction("0.7"))
    others = [[f"other-{word}" for word in text] for text in zipf_texts(1, 300, 3000)]
    for row, text in enumerate([*zipf_texts(0, 600, 3000), *others]):
        store.add(LexicalText(text))
        assert (1.0, row) in store.may_reach(LexicalText(text))
