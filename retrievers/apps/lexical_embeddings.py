"""The tokens of a text as a float vector, for LangChain parts that want an `Embeddings` and could do with word overlap.

The same features as `lexical_code` counts: each token with the number of its occurrence. Nothing is learned and nothing is
loaded, so equal texts have equal vectors on every machine.

What the numbers mean, and why it is the inner product that means it. Every feature of a text of m tokens adds 1 / sqrt(m) to
one of the dimensions. Two texts of m and n tokens that share l in order share at least l features, and what else meets in a
dimension only adds. So their inner product is at least l / sqrt(m n), which is at least 2 l / (m + n), their ROUGE-L:
the inner product bounds ROUGE-L from above, whatever the number of dimensions. Cosine does not: two features of one text in
one dimension make its vector longer than 1, and dividing by that length can bring the number below.
"""

from collections import Counter
from math import sqrt
from zlib import crc32

from langchain_core.embeddings import Embeddings

from self_instruct.records.errors import InputError
from self_instruct.retrievers.rouge import TokenKind, tokens


class LexicalEmbeddings(Embeddings):
    """Vectors whose inner product is an upper bound of the ROUGE-L of their texts. It says nothing about meaning.

    Use it to find candidates in a vector database you have anyway, searched by *inner product*: every text with a ROUGE-L of t
    or more has an inner product of t or more (up to the rounding of floats), so none is missed; the exact score of what is
    found is `rouge_l`. Or as an `Embeddings` for tests, without a model or a network.

    Do not use it

    - for meaning: "buy a car" and "purchase an automobile" are strangers to it;
    - as a score: word order is not in it, so "man bites dog" and "dog bites man" have 1.0, and chance adds a little;
    - with cosine or a store that normalises vectors, where none may be missed: it is then a mere estimate, mostly within a few
      hundredths of the inner product;
    - with a fixed number of nearest neighbours, where none may be missed: the bound goes with a threshold;
    - where `NoveltyIndex`, `SimilarInstructionsRetriever` or `LexicalVectorStore` will do: they are exact, smaller and faster.

    `dimensions`: more of them let fewer chance neighbours through. `tokens`: as in `rouge.tokens`. A text without tokens has
    the zero vector; some databases refuse it.

    >>> LexicalEmbeddings(dimensions=8).embed_query("Buy, buy, sell, sell!")  # two of them share a dimension
    [1.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.0, 0.5]
    """

    def __init__(self, dimensions: int = 1024, tokens: TokenKind = "unicode") -> None:
        if dimensions < 1:
            raise InputError(f"dimensions is {dimensions}; a vector has 1 or more.")
        self._dimensions = dimensions
        self._tokens: TokenKind = tokens

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a vector for each text, `dimensions` long, of numbers from 0."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of a text; queries and documents are treated alike."""
        own = tokens(text, self._tokens)
        vector = [0.0] * self._dimensions
        occurrences: Counter[str] = Counter()
        for token in own:
            vector[crc32(token.encode(), occurrences[token]) % self._dimensions] += 1 / sqrt(len(own))
            occurrences[token] += 1
        return vector
