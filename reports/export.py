"""Export a run in one of several formats. What is written depends on the run alone: no time, path, host or random id."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from self_instruct.chains.runs import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.alpaca import write_alpaca
from self_instruct.reports.finetuning import write_finetuning
from self_instruct.reports.self_instruct import write_self_instruct
from self_instruct.reports.writing import ExportError

Writer = Callable[[Ledger, RunPlan, Path], int]
"""Writes a run to a path, and returns the number of rows."""

FORMATS: Mapping[str, Writer] = {
    "self-instruct": write_self_instruct,
    "prompt-completion": write_finetuning,
    "alpaca": write_alpaca,
}
_NAMES = {"self-instruct": "self-instruct", "prompt-completion": "prompt-completion.jsonl", "alpaca": "alpaca.json"}


def default_place(run: Path, format: str) -> Path:  # noqa: A002 (the word of the command line)
    """Return where in the run's directory a format is written when no place is named; `ExportError` for no such format."""
    _check(format)
    return run / _NAMES[format]


def export(
    ledger: Ledger,
    plan: RunPlan,
    format: str,  # noqa: A002 (the word of the command line)
    out: Path,
    *,
    with_similarities: bool = True,
) -> int:
    """Write a run to `out` (a folder for `self-instruct`, else a file), and return the number of rows of the dataset in it.

    `with_similarities=False` leaves the similarity records out of `self-instruct`: their cost grows with the square of the run.
    A run that another process is writing is exported as it stands at one moment. Raises `ExportError` where the format does not
    exist or `out` cannot be written, and leaves what stood there; `LedgerError` where the run cannot be read.
    """
    _check(format)
    writer = FORMATS[format]
    if writer is write_self_instruct and not with_similarities:
        writer = partial(write_self_instruct, with_similarities=False)
    with ledger.snapshot():
        return writer(ledger, plan, out)


def _check(form: str) -> None:
    if form not in FORMATS:
        raise ExportError(f"there is no format {form!r}; choose one of {', '.join(FORMATS)}.")
