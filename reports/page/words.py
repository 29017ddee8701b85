"""How figures and texts are written on the page: counts, means, shares, differences, and a model's text in full or cut."""

from __future__ import annotations

from self_instruct.reports.terminal.tables import number

UNKNOWN = "unknown"
NONE = "–"


def count(value: int | None) -> str:
    """Return a count, or that nobody counted."""
    return UNKNOWN if value is None else number(value)


def mean(value: float | None, digits: int = 1) -> str:
    """Return a mean, or a dash where there was nothing to measure."""
    return NONE if value is None else f"{value:,.{digits}f}"


def share(part: int, whole: int) -> str:
    """Return a share in percent.

    >>> share(1, 3), share(0, 0)
    ('33.3 %', '–')
    """
    return f"{100 * part / whole:.1f} %" if whole else NONE


def dollars(value: float | None) -> str:
    """Return US dollars, or that nobody knows."""
    return UNKNOWN if value is None else f"${value:,.2f}" if value >= 1 or not value else f"${value:.4f}"


def difference(left: float | None, right: float | None, digits: int = 0) -> str:
    """Return what must be added to the left figure for the right one, with its sign.

    >>> difference(200, 186), difference(1.5, 3.25, digits=1), difference(2, 2), difference(None, 2)
    ('−14', '+1.8', '0', '–')
    """
    if left is None or right is None:
        return NONE
    rounded = round(right - left, digits)
    return ("+" if rounded > 0 else "−" if rounded < 0 else "") + f"{abs(rounded):,.{digits if rounded else 0}f}"


def readable(text: str, length: int = 700) -> str:
    r"""Return a text as it can stand in HTML: control characters replaced, cut at `length` with what is missing said.

    >>> readable("line\x00s", 20)
    'line�s'
    """
    clean = "".join(one if one.isprintable() or one in "\n\t" else _replacement(one) for one in text.replace("\r\n", "\n"))
    return clean if len(clean) <= length else f"{clean[:length].rstrip()} … ({len(clean) - length:,} more characters)"


def _replacement(one: str) -> str:
    return one if ord(one) > 0x9F and not 0xD800 <= ord(one) <= 0xDFFF else "\N{REPLACEMENT CHARACTER}"
