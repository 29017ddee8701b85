"""Load any `Embeddings` of LangChain by its name, and have texts embedded: or say in one line why not.

PROVIDER:NAME                  as LangChain's `init_embeddings` knows it
package.module.Class[:NAME]    any class of embeddings: the community's, or your own
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from numpy.typing import NDArray

from self_instruct.chains.models.loading import imported
from self_instruct.chains.models.names import CLASS
from self_instruct.records.errors import SettingsError
from self_instruct.settings.secrets import one_line


def load_embeddings(name: str) -> Embeddings:
    """Return the embeddings called `name`; raises `SettingsError` where they cannot be had."""
    with _explained(name):
        if found := CLASS.fullmatch(name):
            kind: Any = imported(found["module"], found["name"])
            made = kind(model=found["model"]) if found["model"] else kind()
            if not isinstance(made, Embeddings):
                raise SettingsError("is no LangChain class of embeddings.")
            return made
        from langchain.embeddings import init_embeddings

        return init_embeddings(name)


def unit_vectors(embeddings: Embeddings, texts: Sequence[str], name: str) -> NDArray[np.float32]:
    """Return a row of length 1 for each text (of length 0 where it has no direction); raises `SettingsError` with the name."""
    with _explained(name):
        found = np.asarray(embeddings.embed_documents(list(texts)), dtype=np.float32)
        if found.ndim != 2 or len(found) != len(texts) or not np.isfinite(found).all():
            raise SettingsError("does not give a vector of as many numbers for each text.")
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    lengths[lengths == 0] = 1
    found /= lengths
    return found


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except SettingsError as error:
        raise SettingsError(f"embeddings {name!r}: {error}") from None
    except Exception as error:  # noqa: BLE001  each provider has its own errors for a missing package, key or server
        raise SettingsError(f"embeddings {name!r}: {one_line(error) or type(error).__name__}.") from None
