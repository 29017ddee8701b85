"""What is to be expected of a run, in words: for the display, `status` and `--dry-run`."""

from collections.abc import Callable, Iterator

from self_instruct.chains.runs.outlook import Outlook, Range
from self_instruct.reports.text import dollars, duration, number

_DIGITS = 2  # that an estimate is worth


def outlook_rows(outlook: Outlook) -> Iterator[tuple[str, str]]:
    """Yield what is to be expected, in rows of a name and words; what is to go only where something is."""
    yield "kept a request", kept_words(outlook)
    if outlook.requests.likely:
        yield "to go", ", ".join(_to_go(outlook))


def outlook_words(outlook: Outlook) -> str:
    """Return what is to be expected in one line."""
    return "; ".join(f"{name}: {words}" for name, words in outlook_rows(outlook))


def kept_words(outlook: Outlook) -> str:
    """Return how many tasks a request brings, with the range."""
    each = outlook.kept_each
    return f"{each.likely:.1f} ({each.low:.1f} to {each.high or 0:.1f})"


def _to_go(outlook: Outlook) -> Iterator[str]:
    requests = _ranged(outlook.requests, _about)
    yield f"{requests} request{'' if requests == '1' else 's'}"
    if outlook.tokens:
        yield f"{_ranged(outlook.tokens, _about)} tokens"
    if outlook.cost and outlook.cost.likely:
        yield _ranged(outlook.cost, dollars)
    if outlook.seconds:
        yield _ranged(outlook.seconds, duration)


def _ranged(found: Range, words: Callable[[float], str]) -> str:
    """Return an estimate with its range, unless that is all the same."""
    low, likely = words(found.low), words(found.likely)
    high = "no saying how many" if found.high is None else words(found.high)
    return likely if low == likely == high else f"{likely} ({low} to {high})"


def _about(count: float) -> str:
    return number(round(float(f"{count:.{_DIGITS}g}")) if count >= 10**_DIGITS else round(count))
