"""A LangChain vector store whose relevance is exact ROUGE-L, over FAISS: no embedding model, no network, nothing missed.

For apps that look up instructions by their words and change what they hold. What it does not do: it knows no vectors, so there
is no search by one and no "mmr", and it sees words and not meaning (for that, see `semantic`).
"""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import chain
from pathlib import Path
from threading import Lock
from typing import Any, Self, get_args
from uuid import uuid4

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.runnables.config import run_in_executor
from langchain_core.vectorstores import VectorStore

from self_instruct.records.errors import InputError
from self_instruct.records.json_text import json_text
from self_instruct.retrievers.apps.similar_instructions import InstructionIndex, check_as_many
from self_instruct.retrievers.novelty import several
from self_instruct.retrievers.rouge import TokenKind

_FILE = "documents.jsonl"
_FORMAT = "self-instruct lexical vector store 1"


class LexicalVectorStore(VectorStore):
    """Documents that are found by the ROUGE-L of their page content with a text: exact, best first, the older first in a tie.

    `tokens`: as in `rouge.tokens`. Every search takes `k` and, as `minimum`, the least ROUGE-L (0.0 to 1.0) of a document that
    is returned; without one, `k` documents come back whatever their scores. `as_retriever(search_kwargs={"k": 3, "minimum":
    0.5})` takes both. A document added under an id that is there replaces the one that has it, and counts as new.
    Safe to use from several threads and tasks.

    >>> store = LexicalVectorStore()
    >>> store.add_texts(["Write a poem.", "List seven birds."], ids=["poem", "birds"])
    ['poem', 'birds']
    >>> [(document.id, score) for document, score in store.similarity_search_with_score("write a long poem", k=1)]
    [('poem', 0.8571428571428571)]
    """

    def __init__(self, tokens: TokenKind = "unicode") -> None:
        self._tokens: TokenKind = tokens
        self._index = InstructionIndex(tokens)
        self._documents: list[Document] = []  # in the order of the index's rows
        self._row_of: dict[str, int] = {}
        self._lock = Lock()

    def __getstate__(self) -> dict[str, Any]:
        with self._lock:
            return {name: copy(value) for name, value in self.__dict__.items() if name != "_lock"}

    def __setstate__(self, state: Mapping[str, Any]) -> None:
        self.__dict__.update(state, _lock=Lock())

    # what it holds

    def add_texts(
        self,
        texts: Iterable[str],
        metadatas: Sequence[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        **kwargs: Any,  # noqa: ARG002  LangChain's indexing passes a batch size, which means nothing here
    ) -> list[str]:
        """Add texts and return their ids; an id is made where none is given. All of them are added or, if one fails, none.

        Of texts with one id the last counts. Raises `InputError` where there are not as many metadatas or ids as texts.
        """
        texts = several(texts)
        check_as_many(texts, metadatas, "metadatas")
        check_as_many(texts, ids, "ids")
        names = [name or str(uuid4()) for name in ids or [None] * len(texts)]
        documents = {
            name: Document(id=name, page_content=text, metadata=dict(metadata))
            for name, text, metadata in zip(names, texts, metadatas or [{}] * len(texts), strict=True)
        }
        with self._lock:
            replaced = self._rows_of(documents)
            self._append(list(documents.values()))
            self._remove(replaced)
        return names

    def delete(self, ids: Sequence[str] | None = None, **kwargs: Any) -> bool:  # noqa: ARG002
        """Remove the documents with these ids, or all where `ids` is None; ids that are not there are passed over."""
        with self._lock:
            self._remove(self._rows_of(self._row_of if ids is None else several(ids)))
        return True

    def get_by_ids(self, ids: Sequence[str], /) -> list[Document]:
        """Return the documents with these ids, in their order; those that are not there are left out."""
        with self._lock:
            return [_copy(self._documents[self._row_of[name]]) for name in ids if name in self._row_of]

    def _append(self, documents: Sequence[Document]) -> None:
        self._index.add(document.page_content for document in documents)
        for document in documents:
            self._row_of[str(document.id)] = len(self._documents)
            self._documents.append(document)

    def _rows_of(self, ids: Iterable[str]) -> set[int]:
        return {self._row_of[name] for name in ids if name in self._row_of}

    def _remove(self, rows: set[int]) -> None:
        if rows:
            self._index.remove(rows)
            self._documents = [document for row, document in enumerate(self._documents) if row not in rows]
            self._row_of = {str(document.id): row for row, document in enumerate(self._documents)}

    # searching

    def similarity_search(self, query: str, k: int = 4, **kwargs: Any) -> list[Document]:
        """Return the `k` documents most similar to the query; `minimum` as in the class."""
        return [document for document, _ in self.similarity_search_with_score(query, k, **kwargs)]

    def similarity_search_with_score(
        self, query: str, k: int = 4, *, minimum: float = 0.0, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return the `k` documents most similar to the query, each with its ROUGE-L; `minimum` as in the class.

        Raises `InputError` for a `k` below 1, a minimum outside 0.0 to 1.0, or anything else that is asked for, such as a
        filter: passing over it would return what was not asked for.
        """
        _refuse(kwargs, "a search takes k and minimum")
        with self._lock:
            found = self._index.nearest(query, k, minimum)
            return [(_copy(self._documents[row]), score) for row, score in found]

    def similarity_search_with_relevance_scores(self, query: str, k: int = 4, **kwargs: Any) -> list[tuple[Document, float]]:
        """Return the same as `similarity_search_with_score`; `score_threshold` is LangChain's name for `minimum`."""
        minimum = kwargs.pop("score_threshold", None)
        return self.similarity_search_with_score(query, k, **({} if minimum is None else {"minimum": minimum}), **kwargs)

    async def asimilarity_search_with_relevance_scores(
        self, query: str, k: int = 4, **kwargs: Any
    ) -> list[tuple[Document, float]]:
        """Return the same as `similarity_search_with_relevance_scores`, from a thread."""
        return await run_in_executor(None, self.similarity_search_with_relevance_scores, query, k, **kwargs)

    def _select_relevance_score_fn(self) -> Callable[[float], float]:
        return float  # a ROUGE-L is a relevance between 0 and 1 already

    # making, saving, loading

    @classmethod
    def from_texts(
        cls,
        texts: Iterable[str],
        embedding: Embeddings | None = None,  # noqa: ARG003
        metadatas: Sequence[dict[str, Any]] | None = None,
        *,
        ids: Sequence[str | None] | None = None,
        tokens: TokenKind = "unicode",
        **kwargs: Any,
    ) -> Self:
        """Return a store that holds these texts; `embedding` is what LangChain hands to every store, and is not used here."""
        _refuse(kwargs, "texts, metadatas, ids and tokens are what a new store takes")
        store = cls(tokens)
        store.add_texts(texts, metadatas, ids=ids)
        return store

    @classmethod
    def from_documents(cls, documents: Iterable[Document], embedding: Embeddings | None = None, **kwargs: Any) -> Self:
        """Return a store that holds these documents; `embedding` is not used."""
        return super().from_documents(list(documents), embedding, **kwargs)  # type: ignore[arg-type]

    def save(self, directory: str | Path) -> None:
        """Write the documents into `directory`, which is made where it is missing; they are there whole, or not at all.

        Metadata comes back as JSON keeps it: tuples as lists, names as text. Raises `InputError` where JSON cannot hold it or
        the file cannot be written; what was saved there before is then still there.
        """
        with self._lock:
            documents = list(self._documents)
        header = {"format": _FORMAT, "tokens": self._tokens, "documents": len(documents)}
        path = Path(directory) / _FILE
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _put(path, chain([json_text(header) + "\n"], map(_line, documents)))
        except OSError as error:
            raise InputError(f"{path}: cannot be written: {error.strerror or error}; name another directory.") from error

    @classmethod
    def load(cls, directory: str | Path) -> Self:
        """Return the store that was saved into `directory`; its index is built again from the texts.

        Raises `InputError`, with the line, where nothing was saved there or the file is damaged.
        """
        path = Path(directory) / _FILE
        try:
            with path.open(encoding="utf-8", newline="\n") as lines:
                tokens, count = _header(path, next(lines, ""))
                documents = list(_documents(path, lines))
        except FileNotFoundError:
            raise InputError(f"{path}: is missing; name a directory that LexicalVectorStore.save wrote.") from None
        except UnicodeDecodeError as error:
            raise _damaged(path, "is not as it was written") from error
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror or error}.") from error
        if len(documents) != count:
            raise _damaged(path, f"holds {len(documents)} documents of {count}")
        store = cls(tokens)
        store._append(documents)
        return store


def _refuse(unknown: Mapping[str, Any], known: str) -> None:
    if unknown:
        raise InputError(f"{', '.join(sorted(unknown))}: unknown to LexicalVectorStore; {known}.")


def _copy(document: Document) -> Document:
    return document.model_copy(update={"metadata": dict(document.metadata)})


def _put(path: Path, lines: Iterable[str]) -> None:
    """Write a file beside its place and rename it, so that it is there whole or not at all."""
    beside = path.with_name(f"{path.name}.{uuid4().hex}.new")
    try:
        with beside.open("x", encoding="utf-8", newline="\n") as file:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _line(document: Document) -> str:
    fields = {"id": document.id, "text": document.page_content, "metadata": document.metadata}
    try:
        return json_text(fields, allow_nan=False) + "\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"the metadata of document {document.id!r} cannot be written as JSON: {error}.") from error


def _header(path: Path, line: str) -> tuple[TokenKind, int]:
    """Return what the first line of a saved file says: which tokens count, and the number of documents."""
    try:
        header = json.loads(line)
        if header["format"] != _FORMAT or header["tokens"] not in get_args(TokenKind):
            raise ValueError("another format")
        return header["tokens"], int(header["documents"])
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path}:1: is no header that LexicalVectorStore.save writes; name the directory of one.") from error


def _documents(path: Path, lines: Iterable[str]) -> Iterator[Document]:
    """Yield the documents of a saved file, from its second line on."""
    seen: set[str] = set()
    for number, line in enumerate(lines, start=2):
        try:
            fields = json.loads(line)
            document = Document(id=fields["id"], page_content=fields["text"], metadata=fields["metadata"])
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(path, "is no document", number) from error
        if document.id is None or document.id in seen:
            raise _damaged(path, f"has the id {document.id!r}, which is none or not the first", number)
        seen.add(document.id)
        yield document


def _damaged(path: Path, how: str, line: int | None = None) -> InputError:
    place = path if line is None else f"{path}:{line}"
    return InputError(f"{place}: {how}; the file is damaged: save the store again.")
