"""The tables of the page: one row for each figure, one column for each run, and what differs where there are two."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from self_instruct.reports.analysis.languages import NOT_TOLD
from self_instruct.reports.analysis.run_report import RunReport
from self_instruct.reports.analysis.spending import in_all
from self_instruct.reports.analysis.stage_order import in_stage_order
from self_instruct.reports.review.concerns import NO_TOPIC
from self_instruct.reports.text import NOTHING, Row, Table, difference, dollars, mean, number, share

Reports: TypeAlias = Sequence[RunReport]
Figure: TypeAlias = int | float | tuple[int, int] | None
"""A count; with digits a mean; or a part of a whole, shown as its share. None where there is nothing to count or measure."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A row before it is filled in: its name, where its figure is in a report, the digits it is measured to."""

    name: str
    figure: Callable[[RunReport], Figure]
    digits: int = 0
    is_part: bool = False


def _part(name: str, figure: Callable[[RunReport], Figure]) -> _Line:
    return _Line(name, figure, is_part=True)


def _table(caption: str, lines: Sequence[_Line], reports: Reports) -> Table:
    rows = (_row(line.name, list(map(line.figure, reports)), line.digits, is_part=line.is_part) for line in lines)
    return Table(caption, _headings(reports), tuple(rows))


def _headings(reports: Reports) -> tuple[str, ...]:
    return (*(report.name for report in reports), "difference") if len(reports) > 1 else ("",)


def _row(name: str, figures: Sequence[Figure], digits: int = 0, *, is_part: bool = False) -> Row:
    """Return a row with a cell for each run's figure, and with two of them their difference."""
    cells, values = [_cell(figure, digits) for figure in figures], [_value(figure) for figure in figures]
    if len(values) == 2:
        is_share = isinstance(figures[0], tuple)
        differs = difference(values[0], values[1], 1 if is_share else digits)
        cells.append(f"{differs} points" if is_share and differs not in (NOTHING, "0") else differs)
    return Row(name, tuple(cells), is_part)


def _cell(figure: Figure, digits: int) -> str:
    if isinstance(figure, tuple):
        return share(*figure)
    return mean(figure, digits) if digits or isinstance(figure, float) else number(figure)


def _value(figure: Figure) -> float | None:
    if isinstance(figure, tuple):
        return 100 * figure[0] / figure[1] if figure[1] else None
    return figure


_STATISTICS = (
    _Line("Instructions", lambda one: one.statistics.instructions),
    _part("classification", lambda one: one.statistics.classification),
    _part("other", lambda one: one.statistics.other),
    _part("of unknown kind", lambda one: one.statistics.unknown),
    _part("with instances", lambda one: one.statistics.with_instances),
    _Line("Instances", lambda one: one.statistics.instances),
    _part("with empty input", lambda one: one.statistics.empty_input),
    _Line("Mean words of an instruction", lambda one: one.statistics.mean_instruction_words, 1),
    _Line("Mean words of a non-empty input", lambda one: one.statistics.mean_input_words, 1),
    _Line("Mean words of an output", lambda one: one.statistics.mean_output_words, 1),
)
_TEXTURE = (
    _Line("Tokens per word, as the models count", lambda one: one.texture.tokens_per_word, 2),
    _Line("Mean tokens of an instruction", lambda one: _tokens(one, one.statistics.mean_instruction_words), 1),
    _Line("Mean tokens of a non-empty input", lambda one: _tokens(one, one.statistics.mean_input_words), 1),
    _Line("Mean tokens of an output", lambda one: _tokens(one, one.statistics.mean_output_words), 1),
    _Line("Outputs with code", lambda one: (one.texture.code, one.texture.outputs)),
    _Line("Outputs with a list", lambda one: (one.texture.lists, one.texture.outputs)),
    _Line("Instructions near an earlier one (ROUGE‑L 0.6)", lambda one: (one.texture.near, one.texture.instructions)),
    _Line("Pairs of words that are new, first quarter", lambda one: _new(one, 0)),
    _part("second quarter", lambda one: _new(one, 1)),
    _part("third quarter", lambda one: _new(one, 2)),
    _part("last quarter", lambda one: _new(one, 3)),
    _Line("Minutes in which requests were under way", lambda one: _minutes(one.texture.seconds), 1),
)
_SHARES = (
    _Line("Instructions", lambda one: one.statistics.instructions),
    _part("classification", lambda one: (one.statistics.classification, one.statistics.instructions)),
    _part("other", lambda one: (one.statistics.other, one.statistics.instructions)),
    _part("of unknown kind", lambda one: (one.statistics.unknown, one.statistics.instructions)),
    _part("with instances", lambda one: (one.statistics.with_instances, one.statistics.instructions)),
    _Line("Instances", lambda one: one.statistics.instances),
    _part("with empty input", lambda one: (one.statistics.empty_input, one.statistics.instances)),
    *_STATISTICS[-3:],
)
PAPER = ("52,445", "11,584", "40,861", NOTHING, NOTHING, "82,439", "35,878", "15.9", "12.7", "18.9")
"""The paper's own dataset in the same rows (table 1; made with GPT-3 davinci)."""
_PAPER_SHARES = ("52,445", "22.1 %", "77.9 %", NOTHING, NOTHING, "82,439", "43.5 %", "15.9", "12.7", "18.9")


