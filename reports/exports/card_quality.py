"""What a dataset card says of the quality of its rows: the statement on those that the export has, and what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass

from self_instruct.records.judgements import Concern
from self_instruct.records.marks import rater_of
from self_instruct.reports.dataset_tasks import task_name
from self_instruct.reports.exports.selection import Selected
from self_instruct.reports.review.concerns import concerns
from self_instruct.reports.review.instances import ReviewedInstance, judge_model, main_judge, reviewed_instances
from self_instruct.reports.review.shares import Basis, reasons, share_rows, shares
from self_instruct.reports.text import Row, number


@dataclass(frozen=True, slots=True)
class CardQuality:
    """The statement on the machine-written rows of an export: the rows of its table, and sentences about them."""

    rows: tuple[Row, ...]
    sentences: tuple[str, ...]
    is_marked: bool


def card_quality(selected: Selected) -> CardQuality | None:
    """Return what the card says of the quality of the rows; None where neither a judge nor a person looked at any."""
    if not _is_looked_at(selected):
        return None
    every = _exported(selected)
    marked = sum(bool(each.marks) for each in every)
    judged = sum(each.judgement is not None and each.judgement.is_read for each in every)
    if not marked and not judged:
        return None
    found = shares(every)
    counts = f"Of {number(len(every))} rows, {number(marked)} were marked by people and {number(judged)} judged"
    by = f" by `{judge_model(selected.ledger, selected.settings) or 'a model'}`" if judged else ""
    sentences = [f"{counts}{by}.", *reasons(found)]
    if any(one.basis is Basis.JUDGE for one in found):
        sentences.append("That is a model's opinion, and no measure of quality.")
    sentences += _concern_sentences(every)
    if selected.choice.needs_judge:
        sentences.append("The rows were chosen by that judge, so its own opinion of them says nothing more.")
    return CardQuality(tuple(share_rows(found)), tuple(sentences), marked > 0)


def _is_looked_at(selected: Selected) -> bool:
    """Return whether a judge or a person said anything of the run, without holding what was said."""
    judge = main_judge(selected.ledger, selected.settings)
    return any(one.stage == judge or rater_of(one.stage) is not None for _, one in selected.ledger.verdicts())


def _concern_sentences(every: Sequence[ReviewedInstance]) -> list[str]:
    if (found := concerns(every)) is None:
        return []
    of = sum(each.tasks for each in found.kinds)
    counts = {one.value: sum(each.counts[one] for each in found.kinds) for one in Concern}
    named = ", ".join(f"{name} in {number(count)}" for name, count in counts.items())
    return [f"Concerns of the judge about the instructions of {number(of)} tasks: {named}."]


def _exported(selected: Selected) -> list[ReviewedInstance]:
    """Return the instances that the export has; seed tasks, which people wrote, are none of them."""
    shown = {task.name: set(task.instances) for split in selected.splits for task in selected.tasks(split) if not task.is_seed}
    reviewed = reviewed_instances(selected.ledger, selected.plan)
    return [each for each in reviewed if each.instance in shown.get(task_name(each.task), ())]
