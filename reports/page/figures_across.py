"""The tables of the page: one row for each figure, one column for each run, and what differs where there are two."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from self_instruct.records.tasks import Reason, Stage
from self_instruct.reports.analysis.nearness import EvaluationOverlap
from self_instruct.reports.analysis.run_report import RunReport
from self_instruct.reports.page.words import NONE, count, difference, dollars, mean, share

Reports = Sequence[RunReport]


@dataclass(frozen=True, slots=True)
class Row:
    """A row: what it is, its cells, and whether it is a part of the row above."""

    name: str
    cells: tuple[str, ...]
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A table with its caption and the headings of all columns but the first."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[Row, ...]


def _headings(reports: Reports) -> tuple[str, ...]:
    return (*(report.name for report in reports), "difference") if len(reports) > 1 else ("",)


def _counted(name: str, reports: Reports, figure: Callable[[RunReport], int | None], *, is_part: bool = False) -> Row:
    values = [figure(report) for report in reports]
    return Row(name, (*map(count, values), *_differences(values)), is_part)


def _measured(name: str, reports: Reports, figure: Callable[[RunReport], float | None], digits: int = 1) -> Row:
    values = [figure(report) for report in reports]
    return Row(name, (*(mean(value, digits) for value in values), *_differences(values, digits)))


def _shared(name: str, reports: Reports, figure: Callable[[RunReport], tuple[int, int]], *, is_part: bool = False) -> Row:
    parts = [figure(report) for report in reports]
    values = [100 * part / whole if whole else None for part, whole in parts]
    points = (f"{each} points" if each not in (NONE, "0") else each for each in _differences(values, 1))
    return Row(name, (*(share(part, whole) for part, whole in parts), *points), is_part)


def _differences(values: Sequence[float | None], digits: int = 0) -> tuple[str, ...]:
    return (difference(values[0], values[1], digits),) if len(values) == 2 else ()


PAPER = ("52,445", "11,584", "40,861", NONE, NONE, "82,439", "35,878", "15.9", "12.7", "18.9")
"""The paper's own dataset in the same rows (table 1; made with GPT-3 davinci)."""


def statistics_table(reports: Reports) -> Table:
    """Return the paper's statistics table, beside the paper's own figures."""
    rows = (
        _counted("Instructions", reports, lambda one: one.statistics.instructions),
        _counted("classification", reports, lambda one: one.statistics.classification, is_part=True),
        _counted("other", reports, lambda one: one.statistics.other, is_part=True),
        _counted("of unknown kind", reports, lambda one: one.statistics.unknown, is_part=True),
        _counted("with instances", reports, lambda one: one.statistics.with_instances, is_part=True),
        _counted("Instances", reports, lambda one: one.statistics.instances),
        _counted("with empty input", reports, lambda one: one.statistics.empty_input, is_part=True),
        _measured("Mean words of an instruction", reports, lambda one: one.statistics.mean_instruction_words),
        _measured("Mean words of a non-empty input", reports, lambda one: one.statistics.mean_input_words),
        _measured("Mean words of an output", reports, lambda one: one.statistics.mean_output_words),
    )
    with_paper = tuple(Row(row.name, (*row.cells, paper), row.is_part) for row, paper in zip(rows, PAPER, strict=True))
    headings = _headings(reports) if len(reports) > 1 else ("this run",)
    return Table("The statistics of the paper's table 1", (*headings, "the paper’s dataset"), with_paper)


def verbs_table(reports: Reports) -> Table:
    """Return how many instructions have a root verb and an object, and how many different ones there are."""
    rows = (
        _counted("Instructions", reports, lambda one: one.verbs.instructions),
        _shared("with a root verb", reports, lambda one: (one.verbs.with_verb, one.verbs.instructions), is_part=True),
        _shared("with a direct object too", reports, lambda one: (one.verbs.with_noun, one.verbs.instructions), is_part=True),
        _counted("Different verbs", reports, lambda one: one.verbs.distinct_verbs),
        _counted("Different pairs of verb and object", reports, lambda one: one.verbs.distinct_pairs),
        _shared("Pairs in the picture’s outer ring, of all", reports, _pictured),
    )
    return Table("Root verbs and direct objects", _headings(reports), rows)


