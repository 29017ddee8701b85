"""From how likely a model found each of two words as the first of its answer to which one it is taken to mean.

A small model may know which tasks are classification tasks and yet lean to one word, whatever it is asked: it then ranks tasks
rightly and answers all of them alike. A threshold set on tasks whose kind is known takes the lean away.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import exp, log
from typing import TypeAlias

LogOdds: TypeAlias = float
"""The natural logarithm of how many times likelier one word is than the other."""
FEWEST_OF_A_KIND = 5  # tasks, for a threshold that means anything
_FEWEST_LETTERS = 2  # of a token that begins a word
_DIGITS = 6  # behind the point


def log_odds(first_token: Sequence[tuple[str, float]], yes: str, no: str) -> LogOdds | None:
    """Return the log-odds of one word over another among an answer's likeliest first tokens; None where neither is among them.

    Case does not matter, and a token may be a word's beginning. A word that is not among them is taken to be as likely as the
    last of them.

    >>> log_odds([(" No", -0.5), ("Yes", -1.5)], "yes", "no")
    -1.0
    """
    said = [(token.strip().casefold(), exp(logarithm)) for token, logarithm in first_token]
    likely = [sum(chance for token, chance in said if _is(token, word.casefold())) for word in (yes, no)]
    if not any(likely):
        return None
    least = min(chance for _, chance in said)
    return round(log(likely[0] or least) - log(likely[1] or least), _DIGITS)


def _is(token: str, word: str) -> bool:
    return token == word or (len(token) >= _FEWEST_LETTERS and word.startswith(token))


def threshold(yes: Sequence[LogOdds], no: Sequence[LogOdds]) -> LogOdds | None:
    """Return above which log-odds an answer is yes, by those of tasks whose answer is known: midway between their means.

    Balanced by construction: it does not matter that one kind is rarer. Where there are fewer than `FEWEST_OF_A_KIND` of a
    kind, or the model finds yes likelier where it should be no, there is none.

    >>> threshold([2.0, 2.5, 3.0, 3.5, 4.0], [1.0, 0.5, 0.0, 0.5, 0.5])
    1.75
    """
    if min(len(yes), len(no)) < FEWEST_OF_A_KIND:
        return None
    means = [sum(found) / len(found) for found in (yes, no)]
    return sum(means) / 2 if means[0] > means[1] else None


def balanced_accuracy(yes: Iterable[LogOdds], no: Iterable[LogOdds], above: LogOdds) -> float:
    """Return the mean of the shares of both kinds that a threshold tells rightly."""
    right = ([each > above for each in yes], [each <= above for each in no])
    return sum(sum(each) / len(each) for each in right) / 2
