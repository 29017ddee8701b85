"""What docstrings show is what comes out."""

import doctest
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
NOT_OURS = {"tests", "benchmarks", "docs", "examples", "build"}


def modules_with_examples() -> Iterator[str]:
    for path in sorted(ROOT.glob("[!.]*/**/*.py")):
        place = path.relative_to(ROOT)
        if place.parts[0] not in NOT_OURS and ">>> " in path.read_text(encoding="utf-8"):
            yield ".".join(("self_instruct", *place.with_suffix("").parts)).removesuffix(".__init__")


@pytest.mark.parametrize("module", [*modules_with_examples()])
def test_the_examples_of_a_module_give_what_they_show(module: str, request: pytest.FixtureRequest) -> None:
    names = {"getfixture": request.getfixturevalue}
    found = doctest.testmod(import_module(module), extraglobs=names, optionflags=doctest.ELLIPSIS)
    assert found.attempted
    assert not found.failed
