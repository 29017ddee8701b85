"""The records of a ledger as rows of its tables, and back. A row is made without its checksum, and read with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from math import isnan
from typing import Any

from self_instruct.ledger.records import (
    Lineage,
    Progress,
    RequestId,
    SentRequest,
    Spent,
    StoredBatch,
    StoredReply,
    StoredTask,
    TaskId,
)
from self_instruct.ledger.schema import MOST_COUNTED, Row
from self_instruct.records.replies import Ended, Refusal, Reply, Served, Usage
from self_instruct.records.tasks import Instance, Reason, Rejection, Verdict
from self_instruct.settings.sections import Price

_REASONS: Mapping[str, Reason] = {reason.value: reason for reason in Reason}


def as_json(value: Any) -> str:
    """Return a value as it is stored."""
    return json.dumps(value, ensure_ascii=False)


def reason(word: str) -> str:
    """Return a stored reason: a `Reason` where it is one, else the word of a user's own stage."""
    return _REASONS.get(word, word)


# replies


def request_key(request: RequestId) -> Row:
    """Return the key of a request."""
    return (str(request.stage), request.request, request.item, request.instance, request.attempt)


def reply_row(stored: StoredReply) -> Row:
    """Return the row of a reply or a refusal. A count that cannot be meant is stored as uncounted."""
    said, served, most = stored.reply, stored.reply.served, stored.at_most
    counted: Row = (None, None, None, None)
    ended: Row = (None, Ended.REFUSED.value)  # an exact `str`, here and below, is what SQLite takes without a detour
    texts: Row = (None, None)
    begun: str | None = None
    if isinstance(said, Refusal):
        texts = (said.words, None)
    else:
        usage = said.usage
        counts = (usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens)
        counted = tuple([_believed(count) for count in counts])
        ended, texts = (said.finish_reason, said.ended and said.ended.value), (None, said.text)
        begun = as_json(said.first_token) if said.first_token else None
    asked = (*request_key(stored.request), said.model, *counted, _most(most.input_tokens), _most(most.output_tokens))
    came = (served.model, served.request_id, _real(served.asked_at), _real(served.seconds))
    return (*asked, *_price_row(stored.price), *ended, *came, *texts, stored.prompt, begun)


def answer(row: Row) -> Reply | Refusal:
    """Return the reply or refusal of a row."""
    model, counted, finish_reason, came = row[5], row[6:10], row[15], row[17:21]
    refusal, text = row[21:23]
    served = Served(*came)
    if text is None:
        return Refusal(refusal, model, served)
    begun = tuple([(token, log) for token, log in json.loads(row[24])]) if row[24] else ()
    return Reply(text, finish_reason, Usage(*counted), model, served, begun)


def stored_reply(row: Row) -> StoredReply:
    """Return the reply or refusal of a row, with the request it answers."""
    stage, request, item, instance, attempt = row[:5]
    asked = RequestId(stage, request, item, attempt, instance)
    return StoredReply(asked, answer(row), row[23], Usage(*row[10:12]), _price(*row[12:15]))


def sent_row(sent: SentRequest) -> Row:
    """Return the row of a request that goes out."""
    most = sent.at_most
    counts = (_most(most.input_tokens), _most(most.output_tokens))
    priced = (sent.model, *counts, *_price_row(sent.price))
    return (*request_key(sent.request), sent.sending, *priced, sent.batch, sent.line)


def sent_request(row: Row) -> SentRequest:
    """Return the request of a row that has no reply yet."""
    stage, request, item, instance, attempt, sending, model = row[:7]
    asked = RequestId(stage, request, item, attempt, instance)
    return SentRequest(asked, sending, model, Usage(*row[7:9]), _price(*row[9:12]), *row[12:14])


def batch_row(batch: StoredBatch) -> Row:
    """Return the row of a provider's batch."""
    made = (batch.tag, str(batch.stage), as_json(dict(batch.model)), batch.lines, _real(batch.written_at))
    return (*made, batch.batch_id, int(batch.is_ended), batch.said)


def stored_batch(row: Row) -> StoredBatch:
    """Return the batch of a row."""
    tag, stage, model, lines, written_at, batch_id, is_ended, said, _ = row
    return StoredBatch(tag, stage, json.loads(model), lines, written_at, batch_id, said, is_ended == 1)


