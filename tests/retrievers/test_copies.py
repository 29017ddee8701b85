"""Indexes and stores as values of a program: they are copied and pickled, and a single text is not taken for several."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from pydantic import ValidationError

from self_instruct.records.errors import InputError
from self_instruct.retrievers import (
    Kept,
    LexicalVectorStore,
    NoveltyIndex,
    SemanticIndex,
    SimilarInstructionsRetriever,
    TooSimilar,
)

TEXTS = ["Write a poem about the sea.", "List seven birds of the north."]
COPIES: list[Callable[[Any], Any]] = [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))]


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_a_pool_decides_the_same_and_grows_alone(copied: Callable[[Any], Any]) -> None:
    pool = NoveltyIndex()
    pool.add_all(TEXTS)
    other = copied(pool)
    assert isinstance(other.offer(TEXTS[0]), TooSimilar)
    assert other.offer("Name a river in Asia.") == Kept(2)
    assert (len(pool), len(other)) == (2, 3)


@pytest.mark.parametrize("copied", [*COPIES, lambda one: one.model_copy(deep=True)])
def test_a_copy_of_a_retriever_finds_the_same(copied: Callable[[Any], Any]) -> None:
    retriever = SimilarInstructionsRetriever.from_texts(TEXTS, minimum=0.5)
    assert copied(retriever).invoke("write a poem about a sea") == retriever.invoke("write a poem about a sea")


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_a_store_holds_the_same_and_grows_alone(copied: Callable[[Any], Any]) -> None:
    store = LexicalVectorStore()
    store.add_texts(TEXTS, ids=["poem", "birds"])
    other = copied(store)
    other.add_texts(["Name a river in Asia."], ids=["river"])
    other.delete(["poem"])
    assert [each.id for each in store.similarity_search("write a poem about the sea", k=3)] == ["poem", "birds"]
    assert {each.id for each in other.similarity_search("write a poem about the sea", k=3)} == {"river", "birds"}


@pytest.mark.parametrize("copied", COPIES)
def test_a_copy_of_a_semantic_pool_decides_the_same(copied: Callable[[Any], Any]) -> None:
    empty = SemanticIndex(DeterministicFakeEmbedding(size=8), 0.99)
    assert copied(empty).offer(TEXTS[0]) == Kept(0)
    empty.add_all(TEXTS)
    assert not isinstance(copied(empty).offer(TEXTS[1]), Kept)


def test_a_single_text_is_not_taken_for_several() -> None:
    store = LexicalVectorStore()
    for take in (
        NoveltyIndex().add_all,
        NoveltyIndex().offer_all,
        SemanticIndex(DeterministicFakeEmbedding(size=8), 0.9).add_all,
        SimilarInstructionsRetriever.from_texts,
        store.add_texts,
        store.delete,
    ):
        with pytest.raises(InputError, match="expected several texts, got one: 'abc'"):
            take("abc")  # type: ignore[operator]


def test_what_an_index_does_not_know_is_refused() -> None:
    with pytest.raises(InputError, match=r"the rules are NoveltySettings.*got 0\.6"):
        NoveltyIndex(0.6)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="minimun"):
        SimilarInstructionsRetriever.from_texts(TEXTS, minimun=0.5)
