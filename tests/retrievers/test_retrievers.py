"""The folder as others see it."""

import doctest
import subprocess
import sys
from types import ModuleType

import pytest

from self_instruct import retrievers
from self_instruct.retrievers import novelty, rouge


def test_the_public_names_exist_and_are_documented() -> None:
    assert sorted(retrievers.__all__) == retrievers.__all__
    assert all(getattr(retrievers, name).__doc__ for name in retrievers.__all__)


@pytest.mark.parametrize("module", [novelty, rouge])
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    result = doctest.testmod(module)
    assert result.attempted > 0
    assert result.failed == 0


def test_importing_the_folder_loads_neither_faiss_nor_rouge_score() -> None:
    code = "import sys, self_instruct.retrievers; sys.exit(sorted({'faiss', 'rouge_score', 'nltk'} & set(sys.modules)) or 0)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr == ""
