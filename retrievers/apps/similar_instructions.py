"""Ask for the instructions most similar to a text, with their exact ROUGE-L: the index, and a LangChain retriever over it.

The novelty filter (`novelty`) only wants to know whether there is one above its threshold; here any number is asked for, with
or without a minimum. Nothing is approximate. With a minimum, FAISS names the rows that may reach it; without one, rapidfuzz
scores all rows in one call.

Why FAISS misses nothing: in the codes of `lexical_code`, two texts of m and n tokens that share l in order differ in at most
m + n - 2 l bits. So l is at most half of what the bits leave of m + n, which is compared with the l that the minimum t needs.
And since l is at most m, and 2 l / (m + n) at least t, no row within reach differs in more than 2 m (1 - t) / t bits.
"""

import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from typing import Any, Self

import numpy as np
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables.config import run_in_executor
from pydantic import ConfigDict, Field, PrivateAttr
from rapidfuzz.distance import LCSseq
from rapidfuzz.process import cdist

from self_instruct.records.errors import InputError
from self_instruct.retrievers.lexical_code import FEATURE_BITS, feature_bits
from self_instruct.retrievers.novelty import several
from self_instruct.retrievers.rouge import TokenKind, needed_overlap, tokens
from self_instruct.retrievers.similarities import Integers, best, f_measures

_CODE_BYTES = FEATURE_BITS // 8
_FOREIGN = 0  # the number of a token that no row has


