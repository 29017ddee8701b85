"""What changed from one run to another, as tables."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Group, RenderableType
from rich.padding import Padding

from self_instruct.reports.analysis.comparison import Change, Comparison
from self_instruct.reports.analysis.refusals import Example
from self_instruct.reports.terminal.tables import plain, table
from self_instruct.reports.text import described, number, shortened


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
