"""Which charts the page shows of a run, from its report."""

from collections.abc import Sequence

from markupsafe import Markup

from self_instruct.reports.analysis.refusals import Acceptance
from self_instruct.reports.analysis.run_report import RunReport
from self_instruct.reports.analysis.statistics import LengthBin, Measured
from self_instruct.reports.analysis.texture import Growth
from self_instruct.reports.page.svg import Bar, Point, curve, histogram

LENGTHS: dict[Measured, str] = {"instruction": "instructions", "input": "non-empty inputs", "output": "outputs"}


def similarity_chart(report: RunReport, reports: Sequence[RunReport] = ()) -> Markup:
    """Return the histogram of the highest ROUGE-L with the seeds (the paper's figure 4); beside others' in shares."""
    bars = [
        Bar(each.count, f"{each.least:.2f} to {each.below:.2f}: {each.count:,} instructions",
            f"{each.least:.1f}" if place % 4 == 0 else "")
        for place, each in enumerate(report.seed_similarity.bins)
    ]  # fmt: skip
    summary = f"Histogram of {report.statistics.instructions:,} instructions by their highest ROUGE-L with any seed"
    return _beside(bars, summary, "highest ROUGE-L with any seed task", [_counts_of_similarity(one) for one in reports])


def length_chart(report: RunReport, text: Measured, reports: Sequence[RunReport] = ()) -> Markup:
    """Return the histogram of the lengths of instructions, inputs or outputs; beside others' in shares."""
    rows = [row for row in report.lengths if row.text == text]
    bars = [
        Bar(row.count, f"{length_range(row)} words: {row.count:,} {LENGTHS[text]}", str(row.least) if place % 3 == 0 else "")
        for place, row in enumerate(rows)
    ]
    summary = f"Histogram of {LENGTHS[text]} by their length in words"
    return _beside(bars, summary, f"words of {LENGTHS[text]}", [_counts_of_lengths(one, text) for one in reports])


def _counts_of_similarity(report: RunReport) -> list[int]:
    return [each.count for each in report.seed_similarity.bins]


def _counts_of_lengths(report: RunReport, text: Measured) -> list[int]:
    return [row.count for row in report.lengths if row.text == text]


def _beside(bars: Sequence[Bar], summary: str, axis: str, counts: Sequence[Sequence[int]]) -> Markup:
    """Return a histogram of counts; where the counts of several runs are given, of shares in percent, to one scale."""
    if len(counts) < 2:
        return histogram(bars, summary, axis)
    whole = sum(bar.value for bar in bars)
    shares = [Bar(100 * bar.value / whole if whole else 0, bar.said, bar.label) for bar in bars]
    highest = max(100 * max(own, default=0) / max(sum(own), 1) for own in counts)
    return histogram(shares, f"{summary}, in shares", f"{axis} (% of them)", highest)


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


def growth_chart(report: RunReport) -> Markup:
    """Return the curve of the share of pairs of neighbouring words that are new, part by part of the pool."""
    parts = report.texture.drawn_growth
    whole = sum(part.instructions for part in parts)
    before = [sum(part.instructions for part in parts[:place]) for place in range(len(parts))]
    points = [
        Point((begin + part.instructions / 2) / whole, part.share, growth_said(begin, part))
        for begin, part in zip(before, parts, strict=True)
        if part.pairs
    ]
    labels = [(quarter / 4, f"{round(whole * quarter / 4):,}") for quarter in range(5)]
    summary = f"Share of word pairs that are new, over {whole:,} instructions"
    return curve(points, summary, "instructions kept", labels)


def growth_said(begin: int, part: Growth) -> str:
    """Return a part of the curve in words."""
    return f"instructions {begin + 1:,} to {begin + part.instructions:,}: {part.new:,} of {part.pairs:,} pairs of words are new"


def acceptance_said(step: Acceptance) -> str:
    """Return a step of the curve in words."""
    requests = f"request {step.first + 1:,}" if step.first == step.last else f"requests {step.first + 1:,} to {step.last + 1:,}"
    return f"{requests}: {step.kept:,} of {step.candidates:,} kept"