class InstructionIndex:
    """Instructions, numbered from 0 as they are added, that can be asked for the ones most similar to a text.

    Searches may run side by side. Whoever adds or removes while others search locks it.

    >>> index = InstructionIndex()
    >>> index.add(["Write a poem.", "Write a short poem about rain.", "List seven birds."])
    >>> index.nearest("write a long poem", k=2)
    [(0, 0.8571428571428571), (1, 0.6)]
    """

    def __init__(self, kind: TokenKind = "unicode") -> None:
        import faiss  # 0.1 to 0.3 s, which importing this package should not cost

        self._kind = kind
        self._codes: Any = faiss.IndexBinaryFlat(FEATURE_BITS)
        self._numbers: dict[str, int] = {}  # of every distinct token, from 1
        self._rows: list[str | list[int]] = []
        self._lengths = array("q")

    def __len__(self) -> int:
        return len(self._rows)

    def __getstate__(self) -> dict[str, Any]:
        import faiss

        return {**self.__dict__, "_codes": faiss.serialize_index_binary(self._codes)}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        import faiss

        self.__dict__.update({**state, "_codes": faiss.deserialize_index_binary(state["_codes"])})

    def add(self, texts: Iterable[str]) -> None:
        """Add texts in their order; all of them or, if reading them fails, none."""
        codes, rows, lengths = bytearray(), list[str | list[int]](), array("q")
        number_of = self._numbers.setdefault
        for text in texts:
            own = tokens(text, self._kind)
            codes += _code(own)
            rows.append(_comparable([number_of(token, len(self._numbers) + 1) for token in own]))
            lengths.append(len(own))
        self._codes.add(_matrix(codes))
        self._rows += rows
        self._lengths += lengths

    def remove(self, rows: AbstractSet[int]) -> None:
        """Remove rows, in time that grows with the index; those behind them move up, so that the numbers stay without a gap."""
        self._codes.remove_ids(np.fromiter(rows, dtype=np.int64, count=len(rows)))
        self._rows = [own for row, own in enumerate(self._rows) if row not in rows]
        self._lengths = array("q", (length for row, length in enumerate(self._lengths) if row not in rows))

    def nearest(self, text: str, k: int, minimum: float = 0.0) -> list[tuple[int, float]]:
        """Return (row, ROUGE-L) of the `k` rows most similar to a text: the best first, the older first where several tie.

        `minimum`, 0.0 to 1.0: only rows that reach it, so there may be fewer than `k`. It is read as the decimal it is written
        as, and a pair whose exact score is 0.7 reaches 0.7 even where its float is 0.6999999999999998: what reaches it is what
        the novelty rule `>=` refuses. Raises `InputError` for a `k` below 1 or another minimum.
        """
        if k < 1:
            raise InputError(f"k is {k}; it is the number of instructions wanted, 1 or more.")
        if not 0 <= minimum <= 1:
            raise InputError(f"minimum is {minimum}; it is a ROUGE-L, from 0.0 (all rows) to 1.0 (the same tokens).")
        own, least = tokens(text, self._kind), Fraction(str(minimum))
        rows = self._may_reach(own, least)
        lengths, common = self._lengths_of(rows), self._common(own, rows)
        reached = common >= _needed(len(own), lengths, least)
        rows, scores = rows[reached], f_measures(common[reached], max(len(own), 1), np.maximum(lengths[reached], 1))
        return [(int(rows[at]), float(scores[at])) for at in best(scores, k)]

    def _may_reach(self, own: Sequence[str], least: Fraction) -> Integers:
        """Return the rows, ascending, whose ROUGE-L may be `least` or more: all that are, and a few that are not."""
        reach = 2 * len(own) * (1 - least) / least if least else Fraction(FEATURE_BITS)
        if reach >= FEATURE_BITS:
            return np.arange(len(self))
        rows, differing = self._within(_code(own), int(reach))
        lengths = self._lengths_of(rows)
        return np.sort(rows[(len(own) + lengths - differing) // 2 >= _needed(len(own), lengths, least)])

    def _within(self, code: bytes, bits: int) -> tuple[Integers, Integers]:
        """Return the rows whose code differs in at most so many bits, and in how many."""
        # Two threads cost a single query up to 100 times more CPU under load. Their number is a setting of the calling thread,
        # shared with whatever else the host does with FAISS there: so it is set around each search, and put back.
        import faiss

        threads = faiss.omp_get_max_threads()
        faiss.omp_set_num_threads(1)
        try:
            _, differing, rows = self._codes.range_search(_matrix(code), bits + 1)  # FAISS wants the distance below it
        finally:
            faiss.omp_set_num_threads(threads)
        return rows, differing.astype(np.int64)

    def _lengths_of(self, rows: Integers) -> Integers:
        return np.array(self._lengths, dtype=np.int64)[rows]

    def _common(self, own: Sequence[str], rows: Integers) -> Integers:
        """Return how many tokens the text shares, in order, with each row."""
        wanted = self._rows if len(rows) == len(self) else [self._rows[row] for row in rows.tolist()]
        if not wanted:
            return np.zeros(0, dtype=np.int64)
        asked = _comparable([self._numbers.get(token, _FOREIGN) for token in own])
        common: Integers = cdist([asked], wanted, scorer=LCSseq.similarity, dtype=np.int64)[0]
        return common


def _code(own: Sequence[str]) -> bytes:
    return feature_bits(own).to_bytes(_CODE_BYTES, "little")


def _matrix(codes: bytes | bytearray) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(codes, dtype=np.uint8).reshape(-1, _CODE_BYTES)


def _comparable(numbers: list[int]) -> str | list[int]:
    """Return numbers as rapidfuzz compares them fastest: as a text of these code points, where there are such."""
    return "".join(map(chr, numbers)) if max(numbers, default=0) <= sys.maxunicode else numbers


def _needed(m: int, lengths: Integers, least: Fraction) -> Integers:
    """Return how many tokens each row must share with a text of m tokens to reach `least`, exactly."""
    if not least or not len(lengths):
        return np.zeros(len(lengths), dtype=np.int64)
    needed: Integers = np.bincount(lengths)  # how often each length occurs, and in a moment what it needs
    for n in np.flatnonzero(needed).tolist():
        needed[n] = needed_overlap(m, n, least, ">=")
    return needed[lengths]


class SimilarInstructionsRetriever(BaseRetriever):
    """The instructions most similar to a text by exact ROUGE-L, best first, as LangChain documents.

    `documents`: the page content is the instruction. `k`: how many to return; `minimum`: only those whose ROUGE-L reaches it,
    0.0 to 1.0. Both may be given again with each call. `tokens`: as in `rouge.tokens`.

    A document comes back as it was given, its id too, with two more entries in its metadata (they win over entries of the same
    name): `rouge_l`, the score, and `row`, its position among the documents. Where several tie, the older comes first.
    The documents are fixed; for a pool that changes use `LexicalVectorStore`. Safe to use from several threads.

    >>> retriever = SimilarInstructionsRetriever.from_texts(["Write a poem.", "List seven birds."], minimum=0.5)
    >>> [document.metadata for document in retriever.invoke("write a long poem")]
    [{'rouge_l': 0.8571428571428571, 'row': 0}]
    """

    model_config = ConfigDict(extra="forbid")

    documents: tuple[Document, ...] = Field(repr=False)
    k: int = Field(default=4, ge=1)
    minimum: float = Field(default=0.0, ge=0, le=1)
    tokens: TokenKind = "unicode"
    _index: InstructionIndex = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Build the index, once; a copy shares it."""
        super().model_post_init(context)
        self._index = InstructionIndex(self.tokens)
        self._index.add(document.page_content for document in self.documents)

    @classmethod
    def from_texts(cls, texts: Iterable[str], metadatas: Iterable[Mapping[str, Any]] | None = None, **fields: Any) -> Self:
        """Return a retriever over these instructions, with the metadata of each where given; `fields` are those of the class.

        Raises `InputError` where there are not as many metadatas as texts.
        """
        texts = several(texts)
        given = [{} for _ in texts] if metadatas is None else [dict(each) for each in metadatas]
        check_as_many(texts, given, "metadatas")
        return cls.from_documents(
            (Document(page_content=text, metadata=each) for text, each in zip(texts, given, strict=True)), **fields
        )

    @classmethod
    def from_documents(cls, documents: Iterable[Document], **fields: Any) -> Self:
        """Return a retriever over these documents; `fields` are those of the class."""
        return cls(documents=tuple(documents), **fields)

    def _get_relevant_documents(
        self, query: str, *, run_manager: object, k: int | None = None, minimum: float | None = None
    ) -> list[Document]:
        del run_manager  # langchain-core itself calls back
        found = self._index.nearest(query, self.k if k is None else k, self.minimum if minimum is None else minimum)
        return [_with_score(self.documents[row], row, score) for row, score in found]

    async def _aget_relevant_documents(self, query: str, *, run_manager: object, **asked: Any) -> list[Document]:
        return await run_in_executor(None, self._get_relevant_documents, query, run_manager=run_manager, **asked)


def check_as_many(texts: Sequence[str], given: Sequence[Any] | None, what: str) -> None:
    """Raise `InputError` where something is given, and not to each text."""
    if given is not None and len(given) != len(texts):
        raise InputError(f"there are {len(texts)} texts and {len(given)} {what}; give one to each text, or none at all.")


def _with_score(document: Document, row: int, score: float) -> Document:
    return document.model_copy(update={"metadata": {**document.metadata, "rouge_l": score, "row": row}})
