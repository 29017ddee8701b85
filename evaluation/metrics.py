"""Score one answer against its references: ROUGE-L and exact match as SuperNI's published script has them.

`rouge_l` is `rouge_score.RougeScorer(["rougeL"], use_stemmer=True)` to the last digit at a hundredth of its cost: the tokens
are its own, stemmed once each, and the common subsequence is `retrievers.rouge`'s. The tests hold the two against each other.
Source: Wang et al. 2022, "Super-NaturalInstructions", arXiv:2204.07705, section 4, and its evaluation script.
"""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING

from self_instruct.retrievers.rouge import CommonTokens, TokenKind, f_measure, tokens

if TYPE_CHECKING:
    from rouge_score.tokenizers import DefaultTokenizer

_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True, slots=True)
class Score:
    """What one answer gets, each figure from 0.0 to 1.0 and the best over the references.

    `rouge_l_unicode` counts the words of every script; on ASCII text it is `rouge_l`.
    """

    rouge_l: float
    exact_match: float
    rouge_l_unicode: float


class References:
    """The references of one question, ready to be compared with several answers. There is at least one."""

    def __init__(self, references: Sequence[str]) -> None:
        self._references = references
        self._exact = {normalized(reference) for reference in references}
        self._official = _compared(references, "ascii")
        self._is_ascii = all(reference.isascii() for reference in references)

    @cached_property
    def _in_any_script(self) -> list[tuple[CommonTokens, int]]:
        return _compared(self._references, "unicode")

    def score(self, answer: str) -> Score:
        """Return what an answer gets."""
        official = in_any_script = _best(self._official, stems(answer))
        if not (self._is_ascii and answer.isascii()):
            in_any_script = _best(self._in_any_script, stems(answer, "unicode"))
        return Score(official, float(normalized(answer) in self._exact), in_any_script)


def _compared(references: Sequence[str], kind: TokenKind) -> list[tuple[CommonTokens, int]]:
    return [(CommonTokens(own), len(own)) for own in (stems(reference, kind) for reference in references)]


def _best(references: Sequence[tuple[CommonTokens, int]], own: Sequence[str]) -> float:
    return max(f_measure(common.count(own), length, len(own)) for common, length in references)


def rouge_l(answer: str, references: Sequence[str]) -> float:
    """Return the highest stemmed ROUGE-L F-measure of an answer with any reference, 0.0 to 1.0.

    >>> rouge_l("The answer is yes", ["yes", "Yes, it is"])
    0.4
    """
    return _best(_compared(references, "ascii"), stems(answer))


def exact_match(answer: str, references: Sequence[str]) -> bool:
    """Return whether an answer is one of the references but for case, ASCII punctuation and white space.

    >>> exact_match("state-of-the-art", ["Stateoftheart."]), exact_match("", [""]), exact_match("a cat", ["cat"])
    (True, True, False)
    """
    return normalized(answer) in {normalized(reference) for reference in references}


def normalized(text: str) -> str:
    """Return a text in lower case, without ASCII punctuation, its white space collapsed; articles stay."""
    return " ".join(text.lower().translate(_NO_PUNCTUATION).split())


def stems(text: str, kind: TokenKind = "ascii") -> list[str]:
    """Return the tokens of a text, those in ASCII stemmed as `rouge-score` stems them.

    >>> stems("The cats were running")
    ['the', 'cat', 'were', 'run']
    """
    return [stem for token in tokens(text, kind) for stem in _stem(token)]


@lru_cache(maxsize=2**17)
def _stem(token: str) -> tuple[str, ...]:
    return tuple(_tokenizer().tokenize(token)) if token.isascii() else (token,)


@cache
def _tokenizer() -> DefaultTokenizer:
    from rouge_score.tokenizers import DefaultTokenizer

    return DefaultTokenizer(use_stemmer=True)
