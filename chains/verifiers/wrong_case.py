"""Capitals, or none, were asked for, and the answer has others."""

import re

from self_instruct.chains.verifiers.example import Example, shown

_WRITE = (
    r"\b(?:convert|change|turn|make|put|write|rewrite|answer|reply|respond|print|output|return|transform|give)\b[^.?!]{0,80}?"
)
_UPPER = re.compile(
    rf"{_WRITE}\b(?:in|to|into|all|using|only)\s+(?:all )?(?:upper[- ]?case|capital letters|all[- ]caps|capitals|caps)\b", re.I
)
_LOWER = re.compile(rf"{_WRITE}\b(?:in|to|into|all|using|only)\s+(?:all )?(?:lower[- ]?case|small letters)\b", re.IGNORECASE)
_OF_A_PART = re.compile(
    r"\b(?:first|initial|each|every|names?|headings?|titles?|word in|words in|letters? in|start\w*|begin\w*|labels?|vowels?"
    r"|function|program|code|python|method|string|whether|if)\b|upper[- ]?case[^.]*lower[- ]?case"
    r"|lower[- ]?case[^.]*upper[- ]?case",
    re.IGNORECASE,
)


def wrong_case(example: Example) -> str | None:
    """Find letters that are not as asked: over a tenth of them small where all capitals are wanted, or the reverse.

    Nothing is said where only a part is meant: first letters, names, headings.
    """
    if not example.mentions("case", "capital", "caps", "letters") or _OF_A_PART.search(example.request):
        return None
    is_upper, is_lower = (bool(pattern.search(example.request)) for pattern in (_UPPER, _LOWER))
    if is_upper is is_lower:
        return None
    wrong, right = map(sum, ((map(str.islower, example.answer)), (map(str.isupper, example.answer))))
    if is_lower:
        wrong, right = right, wrong
    return shown(example.answer) if wrong * 9 > right else None
