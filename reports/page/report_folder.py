"""Write a report's folder: the page, the same tables as JSON, the same figures as PNG; whole, or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from self_instruct.reports.analysis.run_report import RunReport
from self_instruct.reports.page.figures import NAMES, png_files
from self_instruct.reports.page.page import page
from self_instruct.reports.writing import new_folder

PAGE, TABLES = "index.html", "report.json"


def write_report(reports: Sequence[RunReport], folder: Path, evaluation_name: str = "") -> None:
    """Write the report on one run, or on two side by side.

    An earlier report there is replaced. Raises `ExportError` where it cannot be written, also where other things are in the way,
    and `MissingExtraError` without the extra `report`.
    """
    texts = {PAGE: page(reports, evaluation_name), TABLES: to_json(reports)}
    figures = png_files(reports)
    with new_folder(folder, (PAGE, TABLES, *NAMES)) as (page_file, tables_file, *figure_files):
        page_file.write(texts[PAGE])
        tables_file.write(texts[TABLES])
        for name, file in zip(NAMES, figure_files, strict=True):
            file.buffer.write(figures[name])


def to_json(reports: Sequence[RunReport]) -> str:
    """Return the tables of runs as a JSON object: `runs`, in the order given."""
    return json.dumps({"runs": [report.to_fields() for report in reports]}, indent=2, ensure_ascii=False) + "\n"
