"""The folder as others see it."""

import subprocess
import sys

from self_instruct import retrievers


def test_the_public_names_exist_and_are_documented() -> None:
    assert sorted(retrievers.__all__) == retrievers.__all__
    assert all(getattr(retrievers, name).__doc__ for name in retrievers.__all__)


def test_importing_the_folder_loads_neither_faiss_nor_rouge_score() -> None:
    code = "import sys, self_instruct.retrievers; sys.exit(sorted({'faiss', 'rouge_score', 'nltk'} & set(sys.modules)) or 0)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False).stderr == ""
