"""People on the command line: write the page they mark instances on, and read the files that they saved."""

from collections.abc import Sequence
from pathlib import Path

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.errors import InputError
from self_instruct.reports.review.instances import reviewed_instances
from self_instruct.reports.review.page import review_page
from self_instruct.reports.review.reading import read_reviews
from self_instruct.reports.review.sample import draw_sample
from self_instruct.reports.terminal.printing import say
from self_instruct.reports.text import number
from self_instruct.reports.writing import new_file

PAGE = "review.html"


def write_review(run: Path, size: int, raters: int, out: Path | None, *, only_judged: bool = False) -> None:
    """Draw a sample of a run, keep it, and write the page on which people mark it."""
    place = out or run / PAGE
    with Ledger.open(run) as ledger:
        plan = RunPlan.of(ledger)
        instances = reviewed_instances(ledger, plan)
        sample = draw_sample(plan, instances, size, raters, only_judged=only_judged)
        page = review_page(sample, instances, lambda each: plan.image(each.task.request))
        with new_file(place) as file, ledger.transaction():
            file.write(page)
            sample.remember(ledger)
    of = f"{number(len(sample.items))} of {number(sample.population)} instances"
    people = "1 person" if raters == 1 else f"{raters} people"
    say(f"{place}: {of}, for {people}; read what they save with: review {run} --read FILE...")


def read_files(run: Path, files: Sequence[Path]) -> None:
    """Store the marks that people saved, and say whose and how many."""
    if not files:
        raise InputError("no file to read; name the files that people saved: review RUN `read` FILE...")
    with Ledger.open(run) as ledger:
        for one in read_reviews(ledger, RunPlan.of(ledger), files):
            say(f"{one.file}: {one.rater} marked {one.marks} of {one.of}; {one.stored} new or changed")
