"""The share of a judge's verdicts that could not be read: above the run's limit it is no use to go on paying for them."""

from collections.abc import Iterable

from self_instruct.records.judgements import JUDGING, UNREAD
from self_instruct.records.tasks import Verdict
from self_instruct.settings.sections import JudgingSettings

LEAST_VERDICTS = 20  # before a share says anything


class UnreadShare:
    """Counts the verdicts of one judge, of those that are there and of each that comes."""

    def __init__(self, rules: JudgingSettings, verdicts: Iterable[Verdict], judge: str = JUDGING) -> None:
        self._most = rules.max_unread
        self._judge = judge
        self.count = self.unread = 0
        self.add(verdicts)

    def add(self, verdicts: Iterable[Verdict]) -> None:
        """Count more verdicts; those of others are passed over."""
        for verdict in verdicts:
            if verdict.stage == self._judge:
                self.count += 1
                self.unread += UNREAD in verdict.answers

    @property
    def is_too_large(self) -> bool:
        """Whether the share is above the limit."""
        return self.count >= LEAST_VERDICTS and self.unread > self._most * self.count

    def sentence(self) -> str:
        """Return what is wrong, in words."""
        return (
            f"{self.unread} of {self.count} verdicts of the judge could not be read, more than judging.max_unread"
            f" ({self._most:g}) allows"
        )
