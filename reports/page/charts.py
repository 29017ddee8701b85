"""Which charts the page shows of a run, from its report."""

from collections.abc import Sequence

from markupsafe import Markup

from self_instruct.reports.analysis.balance import FLAGS, Balance
from self_instruct.reports.analysis.refusals import Acceptance
from self_instruct.reports.analysis.run_report import RunReport
from self_instruct.reports.analysis.statistics import LengthBin, Measured
from self_instruct.reports.analysis.texture import Growth
from self_instruct.reports.page.svg import Bar, Bubble, Point, bubbles, curve, histogram
from self_instruct.reports.text import shortened

LENGTHS: dict[Measured, str] = {"instruction": "instructions", "input": "non-empty inputs", "output": "outputs"}


NOVELTY = "novelty (1 less the highest ROUGE‑L)"


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


def balance_chart(found: Balance) -> Markup:
    """Return novelty against quality as bubbles: each as large as many tasks are there."""
    by_score = found.measure == "score"
    levels = [f"{level / 2:g}" if level % 2 == 0 else "" for level in range(11)] if by_score else ["3+", "2", "1", "0"]
    highest = max((cell.count for cell in found.cells), default=1)
    marks = [
        Bubble(
            (cell.least + cell.below) / 2,
            cell.level / 5 if by_score else 1 - cell.level / FLAGS,
            cell.count / highest,
            f"novelty {cell.least:.2f} to {cell.below:.2f}, {balance_level(found, cell.level)}: "
            f"{counted(cell.count, 'task')}, such as “{shortened(cell.example, 80)}”",
        )
        for cell in found.cells
    ]
    what = "the judge’s score" if by_score else "flags an instance"
    along = [f"{fifth / 5:.1f}" for fifth in range(6)]
    summary = f"Novelty against quality of {found.tasks:,} tasks"
    return bubbles(marks, summary, NOVELTY, (what, levels, along))


def balance_level(found: Balance, level: float) -> str:
    """Return a level in words."""
    if found.measure == "score":
        return f"score {level:g}"
    return "3 flags and more" if level >= FLAGS else counted(int(level), "flag") if level else "no flag"


def balance_sentence(found: Balance) -> str:
    """Return what the picture shows: the means of the newer and the nearer half."""
    if found.median is None or found.nearer is None or found.newer is None:
        return "There are too few tasks to compare the newer with the nearer."
    what = "mean score" if found.measure == "score" else "flags an instance"
    of = f"{found.tasks:,} tasks" + ("" if found.tasks == found.whole else f" of {found.whole:,}, drawn by the run’s seed")
    return (
        f"{what.capitalize()}: {found.newer:.2f} in the newer half of the tasks, {found.nearer:.2f} in the half nearer to the"
        f" pool; they part at a novelty of {found.median:.2f} ({of})."
    )


def counted(count: int, what: str) -> str:
    """Return so many of something.

    >>> counted(1, "task"), counted(1200, "task")
    ('1 task', '1,200 tasks')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"
