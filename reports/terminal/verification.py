"""What verifiers found, as a table that fits 80 columns."""

from __future__ import annotations

from rich.console import RenderableType

from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import number, shortened
from self_instruct.reports.verifying.verifying import RuleCount, VerificationReport


def verification_tables(report: VerificationReport) -> RenderableType:
    """Return a report as a table by rule: those that found most first, those that found nothing left out."""
    found = sorted((each for each in report.rules if each.rows), key=lambda each: -each.rows)
    skipped = f", {number(report.skipped)} that cannot be read" if report.skipped else ""
    title = f"{number(report.rows)} rows{skipped}: {number(report.flagged)} flagged, {number(report.refused)} to be refused"
    return table(title, ("rule", "does", "rows", "share", "for example"), [_row(each, report.rows) for each in found], (2, 3))


def _row(count: RuleCount, rows: int) -> tuple[str, str, str, str, str]:
    return count.rule, count.action, number(count.rows), f"{count.rows / rows:.1%}", shortened(count.evidence, 34)
