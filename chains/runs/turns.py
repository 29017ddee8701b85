"""Whose turn each instruction request is: it follows from the request's number and the shares alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from self_instruct.records.tasks import Proposer


@dataclass(frozen=True, slots=True)
class Turn:
    """Whose turn a request is, and how many he has had before."""

    proposer: Proposer
    before: int


class Turns:
    """Whose turn each request is: at any number each proposer has had its share, to within one request.

    One of whom `most` says how many turns he can have leaves the others their shares of what follows.

    >>> turns = Turns({Proposer.SELF_INSTRUCT: 0.75, Proposer.EVOLVE: 0.25})
    >>> [turns.of(number).proposer.value for number in range(5)]
    ['self-instruct', 'self-instruct', 'evolve', 'self-instruct', 'self-instruct']
    """

    def __init__(self, shares: Mapping[Proposer, float], most: Mapping[Proposer, int] | None = None) -> None:
        self._shares = dict(shares)
        self._most = most or {}
        self._due = dict.fromkeys(shares, 0.0)
        self._had = Counter[Proposer]()
        self._turns: list[Turn] = []

    def of(self, number: int) -> Turn | None:
        """Return the turn of a request; None where nobody has one left."""
        while len(self._turns) <= number and self._shares:
            for proposer, share in self._shares.items():
                self._due[proposer] += share
            next_ = max(self._shares, key=lambda one: round(self._due[one], 9))  # thirds do not sum to 1
            self._due[next_] -= sum(self._shares.values())
            self._turns.append(Turn(next_, self._had[next_]))
            self._had[next_] += 1
            if self._had[next_] == self._most.get(next_):
                del self._shares[next_]
        return self._turns[number] if number < len(self._turns) else None

    def is_papers(self, number: int) -> bool:
        """Return whether a request is the paper's own, which shows demonstrations."""
        turn = self.of(number)
        return turn is not None and turn.proposer is Proposer.SELF_INSTRUCT
