"""The vector store: LangChain's standard tests, exact scores, and files that are whole or not there."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.indexing import InMemoryRecordManager, index
from langchain_core.vectorstores import VectorStore
from langchain_tests.integration_tests import VectorStoreIntegrationTests

from self_instruct.records.errors import InputError
from self_instruct.retrievers import rouge_l
from self_instruct.retrievers.apps.vector_store import LexicalVectorStore

POEM, BIRDS = Document("Write a poem.", id="poem", metadata={"n": 1}), Document("List seven birds.", id="birds")


class TestTheStandardSuite(VectorStoreIntegrationTests):
    @pytest.fixture
    def vectorstore(self) -> VectorStore:
        return LexicalVectorStore()


@pytest.fixture
def store() -> LexicalVectorStore:
    return LexicalVectorStore.from_documents([POEM, BIRDS])


Change = tuple[str, str | None]
changes = st.lists(
    st.tuples(st.sampled_from("abcdefg"), st.none() | st.lists(st.sampled_from("uvwxyz"), max_size=6).map(" ".join)),
    max_size=30,
)


@settings(max_examples=100)
@given(changes, st.sampled_from([0.0, 0.4, 0.8]))
def test_after_any_adding_replacing_and_deleting_it_finds_what_a_plain_search_finds(done: list[Change], minimum: float) -> None:
    store, plain = LexicalVectorStore(), dict[str, str]()
    for name, text in done:
        plain.pop(name, None)
        if text is None:
            store.delete([name])
        else:
            store.add_texts([text], ids=[name])
            plain[name] = text
    found = store.similarity_search_with_score("u v w x", k=9, minimum=minimum)
    expected = sorted(((name, rouge_l("u v w x", text)) for name, text in plain.items()), key=lambda each: -each[1])
    assert [(document.id, score) for document, score in found] == [each for each in expected if each[1] >= minimum]


def test_scores_are_the_exact_rouge_l_and_relevance_is_the_same(store: LexicalVectorStore) -> None:
    expected = [(POEM, rouge_l("write a long poem", "Write a poem.")), (BIRDS, 0.0)]
    assert store.similarity_search_with_score("write a long poem") == expected
    assert store.similarity_search_with_relevance_scores("write a long poem") == expected
    assert store.similarity_search_with_relevance_scores("write a long poem", score_threshold=0.5) == expected[:1]


async def test_the_async_relevance_takes_a_threshold_too(store: LexicalVectorStore) -> None:
    found = await store.asimilarity_search_with_relevance_scores("seven birds", k=2, score_threshold=0.5)
    assert [document.id for document, _ in found] == ["birds"]


@pytest.mark.parametrize(
    "settings",
    [
        {"search_kwargs": {"k": 2, "minimum": 0.5}},
        {"search_type": "similarity_score_threshold", "search_kwargs": {"score_threshold": 0.5}},
    ],
)
def test_it_makes_a_retriever_with_a_minimum(store: LexicalVectorStore, settings: dict[str, object]) -> None:
    assert store.as_retriever(**settings).invoke("write a long poem") == [POEM]


def test_what_a_search_does_not_know_is_refused_rather_than_passed_over(store: LexicalVectorStore) -> None:
    with pytest.raises(InputError, match="filter: unknown to LexicalVectorStore; a search takes k and minimum"):
        store.similarity_search("write a poem", filter={"n": 1})
    with pytest.raises(InputError, match="token: unknown"):
        LexicalVectorStore.from_texts(["a"], token="ascii")


def test_an_embedding_is_taken_and_not_used() -> None:
    store = LexicalVectorStore.from_texts(["Write a poem."], DeterministicFakeEmbedding(size=3), [{"n": 1}], ids=["poem"])
    assert store.get_by_ids(["poem"]) == [POEM]
    assert store.embeddings is None


def test_changing_a_document_that_was_found_changes_nothing_inside(store: LexicalVectorStore) -> None:
    store.similarity_search("write a poem", k=1)[0].metadata["n"] = 2
    store.get_by_ids(["poem"])[0].metadata["n"] = 3
    assert store.get_by_ids(["poem"]) == [POEM]


@pytest.mark.parametrize("wrong", [{"ids": ["a"]}, {"metadatas": [{}]}, {"ids": ["a", "b", "c"]}])
def test_lists_of_different_lengths_are_refused_and_nothing_is_added(wrong: dict[str, list]) -> None:
    store = LexicalVectorStore()
    with pytest.raises(InputError, match="there are 2 texts and"):
        store.add_texts(["a", "b"], **wrong)
    assert store.similarity_search("a") == []


def test_of_texts_with_one_id_the_last_counts() -> None:
    store = LexicalVectorStore()
    assert store.add_texts(["one", "two", "three"], ids=["x", "y", "x"]) == ["x", "y", "x"]
    assert {document.page_content for document in store.similarity_search("one")} == {"two", "three"}


def test_a_text_that_is_none_leaves_the_store_as_it_was(store: LexicalVectorStore) -> None:
    with pytest.raises(ValueError, match="page_content"):
        store.add_texts(["Write a novel.", 7], ids=["poem", "other"])
    assert store.get_by_ids(["poem", "birds", "other"]) == [POEM, BIRDS]


def test_deleting_without_ids_empties_it(store: LexicalVectorStore) -> None:
    store.delete()
    assert store.similarity_search("write a poem") == []
    assert store.add_texts(["write a poem"], ids=["poem"]) == ["poem"]
    assert [document.id for document in store.similarity_search("poem")] == ["poem"]


def test_langchains_indexing_adds_changes_and_deletes() -> None:
    store, records = LexicalVectorStore(), InMemoryRecordManager("test")
    records.create_schema()
    first = [Document("Write a poem.", metadata={"source": "1"}), Document("List birds.", metadata={"source": "2"})]
    assert index(first, records, store, cleanup="full", source_id_key="source", key_encoder="sha256")["num_added"] == 2
    second = [first[0], Document("List seven birds.", metadata={"source": "2"})]
    assert index(second, records, store, cleanup="full", source_id_key="source", key_encoder="sha256")["num_deleted"] == 1
    assert {document.page_content for document in store.similarity_search("birds")} == {"Write a poem.", "List seven birds."}


@pytest.mark.usefixtures("hasty_threads")
def test_adding_deleting_and_searching_from_many_threads_loses_nothing() -> None:
    store = LexicalVectorStore()

    def work(worker: int) -> None:
        random = Random(worker)
        for number in range(40):
            store.add_texts([f"keep {worker} {number}", f"drop {worker} {number}"], ids=[f"k{worker}-{number}", f"d{worker}"])
            found = store.similarity_search_with_score(f"keep {worker} {number}", k=1, minimum=random.choice([0.0, 0.9]))
            assert [(document.id, score) for document, score in found] == [(f"k{worker}-{number}", 1.0)]
            store.delete([f"d{worker}"])

    with ThreadPoolExecutor(max_workers=6) as threads:
        list(threads.map(work, range(6)))
    left = store.similarity_search("keep", k=1000)
    assert {document.id for document in left} == {f"k{worker}-{number}" for worker in range(6) for number in range(40)}


# saving and loading


def test_a_saved_store_comes_back_as_it_was(tmp_path: Path) -> None:
    store = LexicalVectorStore("ascii")
    texts = ["Write a poem.", "", "写一首诗\u2028。", 'a "quoted"\nline', "\ud800 alone", "Write a poem."]
    ids = store.add_texts(texts, [{"n": number, "list": [1, None, {"a": 0.5}]} for number in range(6)])
    store.save(tmp_path / "new" / "folder")
    loaded = LexicalVectorStore.load(tmp_path / "new" / "folder")
    assert loaded.get_by_ids(ids) == store.get_by_ids(ids)
    for query in ("write a poem", "写一首诗", ""):
        assert loaded.similarity_search_with_score(query, k=9) == store.similarity_search_with_score(query, k=9)


def test_an_empty_store_comes_back_empty(tmp_path: Path) -> None:
    LexicalVectorStore().save(tmp_path)
    assert LexicalVectorStore.load(tmp_path).similarity_search("a") == []


def test_saving_again_replaces_and_leaves_nothing_beside(tmp_path: Path, store: LexicalVectorStore) -> None:
    store.save(tmp_path)
    store.delete(["poem"])
    store.save(tmp_path)
    assert LexicalVectorStore.load(tmp_path).get_by_ids(["poem", "birds"]) == [BIRDS]
    assert [path.name for path in tmp_path.iterdir()] == ["documents.jsonl"]


@pytest.mark.parametrize("value", [object(), float("nan"), b"bytes"])
def test_metadata_that_json_cannot_hold_leaves_what_was_saved(tmp_path: Path, store: LexicalVectorStore, value: object) -> None:
    store.save(tmp_path)
    store.add_texts(["new"], [{"bad": value}], ids=["new"])
    with pytest.raises(InputError, match="the metadata of document 'new' cannot be written as JSON"):
        store.save(tmp_path)
    assert LexicalVectorStore.load(tmp_path).get_by_ids(["poem", "birds", "new"]) == [POEM, BIRDS]
    assert [path.name for path in tmp_path.iterdir()] == ["documents.jsonl"]


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path, store: LexicalVectorStore) -> None:
    (tmp_path / "file").write_text("here")
    with pytest.raises(InputError, match=r"documents\.jsonl: cannot be written: .*; name another directory\.$"):
        store.save(tmp_path / "file")


def test_a_directory_without_a_saved_store_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"documents\.jsonl: is missing"):
        LexicalVectorStore.load(tmp_path)


HEADER = '{"format": "self-instruct lexical vector store 1", "tokens": "unicode", "documents": 2}\n'
ROW = '{"id": "a", "text": "b", "metadata": {}}\n'


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", r":1: is no header"),
        ("[]\n", r":1: is no header"),
        (HEADER.replace("store 1", "store 2"), r":1: is no header"),
        (HEADER.replace("unicode", "words"), r":1: is no header"),
        (HEADER + ROW, "holds 1 documents of 2"),
        (HEADER + ROW + ROW[:-9], ":3: is no document"),
        (HEADER + ROW + "{}\n", ":3: is no document"),
        (HEADER + ROW + ROW.replace("{}", "3"), ":3: is no document"),
        (HEADER + ROW + ROW, ":3: has the id 'a'"),
        (HEADER + ROW + ROW.replace('"a"', "null"), ":3: has the id None"),
        (HEADER + ROW + ROW.replace("b", "é"), "is not as it was written"),
    ],
)
def test_a_damaged_file_is_refused_with_its_line(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "documents.jsonl").write_bytes(content.encode("latin-1"))
    with pytest.raises(InputError, match=complaint):
        LexicalVectorStore.load(tmp_path)


def test_a_saved_file_is_plain_json_lines(tmp_path: Path, store: LexicalVectorStore) -> None:
    store.save(tmp_path)
    lines = (tmp_path / "documents.jsonl").read_text().splitlines()
    assert json.loads(lines[1]) == {"id": "poem", "text": "Write a poem.", "metadata": {"n": 1}}
