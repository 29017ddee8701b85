"""Read ratings from files, `{item, rater, label}` a line, or from a run, and say how far the raters agree; `agreement`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, TypeAlias

from rich.console import Group, RenderableType

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.evaluation.json_lines import Fields, json_lines
from self_instruct.ledger import Ledger
from self_instruct.records.errors import InputError
from self_instruct.records.marks import Grade
from self_instruct.reports.review.agreement import Agreement, Rating, Weights, agreement
from self_instruct.reports.review.figures import Figure
from self_instruct.reports.review.instances import ReviewedInstance, reviewed_instances
from self_instruct.reports.review.shares import judge_says, people_say
from self_instruct.reports.terminal.printing import show
from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import NOTHING, number, shortened

Question: TypeAlias = Literal["valid", "input_fits", "output_correct", "all", "grade"]
EXPECTED = "item, rater and label"
_COMMA = ","
_KAPPA = "Cohen's kappa"  # is called undefined where it is; what needs ordered labels is left out


def read_ratings(files: Sequence[Path], order: Sequence[str] = ()) -> list[Rating]:
    """Return the ratings of files; numbers and booleans are labels too, as JSON writes them.

    Raises `EvaluationFileError`, by file and line, for a row that is none, a label outside `order` where that is given, and a
    second rating of the same item by the same rater.
    """
    found: list[Rating] = []
    first: dict[tuple[str, str], str] = {}
    for file in files:
        for line, row in json_lines(file, EXPECTED):
            place = f"{file}:{line}"
            rating = _rating(row, place, order)
            before = first.setdefault((rating.item, rating.rater), place)
            if before != place:
                raise Fields(row, place).wrong(f"rater {rating.rater!r} has rated item {rating.item!r} already ({before}).")
            found.append(rating)
    return found


def run_ratings(run: Path, question: Question) -> list[Rating]:
    """Return what people, and a judge under the name "judge", say of a run's instances; of grades, people alone.

    Raises `LedgerError` where there is no run.
    """
    with Ledger.open(run, read_only=True) as ledger, ledger.snapshot():
        every = reviewed_instances(ledger, RunPlan.of(ledger))
    return [Rating(each.name, rater, label) for each in every for rater, label in _labels(each, question)]


def _labels(each: ReviewedInstance, question: Question) -> Iterator[tuple[str, str]]:
    for rater, mark in each.marks.items():
        alone = replace(each, marks={rater: mark})
        yield rater, mark.grade.value if question == "grade" else str(people_say(alone, question))
    said = None if question == "grade" else judge_says(each, question)
    if said is not None:
        yield "judge", said.value


def _rating(row: dict[str, object], place: str, order: Sequence[str]) -> Rating:
    label = row.get("label")
    fields = Fields({**row, "label": json.dumps(label)} if isinstance(label, bool) else row, place)
    rating = Rating(*(fields.text(name) for name in ("item", "rater", "label")))
    if order and rating.label not in order:
        raise fields.wrong(f"label {shortened(rating.label, 40)!r} is none of `order`: {', '.join(order)}.")
    return rating


def read_order(text: str | None) -> tuple[str, ...]:
    """Return labels that are named in their order, with commas between; none of None. Raises `InputError`.

    >>> read_order("A, B,C")
    ('A', 'B', 'C')
    """
    labels = tuple(label.strip() for label in text.split(_COMMA)) if text is not None else ()
    if text is not None and (len(labels) < 2 or "" in labels or len(set(labels)) < len(labels)):
        raise InputError(f"`order` {text!r}: expected two labels or more, each once, with commas between, such as A,B,C,D.")
    return labels


def report_agreement(
    sources: Sequence[Path], order: str | None, weights: Weights, question: Question, *, as_json: bool
) -> None:
    """Print how far the raters of files agree, or those of a run on one of its questions."""
    runs = [each for each in sources if each.is_dir()]
    if runs and len(sources) > 1:
        raise InputError(f"{runs[0]}: is a run, and stands alone; name files, or one run.")
    labels = read_order(order) or (tuple(Grade) if runs and question == "grade" else ())
    ratings = run_ratings(runs[0], question) if runs else read_ratings(sources, labels)
    unknown = next((each.label for each in ratings if labels and each.label not in labels), None)
    if unknown is not None:
        raise InputError(f"{sources[0]}: label {unknown!r} is none of `order`: {', '.join(labels)}.")
    found = agreement(ratings, labels, weights=weights)
    if not found.items:
        who = f"only by {', '.join(found.raters)}" if found.raters else "by nobody"
        hint = "; people mark some on the page that review writes" if runs else ""
        raise InputError(f"{sources[0]}: agreement needs two raters of an item, and here each is rated {who}{hint}.")
    if as_json:
        print(json.dumps(found.to_fields(), indent=2))  # noqa: T201  for programs, not for a terminal
    else:
        show(agreement_tables(found))


def agreement_tables(found: Agreement) -> RenderableType:
    """Return agreement as tables that fit 80 columns: each pair, then all raters together."""
    pairs = [row for pair in found.pairs for row in _pair_rows(pair.raters, pair.items, {
        "raw agreement": pair.raw, _KAPPA: pair.kappa, "weighted kappa": pair.weighted_kappa,
        "Spearman's rho": pair.spearman,
    })]  # fmt: skip
    every = {"raw agreement": found.raw, "Fleiss' kappa": found.fleiss_kappa, "Krippendorff's alpha": found.krippendorff_alpha}
    title = f"All {len(found.raters)} raters, {number(found.items)} items that two or more rated"
    labels = [(shortened(label, 40), number(count)) for label, count in found.majority.items()]
    return Group(
        table("Each pair of raters", ("raters", "items", "", "", "95 %"), pairs, (1, 3)),
        table(title, ("", "", "95 %"), [(name, *_cells(each)) for name, each in every.items()], (1,)),
        table("Labels of the majority", ("", ""), [*labels, ("no majority", number(found.without_majority))], (1,)),
    )


def _pair_rows(raters: tuple[str, str], items: int, figures: dict[str, Figure]) -> list[tuple[str, ...]]:
    said = [" and ".join(shortened(each, 16) for each in raters), number(items)]
    shown = [(name, each) for name, each in figures.items() if each.value is not None or name == _KAPPA]
    return [(*(said if at == 0 else ("", "")), name, *_cells(each)) for at, (name, each) in enumerate(shown)]


def _cells(figure: Figure) -> tuple[str, str]:
    value = "undefined" if figure.value is None else f"{figure.value:.3f}"
    return value, f"[{figure.interval[0]:.3f}, {figure.interval[1]:.3f}]" if figure.interval else NOTHING
