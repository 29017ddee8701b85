"""An answer wrapped in an assistant's courtesies, which a fine-tuned model would learn to say."""

import re

from self_instruct.chains.verifiers.example import Example, shown

LOOKED_AT = 300  # characters at either end
_OPENING = re.compile(
    r"^(?:sure(?: thing)?|certainly|absolutely|of course|great question|happy to help|I'd be (?:happy|glad) to)\b[!,.:]"
    r"|^(?:sure|okay|certainly|absolutely|of course)?[!,.]? ?here(?:'s| is| are) (?:the|a|an|your|some"
    r"|my) [^\n]{0,100}:\s*(?:\n|$)|^I (?:would|will|can) (?:be happy to|be glad to|gladly) (?:help|assist) [^\n.]{0,60}[.!]",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\b(?:I hope (?:this|that|it) helps|let me know if (?:you|there)(?:'d| would| need| have|'s| is)[^\n]{0,80}(?:changes"
    r"|questions|help|else|assistance|clarif\w+|information|more|adjust\w*)|feel free to (?:ask|reach out|let me know"
    r"|contact me)|is there anything else (?:I|you)|would you like me to\b|do you (?:have|need) any (?:other|more|further))",
    re.IGNORECASE,
)
_IN_CLOSING = ("i hope", "let me know", "feel free", "anything else", "would you like", "do you")
_PLAINEST = re.compile(
    r"^(?:(?:sure|okay|certainly|absolutely|of course)[!,.] )?here(?:'s| is| are) [^\n]{0,100}:\s*\n"
    r"|^(?:sure|certainly|absolutely|of course)!|\bI hope (?:this|that|it) helps[.!]*\Z"
    r"|\bis there anything else I can help you with",
    re.IGNORECASE,
)


def boilerplate(example: Example) -> str | None:
    """Find an assistant's courtesy at either end of an answer: "Sure! Here is the list:", "I hope this helps".

    Where somebody is to be spoken or written to only the plainest count: a letter may offer to be asked.
    """
    text = example.answer.replace("’", "'")
    found = _OPENING.search(text[:LOOKED_AT]) or (_CLOSING.search(text[-LOOKED_AT:]) if example.says(*_IN_CLOSING) else None)
    if found and example.is_speech:
        found = _PLAINEST.search(text[:LOOKED_AT]) or _PLAINEST.search(text[-LOOKED_AT:])
    return shown(found[0]) if found else None
