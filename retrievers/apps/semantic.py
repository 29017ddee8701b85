"""The optional second signal of the novelty filter: whether a text says the same as one of the pool in other words.

ROUGE-L sees words, so a paraphrase in other words passes it. Here any LangChain `Embeddings` gives each text a vector, and a
text is too similar in meaning to another if the cosine of their vectors reaches a threshold. This never replaces the ROUGE-L
decision: ask `NoveltyIndex` first, and this about what it finds novel.

Unlike ROUGE-L this depends on a model: another model, or another release of one, decides otherwise, and near the threshold so
may another processor, by the rounding of floats. What the model cannot tell apart ("sort ascending", "sort descending") is
refused too; look at what is refused before trusting a threshold.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from self_instruct.records.errors import InputError
from self_instruct.retrievers.novelty import Kept, Neighbour, several
from self_instruct.settings.secrets import quoted

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings

Item = TypeVar("Item")
Floats = np.ndarray[Any, np.dtype[np.float32]]

_BATCH = 256  # texts given to the model at once: enough to fill it, few enough that their floats as Python lists stay small
_ROUNDING = 1e-6  # a cosine is a sum of 32-bit floats: that of a vector with itself may be 0.9999999


class EmbeddingError(InputError):
    """An embedding model whose answer is of no use: not one finite, non-zero vector of the same length for each text."""


@dataclass(frozen=True, slots=True)
class TooSimilarInMeaning:
    """The offered text was refused because of this neighbour; its score is the cosine."""

    neighbour: Neighbour


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """A text with its vector of length 1; made by `SemanticIndex.embed` and `aembed`."""

    text: str
    vector: Floats


class SemanticIndex:
    """A pool of texts that says of any text whether it means the same as one of them, as far as the embeddings can tell.

    `embeddings`: any LangChain `Embeddings`; only `embed_documents` is used, since both sides of a comparison are instructions.
    `threshold`: the cosine, above 0.0 up to 1.0, from which two texts are too similar; which one is right depends on the model.

    Every method takes a text, or one that was embedded before: `await index.aembed(texts)` embeds the candidates of a reply in
    one call, without holding up the event loop, and `offer` then only searches. The model is never called under the lock.
    Safe to use from several threads. Whatever the model raises reaches the caller, and nothing is added then.

    Memory: 4 bytes a dimension and text. Filling it again embeds every text again: with a paid model, wrap `embeddings` in
    LangChain's `CacheBackedEmbeddings`.
    """

    def __init__(self, embeddings: Embeddings, threshold: float) -> None:
        if not 0 < threshold <= 1:
            raise InputError(f"the semantic threshold is {threshold}; it is a cosine, above 0.0 and at most 1.0.")
        self._embeddings = embeddings
        self._threshold = threshold
        self._texts: list[str] = []
        self._vectors: Any = None  # the FAISS index, once the first vector tells the number of dimensions
        # FAISS crashes when one thread adds while another searches; and a decision must hold until its text is added.
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._texts)

    def __getstate__(self) -> dict[str, Any]:
        import faiss

        with self._lock:
            vectors = None if self._vectors is None else faiss.serialize_index(self._vectors)
            kept = {name: value for name, value in self.__dict__.items() if name != "_lock"}
            return {**kept, "_texts": [*self._texts], "_vectors": vectors}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        import faiss

        vectors = state["_vectors"]
        self.__dict__.update(state, _lock=Lock(), _vectors=None if vectors is None else faiss.deserialize_index(vectors))

    def embed(self, texts: Iterable[str]) -> list[Embedded]:
        """Return the texts with their vectors, embedded in batches. Raises `EmbeddingError` for a useless answer."""
        return [each for batch in _batches(texts) for each in _embedded(batch, self._embeddings.embed_documents(batch))]

    async def aembed(self, texts: Iterable[str]) -> list[Embedded]:
        """Return what `embed` does, from the model's own async method."""
        return [each for batch in _batches(texts) for each in _embedded(batch, await self._embeddings.aembed_documents(batch))]

    def add(self, text: str | Embedded) -> int:
        """Add a text to the pool, whatever it means, and return its row."""
        embedded = self._with_vector(text)
        with self._lock:
            return self._append([embedded])

    def add_all(self, texts: Iterable[str | Embedded]) -> None:
        """Add texts to the pool in their order, whatever they mean; all of them or, if one cannot be, none."""
        texts = several(texts)
        new = iter(self.embed(text for text in texts if isinstance(text, str)))
        embedded = [next(new) if isinstance(text, str) else text for text in texts]
        with self._lock:
            self._append(embedded)

    def nearest_too_similar(self, text: str | Embedded) -> Neighbour | None:
        """Return the text with the highest cosine of those too similar, the first added where several tie; or None."""
        embedded = self._with_vector(text)
        with self._lock:
            return self._nearest(embedded)

    def offer(self, text: str | Embedded) -> Kept | TooSimilarInMeaning:
        """Add the text if none of the pool means the same, and say whether it was added."""
        embedded = self._with_vector(text)
        with self._lock:
            neighbour = self._nearest(embedded)
            return TooSimilarInMeaning(neighbour) if neighbour else Kept(self._append([embedded]))

    def _with_vector(self, text: str | Embedded) -> Embedded:
        return self.embed([text])[0] if isinstance(text, str) else text

    def _append(self, embedded: Sequence[Embedded]) -> int:
        """Add texts, and return the row of the last."""
        for each in embedded:
            self._check_dimensions(each, embedded[0])
        if embedded and self._vectors is None:
            import faiss  # 0.1 to 0.3 s, which importing this package should not cost

            self._vectors = faiss.IndexFlatIP(len(embedded[0].vector))
        for batch in _batches(embedded):
            self._vectors.add(np.stack([each.vector for each in batch]))
        self._texts += [each.text for each in embedded]
        return len(self._texts) - 1

    def _nearest(self, embedded: Embedded) -> Neighbour | None:
        if self._vectors is None:
            return None
        self._check_dimensions(embedded, embedded)
        _, cosines, rows = self._vectors.range_search(embedded.vector[np.newaxis], self._threshold - _ROUNDING)
        if not len(rows):
            return None
        best = np.lexsort((rows, -cosines))[0]
        return Neighbour(int(rows[best]), self._texts[rows[best]], min(1.0, float(cosines[best])))

    def _check_dimensions(self, embedded: Embedded, first: Embedded) -> None:
        expected = len(first.vector) if self._vectors is None else self._vectors.d
        if len(embedded.vector) != expected:
            raise EmbeddingError(
                f"the embedding of {quoted(embedded.text)} has {len(embedded.vector)} dimensions,"
                f" and those before it have {expected}; use one model for a whole pool."
            )


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    remaining = iter(items)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _embedded(texts: Sequence[str], answer: Sequence[Sequence[float]]) -> list[Embedded]:
    """Check a model's answer, and return the texts with their vectors, each made one of length 1."""
    if len(answer) != len(texts):
        raise EmbeddingError(f"the embedding model was given {len(texts)} texts and returned {len(answer)} vectors.")
    try:
        vectors = np.array(answer, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise EmbeddingError(f"the embedding model returned vectors of different lengths, or no numbers: {error}.") from error
    if vectors.ndim != 2 or not vectors.shape[1]:
        raise EmbeddingError(f"the embedding model returned numbers of shape {vectors.shape}; a list of vectors was expected.")
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    for text, number in zip(texts, largest[:, 0], strict=True):
        if not 0 < number < np.inf:
            kind = "a zero vector" if number == 0 else "a vector that is not finite"
            raise EmbeddingError(f"the embedding model returned {kind} for {quoted(text)}; it has no cosine with anything.")
    vectors /= largest  # or the squares of very large or small numbers leave the range of floats
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return [Embedded(text, vector) for text, vector in zip(texts, unit, strict=True)]
