"""The retriever of similar instructions, against ROUGE-L with every one of them."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from random import Random

import faiss
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import RunnableLambda
from langchain_tests.integration_tests import RetrieversIntegrationTests
from pydantic import ValidationError

from self_instruct.records.errors import InputError
from self_instruct.retrievers import NoveltyIndex, rouge_l
from self_instruct.retrievers.apps import similar_instructions
from self_instruct.retrievers.apps.similar_instructions import InstructionIndex, SimilarInstructionsRetriever
from self_instruct.retrievers.rouge import tokens

TEXTS = ["Write a poem.", "List seven birds.", "Write a short poem about rain.", "write a POEM", "🙂", "写一首诗。"]
WORDS = ["write", "a", "short", "poem", "about", "rain", "写", "诗", "é", "🙂"]

Score = Callable[[list[str], list[str]], Fraction]


def by_every_pair(texts: list[str], query: str, k: int, minimum: str, exact_score: Score) -> list[tuple[int, float]]:
    reaching = [
        (row, rouge_l(query, text))
        for row, text in enumerate(texts)
        if exact_score(tokens(query), tokens(text)) >= Fraction(minimum)
    ]
    return sorted(reaching, key=lambda found: (-found[1], found[0]))[:k]


def made_up(random: Random, count: int, vocabulary: int = 30) -> list[str]:
    return [" ".join(f"w{random.randrange(vocabulary)}" for _ in range(random.randint(0, 12))) for _ in range(count)]


class TestTheStandardSuite(RetrieversIntegrationTests):
    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return SimilarInstructionsRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, object]:
        return {"documents": [Document(text) for text in TEXTS]}

    @property
    def retriever_query_example(self) -> str:
        return "write a long poem"


@settings(max_examples=300)
@given(
    texts=st.lists(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join), max_size=25),
    query=st.lists(st.sampled_from([*WORDS, "unknown"]), max_size=12).map(" ".join),
    k=st.integers(1, 30),
    minimum=st.sampled_from(["0", "0.1", "0.3", "0.5", "0.7", "0.8", "1"]),
)
def test_what_is_found_is_what_comparing_every_pair_finds(exact_score: Score, texts, query, k, minimum) -> None:
    index = InstructionIndex()
    index.add(texts)
    assert index.nearest(query, k, float(minimum)) == by_every_pair(texts, query, k, minimum, exact_score)


@pytest.mark.parametrize("minimum", ["0", "0.2", "0.5", "0.7"])
def test_long_texts_are_found_as_short_ones_are(exact_score: Score, minimum: str) -> None:
    random = Random(4)
    texts = [" ".join(f"w{random.randrange(400)}" for _ in range(length)) for length in (5, 60, 190, 213, 214, 300)]
    index = InstructionIndex()
    index.add(texts)
    for text in texts:
        query = " ".join(word if random.random() > 0.25 else "new" for word in text.split())
        assert index.nearest(query, 6, float(minimum)) == by_every_pair(texts, query, 6, minimum, exact_score)


def test_after_removing_rows_it_finds_what_a_new_index_finds(exact_score: Score) -> None:
    random = Random(6)
    texts = made_up(random, 200)
    gone = set(random.sample(range(200), 90))
    index = InstructionIndex()
    index.add(texts)
    index.remove(gone)
    left = [text for row, text in enumerate(texts) if row not in gone]
    assert len(index) == 110
    for query in made_up(random, 20):
        assert index.nearest(query, 5) == by_every_pair(left, query, 5, "0", exact_score)
        assert index.nearest(query, 5, 0.4) == by_every_pair(left, query, 5, "0.4", exact_score)


def test_more_tokens_than_there_are_code_points_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similar_instructions.sys, "maxunicode", 3)
    index = InstructionIndex()
    index.add(["a b c", "b c d e", "e d c b a"])  # the first is kept as characters, the others as numbers
    assert index.nearest("b c d x", 3) == [(1, 0.75), (0, rouge_l("b c d x", "a b c")), (2, rouge_l("b c d x", "e d c b a"))]
    assert index.nearest("a b", 1) == [(0, 0.8)]


def test_ties_come_oldest_first_also_where_the_cut_falls_among_them() -> None:
    index = InstructionIndex()
    index.add(["list birds", *["write a poem"] * 5, "write a long poem"])
    assert index.nearest("write a poem", 3) == [(1, 1.0), (2, 1.0), (3, 1.0)]
    assert [row for row, _ in index.nearest("nothing in common", 3)] == [0, 1, 2]


def test_a_true_tie_with_the_minimum_reaches_it_whatever_its_float_says(exact_score: Score) -> None:
    m, n = next(
        (m, n) for m in range(1, 120) for n in range(m, 120)
        if (m + n) % 20 == 0 and 7 * (m + n) // 20 <= m and tie_score(m, n) < 0.7
    )  # fmt: skip
    left, right = tie(m, n)
    index = InstructionIndex()
    index.add([left])
    assert index.nearest(right, 1, 0.7) == [(0, tie_score(m, n))]
    assert index.nearest(right, 1, 0.7000001) == []


def tie(m: int, n: int) -> tuple[str, str]:
    common = " ".join(f"c{i}" for i in range(7 * (m + n) // 20))
    return common + "".join(f" l{i}" for i in range(m - len(common.split()))), common + "".join(
        f" r{i}" for i in range(n - len(common.split()))
    )


def tie_score(m: int, n: int) -> float:
    return rouge_l(*tie(m, n))


def test_the_first_one_found_is_the_one_the_novelty_index_names() -> None:
    random = Random(2)
    texts = made_up(random, 300, vocabulary=5)
    pool, index = NoveltyIndex(), InstructionIndex()
    pool.add_all(texts)
    index.add(texts)
    named = 0
    for query in made_up(random, 100, vocabulary=5):
        nearest = pool.nearest_too_similar(query)
        found = index.nearest(query, 1, 0.7)
        assert found == ([(nearest.row, nearest.score)] if nearest else [])
        named += nearest is not None
    assert named > 30


def test_an_empty_index_finds_nothing() -> None:
    index = InstructionIndex()
    index.add([])
    assert index.nearest("write a poem", 3) == index.nearest("write a poem", 3, 0.5) == []


@pytest.mark.parametrize(("k", "minimum", "wrong"), [(0, 0.5, "k is 0"), (1, 1.5, "minimum is 1.5"), (1, float("nan"), "nan")])
def test_a_number_without_meaning_is_an_error_that_names_it(k: int, minimum: float, wrong: str) -> None:
    with pytest.raises(InputError, match=wrong):
        InstructionIndex().nearest("write a poem", k, minimum)


def test_the_hosts_number_of_threads_is_left_as_it_was() -> None:
    before = faiss.omp_get_max_threads()
    index = InstructionIndex()
    index.add(TEXTS)
    index.nearest("write a poem", 1, 0.9)
    assert faiss.omp_get_max_threads() == before


def test_a_document_comes_back_with_its_own_metadata_score_and_row() -> None:
    given = Document("Write a poem.", id="poem", metadata={"source": "seed"})
    retriever = SimilarInstructionsRetriever.from_documents([Document("List seven birds."), given], k=1)
    expected = {"source": "seed", "rouge_l": rouge_l("write a long poem", "Write a poem."), "row": 1}
    assert retriever.invoke("write a long poem") == [Document("Write a poem.", id="poem", metadata=expected)]
    assert given.metadata == {"source": "seed"}


def test_texts_take_their_metadata_along() -> None:
    retriever = SimilarInstructionsRetriever.from_texts(["a b", "c d"], [{"n": 1}, {"n": 2}], k=2)
    assert [document.metadata["n"] for document in retriever.invoke("c d")] == [2, 1]
    with pytest.raises(InputError, match="2 texts and 1 metadatas"):
        SimilarInstructionsRetriever.from_texts(["a b", "c d"], [{"n": 1}])


def test_a_call_may_ask_for_another_number_and_minimum() -> None:
    retriever = SimilarInstructionsRetriever.from_texts(TEXTS, minimum=0.5)
    assert len(retriever.invoke("write a poem")) == 3
    assert len(retriever.invoke("write a poem", minimum=0.0, k=5)) == 5
    assert [document.metadata["row"] for document in retriever.invoke("write a poem", minimum=1.0)] == [0, 3]


def test_the_tokens_decide_whether_chinese_is_seen() -> None:
    assert len(SimilarInstructionsRetriever.from_texts(TEXTS, minimum=0.9).invoke("写一首诗")) == 1
    assert SimilarInstructionsRetriever.from_texts(TEXTS, minimum=0.9, tokens="ascii").invoke("写一首诗") == []


@pytest.mark.parametrize("wrong", [{"k": 0}, {"minimum": 1.1}, {"minimum": -0.1}, {"tokens": "words"}])
def test_a_wrong_field_is_refused_when_the_retriever_is_made(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SimilarInstructionsRetriever.from_texts(TEXTS, **wrong)


async def test_async_calls_find_the_same_side_by_side() -> None:
    random = Random(7)
    retriever = SimilarInstructionsRetriever.from_texts(made_up(random, 400), k=3)
    queries = made_up(random, 40)
    found = await asyncio.gather(*(retriever.ainvoke(query, minimum=0.3) for query in queries))
    assert found == [retriever.invoke(query, minimum=0.3) for query in queries]


def test_many_threads_find_what_one_finds() -> None:
    random = Random(9)
    retriever = SimilarInstructionsRetriever.from_texts(made_up(random, 400), k=3)
    queries = made_up(random, 200)
    with ThreadPoolExecutor(max_workers=8) as threads:
        assert list(threads.map(retriever.invoke, queries)) == [retriever.invoke(query) for query in queries]


def test_it_is_a_runnable_like_any_other() -> None:
    chain = SimilarInstructionsRetriever.from_texts(TEXTS, k=1) | RunnableLambda(lambda found: found[0].page_content)
    assert chain.batch(["seven birds", "a poem about rain"]) == ["List seven birds.", "Write a short poem about rain."]
