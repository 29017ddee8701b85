"""An answer in which a sum is wrong."""

import re
from collections.abc import Iterator
from fractions import Fraction

from self_instruct.chains.verifiers.example import Example

_NUM = r"\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,9})?"
_OP = r"(?:\s{0,2}[-+*/×÷−–·]\s{0,2}| x )"
_EQUATION = re.compile(
    rf"(?P<left>-?{_NUM}(?:{_OP}{_NUM}){{1,30}})\s{{0,2}}=\s{{0,2}}[$€£]?(?P<right>[-−]?{_NUM})(?P<percent>\s?%)?"
)
_BEFORE = re.compile(r"(?:\d[.,]?|[\^²³)\]%/*×÷+=·√−–-]|\bx)\s*$|[\w:.,$€£]$|\(\s*$")  # the equation would begin in its middle
_AFTER = re.compile(r"\s{0,2}(?:[-+*/×÷^(²³√:!·−–]|[.,]\d|=)|\d|[A-Za-z]\w?(?!\w)|…|\.\.\.|\s?(?:x|R|r|remainder|rest|mod)\b")
_TOKEN = re.compile(rf"{_NUM}|[-+*/×÷−–·x]")
_EXPRESSION = re.compile(
    rf"(?:(?:what(?:'s| is)|calculate|compute|evaluate|solve|work out|add|multiply"
    rf"|divide)\s)?\s*(?P<sum>-?{_NUM}(?:{_OP}{_NUM}){{1,30}})\s*=?\s*[?.]*",
    re.I,
)
_ONE_NUMBER = re.compile(rf"\D{{0,60}}?(?<![\d.,/])(?P<n>-?{_NUM})(?![\d,/]|\.\d)\D{{0,10}}")
_OTHER_ARITHMETIC = re.compile(
    r"\b(?:modulo|mod|binary|hex\w*|base \d+|octal|integer division|remainder|roman|wrong|incorrect|mistake|error|false)\b",
    re.I,
)
_PLUS, _TIMES = {"+": 1, "-": -1, "−": -1, "–": -1}, "*×·x"


def wrong_sum(example: Example) -> str | None:
    """Find a wrong equation of numbers ("12 + 30 = 43"), or one number that is not what the task's own sum gives.

    Results may be rounded as far as they are written. Other arithmetic than decimal, and tasks about mistakes, are not judged.
    """
    if not example.figures:
        return None
    wrong = next((f"{left} = {right}" for left, right in _equations(example.answer) if not _holds(left, right)), None)
    wrong = wrong or _wrong_answer(example)
    return None if wrong is None or _OTHER_ARITHMETIC.search(example.request) else wrong


def _equations(text: str) -> Iterator[tuple[str, str]]:
    if "=" not in text:
        return
    for match in _EQUATION.finditer(text):
        before = text[max(0, match.start() - 4) : match.start()]
        if not match["percent"] and not _BEFORE.search(before) and not _AFTER.match(text, match.end()):
            yield match["left"], match["right"]


def _wrong_answer(example: Example) -> str | None:
    asked = _EXPRESSION.fullmatch((example.input or example.request).strip()[:200])
    said = _ONE_NUMBER.fullmatch(example.answer) if asked and len(example.answer) < 80 else None
    if asked is None or said is None or _holds(asked["sum"], said["n"]):
        return None
    return f"{asked['sum'].strip()} is not {said['n']}"


def _holds(left: str, right: str) -> bool:
    """Return whether an equation is true, as far as its right side is written.

    >>> _holds("10 / 3", "3.33"), _holds("2 + 3 * 4", "20"), _holds("2.5 - 1", "1.5")
    (True, False, True)
    """
    try:
        value = _value(left)
    except ZeroDivisionError:
        return True
    shown = Fraction(right.replace(",", "").replace("−", "-"))
    digits = len(right.partition(".")[2])
    is_rounded = "/" in left or "÷" in left or "." in left
    return abs(value - shown) <= (Fraction(1, 2 * 10**digits) if is_rounded else 0)


def _value(expression: str) -> Fraction:
    """Return the value of numbers joined by signs, multiplication before addition."""
    total, term, sign, sign_of_term = Fraction(0), None, "", 1
    if expression.startswith("-"):
        expression, sign_of_term = expression[1:], -1
    for token in _TOKEN.findall(expression):
        if not token[0].isdigit():
            sign = token
            continue
        number = Fraction(token.replace(",", ""))
        if term is None:
            term = number * sign_of_term
        elif sign in _PLUS:
            total, term = total + term, number * _PLUS[sign]
        else:
            term = term * number if sign in _TIMES else term / number
    return total + (term or 0)
