"""An answer with a web address that its task does not have: most likely invented."""

import re

from self_instruct.chains.verifiers.example import Example, shown

_ADDRESS = re.compile(r"\b(?:https?://|www\.)[^\s<>\"'`)\]}]{3,200}", re.IGNORECASE)
_RESERVED = re.compile(
    r"\b(?:example\.(?:com|org|net)|localhost|127\.0\.0\.1|[\w-]+\.(?:example|test|invalid))\b", re.IGNORECASE
)
_ASKED = re.compile(r"\b(?:links?|urls?|hyperlinks?|web ?(?:sites?|pages?|address(?:es)?))\b", re.IGNORECASE)
_QUOTES = ('"', "'", "`")


def link(example: Example) -> str | None:
    """Find a web address that the task has not.

    Those reserved for examples (example.org) do not count, nor what a program holds as a string; nothing is said where the
    instruction asks for addresses.
    """
    if not example.says("http", "www.") or _ASKED.search(example.request):
        return None
    for match in _ADDRESS.finditer(example.answer):
        address = match[0].rstrip(".,;:!?")
        is_string = example.is_code and example.answer[: match.start()].endswith(_QUOTES)
        if address.casefold() not in example.task and not _RESERVED.search(address) and not is_string:
            return shown(address)
    return None
