"""Runs of the command line that may be killed, each in a process of its own (`killed_run.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KILLED_RUN = Path(__file__).parent / "killed_run.py"


class Driver:
    """Runs a command that dies at a moment (see `killed_run.py`), notes each request it sends, and says how it ended."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, moment: str, number: int, log: Path | str, *arguments: object) -> int:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([moment, number, str(log), *map(str, arguments)]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def driving(*modules: str) -> Iterator[Driver]:
    """Give a driver whose processes find these modules imported too."""
    command = [sys.executable, str(KILLED_RUN), *modules]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Driver(process)
        assert process.stdin
        process.stdin.close()
