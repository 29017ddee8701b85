"""What there is to say about a seed file, as tables that fit 80 columns."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import islice

from rich.console import Group, RenderableType
from rich.table import Table

from self_instruct.reports.seeds.overlap import GIVES_AWAY
from self_instruct.reports.seeds.seed_check import TOO_ALIKE, Overlap, SeedReport, Similar, Violation
from self_instruct.reports.terminal.tables import table
from self_instruct.reports.text import described, number, shortened

ROWS = 20  # of each list; the report itself holds more
EXAMPLES = 3


def seed_tables(report: SeedReport) -> RenderableType:
    """Return a report as tables; the faults are counted, and are to be printed a line each beside it."""
    parts: list[RenderableType] = [_summary(report), _contents(report)]
    if report.similar:
        title = f"Instructions that are alike: {number(report.similar_count)} pairs with ROUGE-L {TOO_ALIKE} or more"
        parts.append(_pairs(title, report.similar, ("score", "seed", "and seed")))
    if report.overlap and report.overlap.near:
        title = f"Evaluation tasks given away: {number(len(report.overlap.near))} with ROUGE-L {GIVES_AWAY} or more"
        parts.append(_pairs(title, report.overlap.near, ("score", "seed", "evaluation")))
    if report.violations:
        parts.append(_rules(report.violations))
    return Group(*parts)


def _summary(report: SeedReport) -> RenderableType:
    other = report.tasks - report.classification
    rows = [
        ("seed tasks", f"{number(report.tasks)}: {number(report.classification)} classification, {number(other)} other"),
        ("with an empty input", number(report.empty_input)),
        ("lines at fault", number(len(report.faults))),
        ("pairs that are alike", number(report.similar_count)),
        ("rules broken", number(len(report.violations))),
    ]
    if report.overlap:
        rows.append(("overlap with evaluation", _overlap_sentence(report.overlap)))
    return table("Seeds", ("", ""), rows)


def _overlap_sentence(overlap: Overlap) -> str:
    near = f"{number(len(overlap.near))} of {number(overlap.tasks)} tasks, by {number(overlap.seeds)} seeds"
    return f"{near}, at {GIVES_AWAY} or more; mean of the highest ROUGE-L {overlap.mean:.4f}"


def _contents(report: SeedReport) -> RenderableType:
    beside = Table.grid(padding=(0, 2))
    beside.add_row(
        _counts("Domains", report.domains), _counts("First words", report.first_words), _counts("Words", report.lengths)
    )
    return beside


def _counts(title: str, counts: Mapping[str, int]) -> RenderableType:
    rows = [(shortened(name, 24), number(count)) for name, count in islice(counts.items(), ROWS)]
    if more := len(counts) - len(rows):
        rows.append((f"{number(more)} more", number(sum(islice(counts.values(), ROWS, None)))))
    return table(f"{title}: {number(len(counts))}" if more else title, ("", ""), rows, numbers=(1,))


def _pairs(title: str, pairs: Sequence[Similar], headings: tuple[str, str, str]) -> RenderableType:
    rows = [
        (f"{pair.score:.2f}", f"{pair.left}: {shortened(pair.left_text)}", f"{pair.right}: {shortened(pair.right_text)}")
        for pair in pairs[:ROWS]
    ]
    return table(title, headings, rows)


def _rules(violations: Sequence[Violation]) -> RenderableType:
    grouped: dict[tuple[str, str], list[Violation]] = defaultdict(list)
    for each in violations:
        grouped[each.profile, each.reason].append(each)
    rows = [
        (profile, reason, number(len(found)), "\n".join(map(_shown, found[:EXAMPLES])))
        for (profile, reason), found in grouped.items()
    ]
    return table("Rules broken", ("profile", "rule", "number", "for example"), rows, numbers=(2,))


def _shown(violation: Violation) -> str:
    evidence = described(violation.evidence)
    return f"{violation.seed} ({evidence})" if evidence else violation.seed
