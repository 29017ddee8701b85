"""Take a subject that a request listed away from the instruction that was written about it."""

import re
from collections.abc import Collection

from self_instruct.prompts.reading.quotes import unquoted

_TITLE = re.compile(
    r"[*_\"“]*+(?P<open>[(\[])?+(?P<title>[^\n:：()\[\]*_\"”]{1,60}?)[*_\"”]*+"
    r"(?(open)[)\]][*_]*+[ \t]*+[:：–—-]?+\s*+|(?:[ \t]*+[:：][*_]*+\s*+|[ \t]++[–—-][ \t]++|[ \t]*+\n\s*+))"
)
_SHORTEST = 4  # words


def without_subject(text: str, subjects: Collection[str]) -> str:
    """Return an instruction without one of the subjects as its title; one that is a part of its sentence stays.

    >>> without_subject("rivers: Which is the longest?", ["rivers"]), without_subject("Rivers of Asia", ["rivers"])
    ('Which is the longest?', 'Rivers of Asia')
    """
    title = _TITLE.match(text) if subjects else None
    if title is None:
        return text
    said, rest = title["title"], text[title.end() :]
    is_shown = said in subjects or (said[:1].lower() + said[1:] in subjects and not rest[:1].islower())
    return unquoted(rest) if is_shown and len(rest.split()) >= _SHORTEST else text
