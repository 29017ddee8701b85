"""Report on run directories, and write the folder: page, tables as JSON, figures as PNG; whole, or not at all."""

from collections.abc import Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.errors import InputError
from self_instruct.reports.analysis.kept_tasks import kept_tasks
from self_instruct.reports.analysis.run_report import RunReport, run_report
from self_instruct.reports.analysis.statistics import TEXTS, BinWords, bin_words
from self_instruct.reports.page.page import page
from self_instruct.reports.page.png_figures import NAMES, png_files
from self_instruct.reports.text import readable_json
from self_instruct.reports.writing import new_folder

PAGE, TABLES = "index.html", "report.json"


def report_on(runs: Sequence[str | PathLike[str]], evaluation: Sequence[str] = ()) -> list[RunReport]:
    """Return the report on each run directory. Those of the same name are numbered.

    Raises `LedgerError` where one is missing or damaged, and `MissingExtraError` without the extra `report`.
    """
    if isinstance(runs, str | PathLike):
        raise InputError(f"expected several run directories, got one: {runs!s}; put it into a list.")
    directories = [Path(run) for run in runs]
    widths = _common_widths(directories) if len(directories) > 1 else None
    reports = []
    for directory in directories:
        with Ledger.open(directory, read_only=True) as ledger:
            reports.append(run_report(ledger, evaluation, widths))
    if len({report.name for report in reports}) == len(reports):
        return reports
    return [replace(report, name=f"{report.name} ({place})") for place, report in enumerate(reports, start=1)]


def _common_widths(runs: Sequence[Path]) -> BinWords:
    """Return the widths of bins that fit all runs, so that their histograms of lengths can be compared."""
    fitting = []
    for directory in runs:
        with Ledger.open(directory, read_only=True) as ledger, ledger.snapshot():
            fitting.append(bin_words(kept_tasks(ledger, RunPlan.of(ledger))))
    return {text: max(own[text] for own in fitting) for text in TEXTS}


def write_report(reports: Sequence[RunReport], folder: str | PathLike[str], evaluation_name: str = "") -> None:
    """Write the report on one run, or on two side by side.

    An earlier report there is replaced. Raises `ExportError` where it cannot be written, also where other files are in the way
    of it, and `MissingExtraError` without the extra `report`.
    """
    texts = {PAGE: page(reports, evaluation_name), TABLES: to_json(reports)}
    figures = png_files(reports)
    with new_folder(Path(folder), (PAGE, TABLES, *NAMES)) as (page_file, tables_file, *figure_files):
        page_file.write(texts[PAGE])
        tables_file.write(texts[TABLES])
        for name, file in zip(NAMES, figure_files, strict=True):
            file.buffer.write(figures[name])


def to_json(reports: Sequence[RunReport]) -> str:
    """Return the tables of runs as a JSON object: `runs`, in the order given."""
    return readable_json({"runs": [report.to_fields() for report in reports]}) + "\n"
