"""The command `batch cancel`: stop a run's open batches at their provider, and keep what they have answered."""

from __future__ import annotations

from pathlib import Path

from self_instruct.chains.runs.batching import cancel_batches
from self_instruct.ledger import Ledger
from self_instruct.reports.terminal.command_line import conclude
from self_instruct.reports.terminal.printing import say


def cancel_and_say(run: Path) -> None:
    """Cancel a run's open batches, say what became of each, and leave with the exit code of how that ended."""
    with Ledger.open(run) as ledger:
        outcome = cancel_batches(ledger, say)
    conclude(outcome, run)
