"""How far a run is to go: until so many instructions are kept, or until so many tasks are accepted.

A task is kept only while it may be needed: as long as the accepted tasks, and those of which that is not known yet, are fewer
than the target. What is kept then depends on the replies alone, whichever arrives first, and a run ends with exactly as many
accepted tasks as were asked for.
"""

from dataclasses import dataclass
from math import ceil

from self_instruct.chains.runs.accepting import ASSUMED_SHARE, Acceptance, AcceptRule, why_not_accepted
from self_instruct.ledger import Ledger, StoredTask
from self_instruct.settings.settings import Settings

LEAST_EXPERIENCE = 10  # finished tasks, before their share of accepted ones is believed


class Target:
    """The target of one run; told of each task that is finished."""

    def __init__(self, settings: Settings, ledger: Ledger) -> None:
        self._kept = settings.num_instructions
        self.accept = settings.accept
        self._acceptance = Acceptance(ledger, settings)

    @property
    def may_ask(self) -> bool:
        """Whether there is any: without one a run only decides the replies it has."""
        return self._kept is not None or self.accept is not None

    @property
    def accepted(self) -> int | None:
        """How many tasks are accepted; None where nobody asked for that."""
        return None if self.accept is None else self._acceptance.count

    @property
    def last_accepted(self) -> int:
        """The last instruction request that brought an accepted task, -1 for none."""
        return self._acceptance.last_request

    def finished(self, task: StoredTask) -> None:
        """Count a task that awaits nothing any more."""
        if self.accept is not None:
            self._acceptance.add(task.id)

    def kept_at_most(self, kept: int, finished: int) -> int | None:
        """Return how many tasks may be kept in all, as far as that is known now; None for any number."""
        if self.accept is None:
            return self._kept
        undecided = kept - finished
        return kept + max(0, self.accept - self._acceptance.count - undecided)

    def kept_expected(self, kept: int, finished: int) -> int | None:
        """Return how many tasks the run is likely to keep in all; None for any number."""
        if self.accept is None:
            return self._kept
        return AcceptedShare(self._acceptance.count, finished).kept_expected(self.accept, kept)

    def still_to_keep(self, kept: int, finished: int) -> int:
        """Return how many more tasks the target is likely to take."""
        return max(0, (self.kept_expected(kept, finished) or 0) - kept)

    def is_reached(self, kept: int) -> bool:
        """Return whether the target is reached."""
        if self.accept is not None:
            return self._acceptance.count >= self.accept
        return self._kept is None or kept >= self._kept

    def sentence(self, kept: int) -> str:
        """Return how far the run is, in words."""
        if self.accept is None:
            return f"{kept} instructions kept"
        return f"{self._acceptance.count} of {self.accept} tasks accepted ({kept} instructions kept)"

    def left(self, kept: int, finished: int, requests: int) -> str:
        """Return how far a run is that is to accept so many tasks, and what the rest is likely to take; "" for any other."""
        if self.accept is None:
            return ""
        more = requests / kept * self.still_to_keep(kept, finished) if kept else 0
        return f"; {self.sentence(kept)}; at this yield the rest takes about {round(more):,} requests more"


@dataclass(frozen=True, slots=True)
class AcceptedShare:
    """How many of the finished tasks of a run are accepted."""

    accepted: int
    finished: int

    @property
    def likely(self) -> float:
        """The share of tasks that is likely to be accepted: of at least ten, one may be; before that, the paper's.

        >>> AcceptedShare(0, 3).likely, AcceptedShare(20, 80).likely
        (0.54, 0.25)
        """
        return max(1, self.accepted) / self.finished if self.finished >= LEAST_EXPERIENCE else ASSUMED_SHARE

    def sentence(self) -> str:
        """Return the share in words, and what it rests on."""
        rests_on = f"as of the {self.finished} finished so far" if self.finished >= LEAST_EXPERIENCE else "the paper's share"
        return f"{self.likely:.0%} of the tasks are accepted, {rests_on}"

    def kept_expected(self, accept: int, kept: int) -> int:
        """Return how many tasks a run is likely to keep in all until so many are accepted."""
        undecided = kept - self.finished
        return kept + max(0, ceil((accept - self.accepted) / self.likely) - undecided)


def accepted_share(ledger: Ledger | None, settings: Settings) -> AcceptedShare | None:
    """Return the share of a run that is to accept so many tasks; None of another."""
    if settings.accept is None or ledger is None:
        return None if settings.accept is None else AcceptedShare(0, 0)
    fates = [why for task, why in why_not_accepted(ledger, AcceptRule.of(ledger, settings)) if task.awaits is None]
    return AcceptedShare(fates.count(None), len(fates))


def expected_target(ledger: Ledger | None, settings: Settings) -> int | None:
    """Return how many tasks a run is likely to keep in all; None where it has no target."""
    share = accepted_share(ledger, settings)
    if share is None or settings.accept is None:
        return settings.num_instructions
    return share.kept_expected(settings.accept, 0 if ledger is None else sum(1 for _ in ledger.tasks()))