def _pictured(report: RunReport) -> tuple[int, int]:
    return sum(pair.count for pair in report.verbs.pairs), report.verbs.with_noun


def similarity_table(reports: Reports) -> Table:
    """Return how near instructions come to the seeds."""
    rows = (
        _counted("Seed tasks", reports, lambda one: one.seeds),
        _measured("Mean of the highest ROUGE-L", reports, lambda one: one.seed_similarity.mean, 3),
        _measured("Median of the highest ROUGE-L", reports, lambda one: one.seed_similarity.median, 3),
    )
    return Table("Similarity to the seeds", _headings(reports), rows)


def overlap_table(reports: Reports) -> Table | None:
    """Return how near the runs come to the evaluation set, or None where none was given."""
    if not any(report.overlap for report in reports):
        return None

    def of(figure: Callable[[EvaluationOverlap], int]) -> Callable[[RunReport], int | None]:
        return lambda report: figure(report.overlap) if report.overlap else None

    rows = (
        _counted("Evaluation tasks", reports, of(lambda one: one.tasks)),
        _counted("a kept instruction comes as near as 0.5 to", reports, of(lambda one: one.near), is_part=True),
        _counted("a kept instruction has the same words as", reports, of(lambda one: one.identical), is_part=True),
        _measured("Mean of their highest ROUGE-L", reports, lambda one: one.overlap.mean if one.overlap else None, 3),
        _counted("Kept instructions as near as 0.5 to any", reports, of(lambda one: one.kept_near)),
    )
    return Table("Overlap with the evaluation set", _headings(reports), rows)


def refusals_table(reports: Reports) -> Table:
    """Return how much was refused at each stage for each reason."""
    counts = [{(row.stage, row.reason): row.count for row in report.refused} for report in reports]
    order = list(Stage)
    keys = sorted({key for own in counts for key in own}, key=lambda key: (order.index(key[0]), -_most(counts, key), key[1]))
    rows: list[Row] = []
    for stage in Stage:
        own = [key for key in keys if key[0] is stage]
        if own:
            totals = [sum(each.get(key, 0) for key in own) for each in counts]
            rows.append(Row(f"At {stage.value}", (*map(count, totals), *_differences(totals))))
        for key in own:
            values = [each.get(key, 0) for each in counts]
            rows.append(Row(key[1].value, (*map(count, values), *_differences(values)), is_part=True))
    return Table("What was refused", _headings(reports), tuple(rows))


def _most(counts: Sequence[dict[tuple[Stage, Reason], int]], key: tuple[Stage, Reason]) -> int:
    return max(own.get(key, 0) for own in counts)


