"""JSON was asked for, and the answer holds none."""

import json
import re

from self_instruct.chains.verifiers.example import Example

_ASKED = re.compile(
    r"\b(?:in|as|into|to|an?|valid|return|output|outputs|produce|write|create|generate|give"
    r"|format(?:ted)?(?: as)?) (?:[\w-]+ ){0,2}?JSON\b(?! (?:to|into|file|schema|is|stands|parser|data (?:to|into)"
    r"|object (?:to|into)|(?:string|object|array|document)s? (?:is|are|has|in|and return)\b))",
    re.IGNORECASE,
)
_ABOUT = re.compile(
    r"\b(?:what is|explain|difference|function|program|script|code|python|javascript|java|pars(?:e|es|ing)|pros|advantages"
    r"|why|how|convert(?:s)? (?:the |this |a |an )?(?:\w+ ){0,2}JSON|turn (?:the|this) (?:\w+ ){0,2}JSON|from JSON|valid or"
    r"|whether|is (?:the|this))\b",
    re.IGNORECASE,
)
_BEGIN = re.compile(r'[\[{](?=\s*(?:["\[{\]}\d-]|true|false|null|\w+"?:))')
_MEMBER = re.compile(r'"\s*:\s*["\d\[{]')
_DECODER = json.JSONDecoder()


def not_json(example: Example) -> str | None:
    """Find an answer without a JSON object or array that can be read, where JSON is asked for.

    Text around it does not matter. Nothing is said where the task is about JSON rather than for it (a program, a question).
    """
    if example.is_classification or not example.mentions("json"):
        return None
    if not _ASKED.search(example.request) or _ABOUT.search(example.request):
        return None
    return why_no_json(example.answer)


def why_no_json(text: str) -> str | None:
    """Return why no JSON object or array can be read in a text, or None where one can.

    >>> why_no_json('Here: {"a": 1}'), why_no_json("a: 1")
    (None, 'no object or array')
    """
    begin = _BEGIN.search(text)
    if begin is None:
        return "no object or array"
    if _MEMBER.search(text, 0, begin.start()):
        return "a member outside an object"
    try:
        _DECODER.raw_decode(text, begin.start())
    except (ValueError, RecursionError) as error:
        return str(getattr(error, "msg", "") or error)
    return None
