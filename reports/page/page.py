"""The report as one HTML page that needs nothing else: no network, no file beside it.

What a model wrote is untrusted: every text is escaped by the template, and the page's own policy runs no script but ours, which
it names by its hash, and loads nothing from anywhere.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from itertools import accumulate
from typing import Any

from jinja2 import Template

import self_instruct
from self_instruct.reports.analysis.checks import Check
from self_instruct.reports.analysis.proposers import proposers_table
from self_instruct.reports.analysis.run_report import RunReport
from self_instruct.reports.analysis.status import RunState
from self_instruct.reports.analysis.topics import READ, RIGHT, TOLD
from self_instruct.reports.analysis.verb_nouns import ACCURACY, NOUNS, VERBS
from self_instruct.reports.page import charts
from self_instruct.reports.page.sunburst import sunburst
from self_instruct.reports.page.tables import comparing_tables, spent_table
from self_instruct.reports.review.instances import ReviewedInstance
from self_instruct.reports.review.page import style_and_script, templates_of
from self_instruct.reports.review.quality import Quality
from self_instruct.reports.review.quality_tables import parts_tables, sentences, statement_table
from self_instruct.reports.text import mean, number, readable, share

SECTIONS = {
    "checks": "What to look at first", "quality": "How good it is",
    "statistics": "Statistics", "verbs": "Verbs and objects", "topics": "Topics and languages",
    "novelty": "Novelty", "balance": "Novelty against quality", "overlap": "Overlap", "lengths": "Lengths",
    "refused": "Refused", "acceptance": "Acceptance", "spent": "Requests, tokens, cost", "labels": "Labels",
    "people": "Who appears",
    "read": "Tasks to read", "worst": "Worst-looking", "improved": "What was tried", "settings": "Settings",
}  # fmt: skip
_KINDS = {True: "classification", False: "not classification", None: "unknown kind"}


def page(reports: Sequence[RunReport], evaluation_name: str = "") -> str:
    """Return the page of one run, or of two side by side. `evaluation_name` says what they were held against."""
    tables = {**comparing_tables(reports), "quality": statement_table([(report.name, report.quality) for report in reports])}
    return _template().render(
        title=f"Self-Instruct: {' and '.join(report.name for report in reports)}",
        is_comparison=len(reports) > 1,
        runs=[_run(report, reports) for report in reports],
        kinds=_KINDS,
        tables=tables,
        sections=[(key, name) for key, name in SECTIONS.items() if _is_shown(key, tables, reports)],
        topics_read=(READ, TOLD, RIGHT),
        verbs_shown=VERBS,
        nouns_shown=NOUNS,
        accuracy=ACCURACY,
        evaluation_name=evaluation_name,
        version=self_instruct.__version__,
        **style_and_script(__package__, "report"),
    )


def _is_shown(section: str, tables: Mapping[str, Any], reports: Sequence[RunReport]) -> bool:
    if section == "improved":
        return any(report.improved for report in reports)
    return section not in ("overlap", "quality") or bool(tables[section])


@cache
def _template() -> Template:
    environment = templates_of(__package__)
    environment.filters |= {"readable": readable, "mean": mean, "number": number, "evidence": _evidence}
    return environment.get_template("report.html.jinja")


def _evidence(value: str | float) -> str:
    return f"{value:.3f}" if isinstance(value, float) else readable(str(value), 300)


def _run(report: RunReport, reports: Sequence[RunReport]) -> Mapping[str, Any]:
    """Return what the template shows of one run alone: its report, and what is drawn or said of it."""
    return {
        "report": report,
        "made_with": _made_with(report),
        "note": _note(report),
        "key_figures": _key_figures(report),
        "checks": list(map(_check, report.checks)),
        "sunburst": sunburst(report.verbs) if report.verbs.pairs else None,
        "similarity_chart": charts.similarity_chart(report, reports),
        "balance_chart": charts.balance_chart(report.balance),
        "balance_sentence": charts.balance_sentence(report.balance),
        "balance_rows": [
            (cell.least, cell.below, charts.balance_level(report.balance, cell.level), cell.count)
            for cell in report.balance.cells
        ],
        "length_charts": [charts.length_chart(report, text, reports) for text in charts.LENGTHS],
        "length_rows": [(row.text, charts.length_range(row), number(row.count)) for row in report.lengths],
        "acceptance_chart": charts.acceptance_chart(report),
        "growth_chart": charts.growth_chart(report) if report.texture.drawn_growth else None,
        "growth_rows": _growth_rows(report),
        "spent": spent_table(report),
        "proposers": proposers_table(report.proposers),
        "quality": _quality(report.quality) if report.quality else None,
    }


def _growth_rows(report: RunReport) -> list[tuple[str, str, str]]:
    """Return the figures of the curve of growth: up to which instruction, pairs of words, and how many of them are new."""
    ends = accumulate(part.instructions for part in report.texture.drawn_growth)
    parts = zip(ends, report.texture.drawn_growth, strict=True)
    return [(number(end), number(part.pairs), share(part.new, part.pairs)) for end, part in parts]


def _made_with(report: RunReport) -> str:
    origin = f"Written by {' and '.join(report.models)}" if report.models else "Imported replies"
    return f"{origin}, decided by the profile “{report.profile}”, from {number(report.seeds)} seed tasks."


def _note(report: RunReport) -> str:
    """Return what a reader must know of a run that is not finished, or the empty text."""
    kept = report.statistics.instructions
    if not kept:
        return "This run has kept no task yet: there is little to show."
    if report.state is RunState.DONE:
        return "" if report.statistics.instances else "No task of this run has an instance."
    waiting = sum(report.unanswered.values())
    waits = f" {number(waiting)} of them wait for a reply of the model." if waiting else ""
    target = f" of {number(report.target)}" if report.target is not None and kept < report.target else ""
    state = "is in progress" if report.state is RunState.RUNNING else "stopped before its end"
    return f"This run {state}: {number(kept)}{target} tasks are kept.{waits}"


def _check(check: Check) -> dict[str, Any]:
    """Return a check with what the page says of it: looked at or not, and its threshold."""
    limit = f"at most {check.threshold:.0%}".replace("%", " %")
    verdict = "too few to say" if check.share is None else f"{f'{100 * check.share:.1f} %'}, {limit}"
    name = check.name[:1].upper() + check.name[1:]
    return check.to_fields() | {"name": name, "verdict": f"look here: {verdict}" if check.fails else verdict}


def _quality(found: Quality) -> dict[str, Any]:
    """Return what the page says of a run's quality beyond the shares: sentences, tables, and instances to read."""
    shown = {"The best": found.best, "The worst": found.worst, "Where judge and people differ": found.differing}
    return {
        "sentences": sentences(found),
        "parts": list(parts_tables(found)),
        "concerning": found.concerns.examples if found.concerns else {},
        "shown": {name: list(map(_reviewed, each)) for name, each in shown.items() if each},
    }


def _reviewed(each: ReviewedInstance) -> dict[str, Any]:
    """Return an instance that somebody looked at: its texts, what was said of it, and the judge's first reason."""
    said = each.judgement
    score = [] if said is None or said.score is None else [f"score {said.score:g}"]
    grades = [f"{rater}: {mark.grade}" for rater, mark in each.marks.items()]
    reason = said.votes[0].reason if said and said.votes else ""
    tags = [*score, *grades, *(flag.replace("_", " ") for flag in each.flags)]
    return {"instruction": each.instruction, "instance": each.instance, "tags": tags, "reason": reason}


def _key_figures(report: RunReport) -> list[tuple[str, str]]:
    """Return the large figures at the head of the page, each with its name."""
    candidates, kept = (sum(getattr(step, name) for step in report.acceptance) for name in ("candidates", "kept"))
    return [
        ("instructions kept", number(report.statistics.instructions)),
        ("instances", number(report.statistics.instances)),
        ("classification tasks", share(report.statistics.classification, report.statistics.instructions)),
        ("mean highest ROUGE‑L with a seed", mean(report.seed_similarity.mean, 2)),
        ("of the candidates were kept", share(kept, candidates)),
        ("requests to the model", number(sum(row.requests for row in report.spent))),
    ]
