"""ROUGE-L of two instructions, exactly as `rouge-score` gives it, at a small part of its cost.

Everything that compares instructions stands on this file: the tokens, the float formula, and the number of shared tokens from
which a pair counts as too similar. `rouge-score` itself is not imported (0.6 s at start-up, 50 us a pair); the tests hold
every number here against it.
Source: Lin 2004, "ROUGE"; the threshold: Wang et al. 2023, arXiv:2212.10560, section 2.2.
"""

import re
import unicodedata
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

import regex  # type: ignore[import-untyped]
from rapidfuzz.distance import LCSseq

TokenKind = Literal["unicode", "ascii"]
"""Which tokens count: `ascii` is what `rouge-score` does by default, `unicode` reads every script."""
TieRule = Literal[">=", ">"]
"""When a pair is too similar: at the threshold and above, or only above it."""

_ASCII_TO_TOKENS = "".join(chr(c).lower() if chr(c).isalnum() else " " for c in range(128))
_ASCII_RUN = re.compile("[a-z0-9]+")
# Scripts written without spaces between words. The prolonged sound mark belongs to both kana, and so by Unicode to neither.
_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\N{KATAKANA-HIRAGANA PROLONGED SOUND MARK}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_WORD_CHARACTER = r"[\p{L}\p{M}\p{N}]"
_UNICODE_TOKEN = regex.compile(rf"(?V1)[{_WORD_CHARACTER}&&[{_UNSPACED}]]|[{_WORD_CHARACTER}--[{_UNSPACED}]]+")


def tokens(text: str, kind: TokenKind = "unicode") -> list[str]:
    """Return the tokens of a text, in order; none where it holds no letter and no number that the kind knows.

    `ascii`: runs of a-z and 0-9 after lower-casing. `unicode`: after NFKC and lower-casing, runs of letters, marks and numbers
    of any script, and one token per Han, Kana, Thai, Lao, Khmer or Myanmar character. On ASCII text the two are the same.

    >>> tokens("Summarise Python 3.11's news: 新聞を読む")
    ['summarise', 'python', '3', '11', 's', 'news', '新', '聞', 'を', '読', 'む']
    >>> tokens("Vérifie 5 faits", "ascii")
    ['v', 'rifie', '5', 'faits']
    """
    if text.isascii():
        return text.translate(_ASCII_TO_TOKENS).split()
    if kind == "ascii":
        return _ASCII_RUN.findall(text.lower())
    found: list[str] = _UNICODE_TOKEN.findall(unicodedata.normalize("NFKC", text).lower())
    return found


class CommonTokens:
    """One token list, ready to be compared with many: the length of the longest common subsequence.

    Tokens are compared as numbers given here, never as hashes, so two different tokens are never taken for the same.
    """

    def __init__(self, own: Sequence[str]) -> None:
        self._numbers = {token: number for number, token in enumerate(own, start=1)}
        self._own = [self._numbers[token] for token in own]

    def count(self, other: Sequence[str], at_least: int = 0) -> int:
        """Return the length of the longest common subsequence, in tokens; 0 where it is below `at_least`.

        >>> CommonTokens(["a", "b", "c", "d"]).count(["b", "x", "d"])
        2
        """
        number_of = self._numbers.get
        foreign = 0  # own numbers begin at 1, so this one matches nothing
        return LCSseq.similarity(self._own, [number_of(token, foreign) for token in other], score_cutoff=at_least)


def f_measure(common: int, m: int, n: int) -> float:
    """Return ROUGE-L's F-measure in the float steps `rouge-score` takes; `m` and `n` are the two lengths in tokens.

    The order of the steps is the point: 2 * common / (m + n) is the same number but not always the same float. The result does
    not depend on which text is left and which is right.

    >>> f_measure(7, 7, 13)  # a tie with 0.7, and yet
    0.7000000000000001
    """
    if common == 0:
        return 0.0
    precision, recall = common / n, common / m
    return 2 * precision * recall / (precision + recall)


def rouge_l(left: str, right: str, kind: TokenKind = "unicode") -> float:
    """Return the ROUGE-L F-measure of two instructions, 0.0 (disjoint, or one has no tokens) to 1.0 (the same tokens).

    >>> rouge_l("write a short poem", "write a long poem")
    0.75
    """
    left_tokens, right_tokens = tokens(left, kind), tokens(right, kind)
    return f_measure(CommonTokens(left_tokens).count(right_tokens), len(left_tokens), len(right_tokens))


def needed_overlap(m: int, n: int, threshold: Fraction, refuse: TieRule) -> int:
    """Return how many tokens two texts of `m` and `n` tokens must share, in order, to be too similar; at least 1.

    The answer may be more than either has: then no such pair is too similar. The rule `>=` is exact in fractions: a true tie
    is too similar whatever its float says. The rule `>` is exactly `rouge_l(...) > float(threshold)`, rounding and all, for
    any threshold of up to ten decimals.

    >>> needed_overlap(10, 10, Fraction("0.7"), ">="), needed_overlap(10, 10, Fraction("0.7"), ">")
    (7, 8)
    >>> needed_overlap(7, 13, Fraction("0.7"), ">")  # the float of this tie is above 0.7, see `f_measure`
    7
    """
    if m == 0 or n == 0:
        return 1
    numerator, denominator = threshold.numerator, threshold.denominator
    needed = -(-numerator * (m + n) // (2 * denominator))  # ceil(threshold * (m + n) / 2), from F = 2 * common / (m + n)
    if refuse == ">" and f_measure(needed, m, n) <= numerator / denominator:
        return needed + 1
    return needed
