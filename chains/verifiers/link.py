"""An answer with a web address that its task does not have: most likely invented."""

import re

from self_instruct.chains.verifiers.example import Example, shown

_ADDRESS = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'`)\]}]{3,200}", re.IGNORECASE)
_RESERVED = re.compile(
    r"\b(?:example\.(?:com|org|net)|localhost|127\.0\.0\.1|[\w-]+\.(?:example|test|invalid))\b", re.IGNORECASE
)


def link(example: Example) -> str | None:
    """Find a web address that the task has not; those reserved for examples (example.org) do not count."""
    if not example.says("http", "www."):
        return None
    for match in _ADDRESS.finditer(example.answer):
        address = match[0].rstrip(".,;:!?")
        if address.casefold() not in example.task and not _RESERVED.search(address):
            return shown(address)
    return None
