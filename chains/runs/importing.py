"""Bring a run of the original code into a ledger, and decide its recorded replies as any run's are decided.

The original keys everything by the instruction's text. Here a recorded text is looked up in the reply it was read from, and so
becomes a (request, item) that holds under every profile. Requests are numbered in the order of their first appearance.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from self_instruct.chains.runs.original_layout import Batch, FollowUpRow, InstructionReply, InstructionRow, read_batch
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.replaying import begin_decided
from self_instruct.ledger import Ledger, RequestId, StoredReply, TaskId
from self_instruct.prompts.reading.instruction_parser import InstructionParser
from self_instruct.records.errors import SettingsError
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Reason, StageName
from self_instruct.settings.layers import Layer


@dataclass(slots=True)
class _Requests:
    """The instruction requests found so far; `places` says where each text stands in them, `recorded` those with a row."""

    replies: list[StoredReply] = field(default_factory=list)
    numbers: dict[InstructionReply, int] = field(default_factory=dict)
    places: dict[str, TaskId] = field(default_factory=dict)
    recorded: dict[str, TaskId] = field(default_factory=dict)
    without_reply: int = 0

    def add(self, row: InstructionRow) -> None:
        """Take in a recorded instruction: the reply it came from, or else itself as a reply of one item."""
        if row.source and row.source not in self.numbers:
            self.numbers[row.source] = self._store(row.source.reply, row.source.prompt)
        if _key(row.instruction) not in self.places:
            self.without_reply += 1
            self._store(Reply(row.instruction), None)
        if place := self.places.get(_key(row.instruction)):
            self.recorded.setdefault(_key(row.instruction), place)

    def _store(self, reply: Reply, prompt: str | None) -> int:
        number = len(self.replies)
        self.replies.append(StoredReply(RequestId(StageName.INSTRUCTIONS, number), reply, prompt))
        parser = InstructionParser(form="published", casing="capitalize")
        for read in parser.read(replace(reply, finish_reason=None)):
            if isinstance(read, Candidate):
                self.places.setdefault(_key(read.text), TaskId(number, read.item))
        return number


@dataclass(slots=True)
class _FollowUps:
    """The recorded answers of one stage, each under the request it answers."""

    stage: str
    replies: dict[RequestId, StoredReply] = field(default_factory=dict)
    failed: int = 0
    unknown: int = 0
    repeated: int = 0

    def add(self, row: FollowUpRow, places: dict[str, TaskId]) -> None:
        task = places.get(_key(row.instruction))
        if task is None:
            self.unknown += 1
        elif row.reply is None:
            self.failed += 1
        else:
            request = RequestId(self.stage, task.request, task.item)
            self.repeated += request in self.replies
            self.replies.setdefault(request, StoredReply(request, row.reply, None))

    def sentence(self) -> str:
        counts = [
            (len(self.replies), "taken over"),
            (self.failed, "failed then and have no reply"),
            (self.unknown, "are about instructions that are not in the batch, and ignored"),
            (self.repeated, "repeat another, and are ignored"),
        ]
        said = [f"{count} {what}" for count, what in counts if count]
        return f"{self.stage.removesuffix('s')} replies: {', '.join(said) or 'none'}"


def import_batch(directory: Path, run: Path, given: Layer) -> list[str]:
    """Bring the batch in `directory` into a new run, and return what there is to say about it, in lines.

    Raises `ImportFormatError`, `SettingsError`, `SeedFileError` or `LedgerError`; then there is no new run.
    """
    plan = RunPlan.new(given)
    if plan.settings.proposers:
        raise SettingsError(
            "proposers: the original code knew only self-instruct; leave it out, and generate into the new run."
        )
    plan = replace(plan, settings=plan.settings.without_target())
    batch = read_batch(directory)
    requests = _requests(batch)
    classifications = _follow_ups(StageName.CLASSIFICATION, batch.classifications, requests.recorded)
    instances = _follow_ups(StageName.INSTANCES, batch.instances, requests.recorded)
    replies = [*requests.replies, *classifications.replies.values(), *instances.replies.values()]
    ledger, outcome = begin_decided(run, plan, replies)
    with ledger:
        decided = _decided(ledger)
    lines = [*batch.notes, f"instruction replies: {len(requests.numbers)} taken over"]
    if requests.without_reply:
        lines.append(f"instructions whose reply is not recorded: {requests.without_reply}, each taken as a reply of its own")
    return [*lines, classifications.sentence(), instances.sentence(), *decided, outcome.sentence]


def _decided(ledger: Ledger) -> list[str]:
    """Return what was decided of the replies, in two lines."""
    refused = ledger.count_rejections()
    kept = sum(1 for _ in ledger.tasks())
    similar = refused.pop((StageName.INSTRUCTIONS, Reason.TOO_SIMILAR), 0)
    instances = sum(1 for _ in ledger.instances())

    def listed(stage: str) -> str:
        return ", ".join(f"{count} {reason}" for (at, reason), count in refused.items() if at == stage) or "none"

    return [
        f"candidates: {kept + similar} well formed, {similar} of them too similar, {kept} kept;"
        f" malformed: {listed(StageName.INSTRUCTIONS)}",
        f"instances: {instances} kept; refused: {listed(StageName.INSTANCES)}",
    ]


def _requests(batch: Batch) -> _Requests:
    requests = _Requests()
    rows: Iterable[InstructionRow] = batch.instructions
    if not batch.instructions:  # only the classification file is there: its instructions are all that is known
        rows = [InstructionRow(row.instruction, None) for row in batch.classifications]
    for row in rows:
        requests.add(row)
    return requests


def _follow_ups(stage: str, rows: Iterable[FollowUpRow], places: dict[str, TaskId]) -> _FollowUps:
    found = _FollowUps(stage)
    for row in rows:
        found.add(row, places)
    return found


def _key(instruction: str) -> str:
    """Return a text as it is looked up: casing and white space differ between what was written and what was recorded."""
    return " ".join(instruction.split()).casefold()
