"""The similarity records, against `rouge-score` and against the values the published code recorded."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import get_args

import numpy as np
import pytest

from self_instruct.retrievers import similarities
from self_instruct.retrievers.rouge import TokenKind
from self_instruct.retrievers.similarities import SimilarityPool, SimilarityRecord, similarity_records

WORDS = ["write", "a", "short", "poem", "about", "the", "sea", "and", "say", "why", "写", "诗", "été", "!"]


def some_texts(seed: int, count: int) -> list[str]:
    random = Random(seed)
    return [" ".join(random.choices(WORDS, k=random.randint(0, 8))) for _ in range(count)]


def recorded(path: Path, key: str) -> list:
    return [json.loads(line)[key] for line in path.read_text().splitlines()]


def published_record(reference_score, new: str, pool: Sequence[str], kind: TokenKind) -> SimilarityRecord:
    """The record as the published code makes it, but for the order of equal scores: here the older comes first."""
    scores = [reference_score(new, other, kind) for other in pool]
    return SimilarityRecord(
        {pool[row]: scores[row] for row in np.argsort(np.negative(scores), kind="stable")[:10]}, float(np.mean(scores))
    )


@pytest.mark.parametrize("kind", get_args(TokenKind))
def test_records_are_those_of_rouge_score_bit_for_bit(reference_score, kind: TokenKind) -> None:
    seeds, kept = some_texts(1, 30), some_texts(2, 70)  # three batches
    records = list(similarity_records(seeds, kept, kind))
    expected = [published_record(reference_score, new, [*seeds, *kept[:k]], kind) for k, new in enumerate(kept)]
    assert records == expected
    assert [list(record.most_similar) for record in records] == [list(record.most_similar) for record in expected]


def test_the_recorded_run_is_reproduced(reference: Path) -> None:
    kept = reference / "davinci-run" / "kept_instructions.jsonl"
    seeds = recorded(reference / "seed_tasks.jsonl", "instruction")
    records = list(similarity_records(seeds, recorded(kept, "instruction"), "ascii"))
    assert [record.average for record in records] == recorded(kept, "avg_similarity_score")
    assert [list(record.most_similar.values()) for record in records] == [
        list(similar.values()) for similar in recorded(kept, "most_similar")
    ]


def test_a_text_that_is_in_the_pool_twice_is_named_once_and_counted_twice() -> None:
    (record,) = similarity_records(["write a poem", "write a poem", "list birds"], ["write a poem"])
    assert record == SimilarityRecord({"write a poem": 1.0, "list birds": 0.0}, 2 / 3)


def test_a_new_text_is_compared_with_what_was_kept_before_it_and_not_with_itself() -> None:
    first, second = similarity_records(["list birds"], ["write a poem", "write a poem"])
    assert first == SimilarityRecord({"list birds": 0.0}, 0.0)
    assert second == SimilarityRecord({"write a poem": 1.0, "list birds": 0.0}, 0.5)


def test_best_come_first_and_ten_at_most() -> None:
    seeds = [" ".join([f"w{number}" for number in range(size)]) for size in range(1, 15)]
    (record,) = similarity_records(seeds, [seeds[-1]])
    assert list(record.most_similar) == seeds[:3:-1]
    assert sorted(record.most_similar.values(), reverse=True) == list(record.most_similar.values())


def test_without_a_pool_there_is_nothing_similar() -> None:
    assert list(similarity_records([], ["write a poem"])) == [SimilarityRecord({}, 0.0)]
    assert list(similarity_records(["write a poem"], [])) == []


def test_texts_without_tokens_score_nought() -> None:
    records = list(similarity_records(["!", "write"], ["?", "write"]))
    assert [record.average for record in records] == [0.0, 1 / 3]


def test_the_ten_are_found_in_a_pool_of_any_size(reference_score, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(similarities, "_STEP", 500)
    texts = some_texts(3, 1700)
    for size in (9, 10, 11, 63, 64, 65, 639, 640, 641, 1699):
        (record,) = similarity_records(texts[:size], texts[-1:], "ascii")
        expected = published_record(reference_score, texts[-1], texts[:size], "ascii")
        assert record == expected
        assert list(record.most_similar.items()) == list(expected.most_similar.items())


def test_texts_of_very_many_different_tokens_are_scored_alike() -> None:
    """More than a table of 256 or the characters below the surrogates have room for."""
    words = [f"w{number}" for number in range(66_000)]
    texts = [" ".join(words[start : start + 6000]) for start in range(0, 60_001, 6000)]
    records = list(similarity_records(texts, [*texts, f"other {words[58_000]} {words[59_999]}"]))
    assert [record.most_similar[text] for record, text in zip(records, texts, strict=False)] == [1.0] * len(texts)
    assert records[-1].most_similar[texts[9]] == 2 * (2 / 6000) * (2 / 3) / (2 / 6000 + 2 / 3)


def test_a_pool_may_grow_between_the_records(reference_score) -> None:
    texts = some_texts(4, 60)
    pool = SimilarityPool()
    pool.add(texts[:20])
    records = list(pool.records(texts[20:35]))
    pool.add(texts[35:40])
    records += pool.records(texts[40:])
    assert len(pool) == 60
    assert records == [
        published_record(reference_score, texts[row], texts[:row], "unicode") for row in (*range(20, 35), *range(40, 60))
    ]


def test_a_step_never_compares_more_rows_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []

    def watched(compared: Callable[..., object]) -> Callable[..., object]:
        def compare(rows: Sequence[str], columns: Sequence[str], **options: object) -> object:
            sizes.append(len(rows) * len(columns))
            return compared(rows, columns, **options)

        return compare

    monkeypatch.setattr(similarities, "_STEP", 50)
    monkeypatch.setattr(similarities, "cdist", watched(similarities.cdist))
    pool = SimilarityPool()
    pool.add(some_texts(5, 490))
    assert len(list(pool.records(some_texts(6, 20)))) == 20
    assert max(sizes) == 16 * 50
    assert len(sizes) == 22
