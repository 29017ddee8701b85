"""Fixtures every folder's tests share."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of real data nobody here wrote: `$SELF_INSTRUCT_REFERENCE`, or `../shared/reference` beside the checkout."""
    folder = Path(os.environ.get("SELF_INSTRUCT_REFERENCE", ROOT.parent / "shared" / "reference"))
    if not folder.is_dir():
        pytest.skip(f"no reference data at {folder}")
    return folder
