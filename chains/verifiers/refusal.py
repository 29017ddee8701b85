"""An answer that refuses to answer, or says that it is a machine's."""

import re

from self_instruct.chains.verifiers.example import Example, shown

LOOKED_AT = 300  # characters of the output's beginning: what is refused is refused there
_CANNOT = r"(?:can(?:'t|not| not)|could(?:n't| not)|won't|will not|am (?:not able|unable)|'m (?:not able|unable)|do not|don't)"
_REFUSED = (
    r"(?:that|this|your request|you with|to the|access|personal|the ability|feelings|real-time|files|any|information|enough)"
)
_SERVE = (  # what an assistant is asked to do; "sorry, I cannot come" is an answer like any other
    r"(?:access|answer|assist|complete|comply|continue|create|determine|discuss|do|find|fulfil\w*|generate|give|help|identify|make"
    r"|offer|open|perform|process|provide|respond|see|share|support|tell|translate|understand|view|write)"
)
_MACHINE = re.compile(
    r"\bas an? (?:AI|artificial intelligence|(?:large )?language model)\b|\bI(?: am|'m) (?:just |only )?an? (?:AI"
    r"|(?:large )?language model)\b"
    rf"|^\W*(?:(?:I(?: am|'m) (?:very |so |really )?)?sorry[,.;]? (?:but )?)?I {_CANNOT} (?:to )?"
    r"(?:help|assist|comply|fulfil\w*) (?:you )?(?:with )?(?:this|that|your)",
    re.IGNORECASE,
)
_REFUSAL = re.compile(
    rf"\W*(?:I(?: am|'m) (?:very |so |really )?(?:sorry|afraid)|sorry|apologies|I apologi[sz]e"
    rf"|unfortunately)[,.;]? (?:but )?(?:that )?I ?{_CANNOT} (?:to )?(?:\w+ly )?{_SERVE}\b|\W*I ?{_CANNOT} (?:to )?(?:directly "
    rf"|physically )?\w{{2,12}} (?:with )?{_REFUSED}\b"
    r"|\W*(?:please|could you(?: please)?|can you(?: please)?) (?:provide|give me|share|send|specify"
    r"|paste) (?:me )?(?:with )?(?:the |a |an |more |some |your ){0,2}(?:\w+ )?(?:text|sentences?|paragraphs?|input|details"
    r"|information|context|passage|article|code|list|instructions?|questions?|data)\b|\W*(?:no|there is no|there was no"
    r"|the) (?:\w+ )?(?:input|text|sentence|passage|context|image|article) (?:(?:is|was|were|has been) )?(?:not |missing"
    r"|not been )?(?:given|provided|supplied|attached|specified)",
    re.IGNORECASE,
)
_OF_MACHINES = re.compile(r"\b(?:AI|artificial|assistant|chatbot|robot|language model)\b", re.IGNORECASE)
_OF_REFUSALS = re.compile(
    r"\b(?:refus\w*|declin\w*|apolog\w*|excuse\w*|sorry|turn(?:s|ing)? down|from the text|from the passage)\b", re.IGNORECASE
)


def refusal(example: Example) -> str | None:
    """Find an answer that refuses ("I'm sorry, but I can't"), speaks as a machine, or asks for its input.

    Only its beginning counts. A refusal in a letter or a conversation, or where one is asked for, is none; nor is a machine's
    voice where the task speaks of machines.
    """
    begin = example.answer[:LOOKED_AT].replace("’", "'")
    found = _MACHINE.search(begin) if _may_be_machine(begin) and not _OF_MACHINES.search(example.request) else None
    if found is None:
        found = _REFUSAL.match(begin)
        if found and (example.is_speech or _OF_REFUSALS.search(example.request)):
            return None
    return None if found is None or found[0].casefold() in example.task else shown(found[0])


def _may_be_machine(begin: str) -> bool:
    return "AI" in begin or "model" in begin or "artificial" in begin or begin.lstrip("\"' \n")[:1] in {"I", "i", "S", "s"}
