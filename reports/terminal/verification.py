"""The verifiers on the command line: which rules look at what, and what they found, as a table that fits 80 columns."""

import sys
from pathlib import Path

from rich.console import Group, RenderableType

from self_instruct.chains.verifiers.registry import Verification
from self_instruct.reports.dedup.opening import Format
from self_instruct.reports.dedup.places import Places
from self_instruct.reports.dedup.record_files import OnError
from self_instruct.reports.terminal.printing import say, show
from self_instruct.reports.terminal.tables import headline, table
from self_instruct.reports.text import counted, number, shortened
from self_instruct.reports.verifying.verifying import RuleCount, VerificationReport, verify_file, verify_run
from self_instruct.settings.layers import Layer
from self_instruct.settings.settling import settle

_STANDARD_STREAM = "-"


def verify(
    what: str, given: Layer, out: str | None, form: Format | None, on_error: OnError, *, field: str, as_json: bool
) -> None:
    """Verify a run or a file, and print what was found; on stderr where the rows themselves go to standard output.

    Raises `InputError` of every kind that settings, runs, files and outputs can bring.
    """
    verification = Verification(settle(given).settings.verifiers)
    places = Places.named(what, out or what)
    place = places.out if out else None
    if Path(what).is_dir():
        report = verify_run(Path(what), verification, place)
    else:
        report = verify_file(places.source, verification, place, field=field, form=form, on_error=on_error)
    if as_json:
        print(report.to_json(), file=sys.stderr if out == _STANDARD_STREAM else sys.stdout)
    elif out != _STANDARD_STREAM:
        show(verification_table(report))
    for fault in report.faults:
        say(fault, is_error=True)


def verification_table(report: VerificationReport) -> RenderableType:
    """Return a report as a table by rule: those that found most first, those that found nothing left out."""
    found = sorted((each for each in report.rules if each.rows), key=lambda each: -each.rows)
    skipped = f", {number(report.skipped)} that cannot be read" if report.skipped else ""
    title = f"{counted(report.rows, 'row')}{skipped}: {number(report.flagged)} flagged, {number(report.refused)} to be refused"
    rows = [_row(each, report.rows) for each in found]
    return Group(headline(title), table("", ("rule", "does", "rows", "share", "for example"), rows, (2, 3)))


def _row(count: RuleCount, rows: int) -> tuple[str, str, str, str, str]:
    return count.rule, count.action, number(count.rows), f"{count.rows / rows:.1%}", shortened(count.evidence, 34)
