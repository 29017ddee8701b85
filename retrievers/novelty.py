"""Decide whether a candidate is novel: whether its ROUGE-L with every instruction of the pool stays under the threshold.

Between the rules of `chains.stages.candidate_rules` and the ledger. FAISS proposes (`lexical_code`, which misses nothing),
ROUGE-L decides (`rouge`), so the decisions are those of comparing with the whole pool, at a few hundred-thousandths of the CPU
that `rouge-score` takes for that over 52,000 instructions (benchmarks/novelty.py).
Source: Wang et al. 2023, arXiv:2212.10560, section 2.2, "Filtering and Postprocessing".
"""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from threading import Lock
from typing import Any, TypeVar

from self_instruct.records.errors import InputError
from self_instruct.retrievers.lexical_code import LexicalStore, LexicalText
from self_instruct.retrievers.rouge import CommonTokens, f_measure, needed_overlap, tokens
from self_instruct.settings.sections import NoveltySettings

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An instruction of the pool that a text is too similar to: its row, its text, and their ROUGE-L."""

    row: int
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Kept:
    """The offered text was novel; it is now the pool's `row`, counted from 0."""

    row: int


@dataclass(frozen=True, slots=True)
class TooSimilar:
    """The offered text was refused because of this neighbour."""

    neighbour: Neighbour


class NoveltyIndex:
    """A pool of instructions that says of any text whether it is too similar to one of them.

    Decisions depend on the pool's texts alone, so an index filled again from them decides the same; it is never stored
    (52,000 texts take less than a second). Safe to use from several threads and tasks. A text without tokens (see
    `rouge.tokens`) is similar to nothing.

    >>> pool = NoveltyIndex()
    >>> pool.offer("Write a short poem about the sea.")
    Kept(row=0)
    >>> pool.offer("Write a short poem about the moon.").neighbour.score
    0.8571428571428571
    """

    def __init__(self, rules: NoveltySettings = NoveltySettings()) -> None:  # noqa: B008 (frozen)
        if not isinstance(rules, NoveltySettings):
            raise InputError(f'the rules are NoveltySettings(threshold="0.6"), say; got {rules!r}.')
        self._rules = rules
        self._threshold = Fraction(rules.threshold)
        self._texts: list[str] = []
        self._codes = LexicalStore(self._threshold)
        # FAISS lets other threads run while it searches; and a decision must hold until its text is added.
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._texts)

    def __reduce__(self) -> tuple[Any, ...]:
        """Return how a copy, or another process, makes it anew: from its rules and texts."""
        with self._lock:
            return _filled, (type(self), self._rules, tuple(self._texts))

    def add(self, text: str) -> int:
        """Add a text to the pool, novel or not, and return its row."""
        own = self._read(text)
        with self._lock:
            return self._append(text, own)

    def add_all(self, texts: Iterable[str]) -> None:
        """Add texts to the pool in their order, novel or not: the way to fill an index."""
        texts = several(texts)
        with self._lock:
            for text in texts:
                self._append(text, self._read(text))

    def nearest_too_similar(self, text: str, *, but: int | None = None) -> Neighbour | None:
        """Return the instruction with the highest ROUGE-L of those too similar, the first added where several tie; or None.

        One row is passed over: that of the instruction that the text is to replace.
        """
        own = self._read(text)
        with self._lock:
            return self._nearest(own, but)

    def offer(self, text: str) -> Kept | TooSimilar:
        """Add the text if it is novel, and say whether it was."""
        own = self._read(text)
        with self._lock:
            neighbour = self._nearest(own)
            return TooSimilar(neighbour) if neighbour else Kept(self._append(text, own))

    def offer_all(self, texts: Iterable[str]) -> list[Kept | TooSimilar]:
        """Offer texts in their order and return the decisions; other threads may offer in between."""
        return [self.offer(text) for text in several(texts)]

    def _read(self, text: str) -> LexicalText:
        return LexicalText(tokens(text, self._rules.tokens))

    def _append(self, text: str, own: LexicalText) -> int:
        self._codes.add(own)
        self._texts.append(text)
        return len(self._texts) - 1

    def _nearest(self, own: LexicalText, but: int | None = None) -> Neighbour | None:
        best: Neighbour | None = None
        for bound, row in self._codes.may_reach(own):
            if best and (best.score, -best.row) >= (bound, -row):
                break  # the bounds only fall from here on
            if row == but:
                continue
            score = self._score(own, row)
            if score and (best is None or (score, -row) > (best.score, -best.row)):
                best = Neighbour(row, self._texts[row], score)
        return best

    def _score(self, own: LexicalText, row: int) -> float:
        """Return the ROUGE-L with a row, 0.0 where it is not too similar."""
        other = tokens(self._texts[row], self._rules.tokens)
        needed = needed_overlap(len(own), len(other), self._threshold, self._rules.refuse)
        return f_measure(CommonTokens(own.tokens).count(other, at_least=needed), len(own), len(other))


def _filled(kind: type[NoveltyIndex], rules: NoveltySettings, texts: Iterable[str]) -> NoveltyIndex:
    index = kind(rules)
    index.add_all(texts)
    return index


def several(texts: Iterable[Item]) -> list[Item]:
    """Return texts as a list; raises `InputError` for a single one, whose letters would be taken for texts."""
    if isinstance(texts, str):
        raise InputError(f"expected several texts, got one: {texts[:60]!r}; put it into a list.")
    return list(texts)
