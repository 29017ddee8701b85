"""The verifiers as a tool: what each rule finds in a run or in a file of rows, and those rows with their flags.

Rows come as a stream from a ledger or from `dedup.opening`, and go as a stream to a file that takes its place whole. Nothing
but the counts is held.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from self_instruct.chains.verifiers.example import Example
from self_instruct.chains.verifiers.registry import Verification
from self_instruct.ledger import Ledger, tasks_with_instances
from self_instruct.records.tasks import Flag
from self_instruct.reports.dataset_tasks import task_name
from self_instruct.reports.dedup.opening import Format, open_records
from self_instruct.reports.dedup.places import new_output
from self_instruct.reports.dedup.record_files import MAX_FAULTS_NAMED, Fault, OnError, Record, Records, passed_over
from self_instruct.reports.writing import ExportError, is_of_ledger, json_line

INSTRUCTION, INPUT, OUTPUT = "instruction", "input", "output"


@dataclass(frozen=True, slots=True)
class RuleCount:
    """How many rows a rule flags, what it does with them ("flag" or "refuse"), and the first one's evidence."""

    rule: str
    action: str
    rows: int
    evidence: str


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What verifiers found in `rows` rows; a row may be flagged by several rules, and is refused by any that refuses.

    `skipped` rows could not be read; `faults` are the first ten, each beginning with `file:line:`.
    """

    rows: int
    flagged: int
    refused: int
    rules: tuple[RuleCount, ...]
    skipped: int = 0
    faults: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(asdict(self), indent=2)


@dataclass(frozen=True, slots=True)
class _Row:
    example: Example
    fields: Mapping[str, Any]


def verify_run(run: Path, verification: Verification, out: Path | BinaryIO | None = None) -> VerificationReport:
    """Return what the verifiers find in the instances that a run keeps, and write those to `out` with their flags.

    Raises `LedgerError` where there is no run, `ExportError` where `out` cannot be written.
    """
    with Ledger.open(run, read_only=True) as ledger, ledger.snapshot():
        return _verified(_of_run(ledger), verification, out).report()


def verify_file(
    source: Path | BinaryIO,
    verification: Verification,
    out: Path | BinaryIO | None = None,
    *,
    field: str = INSTRUCTION,
    form: Format | None = None,
    on_error: OnError = "stop",
) -> VerificationReport:
    """Return what the verifiers find in a file's rows, and write those to `out`, each with `flags` and `refused`.

    A row has an instruction, in the `field` of this name, an `output`, and perhaps an `input`. `form` is the file's; without
    it, as its name says. Raises `RecordFileError` for a file that cannot be read and, unless `on_error` is "skip", for the
    first row that cannot; `ExportError` for an output that cannot be written.
    """
    with open_records(source, field, form) as records:
        return _verified(_of_file(records, on_error), verification, out).report()


class _Counts:
    """What was found so far."""

    def __init__(self, verification: Verification) -> None:
        self._verification = verification
        self._rows: Counter[str] = Counter()
        self._evidence: dict[str, str] = {}
        self._faults: list[str] = []
        self.rows = self.flagged = self.refused = self.skipped = 0

    def add(self, flags: tuple[Flag, ...]) -> bool:
        """Count a row's flags; return whether they refuse it."""
        is_refused = any(map(self._verification.refuses, flags))
        self.rows, self.flagged, self.refused = self.rows + 1, self.flagged + bool(flags), self.refused + is_refused
        for flag in flags:
            self._rows[flag.rule] += 1
            self._evidence.setdefault(flag.rule, flag.evidence)
        return is_refused

    def skip(self, fault: str) -> None:
        """Count a row that could not be read; the first ten are named."""
        self.skipped += 1
        self._faults = [*self._faults, fault][:MAX_FAULTS_NAMED]

    def report(self) -> VerificationReport:
        """Return the report: every rule that is on, in the order in which they look."""
        rules = tuple(
            RuleCount(each.name, self._verification.action(each.name), self._rows[each.name], self._evidence.get(each.name, ""))
            for each in self._verification.verifiers
        )
        return VerificationReport(self.rows, self.flagged, self.refused, rules, self.skipped, tuple(self._faults))


def _verified(rows: Iterator[_Row | str], verification: Verification, out: Path | BinaryIO | None) -> _Counts:
    if isinstance(out, Path) and is_of_ledger(out):
        raise ExportError(f"{out}: is a run's ledger; choose another `out`.")
    counts = _Counts(verification)
    with ExitStack() as outputs:
        write: Callable[[bytes], None] | None = outputs.enter_context(new_output(out)).write if out else None
        for row in rows:
            if isinstance(row, str):
                counts.skip(row)
                continue
            flags = verification.flags(row.example)
            is_refused = counts.add(flags)
            if write:
                write(json_line({**row.fields, "flags": [flag.rule for flag in flags], "refused": is_refused}).encode())
    return counts


def _of_run(ledger: Ledger) -> Iterator[_Row]:
    for task, instances in tasks_with_instances(ledger):
        for one in instances:
            example = Example(task.instruction, one.input, one.output, task.is_classification)
            fields = {INSTRUCTION: task.instruction, INPUT: one.input, OUTPUT: one.output}
            yield _Row(example, {"task": task_name(task.id), **fields, "is_classification": task.is_classification})


def _of_file(records: Records, on_error: OnError) -> Iterator[_Row | str]:
    """Yield the rows of a file, and of those that cannot be read what is wrong."""
    for item in records.items:
        read = _row(item) if isinstance(item, Record) else item
        yield passed_over(read, records, on_error) if isinstance(read, Fault) else read


def _row(record: Record) -> _Row | Fault:
    """Return a record as a row; `input` may be missing or null, and means none."""
    given, output = record.fields.get(INPUT), record.fields.get(OUTPUT)
    if not isinstance(output, str):
        there = "is no text" if OUTPUT in record.fields else "is missing"
        return Fault(record.line, f"field {OUTPUT!r} {there}; a row has an instruction, an output, and perhaps an input.")
    if not isinstance(given, str | None):
        return Fault(record.line, f"field {INPUT!r} is no text; expected text, or none.")
    kind = record.fields.get("is_classification")
    return _Row(Example(record.text, given or "", output, kind if isinstance(kind, bool) else None), record.fields)
