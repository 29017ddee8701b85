"""Clusters of instructions: the same every time, named by what is in their middle and by the words that set them apart."""

import numpy as np
import pytest

from self_instruct.reports.analysis.clusters import clusters, usual_count

RIVERS = [f"Name the longest river of {country} and its source." for country in ("France", "Italy", "Spain", "Peru", "Chad")]
SOUPS = ["Cook a soup of leeks.", "Cook a soup of beans and its bread.", "Cook a clear soup."]


def vectors() -> np.ndarray:
    found = np.array([[1, 0.1 * at, 0] for at in range(5)] + [[0, 0.05 * at, 1] for at in range(3)], dtype=np.float32)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_two_clusters_are_found_again_and_named_by_their_middle_and_their_words() -> None:
    found = clusters([*RIVERS, *SOUPS], vectors(), 2)
    assert found == clusters([*RIVERS, *SOUPS], vectors(), 2)
    rivers, soups = found.clusters
    assert (rivers.tasks, soups.tasks) == (5, 3)
    assert (rivers.nearest, soups.nearest) == (RIVERS[2], SOUPS[1])
    assert soups.words[:2] == ("cook", "soup")
    assert "its" not in (*rivers.words, *soups.words)
    assert found.entropy == pytest.approx(0.954, abs=1e-3)
    assert found.most == 1


@pytest.mark.parametrize(("same", "count"), [(8, 5), (8, 1)])
def test_there_are_no_more_clusters_than_different_vectors(same: int, count: int) -> None:
    alike = np.tile(vectors()[:1], (same, 1))
    (only,) = clusters([*RIVERS, *SOUPS], alike, count).clusters
    assert (only.tasks, round(only.likeness, 3)) == (8, 1.0)


def test_a_text_without_a_direction_is_in_some_cluster_too() -> None:
    found = clusters([*RIVERS, *SOUPS], np.vstack([vectors()[:7], np.zeros((1, 3), dtype=np.float32)]), 3)
    assert sum(one.tasks for one in found.clusters) == 8


def test_a_larger_run_has_more_clusters() -> None:
    assert [usual_count(size) for size in (1, 4, 200, 5000)] == [1, 2, 10, 50]
