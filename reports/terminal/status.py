"""Where a run stands, as tables."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from self_instruct.ledger import Ledger
from self_instruct.records.errors import LedgerError
from self_instruct.reports.analysis.proposers import proposers_table
from self_instruct.reports.analysis.status import RunState, Status, status
from self_instruct.reports.terminal.outlook import outlook_rows
from self_instruct.reports.terminal.printing import say, show
from self_instruct.reports.terminal.spending import spending_table
from self_instruct.reports.terminal.tables import drawn, plain, table
from self_instruct.reports.text import number

_STATES = {
    RunState.RUNNING: "running: a process works on it",
    RunState.STOPPED: "stopped: no process works on it; run it again",
    RunState.DONE: "done",
}


def show_status(run: Path, *, as_json: bool, with_all: bool, with_check: bool) -> None:
    """Print where a run stands; `with_check` first see whether its ledger is whole, and raise `LedgerError` where it is not."""
    with Ledger.open(run, read_only=True) as ledger:
        if with_check:
            _check(ledger)
        found = status(ledger)
    if as_json:
        print(found.to_json())  # noqa: T201  for programs, not for a terminal
        return
    show(status_tables(found, with_all=with_all))
    if with_check:
        say("every row is as it was written")


def _check(ledger: Ledger) -> None:
    """Name each place in which a ledger is damaged, and raise `LedgerError` where there is one."""
    faults = ledger.faults()
    for fault in faults:
        say(f"{ledger.path}: {fault}", is_error=True)
    if faults:
        raise LedgerError(f"{ledger.path}: is damaged in {len(faults)} place{'s'[: len(faults) - 1]}; restore a copy.")


def status_tables(status: Status, *, with_all: bool = False) -> RenderableType:
    """Return a status as tables that fit 80 columns; `with_all` settings, or those that differ from their profile."""
    sentences = [*(each.sentence for each in status.advice), *(f"look at {each.sentence}" for each in status.checks)]
    refused = [(stage, reason, number(count)) for (stage, reason), count in status.rejections.items()]
    return Group(
        _summary(status),
        *(Padding(plain(each), (0, 1, 1, 1)) for each in sentences),
        table("Refused", ("stage", "reason", "number"), refused, numbers=(2,)),
        spending_table(status.spent),
        drawn(proposers_table(status.proposers)),
        _settings_lines(status, with_all=with_all),
    )


def _summary(status: Status) -> RenderableType:
    target = "" if status.target is None else f" of {number(status.target)}"
    rows = [
        ("state", _STATES[status.state]),
        ("tasks kept", f"{number(status.kept)}{target}"),
        ("finished", f"{number(status.finished)}, {number(status.with_instances)} of them with instances"),
        *((f"awaiting {stage}", number(count)) for stage, count in status.unanswered.items()),
        *((f"batch {one.batch_id or 'not made yet'}", one.said or f"{one.lines:,} questions") for one in status.batches),
        ("classification", f"{number(status.classification)}, other {number(status.other)}, unknown {number(status.unknown)}"),
        *((("learned", status.learned),) if status.learned else ()),
        ("instances", f"{number(status.instances)}, {number(status.exported)} of them in an export"),
        *((f"copies, {stage}", f"{number(count)} repeat a demonstration") for stage, count in status.copies.items() if count),
        *(outlook_rows(status.outlook) if status.outlook else ()),
    ]
    return table("Run", ("", ""), rows)


def _settings_lines(status: Status, *, with_all: bool) -> RenderableType:
    """Return a line for each setting: some keys are too long for a column."""
    wanted = [one for one in status.settings if with_all or one.is_own]
    lines = (
        Text.assemble(plain(f"{one.key} = {json.dumps(one.value, ensure_ascii=False)}"), plain(f"  ({one.origin})", "dim"))
        for one in wanted
    )
    rest = len(status.settings) - len(wanted)
    more = [plain(f"and {rest} more that are the profile's: --all", "dim")] if rest else []
    return Group(Text("Settings", "bold"), Padding(Group(*lines, *more), (1, 2)))
