"""What changed from one run to another, as tables."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding

from self_instruct.chains.runs.replaying import replay
from self_instruct.ledger import Ledger
from self_instruct.reports.analysis.account import account
from self_instruct.reports.analysis.comparison import Change, Comparison, compare
from self_instruct.reports.analysis.refusals import Example
from self_instruct.reports.terminal.account import account_table
from self_instruct.reports.terminal.printing import show
from self_instruct.reports.terminal.tables import plain, table
from self_instruct.reports.text import described, number, shortened
from self_instruct.settings.layers import Layer


def replay_and_compare(run: Path, new: Path, given: Layer) -> None:
    """Decide a run's replies again in a new run, and print what changed."""
    with Ledger.open(run, read_only=True) as before, replay(before, new, given) as after:
        comparison = compare(before, after)
        accounted = account(after) if next(after.verdicts(), None) else ()
    show(comparison_tables(comparison))
    if accounted:
        show(account_table(accounted))


def comparison_tables(comparison: Comparison) -> RenderableType:
    """Return a comparison as tables that fit 80 columns."""
    said = "Prompts were not redrawn: this is what the same replies give under other rules, no more."
    parts: list[RenderableType] = [Padding(plain(said), (0, 1)), _totals(comparison)]
    for title, changes in (
        ("Tasks newly kept; before, they were", comparison.newly_kept),
        ("Tasks newly refused; now, they are", comparison.newly_refused),
        ("Instances gained; before, they were", comparison.instances_gained),
        ("Instances lost; now, they are", comparison.instances_lost),
    ):
        if changes:
            parts.append(_changes(title, changes))
    return Group(*parts)


def _totals(comparison: Comparison) -> RenderableType:
    rows = [
        ("tasks kept", number(comparison.kept_before), number(comparison.kept_after)),
        ("  in both", "", number(comparison.kept_in_both)),
        ("  of another kind than before", "", number(comparison.changed_kind)),
        *((f"  awaiting {stage}", "", number(count)) for stage, count in comparison.unanswered.items()),
        ("instances", number(comparison.instances_before), number(comparison.instances_after)),
    ]
    return table("Replay", ("", "before", "after"), rows, numbers=(1, 2))


def _changes(title: str, changes: Iterable[Change]) -> RenderableType:
    rows = [(each.why, number(each.count), "\n".join(map(_shown, each.examples))) for each in changes]
    return table(title, ("reason", "number", "for example"), rows, numbers=(1,))


def _shown(example: Example) -> str:
    evidence = described(example.evidence)
    return f"{shortened(example.text)} ({evidence})" if evidence else shortened(example.text)
