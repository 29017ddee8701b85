"""The errors a caller may see, as one tree.

    SelfInstructError
    |-- InputError             what was given is wrong: a file, a setting, a model's name; the command line exits with 2
    |   |-- SeedFileError        a seed file, named by file and line
    |   |-- ImageError           an image that is missing, too large, or none
    |   |-- TextFileError        a file of texts, for which instructions are to be found, named by file and line
    |   |-- SettingsError        a config file, a flag, or a setting that contradicts the run's own
    |   |-- TemplateError        a prompt template that is missing, broken, or lacks a variable
    |   |-- ImportFormatError    a directory of the original code that cannot be read
    |   |-- EvaluationFileError  an evaluation file that cannot be read               (in `reports`)
    |   |-- RecordFileError      a file of records that cannot be read                (in `reports`)
    |   |-- ReviewFileError      a file that no review page of this run saved         (in `reports`)
    |   |-- EmbeddingError       an embedding model whose vectors are of no use       (in `retrievers`)
    |   |-- ExportError          an export that cannot be written there               (in `reports`)
    |   |-- LedgerError          a run directory that cannot be used: foreign, damaged, held, not writable, full
    |   `-- ModelDeniedError     the provider refuses the key, the model or its settings (401, 403, 404, 400)
    |-- ModelUnavailableError  a failure that time may cure: the run stops with 1 and can be continued
    |-- ModelRefusedError      the provider refuses this one request (content, length): stored as a rejection
    `-- RejectedError          a chain brought nothing but rejections, and was told to raise them

Every message says what is wrong and where, what was expected, and what to do. What a *model* writes is never an error:
it is a stored `Rejection`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from self_instruct.records.tasks import Rejection


def sentence(words: str) -> str:
    """Return words with the mark that ends them.

    >>> sentence("expected 1 or more"), sentence("did you mean 'seed'?")
    ('expected 1 or more.', "did you mean 'seed'?")
    """
    return words if words.endswith("?") else f"{words}."


def to_install(extra: str) -> str:
    """Return how an extra of this package is installed, for a message that it is missing.

    >>> to_install("train")
    "pip install 'self-instruct-chains[train]' (in a checkout: .venv/bin/pip install -e '.[train]')"
    """
    return f"pip install 'self-instruct-chains[{extra}]' (in a checkout: .venv/bin/pip install -e '.[{extra}]')"


class SelfInstructError(Exception):
    """Any error this package raises on purpose."""


class InputError(SelfInstructError):
    """What the caller gave is wrong; nothing was changed."""


class SeedFileError(InputError):
    """A seed file that cannot be used; the message begins with `file:line:`."""


class ImageError(InputError):
    """An image that cannot be used; the message begins with its place."""


class TextFileError(InputError):
    """A file of texts that cannot be used; the message begins with `file:line:`."""


class SettingsError(InputError):
    """A setting that is unknown, of the wrong type, or different from what the run was started with."""


class TemplateError(InputError):
    """A prompt template that is missing, does not parse, or asks for a variable it was not given."""


class ImportFormatError(InputError):
    """A directory made by the original code in which nothing usable was found, or a line that is not JSON."""


class LedgerError(InputError):
    """A run directory that cannot be read or written as ours."""


class ModelDeniedError(InputError):
    """The provider refuses the key, does not know the model, or takes no request with these settings: asking again is vain."""


class ModelUnavailableError(SelfInstructError):
    """The provider could not answer now: a timeout, a rate limit, a server error, a broken connection.

    `kind` names the failure in a word or two ("429 Too Many Requests"); `is_overload` says that fewer requests at once may
    help; `retry_after_s` is how long the provider asks to wait, infinite where no wait would help, None where it did not say.
    """

    def __init__(
        self, words: str, *, kind: str | None = None, is_overload: bool = False, retry_after_s: float | None = None
    ) -> None:
        super().__init__(words)
        self.kind = words if kind is None else kind
        self.is_overload = is_overload
        self.retry_after_s = retry_after_s


class ModelRefusedError(SelfInstructError):
    """The provider will not answer this one request, with its own words as the message."""


class RejectedError(SelfInstructError):
    """A chain with `on_rejection="raise"` brought nothing but `rejections`."""

    def __init__(self, rejections: Sequence[Rejection]) -> None:
        said = "; ".join(f"{each.stage}: {each.reason}" for each in rejections) or "nothing was brought"
        super().__init__(said)
        self.rejections = tuple(rejections)
