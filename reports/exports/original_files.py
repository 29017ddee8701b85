"""The format `self-instruct`: the files of the original code's `batch_dir`, in its formats.

    machine_generated_instructions.jsonl       every kept task: its similarity record, and the reply it was read from
    is_clf_or_not_{model}_template_1.jsonl     the raw reply to the classification question
    machine_generated_instances.jsonl          the raw reply to the instance prompt, and what the first file says
    all_generated_instances.jsonl              the dataset: instruction, input, output

They hold what the ledger holds and no more: no token probabilities, no times. A task that was not asked yet has no row.
Source: the published code of Wang et al. 2023, arXiv:2212.10560.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from self_instruct.chains.runs.original_layout import INSTANCES_FILE, INSTRUCTIONS_FILE
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, RequestId, StoredTask, TaskId
from self_instruct.records.replies import Ended, Refusal, Reply
from self_instruct.records.tasks import StageName
from self_instruct.reports.exports.alpaca import alpaca_rows
from self_instruct.reports.exports.selection import Selected
from self_instruct.reports.object_stores import Place, new_folder_at
from self_instruct.reports.writing import ExportError, json_line, new_file, write_lines
from self_instruct.retrievers.similarities import similarity_records

Fields = Mapping[str, Any]

DATASET_FILE = "all_generated_instances.jsonl"
NO_MODEL = "unnamed"  # an imported run, for one, has no model of its own


def classification_file(model: str | None) -> str:
    """Return the name of the classification file, in which the original names the engine.

    >>> classification_file("openai:gpt-4.1-mini")
    'is_clf_or_not_openai-gpt-4.1-mini_template_1.jsonl'
    """
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", model or NO_MODEL)[:100]
    return f"is_clf_or_not_{safe}_template_1.jsonl"


def write_self_instruct(selected: Selected, out: Place, *, with_similarities: bool = True) -> int:
    """Write the four files as the folder `out`, and return the number of instances in the dataset.

    Raises `ExportError` where no task is kept yet.
    """
    ledger, plan = selected.ledger, selected.plan
    _check_something_is_kept(ledger)
    names = (
        INSTRUCTIONS_FILE,
        classification_file(plan.settings.model_of(StageName.CLASSIFICATION)),
        INSTANCES_FILE,
        DATASET_FILE,
    )
    tasks = _kept(ledger, plan) if with_similarities else ((task, {}) for task in ledger.tasks())
    with new_folder_at(out, names) as (instructions, classifications, instances, final):
        for task, similarity in tasks:
            metadata = _metadata(ledger, task)
            row = {"instruction": task.instruction, **similarity, "metadata": metadata, "request_idx": task.id.request}
            instructions.write(json_line(row))
            kind = _deciding_reply(ledger, StageName.CLASSIFICATION, task.id, plan.settings.classification.attempts)
            if answer := _answer(kind):
                classifications.write(json_line({"instruction": task.instruction, "is_classification": answer.text}))
            if reply := _deciding_reply(ledger, StageName.INSTANCES, task.id, plan.settings.instances.attempts):
                instances.write(json_line(_instances_row(task, reply, metadata, similarity)))
        return write_lines(final, (row for task in selected.tasks() for row in alpaca_rows(task, plan.settings)))


def write_similarities(ledger: Ledger, plan: RunPlan, out: Path) -> int:
    """Write every kept instruction with its similarity record, as JSON lines in pool order, and return their number.

    Raises `ExportError` where no task is kept yet.
    """
    _check_something_is_kept(ledger)
    rows = ({"instruction": task.instruction, **similarity} for task, similarity in _kept(ledger, plan))
    with new_file(out) as file:
        return write_lines(file, rows)


def _check_something_is_kept(ledger: Ledger) -> None:
    if next(ledger.tasks(), None) is None:
        raise ExportError("there is nothing to export: no task of this run is kept yet; generate more.")


def _kept(ledger: Ledger, plan: RunPlan) -> Iterator[tuple[StoredTask, Fields]]:
    """Yield every kept task with its similarity to the pool before it."""
    only = plan.settings.instructions.classification_only
    seeds = [seed.instruction for seed in plan.seeds if seed.is_classification or not only]
    kept = [task.instruction for task in ledger.tasks()]
    records = similarity_records(seeds, kept, plan.settings.novelty.tokens)
    for task, record in zip(ledger.tasks(), records, strict=True):
        yield task, {"most_similar": dict(record.most_similar), "avg_similarity_score": record.average}


def _metadata(ledger: Ledger, task: StoredTask) -> Fields:
    lineage = ledger.lineage(task.id.request)
    stage = StageName.INSTRUCTIONS if lineage is None else lineage.stage
    reply = ledger.reply(RequestId(stage, task.id.request, attempt=task.attempt))
    return {"prompt": ledger.prompt(task.id.request, task.attempt, stage), "response": _response(reply)}


def _response(reply: Reply | Refusal | None) -> Fields | None:
    """Return a reply in the shape of the original's; null where the provider refused, as there for a failed request."""
    answer = _answer(reply)
    return {"choices": [{"text": answer.text, "finish_reason": answer.finish_reason}]} if answer else None


def _answer(reply: Reply | Refusal | None) -> Reply | None:
    return reply if isinstance(reply, Reply) and reply.ended is not Ended.REFUSED else None


def _deciding_reply(ledger: Ledger, stage: str, task: TaskId, attempts: int) -> Reply | Refusal | None:
    """Return the reply that decided a stage of a task: that of its last attempt, unless the provider refused only that."""
    tried = (ledger.reply(RequestId(stage, task.request, task.item, attempt)) for attempt in range(attempts, 0, -1))
    stored = [reply for reply in tried if reply]
    return next(filter(None, map(_answer, stored)), stored[0] if stored else None)


def _instances_row(task: StoredTask, reply: Reply | Refusal, metadata: Fields, similarity: Fields) -> Fields:
    answer = _answer(reply)
    return {
        "instruction": task.instruction,
        "raw_instances": answer.text if answer else "",
        "instance_metadata": {"response": _response(reply)},
        "instruction_metadata": metadata,
        **similarity,
    }
