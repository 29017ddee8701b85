"""JSON objects of a response that has one a line, as it arrives; what is no object is passed over."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

MOST_LINE_BYTES = 64 * 2**20  # of a line; one that is longer is no answer


async def json_objects(pieces: AsyncIterator[bytes]) -> AsyncIterator[dict[str, Any]]:
    """Yield the JSON objects of a text in pieces. Only a line feed ends a line: JSON may hold U+2028, which splits others'."""
    rest = b""
    async for piece in pieces:
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            if found := _object(line):
                yield found
        if len(rest) > MOST_LINE_BYTES:
            rest = b""
    if found := _object(rest):
        yield found


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except ValueError:  # a line that was cut off, or none at all: its question stays unanswered, and is asked again
        return None
    return found if isinstance(found, dict) else None
