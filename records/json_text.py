"""JSON as we write it into files: UTF-8 text that a person can read, in which every record is one line to every reader."""

import json
import re
from typing import Any

# What some readers take for the end of a line, and half of a surrogate pair, which no UTF-8 can hold.
_ESCAPED = re.compile("[\x85\u2028\u2029\ud800-\udfff]")


def json_text(value: Any, *, allow_nan: bool = True) -> str:
    r"""Return a value as JSON in one line, with the characters of every script as they are.

    >>> print(json_text({"text": "Grüße\u2028"}))
    {"text": "Grüße\u2028"}
    """
    written = json.dumps(value, ensure_ascii=False, allow_nan=allow_nan)
    return _ESCAPED.sub(lambda one: f"\\u{ord(one[0]):04x}", written)


def storable(text: str) -> str:
    """Return a text that can be UTF-8: half a surrogate pair becomes "?"."""
    return text.encode("utf-8", "replace").decode("utf-8")
