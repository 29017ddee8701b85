"""The lexical embeddings: the bound they promise, and what they do not."""

from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import Embeddings
from langchain_tests.integration_tests import EmbeddingsIntegrationTests

from self_instruct.records.errors import InputError
from self_instruct.retrievers import rouge_l
from self_instruct.retrievers.apps.lexical_embeddings import LexicalEmbeddings

TEXTS = st.lists(st.sampled_from(["write", "a", "short", "poem", "写", "诗", "é", "the", "sea"]), max_size=40).map(" ".join)


class TestTheStandardSuite(EmbeddingsIntegrationTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return LexicalEmbeddings


def inner_product(model: LexicalEmbeddings, left: str, right: str) -> float:
    return float(np.dot(model.embed_query(left), model.embed_documents([right])[0]))


@settings(max_examples=300)
@given(TEXTS, TEXTS, st.sampled_from([1, 7, 64, 1024]))
def test_the_inner_product_bounds_rouge_l_from_above_in_any_number_of_dimensions(
    left: str, right: str, dimensions: int
) -> None:
    assert inner_product(LexicalEmbeddings(dimensions), left, right) >= rouge_l(left, right) - 1e-9


def test_without_collisions_it_is_the_shared_tokens_over_the_mean_length() -> None:
    model = LexicalEmbeddings(1 << 16)
    assert inner_product(model, "the cat and the dog", "the dog and a bird") == pytest.approx(3 / 5)
    assert inner_product(model, "a b c d", "a b c d e f g h i") == pytest.approx(4 / sqrt(4 * 9))


def test_word_order_is_not_in_it() -> None:
    model = LexicalEmbeddings()
    assert model.embed_query("man bites dog") == model.embed_query("dog bites man")


def test_a_second_occurrence_is_another_feature() -> None:
    assert inner_product(LexicalEmbeddings(1 << 16), "go", "go go go go") == pytest.approx(0.5)


def test_a_text_without_tokens_is_the_zero_vector() -> None:
    assert LexicalEmbeddings(4).embed_documents(["?!", ""]) == [[0.0] * 4] * 2


def test_no_dimensions_are_an_error() -> None:
    with pytest.raises(InputError, match="dimensions is 0"):
        LexicalEmbeddings(0)
