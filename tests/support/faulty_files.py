"""A disk on which one thing done to a folder fails: a file made, written or made durable, a folder made, a rename."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


class FaultyDisk:
    """Counts what is done below a folder, and lets the `failing`-th fail, from 0; a file that failed once takes no more."""

    def __init__(self, folder: Path, failing: int | None = None) -> None:
        self._folder = os.path.realpath(folder)
        self._failing = failing
        self.done = 0

    def is_below(self, path: Any) -> bool:
        """Return whether a path is the folder's, or below it."""
        return isinstance(path, str | os.PathLike) and os.path.realpath(path).startswith(self._folder)

    def meet(self) -> None:
        """Count one thing that is done, and let it fail if it is the one."""
        self.done += 1
        if self.done - 1 == self._failing:
            number = (errno.EIO, errno.ENOSPC)[self._failing % 2]
            raise OSError(number, os.strerror(number))

    def making(self, mkdir: Callable[..., None]) -> Callable[..., None]:
        """Return an `os.mkdir` of this disk; to make a folder that is there is not counted."""

        def faulty(path: Any, *mode: int) -> None:
            if self.is_below(path) and not Path(path).is_dir():
                self.meet()
            mkdir(path, *mode)

        return faulty

    def renaming(self, rename: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        """Return an `os.rename` or `os.replace` of this disk."""

        def faulty(source: Any, target: Any) -> None:
            if self.is_below(target):
                self.meet()
            rename(source, target)

        return faulty

    def opening(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return an `open` whose files below the folder are of this disk where they are written."""

        def faulty(path: Any, mode: str = "r", buffering: int = -1, *text: Any, **more: Any) -> Any:
            if "r" in mode or not self.is_below(path):
                return call(path, mode, buffering, *text, **more)
            self.meet()
            file = io.BufferedWriter(_FaultyFile(path, mode.replace("b", ""), self))
            return file if "b" in mode else io.TextIOWrapper(file, *text, **more)

        return faulty


class _FaultyFile(io.FileIO):
    def __init__(self, path: Any, mode: str, disk: FaultyDisk) -> None:
        super().__init__(path, mode)
        self._disk = disk
        self._is_full = False

    def write(self, data: Any) -> int:
        if self._is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            self._disk.meet()
        except OSError:
            self._is_full = True
            super().write(bytes(data)[: len(data) // 2])  # half of it arrived
            raise
        return super().write(data)


@contextmanager
def faulty(disk: FaultyDisk) -> Iterator[None]:
    """Let everything that is written inside meet this disk."""

    def fsync(number: int, call: Callable[[int], None] = os.fsync) -> None:
        disk.meet()
        call(number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        patch.setattr(os, "mkdir", disk.making(os.mkdir))
        patch.setattr(os, "rename", disk.renaming(os.rename))
        patch.setattr(os, "replace", disk.renaming(os.replace))
        patch.setattr(io, "open", disk.opening(io.open))
        yield
