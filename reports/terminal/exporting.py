"""The command `export`: a run's rows are written, and one is told how many; none is worth a warning."""

from __future__ import annotations

from pathlib import Path

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.exports.export import card_fields, default_place, export
from self_instruct.reports.exports.hub import HubRepository
from self_instruct.reports.exports.selection import Selection
from self_instruct.reports.object_stores import place
from self_instruct.reports.terminal.printing import say
from self_instruct.reports.writing import ExportError


def export_run(
    run: Path,
    form: str,
    out: str | None,
    selection: Selection,
    *,
    license_: str | None,
    languages: list[str],
    card: bool,
    push_to_hub: str | None,
    with_similarities: bool,
) -> None:
    """Write a run's dataset and say where it is; upload it where a repository is named."""
    fields = card_fields(form, license_, languages, wanted=card or push_to_hub is not None)
    repository = HubRepository(push_to_hub) if push_to_hub else None
    there = place(out or default_place(run, form, selection, fields))
    if repository and not isinstance(there, Path):
        raise ExportError(f"{there}: the hub is sent a folder of this disk; leave out `out` or `push_to_hub`.")
    with Ledger.open(run, read_only=True) as ledger:
        done = export(
            ledger, RunPlan.of(ledger), form, str(there), selection=selection, card=fields, with_similarities=with_similarities
        )
    say(str(done))
    if not done.is_of_run:
        say(f"warning: no row is of {run}'s own; see status and show", is_error=True)
    if repository and isinstance(there, Path):
        say(f"uploaded to {repository.upload(there)}")