def spent(row: Row) -> tuple[tuple[str, str | None, Price | None], Spent]:
    """Return what a group of replies has cost, under its stage, its model and the price paid."""
    stage, model, *paid = row[:5]
    requests, unreported, *tokens = row[5:]
    return (stage, model, _price(*paid)), Spent(requests, unreported, Usage(*tokens[:4]), Usage(*tokens[4:]))


def _believed(count: object) -> int | None:
    return count if type(count) is int and 0 <= count <= MOST_COUNTED else None


def _most(tokens: int | None) -> int | None:
    return None if tokens is None else min(max(0, tokens), MOST_COUNTED)


def _real(number: float | None) -> float | None:
    """Return a number as SQLite gives it back, whose text is in the checksum: no -0.0, and nothing that is no number."""
    return None if number is None or isnan(number) else number + 0.0


@lru_cache(maxsize=64)
def _price_row(paid: Price | None) -> tuple[str | None, str | None, str | None]:
    return (None, None, None) if paid is None else (_digits(paid.input), _digits(paid.output), _digits(paid.cached_input))


def _digits(dollars: Decimal | None) -> str | None:
    """Return a decimal in one form, so that 0.40 and 0.4 are one price."""
    return None if dollars is None else f"{dollars.normalize():f}"


@lru_cache(maxsize=64)
def _price(given: str | None, written: str | None, cached: str | None) -> Price | None:
    if given is None or written is None:
        return None
    return Price(input=Decimal(given), output=Decimal(written), cached_input=None if cached is None else Decimal(cached))


def lineage_row(lineage: Lineage) -> Row:
    """Return the row of what an instruction request goes out from."""
    parent = (None, None) if lineage.parent is None else (lineage.parent.request, lineage.parent.item)
    return (lineage.request, lineage.stage, lineage.operator, lineage.depth, *parent, lineage.source, lineage.text)


def lineage(row: Row) -> Lineage:
    """Return what an instruction request of a row goes out from."""
    request, stage, operator, depth, parent_request, parent_item, source, text, _ = row
    parent = None if parent_request is None else TaskId(parent_request, parent_item)
    return Lineage(request, stage, operator, depth, text, parent, source)


# decisions


def progress_row(progress: Progress) -> Row:
    """Return the row of how far a run is."""
    return (progress.request, progress.offset, progress.last_kept, progress.granted_from, progress.position)


def task_row(task: StoredTask) -> Row:
    """Return the row of a kept task."""
    kind = None if task.is_classification is None else int(task.is_classification)
    awaits = task.awaits
    waiting = (str(awaits.stage), awaits.attempt, awaits.instance) if awaits else (None, None, None)
    return (task.id.request, task.id.item, task.instruction, kind, task.attempt, *waiting)


def stored_task(row: Row) -> StoredTask:
    """Return the task of a row."""
    request, item, instruction, kind, attempt, stage, awaited, instance, _ = row
    awaits = None if stage is None else RequestId(stage, request, item, awaited, instance)
    return StoredTask(TaskId(request, item), instruction, kind if kind is None else kind == 1, awaits, attempt)


def task_instance(row: Row) -> tuple[TaskId, Instance]:
    """Return the instance of a row, with its task."""
    request, item, _, given, output, _ = row
    return TaskId(request, item), Instance(given, output)


def rejection_row(request: int, position: int, refused: Rejection) -> Row:
    """Return the row of what was refused, at its place among the records read from its reply."""
    return (
        request,
        refused.item,
        str(refused.stage),
        position,
        str(refused.reason),
        refused.text,
        as_json(dict(refused.evidence)),
    )


def rejection(row: Row) -> tuple[TaskId, Rejection]:
    """Return the rejection of a row, with the request and item it belongs to."""
    request, item, stage, _, why, text, evidence, _ = row
    return TaskId(request, item), Rejection(stage, reason(why), text, item, json.loads(evidence))


def verdict_row(task: TaskId, verdict: Verdict) -> Row:
    """Return the row of a verdict on one of a task's instances."""
    return (task.request, task.item, verdict.instance, str(verdict.stage), verdict.vote, as_json(dict(verdict.answers)))


def task_verdict(row: Row) -> tuple[TaskId, Verdict]:
    """Return the verdict of a row, with its task."""
    request, item, instance, stage, vote, answers, _ = row
    return TaskId(request, item), Verdict(stage, instance, json.loads(answers), vote)
