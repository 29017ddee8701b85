"""The command `rate`: several systems' answers become a page, and what people saved on it becomes counts and agreement."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Group, RenderableType

from self_instruct.evaluation.agreement_files import agreement_tables
from self_instruct.evaluation.evaluating import load_result
from self_instruct.evaluation.rating import GOOD, PAGE, Ratings, RatingSheet, read_grades, write_sheet
from self_instruct.records.errors import InputError
from self_instruct.reports.terminal.printing import say, show
from self_instruct.reports.terminal.tables import plain, table
from self_instruct.reports.text import number, share


def write_page(
    folder: Path, answers: Sequence[Path], references: str | None, tasks: int | None, raters: int, seed: int
) -> None:
    """Write the page on which the answers of these evaluations, or files of predictions, are graded."""
    named = {path.name: path for path in answers}
    if len(named) < len(answers):
        raise InputError("two systems have the same name, that of their folder or file; rename one.")
    results = {name: load_result(path, references) for name, path in named.items()}
    sheet = write_sheet(folder, results, tasks, raters, seed)
    people = "1 person" if raters == 1 else f"{raters} people"
    tasks_shown = "1 task" if len(sheet.order) == 1 else f"{number(len(sheet.order))} tasks"
    shown = f"{tasks_shown} with {len(sheet.systems)} answers each, for {people}"
    say(f"{folder / PAGE}: {shown}; read what they save with: rate {folder} --read FILE")


def report_on(folder: Path, files: Sequence[Path], *, as_json: bool) -> None:
    """Print how often each system got each grade in what people saved, and how far they agree."""
    found = read_grades(RatingSheet.read(folder), files)
    if as_json:
        print(json.dumps(found.to_fields(), indent=2))  # noqa: T201  for programs, not for a terminal
    else:
        show(rating_tables(found))


def rating_tables(found: Ratings) -> RenderableType:
    """Return the counts of grades, and the agreement on them, as tables."""
    rows = [
        (name, *(number(count) for count in counts.values()), share(sum(counts[one] for one in GOOD), sum(counts.values())))
        for name, counts in found.counts.items()
    ]
    counts = table("Grades, over all raters", ("system", "A", "B", "C", "D", "A or B"), rows, numbers=(1, 2, 3, 4, 5))
    if len(found.four_levels.raters) < 2:
        return counts
    return Group(
        counts, plain("Agreement on the four grades"), agreement_tables(found.four_levels),
        plain("Agreement on A or B against C or D"), agreement_tables(found.acceptable),
    )  # fmt: skip
