"""The format `dpo`: pairs of outputs of which one was preferred, as an improved run has them.

A pair is a revision that won or lost; ties, and what could not be compared, are none. Each side is a list of one message.
Source of the form: TRL's guide "Dataset formats and types", preference, conversational, with an explicit prompt.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from self_instruct.ledger import Ledger, TaskId
from self_instruct.records.revisions import revision_in
from self_instruct.records.tasks import Instance
from self_instruct.reports.dataset_tasks import DatasetTask
from self_instruct.reports.exports.conversations import question
from self_instruct.settings.settings import Settings

Fields = Mapping[str, Any]


def preference_rows(ledger: Ledger) -> Callable[[DatasetTask, Settings], Iterator[Fields]]:
    """Return the rows of a run's tasks: {"prompt", "chosen", "rejected"} for each pair; a pair told twice stands once."""

    def rows(task: DatasetTask, _: Settings) -> Iterator[Fields]:
        if task.is_seed:
            return
        id_ = _id(task.name)
        instances, seen = ledger.instances_of(id_), Counter[tuple[str, str, str]]()
        for verdict in ledger.verdicts_of(id_):
            revision = revision_in(verdict)
            if revision and revision.preferred:
                asked, better, worse = instances[verdict.instance], *revision.preferred
                seen[asked.input, better, worse] += 1
                if seen[asked.input, better, worse] == 1:
                    yield _row(task, asked, better, worse)

    return rows


def _row(task: DatasetTask, asked: Instance, better: str, worse: str) -> Fields:
    return {
        "prompt": [{"role": "user", "content": question(task, asked)}],
        "chosen": [{"role": "assistant", "content": better}],
        "rejected": [{"role": "assistant", "content": worse}],
    }


def _id(name: str) -> TaskId:
    request, item = name.split(":")
    return TaskId(int(request), int(item))
