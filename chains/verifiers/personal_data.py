"""An answer with what could reach or rob somebody: an e-mail address, a telephone, card or account number."""

import re
from collections.abc import Iterator

from self_instruct.chains.verifiers.example import Example, shown

FEWEST_FIGURES = 3  # of an answer with a number of somebody's: an account's may have few
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+@(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}\b", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w.,+/-])(?:\+\d{1,3}[ .-]?)?(?:\(\d{2,5}\)[ .-]?)?\d{2,5}(?:[ .-]\d{2,8}){1,4}(?![\w/-]|[.,]\d)")
_CARD = re.compile(r"(?<![\w.-])\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{1,7}(?![\w-])")
_SOCIAL = re.compile(r"(?<![\w-])\d{3}-\d{2}-\d{4}(?![\w-])")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){3,7}(?: ?[A-Z0-9]{1,3})?\b")
_RESERVED = re.compile(r"@(?:[\w-]+\.)*(?:example\.(?:com|org|net)|[\w-]+\.(?:example|test|invalid)|example)$", re.IGNORECASE)
_INVENTED_PHONE = re.compile(r"\b555[ .-]?01?\d\d|\b01632|\b7946 0\d{3}|\b555\b|1234|0000")
_DATE = re.compile(r"^(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[.-]\d{1,2}[.-]\d{2,4}|\d{4}-\d{2,4})")


def personal_data(example: Example) -> str | None:
    """Find an e-mail address, or a telephone, card, social security or account number, that the task has not.

    Addresses and numbers reserved for examples (mia@example.org, 555-0100) do not count; a card's number must be a valid one.
    """
    found = [*_addresses(example.answer), *(_numbers(example.answer) if example.figures >= FEWEST_FIGURES else ())]
    return next((shown(each) for each in found if each.casefold() not in example.task), None)


def _addresses(text: str) -> Iterator[str]:
    if "@" in text:
        yield from (match[0] for match in _MAIL.finditer(text) if not _RESERVED.search(match[0]))


def _numbers(text: str) -> Iterator[str]:
    yield from (match[0] for match in _SOCIAL.finditer(text))
    yield from (match[0] for match in _CARD.finditer(text) if _is_card(match[0]))
    yield from (match[0] for match in _IBAN.finditer(text) if any(map(str.isdigit, match[0][4:])))
    yield from (match[0] for match in _PHONE.finditer(text) if _is_phone(match[0]))


def _is_phone(text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    is_marked = text.startswith(("+", "0")) or "(" in text or text.count("-") == 2
    return 9 <= digits <= 15 and is_marked and not _DATE.match(text) and not _INVENTED_PHONE.search(text)


def _is_card(text: str) -> bool:
    """Return whether the digits end in their own check digit (Luhn)."""
    digits = [int(each) for each in text if each.isdigit()]
    doubled = [sum(divmod(2 * each, 10)) for each in digits[-2::-2]]
    return 13 <= len(digits) <= 19 and (sum(doubled) + sum(digits[-1::-2])) % 10 == 0 and len(set(digits)) > 2
