"""Clean the values of an instance: an input that says there is none, a label with quotes or an explanation around it.

Below `prompts.instance_sections`. In doubt a value stays as the model wrote it.
"""

import re
from collections.abc import Sequence

_NO_INPUT = frozenset({
    "n/a", "none", "noinput", "no input", "none needed", "none required", "not applicable", "not needed", "not required",
    "empty",
    "null", "no input provided", "无", "無", "没有", "なし", "无输入", "入力なし", "keine", "keine eingabe", "ninguna",
    "ninguno",
    "sin entrada", "aucune", "aucune entrée", "sem entrada", "nenhuma", "нет", "нет ввода", "nessuno",
})  # fmt: skip
_SAYS_NO_INPUT = re.compile(
    r"(?:no (?:additional |further |specific |extra )?input (?:is |was )?(?:needed|required|necessary|provided|given)"
    r"|(?:this|the) (?:task|instruction|prompt) (?:does not|doesn['’]t) (?:require|need|have|take) (?:an? |any )?input"
    r"|(?:this|the) (?:task|instruction|prompt) (?:requires|needs|has|takes) no input)",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"([\"'`])([^\"'`]++)\1\.?+|“([^“”]++)”\.?+|«([^«»]++)»|「([^「」]++)」|„([^„“]++)“")
_IN_PARENTHESES = re.compile(r"(?<![ \t])[ \t]++[(（]([^()（）]*+)[)）]\.?+$")
_AFTER_DASH = re.compile(r"(?<![ \t])[ \t]++[-–—][ \t]++|,?(?<![ \t])[ \t]++(?:because|since|as it)\b", re.IGNORECASE)
_REASONS = re.compile(
    r"(?:\A|\n)[ \t]*+(?:[-*][ ])?+(?:\*\*|[(*])?+(?:explanation|reason|reasoning|rationale|justification)(?:\*\*)?+[ ]?+[:：]",
    re.IGNORECASE,
)
_SHORTEST_REASON = 3  # words


def input_of(parts: Sequence[str]) -> str:
    """Return an input from its parts; "N/A", "None", "<noinput>" and the like are no input."""
    text = "\n".join(part for part in parts if part)
    bare = text.strip(" <>()*_`.。（）")
    return "" if bare.casefold() in _NO_INPUT or _SAYS_NO_INPUT.fullmatch(bare) else text


def label_of(text: str) -> str:
    """Return a class label without quotes around it and without an explanation behind it.

    >>> label_of('"spam" (because it asks for money)')
    'spam'
    """
    if "\n" in text:
        return text
    inside = _IN_PARENTHESES.search(text)
    if inside and len(inside[1].split()) >= _SHORTEST_REASON:
        text = text[: inside.start()]
    dash = _AFTER_DASH.search(text)
    if dash and dash.start() and len(text[dash.end() :].split()) >= _SHORTEST_REASON:
        text = text[: dash.start()]
    text = text.strip(" \t*")
    quoted = _QUOTED.fullmatch(text)
    return next(filter(None, quoted.groups()[1:])).strip() if quoted else text


def without_reasons(text: str) -> str:
    """Return a label or its input without an explanation that follows on a line of its own."""
    reasons = _REASONS.search(text)
    return text[: reasons.start()].rstrip() if reasons else text
