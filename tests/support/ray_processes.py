"""The processes of a local Ray that this one has started."""

from __future__ import annotations

import os
from pathlib import Path


def actor_processes() -> list[int]:
    """Return the processes of the actors, each a child of our raylet, which is a child of ours."""
    return [pid for pid, (parent, title) in _processes().items() if title.startswith("ray::RayActor") and _is_ours(parent)]


def _is_ours(pid: int) -> bool:
    return _processes().get(pid, (0, ""))[0] == os.getpid()


def _processes() -> dict[int, tuple[int, str]]:
    found: dict[int, tuple[int, str]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            status = (folder / "stat").read_text().rpartition(")")[2].split()
            found[int(folder.name)] = int(status[1]), (folder / "cmdline").read_text()
        except OSError:  # it has ended
            continue
    return found
