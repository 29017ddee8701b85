"""The command line as a user meets it: in a process of its own, or, quicker, in this one."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest

from self_instruct import run

ROOT = Path(__file__).parent.parent.parent
RUN_PY = ROOT / "run.py"
TIMEOUT_S = 120


Command: TypeAlias = "Callable[..., Done]"


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended, and what it printed."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> list[str]:
        """The lines on stderr."""
        return self.err.splitlines()


WITHOUT_PRIVILEGES = ("setpriv", "--inh-caps=-all", "--bounding-set=-dac_override,-dac_read_search,-fowner", "--")
"""Before a command, it lets root do with files what an ordinary user may do with their own."""


def started(
    *arguments: object, environment: Mapping[str, str] | None = None, before: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """Return a command that runs in a process of its own; `before` is the program that starts it, if any."""
    return subprocess.Popen(
        [*before, sys.executable, str(RUN_PY), *map(str, arguments)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", cwd=ROOT,
        env={**os.environ, "COLUMNS": "80", **(environment or {})},
    )  # fmt: skip


def ended(process: subprocess.Popen[str], timeout_s: float = TIMEOUT_S) -> Done:
    """Return how a command ended, once it has; one that does not is killed and is an error."""
    with process:
        try:
            out, err = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return Done(process.returncode, out, err)


def exit_code(*arguments: object) -> int:
    """Return how a command ended that runs in this process, whatever it printed; for fixtures that many tests share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["run.py", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            run.main()
    return int(end.value.code or 0)


def assert_refused(done: Done, *words: str) -> None:
    """Assert that a command gave up with one line on stderr that says all of `words`."""
    assert done.code == 2, done
    assert len(done.said) == 1, done.err
    assert all(word in done.err for word in words), done.err
    assert done.out == ""
