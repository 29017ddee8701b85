"""The yardsticks: `rouge-score` itself for the float rule, and a table of our own for the exact one; large pools; haste."""

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from fractions import Fraction

import pytest
from rouge_score.rouge_scorer import RougeScorer

from self_instruct.retrievers import lexical_code, rare_tokens
from self_instruct.retrievers.rouge import TokenKind, tokens


class OurTokens:
    """What `RougeScorer(tokenizer=...)` wants."""

    def tokenize(self, text: str) -> list[str]:
        return tokens(text, "unicode")


@pytest.fixture(scope="session")
def reference_score() -> Callable[[str, str, TokenKind], float]:
    """ROUGE-L of two texts as `rouge-score` computes it, without stemming."""
    scorers = {
        "ascii": RougeScorer(["rougeL"], use_stemmer=False),
        "unicode": RougeScorer(["rougeL"], tokenizer=OurTokens()),
    }
    return lambda left, right, kind: float(scorers[kind].score(left, right)["rougeL"].fmeasure)


@pytest.fixture(scope="session")
def exact_score() -> Callable[[list[str], list[str]], Fraction]:
    """ROUGE-L of two token lists as a fraction, 2 LCS / (m + n), from the textbook's table."""

    def score(left: list[str], right: list[str]) -> Fraction:
        if not left or not right:
            return Fraction(0)
        above = [0] * (len(right) + 1)
        for token in left:
            row = [0]
            for column, other in enumerate(right):
                row.append(above[column] + 1 if token == other else max(above[column + 1], row[-1]))
            above = row
        return Fraction(2 * above[-1], len(left) + len(right))

    return score


@contextmanager
def _early_lists() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lexical_code, "_FIRST_LISTED_BYTES", 32)
        patch.setattr(lexical_code, "_UNLISTED_BYTES", 64)
        patch.setattr(lexical_code, "_LISTED_AT_ONCE", 3)
        patch.setattr(rare_tokens, "_MOST_READ", float("inf"))
        patch.setattr(rare_tokens, "_LISTS", 1 << 8)  # an empty list takes memory and time too
        yield


@pytest.fixture(scope="session")
def early_lists() -> Callable[[], AbstractContextManager[None]]:
    """Give a block in which small pools are read as large ones are: in lists by rare tokens, however little they help."""
    return _early_lists


@pytest.fixture(scope="module", params=["read whole", "in lists"])
def either_way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Read pools whole, and then in lists."""
    with _early_lists() if request.param == "in lists" else nullcontext():
        yield


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let the interpreter change threads as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)
