"""An answer with gaps that somebody else is to fill in."""

import re

from self_instruct.chains.verifiers.example import Example, shown

_THING = (
    r"(?:name|date|day|time|year|month|address|company|organi[sz]ation|city|town|state|country|place|location|recipient|sender"
    r"|title|position|job|role|phone|telephone|e-?mail|number|amount|price|product|service|brand|school|university|manager"
    r"|department|event|link|url|website|signature|animal|topic|subject|item|reason|value|percentage|hobby|friend|contact"
    r"|customer|client|employer|author|team|project|street|zip|code|age|price|details?|text|description|example|question"
    r"|answer|word|sentence)"
)
_GAP = re.compile(
    rf"\[(?:(?:your|my|the|our|his|her|their|insert|enter|add|fill in|specific|current|today's)\b[^\[\]\n]{{1,50}}"
    rf"|(?:[\w.'-]{{1,20}} ){{0,3}}{_THING}s?'?s?(?: ?\d{{1,2}}| here| of [\w ]{{1,30}})?)\](?!\()|<(?:(?:your|insert|enter"
    rf"|add)\b[^<>\n]{{1,50}}|(?:[\w'-]{{1,20}} ){{0,2}}{_THING}s?)>(?! *</)|\{{\{{?(?:your|insert)?[ _]?{_THING}\}}?\}}"
    r"|\blorem ipsum\b|\b(?:insert|enter|your) (?:\w+ )?(?:name|text|content|answer|address) here\b"
    r"|(?<![\w#*-])X{3,}(?![\w#*-])|\bTBD\b",
    re.IGNORECASE,
)
_ASKED_FOR = re.compile(
    r"\b(?:template|placeholder|blanks?|fill[- ]in|form letter|brackets?|bracketed|mad libs?|lorem|XML|HTML|tags?|tokens?"
    r"|mask\w*|format string|f-string|generic)\b",
    re.IGNORECASE,
)


def placeholder(example: Example) -> str | None:
    """Find a gap that somebody is to fill in: "[Your Name]", "<insert date>", "Lorem ipsum".

    Nothing is said where the task speaks of templates, blanks or tags, where it has the same gap itself, or of a program.
    """
    if not _may_hold_gap(example.answer) or _ASKED_FOR.search(example.request) or example.is_code:
        return None
    found = next((match[0] for match in _GAP.finditer(example.answer) if match[0].casefold() not in example.task), None)
    return shown(found) if found else None


def _may_hold_gap(text: str) -> bool:
    """Return whether it is worth a closer look, which costs more."""
    return any(mark in text for mark in ("[", "<", "{", "XXX", "TBD", "here", "orem ")) or "LOREM" in text
