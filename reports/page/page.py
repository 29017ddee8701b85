"""The report as one HTML page that needs nothing else: no network, no file beside it.

What a model wrote is untrusted: every text is escaped by the template, and the page's own policy runs no script but ours, which
it names by its hash, and loads nothing from anywhere.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined, Template
from markupsafe import Markup

import self_instruct
from self_instruct.reports.analysis.run_report import RunReport
from self_instruct.reports.analysis.statistics import Measured
from self_instruct.reports.analysis.verb_nouns import ACCURACY, NOUNS, VERBS
from self_instruct.reports.page import charts, figures_across, words
from self_instruct.reports.page.sunburst import sunburst

SECTIONS = {
    "statistics": "Statistics", "verbs": "Verbs and objects", "novelty": "Novelty", "overlap": "Overlap", "lengths": "Lengths",
    "refused": "Refused", "acceptance": "Acceptance", "spent": "Requests, tokens, cost", "labels": "Labels",
    "read": "Tasks to read", "worst": "Worst-looking", "settings": "Settings",
}  # fmt: skip
_KINDS = {True: "classification", False: "not classification", None: "unknown kind"}


@dataclass(frozen=True, slots=True)
class KeyFigure:
    """One of the large figures at the head of the page."""

    name: str
    value: str


def page(reports: Sequence[RunReport], evaluation_name: str = "") -> str:
    """Return the page of one run, or of two side by side. `evaluation_name` says what they were held against."""
    tables = {
        "statistics": figures_across.statistics_table(reports),
        "verbs": figures_across.verbs_table(reports),
        "similarity": figures_across.similarity_table(reports),
        "overlap": figures_across.overlap_table(reports),
        "refused": figures_across.refusals_table(reports),
        "acceptance": figures_across.acceptance_table(reports),
        "spent": figures_across.spent_comparison(reports),
        "labels": figures_across.labels_table(reports),
        "signals": figures_across.signals_table(reports),
        "settings": figures_across.settings_table(reports),
    }
    script = _text("report.js")
    return _template().render(
        title=f"Self-Instruct: {' and '.join(report.name for report in reports)}",
        is_comparison=len(reports) > 1,
        runs=[_run(report) for report in reports],
        tables=tables,
        sections=[(key, name) for key, name in SECTIONS.items() if key != "overlap" or tables["overlap"]],
        verbs_shown=VERBS,
        nouns_shown=NOUNS,
        accuracy=ACCURACY,
        evaluation_name=evaluation_name,
        version=self_instruct.__version__,
        style=Markup(_text("report.css")),  # noqa: S704 (ours)
        script=Markup(script),  # noqa: S704 (ours)
        script_hash=_hash(script),
    )


def _text(name: str) -> str:
    return files("self_instruct.reports.page").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=DictLoader({"report": _text("report.html.jinja")}), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {"readable": words.readable, "mean": words.mean, "count": words.count, "evidence": _evidence}
    return environment.get_template("report")


def _evidence(value: str | float) -> str:
    return f"{value:.3f}" if isinstance(value, float) else words.readable(str(value), 300)


def _run(report: RunReport) -> Mapping[str, Any]:
    """Return what the template shows of one run alone."""
    lengths: tuple[Measured, ...] = ("instruction", "input", "output")
    return {
        "name": report.name,
        "made_with": _made_with(report),
        "note": _note(report),
        "key_figures": _key_figures(report),
        "has_tasks": report.statistics.instructions > 0,
        "sunburst": sunburst(report.verbs) if report.verbs.pairs else None,
        "verbs": _verb_rows(report),
        "similarity_chart": charts.similarity_chart(report),
        "similarity_rows": [
            (f"{each.least:.2f}", f"{each.below:.2f}", words.count(each.count)) for each in report.seed_similarity.bins
        ],
        "nearest": report.nearest,
        "overlap_pairs": report.overlap.pairs if report.overlap else (),
        "length_charts": [charts.length_chart(report, of) for of in lengths],
        "length_rows": [(row.of, charts.length_range(row), words.count(row.count)) for row in report.lengths],
        "refused": report.refused,
        "acceptance_chart": charts.acceptance_chart(report),
        "acceptance_rows": [
            (f"{step.first + 1:,} to {step.last + 1:,}", words.count(step.candidates), words.count(step.kept))
            for step in report.acceptance
        ],
        "spent": figures_across.spent_table(report),
        "label_rows": [
            (words.readable(one.label, 60), words.count(one.instances), words.count(one.tasks))
            for one in report.labels.commonest
        ],
        "to_read": [
            {"instruction": task.instruction, "kind": _KINDS[task.is_classification], "instances": task.instances,
             "all_instances": task.all_instances}
            for task in report.to_read
        ],
        "worst": report.worst,
    }  # fmt: skip


def _made_with(report: RunReport) -> str:
    origin = f"Written by {' and '.join(report.models)}" if report.models else "Imported replies"
    return f"{origin}, decided by the profile “{report.profile}”, from {words.count(report.seeds)} seed tasks."


def _note(report: RunReport) -> str:
    """Return what a reader must know of a run that is not finished, or the empty text."""
    kept = report.statistics.instructions
    waiting = sum(report.unanswered.values())
    waits = f" {words.count(waiting)} of them wait for a reply of the model." if waiting else ""
    if not kept:
        return "This run has kept no task yet: there is little to show."
    if report.target is not None and kept < report.target:
        return f"This run is in progress: {words.count(kept)} of {words.count(report.target)} tasks are kept.{waits}"
    if waiting:
        return f"This run is in progress: {words.count(kept)} tasks are kept.{waits}"
    return "" if report.statistics.instances else "No task of this run has an instance."


def _key_figures(report: RunReport) -> list[KeyFigure]:
    candidates, kept = (sum(getattr(step, name) for step in report.acceptance) for name in ("candidates", "kept"))
    return [
        KeyFigure("instructions kept", words.count(report.statistics.instructions)),
        KeyFigure("instances", words.count(report.statistics.instances)),
        KeyFigure("classification tasks", words.share(report.statistics.classification, report.statistics.instructions)),
        KeyFigure("mean highest ROUGE‑L with a seed", words.mean(report.seed_similarity.mean, 2)),
        KeyFigure("of the candidates were kept", words.share(kept, candidates)),
        KeyFigure("requests to the model", words.count(sum(row.requests for row in report.spent))),
    ]


def _verb_rows(report: RunReport) -> list[dict[str, str]]:
    return [
        {
            "verb": verb,
            "times": words.count(times),
            "nouns": ", ".join(f"{pair.noun} {pair.count:,}" for pair in report.verbs.pairs if pair.verb == verb),
        }
        for verb, times in report.verbs.verbs.items()
    ]