def statistics_table(reports: Reports) -> Table:
    """Return the paper's statistics table, beside the paper's own figures; of two runs parts are shares."""
    is_comparison = len(reports) > 1
    table = _table("The statistics of the paper's table 1", _SHARES if is_comparison else _STATISTICS, reports)
    papers = _PAPER_SHARES if is_comparison else PAPER
    rows = (Row(row.name, (*row.cells, paper), row.is_part) for row, paper in zip(table.rows, papers, strict=True))
    headings = table.headings if len(reports) > 1 else ("this run",)
    return Table(table.caption, (*headings, "the paper’s dataset"), tuple(rows))


_VERBS = (
    _Line("Instructions", lambda one: one.verbs.instructions),
    _part("with a root verb", lambda one: (one.verbs.with_verb, one.verbs.instructions)),
    _part("with a direct object too", lambda one: (one.verbs.with_noun, one.verbs.instructions)),
    _Line("Different verbs", lambda one: one.verbs.distinct_verbs),
    _Line("Different pairs of verb and object", lambda one: one.verbs.distinct_pairs),
    _Line(
        "Pairs in the picture’s outer ring, of all",
        lambda one: (sum(pair.count for pair in one.verbs.pairs), one.verbs.with_noun),
    ),
)
_SIMILARITY = (
    _Line("Seed tasks", lambda one: one.seeds),
    _Line("Mean of the highest ROUGE-L", lambda one: one.seed_similarity.mean, 3),
    _Line("Median of the highest ROUGE-L", lambda one: one.seed_similarity.median, 3),
)
_OVERLAP = (
    _Line("Evaluation tasks", lambda one: one.overlap.tasks if one.overlap else None),
    _part("a kept instruction comes as near as 0.5 to", lambda one: one.overlap.near if one.overlap else None),
    _part("a kept instruction has the same words as", lambda one: one.overlap.identical if one.overlap else None),
    _Line("Mean of their highest ROUGE-L", lambda one: one.overlap.mean if one.overlap else None, 3),
    _Line("Kept instructions as near as 0.5 to any", lambda one: _kept_near(one)),
)
_ACCEPTANCE = (
    _Line("Candidates read", lambda one: _kept(one)[1]),
    _part("kept", lambda one: _kept(one)[0]),
    _Line("Share kept, whole run", lambda one: _kept(one)),
    _Line("Share kept, last quarter of the requests", lambda one: _kept(one, len(one.acceptance) * 3 // 4)),
)
_LABELS = (
    _Line("Classification tasks with instances", lambda one: one.labels.tasks),
    _part("with a single instance", lambda one: (one.labels.single, one.labels.tasks)),
    _part("with several instances", lambda one: (one.labels.several, one.labels.tasks)),
    *(
        _part(f"… with {words}", lambda one, number=labels: (one.labels.by_labels[number], one.labels.tasks))  # type: ignore[misc]
        for labels, words in enumerate(("one label alone", "two labels", "three", "four", "five or more"), start=1)
    ),
    _Line("Mean share of a task’s commonest label", lambda one: _mean_share(one.labels.mean_largest_share)),
)
_SPENT = (
    _Line("Requests", lambda one: in_all(one.spent).requests),
    _Line("Tokens in", lambda one: in_all(one.spent).input_tokens),
    _Line("Tokens out", lambda one: in_all(one.spent).output_tokens),
)


def comparing_tables(reports: Reports) -> dict[str, Table | None]:
    """Return the tables that have the same rows for every run, by what they are about; of no overlap there is none."""
    return {
        "statistics": statistics_table(reports),
        "texture": _table("What the texts are like", _TEXTURE, reports),
        "verbs": _table("Root verbs and direct objects", _VERBS, reports),
        "similarity": _table("Similarity to the seeds", _SIMILARITY, reports),
        "overlap": _table("Overlap with the evaluation set", _OVERLAP, reports)
        if any(one.overlap for one in reports)
        else None,
        "refused": refusals_table(reports),
        "acceptance": _table("Acceptance of candidates", _ACCEPTANCE, reports),
        "spent": _table("Requests and tokens in all", _SPENT, reports),
        "labels": _table("Labels of classification tasks", _LABELS, reports),
        "flags": flags_table(reports),
        "people": people_table(reports),
        "topics": topics_table(reports),
        "languages": languages_table(reports),
        "settings": settings_table(reports),
    }


def _tokens(report: RunReport, words: float | None) -> float | None:
    each = report.texture.tokens_per_word
    return None if each is None or words is None else each * words


def _new(report: RunReport, part: int) -> tuple[int, int]:
    """Return how many of the pairs of neighbouring words in a part of the instructions were in none before."""
    growth = report.texture.growth
    return (growth[part].new, growth[part].pairs) if growth else (0, 0)


def _minutes(seconds: float | None) -> float | None:
    return None if seconds is None else seconds / 60


def _kept(report: RunReport, first: int = 0) -> tuple[int, int]:
    """Return how many candidates were kept, of how many, from a step on."""
    steps = report.acceptance[first:]
    return sum(step.kept for step in steps), sum(step.candidates for step in steps)


def _kept_near(report: RunReport) -> tuple[int, int]:
    return (report.overlap.kept_near, report.statistics.instructions) if report.overlap else (0, 0)


def _mean_share(value: float | None) -> tuple[int, int]:
    return (0, 0) if value is None else (round(value * 10_000), 10_000)


def refusals_table(reports: Reports) -> Table:
    """Return how much was refused at each stage for each reason; of two runs as shares of all that was refused."""
    counts = [{(row.stage, row.reason): row.count for row in report.refused} for report in reports]
    keys = {key for own in counts for key in own}
    wholes = [sum(own.values()) for own in counts]
    rows: list[Row] = []

    def row(name: str, found: Sequence[int], *, is_part: bool = False) -> Row:
        figures = list(zip(found, wholes, strict=True)) if len(reports) > 1 else found
        return _row(name, figures, is_part=is_part)

    for stage in in_stage_order(stage for stage, _ in keys):
        by_reason = {reason: [own.get((stage, reason), 0) for own in counts] for its, reason in keys if its == stage}
        rows.append(row(f"At {stage}", [sum(each) for each in zip(*by_reason.values(), strict=True)]))
        ranked = sorted(by_reason.items(), key=lambda item: (-max(item[1]), item[0]))
        rows += [row(reason, values, is_part=True) for reason, values in ranked]
    return Table("What was refused", _headings(reports), tuple(rows))


def flags_table(reports: Reports) -> Table:
    """Return what share of the instances each verifier flags."""
    counts = [{row.rule: row.instances for row in report.flags} for report in reports]
    seen = dict.fromkeys(row.rule for report in reports for row in report.flags)
    wholes = [report.statistics.instances for report in reports]
    shares = {rule: [(own.get(rule, 0), whole) for own, whole in zip(counts, wholes, strict=True)] for rule in seen}
    rows = (_row(rule.replace("_", " ").capitalize(), each) for rule, each in shares.items())
    return Table("Instances that a verifier flags", _headings(reports), tuple(rows))


def people_table(reports: Reports) -> Table:
    """Return in what share of the tasks each group of the lexicon is mentioned; of one run with its commonest words."""
    rows: list[Row] = []
    for aspect, lines in groupby(zip(*(report.people for report in reports), strict=True), lambda line: line[0].aspect):
        rows.append(Row(aspect.capitalize(), ("",) * (len(_headings(reports)) + (len(reports) == 1))))
        for line in lines:
            row = _row(line[0].group, [(one.tasks, one.all_tasks) for one in line], is_part=True)
            rows.append(Row(row.name, (*row.cells, ", ".join(line[0].words)), is_part=True) if len(reports) == 1 else row)
    headings = _headings(reports) if len(reports) > 1 else ("of the tasks", "most often")
    return Table("Who appears", headings, tuple(rows))


def topics_table(reports: Reports) -> Table:
    """Return in what share of the tasks each topic is, the commonest of the first run first.

    Of one run they stand beside the seeds' shares, with the words that told them.
    """
    rows: list[Row] = []
    lines = zip(*(report.topics for report in reports), strict=True)
    for line in sorted(lines, key=lambda line: (line[0].topic == NO_TOPIC, -line[0].tasks)):
        row = _row(line[0].topic.capitalize(), [(one.tasks, one.all_tasks) for one in line])
        one = line[0]
        rows.append(
            row if len(line) > 1 else Row(row.name, (*row.cells, share(one.seeds, one.all_seeds), ", ".join(one.words)))
        )
    headings = _headings(reports) if len(reports) > 1 else ("of the tasks", "of the seeds", "most often")
    return Table("Topics", headings, tuple(rows))


def languages_table(reports: Reports) -> Table:
    """Return in what share of instructions and outputs each language is."""
    by_language = [{one.language: one for one in report.languages} for report in reports]
    names = sorted(dict.fromkeys(one.language for report in reports for one in report.languages), key=NOT_TOLD.__eq__)
    wholes = [(report.statistics.instructions, report.statistics.instances) for report in reports]
    rows: list[Row] = []
    for at, text in enumerate(("Instructions", "Outputs")):
        rows.append(Row(text, ("",) * len(_headings(reports))))
        for name in names:
            counts = [own[name].counts[at] if name in own else 0 for own in by_language]
            if any(counts):
                rows.append(_row(name, list(zip(counts, (whole[at] for whole in wholes), strict=True)), is_part=True))
    return Table("Languages", _headings(reports), tuple(rows))


def spent_table(report: RunReport) -> Table:
    """Return what one run has asked of models, by stage and model, and all together."""
    headings = ("model", "requests", "uncounted", "tokens in", "tokens out", "cost")
    shown = [(row, row.model or "(imported)") for row in report.spent]
    if len(report.spent) > 1:
        shown.append((in_all(report.spent), ""))
    rows = (
        Row(
            row.stage,
            (model, *map(number, (row.requests, row.uncounted, row.input_tokens, row.output_tokens)), dollars(row.cost)),
        )
        for row, model in shown
    )
    return Table("Requests, tokens and cost", headings, tuple(rows))


def settings_table(reports: Reports) -> Table:
    """Return the settings: of one run each with its origin, of two those that differ."""
    if len(reports) == 1:
        rows = (Row(one.key, (_setting(one.value), one.origin)) for one in reports[0].settings)
        return Table("Settings", ("value", "where it came from"), tuple(rows))
    values = [{one.key: _setting(one.value) for one in report.settings} for report in reports]
    keys = dict.fromkeys(key for own in values for key in own)
    rows = (
        Row(key, tuple(own.get(key, NOTHING) for own in values)) for key in keys if len({own.get(key) for own in values}) > 1
    )
    return Table("Settings that differ", tuple(report.name for report in reports), tuple(rows))


def _setting(value: object) -> str:
    return NOTHING if value is None else value if isinstance(value, str) and value else repr(value)
