"""The lines of a batch in a file of the run's folder, from the first question gathered until its answers are stored.

A run that is killed while it gathers leaves files that nobody sent, and nothing knows of; the next start removes them. One that
is killed later finds in the ledger which file is whose, and by the hash in the batch's tag that it is whole.
"""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from self_instruct.chains.models.batches import KEY_LENGTH
from self_instruct.ledger import SentRequest, StoredBatch

FOLDER = "batches"
LINES, PROMPTS = ".jsonl", ".prompts.jsonl"


class NewBatchFile:
    """A file that takes lines until it is `closed`; `sent` are their requests, by line."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.key = secrets.token_hex(KEY_LENGTH // 2)
        self.sent: list[SentRequest] = []
        self.size = 0
        self._folder = folder
        self._hash = sha256()
        self._lines = (folder / f"{self.key}{LINES}").open("wb")
        self._prompts = (folder / f"{self.key}{PROMPTS}").open("w", encoding="utf-8")

    def add(self, line: bytes, sent: SentRequest, prompt: str | None) -> None:
        """Write the next line, and the prompt to be stored with its reply, if any."""
        self._lines.write(line)
        self._hash.update(line)
        self.size += len(line)
        if prompt is not None:
            self._prompts.write(json.dumps([len(self.sent), prompt]) + "\n")
        self.sent.append(sent)

    def closed(self) -> str:
        """Close the file and return the tag of its batch: the key of its lines, and their hash."""
        self._lines.close()
        self._prompts.close()
        return f"{self.key}-{self._hash.hexdigest()[:32]}"

    def discard(self) -> None:
        """Remove the file: nobody has sent it."""
        self.closed()
        remove(self._folder, self.key)


def encoded(line: dict[str, Any]) -> bytes:
    """Return a line as it is written; half a surrogate pair, which no UTF-8 has, stays escaped."""
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def lines_file(folder: Path, batch: StoredBatch) -> Path | None:
    """Return the file of a batch's lines; None where it is gone, or not as it was written."""
    key, _, digest = batch.tag.partition("-")
    path, found = folder / f"{key}{LINES}", sha256()
    with suppress(OSError), path.open("rb") as file:
        for line in file:
            found.update(line)
    return path if found.hexdigest().startswith(digest) else None


def stored_prompts(folder: Path, batch: StoredBatch) -> dict[int, str]:
    """Return the prompts to be stored with replies, by line."""
    with suppress(OSError), (folder / f"{batch.tag[:KEY_LENGTH]}{PROMPTS}").open(encoding="utf-8") as file:
        return dict(map(json.loads, file))
    return {}


def remove(folder: Path, key: str) -> None:
    """Remove the files of a batch, and the folder with the last of them."""
    for ending in (LINES, PROMPTS):
        (folder / f"{key}{ending}").unlink(missing_ok=True)
    with suppress(OSError):  # others are there
        folder.rmdir()


def remove_all_but(folder: Path, batches: list[StoredBatch]) -> None:
    """Remove what a killed run left of files that nobody sent."""
    kept = {batch.tag[:KEY_LENGTH] for batch in batches}
    with suppress(OSError):
        for path in list(folder.iterdir()):
            if (key := path.name.partition(".")[0]) not in kept:
                remove(folder, key)
