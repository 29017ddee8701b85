"""Which charts the page shows of a run, from its report."""

from markupsafe import Markup

from self_instruct.reports.analysis.refusals import Acceptance
from self_instruct.reports.analysis.run_report import RunReport
from self_instruct.reports.analysis.statistics import LengthBin, Measured
from self_instruct.reports.page.svg import Bar, Point, curve, histogram

LENGTHS: dict[Measured, str] = {"instruction": "instructions", "input": "non-empty inputs", "output": "outputs"}


def similarity_chart(report: RunReport) -> Markup:
    """Return the histogram of the highest ROUGE-L with the seeds (the paper's figure 4)."""
    bars = [
        Bar(each.count, f"{each.least:.2f} to {each.below:.2f}: {each.count:,} instructions",
            f"{each.least:.1f}" if place % 4 == 0 else "")
        for place, each in enumerate(report.seed_similarity.bins)
    ]  # fmt: skip
    summary = f"Histogram of {report.statistics.instructions:,} instructions by their highest ROUGE-L with any seed"
    return histogram(bars, summary, "highest ROUGE-L with any seed task")


def length_chart(report: RunReport, text: Measured) -> Markup:
    """Return the histogram of the lengths of instructions, inputs or outputs."""
    rows = [row for row in report.lengths if row.text == text]
    bars = [
        Bar(row.count, f"{length_range(row)} words: {row.count:,} {LENGTHS[text]}", str(row.least) if place % 3 == 0 else "")
        for place, row in enumerate(rows)
    ]
    return histogram(bars, f"Histogram of {LENGTHS[text]} by their length in words", f"words of {LENGTHS[text]}")


def length_range(row: LengthBin) -> str:
    """Return the lengths a bin holds.

    >>> length_range(LengthBin("input", 301, None, 0))
    '301 and more'
    """
    return f"{row.least} and more" if row.most is None else f"{row.least} to {row.most}"


def acceptance_chart(report: RunReport) -> Markup:
    """Return the curve of the share of candidates that were kept, request by request."""
    requests = report.acceptance[-1].last + 1 if report.acceptance else 0
    points = [
        Point((step.first + step.last + 1) / 2 / requests, step.share, acceptance_said(step))
        for step in report.acceptance
        if step.share is not None
    ]
    labels = [(quarter / 4, f"{round(requests * quarter / 4):,}") for quarter in range(5)]
    summary = f"Share of candidates kept over {requests:,} instruction requests"
    return curve(points, summary, "instruction requests decided", labels)


def acceptance_said(step: Acceptance) -> str:
    """Return a step of the curve in words."""
    requests = f"request {step.first + 1:,}" if step.first == step.last else f"requests {step.first + 1:,} to {step.last + 1:,}"
    return f"{requests}: {step.kept:,} of {step.candidates:,} kept"
