"""Exports that go straight to an object store: S3, Google's, Azure's, or whatever else fsspec reaches by an address.

What `writing` is for the disk. Rows are sent as they are made, in the pieces of the store's own client, and nothing is written
on this machine; objects appear when all of them are whole, by fsspec's transaction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from traceback import walk_tb
from typing import Any, TextIO, TypeAlias
from urllib.parse import urlsplit

from self_instruct.records.errors import SelfInstructError, to_install
from self_instruct.reports.writing import ExportError, new_file, new_folder
from self_instruct.settings.secrets import one_line

_ADDRESS = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<path>.*)")
_ON_THIS_DISK = ("file", "local")


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object of a store, or what the names of several begin with, by its address."""

    address: str

    @property
    def name(self) -> str:
        """The last part of the address."""
        return PurePosixPath(self.address).name

    @property
    def suffix(self) -> str:
        """What the name ends with, such as ".parquet"."""
        return PurePosixPath(self.address).suffix

    def __str__(self) -> str:
        return self.address


Place: TypeAlias = Path | StoredObject


def place(out: str | Path) -> Place:
    """Return where an address or a path leads; raises `ExportError` for an address that holds a password.

    >>> place("s3://bucket/rows.parquet")
    StoredObject(address='s3://bucket/rows.parquet')
    >>> place("rows.parquet").name
    'rows.parquet'
    """
    found = _ADDRESS.fullmatch(out) if isinstance(out, str) else None
    if found is None:
        return Path(out)
    if found["scheme"] in _ON_THIS_DISK:
        return Path(found["path"])
    if urlsplit(str(out)).password is not None:
        raise ExportError(
            "the address in `out` holds a password; give it as the store's client reads it, from the environment."
        )
    return StoredObject(str(out).rstrip("/"))


def new_file_at(out: Place) -> AbstractContextManager[TextIO]:
    """Give a file to write that takes its place when the block ends well, as `writing.new_file` does."""
    return _new_object(out) if isinstance(out, StoredObject) else new_file(out)


def new_folder_at(out: Place, names: Sequence[str], earlier: Sequence[str] = ()) -> AbstractContextManager[list[TextIO]]:
    """Give a file to write for each name, as `writing.new_folder` does.

    In a store, objects of these names are replaced, and those of `earlier` that are not written again are removed; others stay.
    """
    return _new_objects(out, names, earlier) if isinstance(out, StoredObject) else new_folder(out, names, earlier)


@contextmanager
def _new_object(out: StoredObject) -> Iterator[TextIO]:
    with _explained(out):
        store, path = _reached(out)
        with store.transaction, store.open(path, "w", encoding="utf-8", newline="\n") as file:
            yield file


@contextmanager
def _new_objects(out: StoredObject, names: Sequence[str], earlier: Sequence[str]) -> Iterator[list[TextIO]]:
    with _explained(out):
        store, path = _reached(out)
        with store.transaction, ExitStack() as files:
            yield [files.enter_context(store.open(f"{path}/{name}", "w", encoding="utf-8", newline="\n")) for name in names]
        for name in sorted(set(earlier) - set(names)):
            if store.exists(f"{path}/{name}"):
                store.rm_file(f"{path}/{name}")


def _reached(out: StoredObject) -> tuple[Any, str]:
    """Return the store of an address, for this export alone, and the path in it."""
    try:
        from fsspec.core import url_to_fs
    except ImportError:
        raise ExportError(f"an object store needs fsspec, which is not installed: {to_install('stores')}.") from None
    try:
        store, path = url_to_fs(out.address, skip_instance_cache=True)
    except (ValueError, ImportError) as error:  # no such scheme; the store's own package is missing, and fsspec names it
        raise ExportError(f"{out}: {one_line(error)}.") from None
    return store, path


@contextmanager
def _explained(out: StoredObject) -> Iterator[None]:
    """Raise what a store's client reports, in whatever class of its own, as an `ExportError` that names the export."""
    try:
        yield
    except SelfInstructError:
        raise
    except Exception as error:
        if not (isinstance(error, OSError) or _is_of_the_store(error)):
            raise
        said = one_line(error) or type(error).__name__
        raise ExportError(f"{out}: cannot be written ({said}); check its name, and the keys in the environment.") from error


def _is_of_the_store(error: Exception) -> bool:
    """Return whether an error was raised under fsspec, through which every store is reached."""
    modules = (frame.f_globals.get("__name__", "") for frame, _ in walk_tb(error.__traceback__))
    return any(module.partition(".")[0] == "fsspec" for module in modules)