def acceptance_table(reports: Reports) -> Table:
    """Return how many candidates were kept, over the whole run and in its last quarter."""
    rows = (
        _counted("Candidates read", reports, lambda one: sum(step.candidates for step in one.acceptance)),
        _counted("kept", reports, lambda one: sum(step.kept for step in one.acceptance), is_part=True),
        _shared("Share kept, whole run", reports, lambda one: _kept(one, 0)),
        _shared("Share kept, last quarter of the requests", reports, lambda one: _kept(one, len(one.acceptance) * 3 // 4)),
    )
    return Table("Acceptance of candidates", _headings(reports), rows)


def _kept(report: RunReport, first: int) -> tuple[int, int]:
    steps = report.acceptance[first:]
    return sum(step.kept for step in steps), sum(step.candidates for step in steps)


def labels_table(reports: Reports) -> Table:
    """Return how balanced the labels of classification tasks are."""
    names = {1: "with one label alone", 2: "with two labels", 3: "with three", 4: "with four", 5: "with five or more"}
    rows = (
        _counted("Classification tasks with instances", reports, lambda one: one.labels.tasks),
        _counted("with a single instance", reports, lambda one: one.labels.single, is_part=True),
        _counted("with several instances", reports, lambda one: one.labels.several, is_part=True),
        *(_labelled(f"… {name}", reports, number) for number, name in names.items()),
        _shared("Mean share of a task’s commonest label", reports, _largest),
    )
    return Table("Labels of classification tasks", _headings(reports), rows)


def _labelled(name: str, reports: Reports, number: int) -> Row:
    return _counted(name, reports, lambda one: one.labels.by_labels[number], is_part=True)


def _largest(report: RunReport) -> tuple[int, int]:
    found = report.labels.mean_largest_share
    return (0, 0) if found is None else (round(found * 10_000), 10_000)


def signals_table(reports: Reports) -> Table:
    """Return in how many instances each signal was seen."""
    counts = [{row.signal: row.instances for row in report.signals} for report in reports]
    seen = dict.fromkeys(row.signal for report in reports for row in report.signals)
    rows = (_signal(signal.value.capitalize(), [own.get(signal, 0) for own in counts]) for signal in seen)
    return Table("Instances that show a signal", _headings(reports), tuple(rows))


def _signal(name: str, values: Sequence[int]) -> Row:
    return Row(name, (*map(count, values), *_differences(values)))


def spent_table(report: RunReport) -> Table:
    """Return what one run has asked of models, by stage and model, and all together."""
    headings = ("model", "requests", "uncounted", "tokens in", "tokens out", "cost")
    rows = [
        Row(str(row.stage), (
            row.model or "(imported)", count(row.requests), count(row.uncounted), count(row.input_tokens),
            count(row.output_tokens), dollars(row.cost)),
        )
        for row in report.spent
    ]  # fmt: skip
    return Table("Requests, tokens and cost", headings, (*rows, *_in_all(report)))


def _in_all(report: RunReport) -> Iterator[Row]:
    if len(report.spent) > 1:
        spent = report.spent
        inputs, outputs = [row.input_tokens for row in spent], [row.output_tokens for row in spent]
        costs = [row.cost for row in spent]
        known = [cost for cost in costs if cost is not None]
        yield Row("in all", (
            "", count(sum(row.requests for row in spent)), count(sum(row.uncounted for row in spent)), count(_sum(inputs)),
            count(_sum(outputs)), dollars(sum(known) if len(known) == len(costs) else None)),
        )  # fmt: skip


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [each for each in counts if each is not None]
    return sum(known) if known else None


def spent_comparison(reports: Reports) -> Table:
    """Return what the runs have asked of models in all."""
    rows = (
        _counted("Requests", reports, lambda one: sum(row.requests for row in one.spent)),
        _counted("Tokens in", reports, lambda one: _sum([row.input_tokens for row in one.spent])),
        _counted("Tokens out", reports, lambda one: _sum([row.output_tokens for row in one.spent])),
    )
    return Table("Requests and tokens in all", _headings(reports), rows)


def settings_table(reports: Reports) -> Table:
    """Return the settings: of one run each with its origin, of two those that differ."""
    if len(reports) == 1:
        rows = (Row(one.key, (_value(one.value), one.origin)) for one in reports[0].settings)
        return Table("Settings", ("value", "where it came from"), tuple(rows))
    values = [{one.key: one.value for one in report.settings} for report in reports]
    keys = dict.fromkeys(key for own in values for key in own)
    rows = (Row(key, tuple(_value(own.get(key)) for own in values)) for key in keys if _differs(key, values))
    return Table("Settings that differ", tuple(report.name for report in reports), tuple(rows))


def _differs(key: str, values: Sequence[dict[str, object]]) -> bool:
    return len({_value(own.get(key)) for own in values}) > 1


def _value(value: object) -> str:
    return NONE if value is None else value if isinstance(value, str) and value else repr(value)
