"""The format `self-instruct`: the files of the original code's `batch_dir`, in its formats.

    machine_generated_instructions.jsonl       every kept task: its similarity record, and the reply it was read from
    is_clf_or_not_{model}_template_1.jsonl     the raw reply to the classification question
    machine_generated_instances.jsonl          the raw reply to the instance prompt, and what the first file says
    all_generated_instances.jsonl              the dataset: instruction, input, output

They hold what the ledger holds and no more: no token probabilities, no times. A task that was not asked yet has no row.
Source: the published code of Wang et al. 2023, arXiv:2212.10560.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from self_instruct.chains.models.replies import REFUSED
from self_instruct.chains.runs.instruction_replies import attempt_of
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, RequestId, StoredTask, TaskId
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Stage
from self_instruct.reports.exports.alpaca import alpaca_rows
from self_instruct.reports.exports.selection import Selected
from self_instruct.reports.writing import json_line, new_file, new_folder, write_lines
from self_instruct.retrievers.similarities import similarity_records

Fields = Mapping[str, Any]

INSTRUCTIONS_FILE = "machine_generated_instructions.jsonl"
INSTANCES_FILE = "machine_generated_instances.jsonl"
DATASET_FILE = "all_generated_instances.jsonl"
NO_MODEL = "unnamed"  # an imported run, for one, has no model of its own


def classification_file(model: str | None) -> str:
    """Return the name of the classification file, in which the original names the engine.

    >>> classification_file("openai:gpt-4.1-mini")
    'is_clf_or_not_openai-gpt-4.1-mini_template_1.jsonl'
    """
    safe = re.sub(r"[^A-Za-z0-9._-]+", "-", model or NO_MODEL)[:100]
    return f"is_clf_or_not_{safe}_template_1.jsonl"


def write_self_instruct(selected: Selected, out: Path, *, with_similarities: bool = True) -> int:
    """Write the four files as the folder `out`, and return the number of instances in the dataset."""
    ledger, plan = selected.ledger, selected.plan
    names = (INSTRUCTIONS_FILE, classification_file(plan.settings.model_of(Stage.CLASSIFICATION)), INSTANCES_FILE, DATASET_FILE)
    with new_folder(out, names) as (instructions, classifications, instances, final):
        for task, similarity in _kept(ledger, plan) if with_similarities else ((task, {}) for task in ledger.tasks()):
            metadata = _metadata(ledger, task.id)
            instructions.write(json_line(_instruction_row(task, metadata, similarity)))
            kind = _last_reply(ledger, Stage.CLASSIFICATION, task.id, plan.settings.classification.attempts)
            if kind and kind.finish_reason != REFUSED:
                classifications.write(json_line({"instruction": task.instruction, "is_classification": kind.text}))
            if reply := _last_reply(ledger, Stage.INSTANCES, task.id, plan.settings.instances.attempts):
                instances.write(json_line(_instances_row(task, reply, metadata, similarity)))
        return write_lines(final, (row for task in selected.tasks() for row in alpaca_rows(task, plan.settings)))


def write_similarities(ledger: Ledger, plan: RunPlan, out: Path) -> int:
    """Write every kept instruction with its similarity record, as JSON lines in pool order, and return their number."""
    rows = ({"instruction": task.instruction, **similarity} for task, similarity in _kept(ledger, plan))
    with new_file(out) as file:
        return write_lines(file, rows)


def _kept(ledger: Ledger, plan: RunPlan) -> Iterator[tuple[StoredTask, Fields]]:
    """Yield every kept task with its similarity to the pool before it."""
    only = plan.settings.instructions.classification_only
    seeds = [seed.instruction for seed in plan.seeds if seed.is_classification or not only]
    kept = [task.instruction for task in ledger.tasks()]
    records = similarity_records(seeds, kept, plan.settings.novelty.tokens)
    for task, record in zip(ledger.tasks(), records, strict=True):
        yield task, {"most_similar": dict(record.most_similar), "avg_similarity_score": record.average}


def _metadata(ledger: Ledger, task: TaskId) -> Fields:
    attempt = attempt_of(ledger, task)
    reply = ledger.reply(RequestId(Stage.INSTRUCTIONS, task.request, attempt=attempt))
    return {"prompt": ledger.prompt(task.request, attempt), "response": _response(reply)}


def _response(reply: Reply | None) -> Fields | None:
    """Return a reply in the shape of the original's; null where the provider refused, as there for a failed request."""
    if reply is None or reply.finish_reason == REFUSED:
        return None
    return {"choices": [{"text": reply.text, "finish_reason": reply.finish_reason}]}


def _last_reply(ledger: Ledger, stage: Stage, task: TaskId, attempts: int) -> Reply | None:
    """Return the reply that decided a stage of a task: that of its last attempt, unless the provider refused only that."""
    stored = (ledger.reply(RequestId(stage, task.request, task.item, attempt)) for attempt in range(attempts, 0, -1))
    replies = [reply for reply in stored if reply]
    return next((reply for reply in replies if reply.finish_reason != REFUSED), replies[0] if replies else None)


def _instruction_row(task: StoredTask, metadata: Fields, similarity: Fields) -> Fields:
    return {"instruction": task.instruction, **similarity, "metadata": metadata, "request_idx": task.id.request}


def _instances_row(task: StoredTask, reply: Reply, metadata: Fields, similarity: Fields) -> Fields:
    response = _response(reply)
    return {
        "instruction": task.instruction,
        "raw_instances": reply.text if response else "",
        "instance_metadata": {"response": response},
        "instruction_metadata": metadata,
        **similarity,
    }
