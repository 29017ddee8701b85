"""Decide from stored replies: what they bring becomes tasks, instances and rejections in the ledger.

Between the readers of `chains.stages` and the ledger; no model is called here. Each decision is one transaction with all that
it changes. Instruction replies are decided in request order; what follows a task depends on that task alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from self_instruct.chains.models.replies import REFUSED
from self_instruct.chains.runs.instruction_replies import InstructionReply
from self_instruct.chains.runs.pool import Pool
from self_instruct.chains.stages.task import classification_parser, read_instances, read_instructions, why_unread
from self_instruct.ledger import Ledger, Progress, RequestId, StoredTask, TaskId
from self_instruct.records.replies import Reply
from self_instruct.records.tasks import Candidate, Classification, Instance, Reason, Rejection, Stage
from self_instruct.retrievers import TooSimilar
from self_instruct.settings.settings import Settings


class Decider:
    """Turns replies into decisions, and keeps the pool in step with the ledger."""

    def __init__(self, ledger: Ledger, pool: Pool, settings: Settings) -> None:
        self._ledger = ledger
        self._pool = pool
        self._settings = settings
        self.rejected = Counter(ledger.count_rejections())
        self._classification_parser = classification_parser(settings)

    def instructions(
        self, answer: InstructionReply, progress: Progress, target: int | None
    ) -> tuple[Progress, list[StoredTask]]:
        """Decide an instruction reply from `progress.position` on, until its end or until `target` tasks are kept.

        Returns the progress after it and the tasks it brought.
        """
        request = progress.request
        found = self._refusal(Stage.INSTRUCTIONS, answer.reply) or read_instructions(answer.reply, self._settings)
        read = [replace(each, item=answer.begin + each.item) for each in found]
        position = progress.position
        kept: list[StoredTask] = []
        refused: list[tuple[int, Rejection]] = []
        while position < len(read) and (target is None or len(self._pool) < target):
            decided = self._offer(request, read[position])
            if isinstance(decided, Rejection):
                refused.append((position, decided))
            else:
                kept.append(decided)
            position += 1
        is_done = position == len(read)
        after = Progress(
            request=request + 1 if is_done else request,
            position=0 if is_done else position,
            last_kept=request if kept else progress.last_kept,
            granted_from=progress.granted_from,
        )
        with self._ledger.transaction():
            for task in kept:
                self._ledger.add_task(task.id, task.instruction)
            self._reject(request, refused)
            self._ledger.set_progress(after)
        return after, kept

    def _offer(self, request: int, read: Candidate | Rejection) -> StoredTask | Rejection:
        if isinstance(read, Rejection):
            return read
        decision = self._pool.offer(request, read.text)
        if isinstance(decision, TooSimilar):
            evidence: dict[str, str | float] = {"nearest": decision.neighbour.text, "score": decision.neighbour.score}
            return Rejection(Stage.INSTRUCTIONS, Reason.TOO_SIMILAR, read.text, read.item, evidence)
        first = RequestId(Stage.CLASSIFICATION, request, read.item)
        return StoredTask(first.task, read.text, None, first)

    def follow_up(self, task: StoredTask, reply: Reply) -> StoredTask:
        """Decide the reply a task awaited, and return the task as it stands after it."""
        if task.awaits is None:
            raise ValueError(f"task {task.id} is finished and awaits no reply")
        if task.awaits.stage is Stage.CLASSIFICATION:
            return self._classification(task, task.awaits, reply)
        return self._instances(task, task.awaits, reply)

    def wrong(self, request: RequestId, task: StoredTask | None) -> Reason | None:
        """Return why the reply to the attempt before this one could not be read."""
        before = self._ledger.stored_reply(replace(request, attempt=request.attempt - 1))
        return why_unread(request.stage, before, self._settings, is_classification=bool(task and task.is_classification))

    def _classification(self, task: StoredTask, asked: RequestId, reply: Reply) -> StoredTask:
        refusal = self._refusal(Stage.CLASSIFICATION, reply)
        answer = refusal[0] if refusal else self._classification_parser.read(reply)
        if isinstance(answer, Classification):
            after = replace(
                task,
                is_classification=answer.is_classification,
                awaits=RequestId(Stage.INSTANCES, task.id.request, task.id.item),
            )
            return self._store(task.id, after)
        if not refusal and asked.attempt < self._settings.classification.attempts:
            return self._store(task.id, replace(task, awaits=replace(asked, attempt=asked.attempt + 1)))
        return self._store(task.id, replace(task, awaits=None), rejections=[answer])

    def _instances(self, task: StoredTask, asked: RequestId, reply: Reply) -> StoredTask:
        kind = bool(task.is_classification)
        if asked.attempt < self._settings.instances.attempts and why_unread(
            Stage.INSTANCES, reply, self._settings, is_classification=kind
        ):
            return self._store(task.id, replace(task, awaits=replace(asked, attempt=asked.attempt + 1)))
        read: Sequence[Instance | Rejection] = self._refusal(Stage.INSTANCES, reply) or read_instances(
            reply, instruction=task.instruction, is_classification=kind, settings=self._settings
        )
        return self._store(
            task.id,
            replace(task, awaits=None),
            instances=[each for each in read if isinstance(each, Instance)],
            rejections=[each for each in read if isinstance(each, Rejection)],
        )

    def _store(
        self,
        task: TaskId,
        after: StoredTask,
        instances: Sequence[Instance] = (),
        rejections: Sequence[Rejection] = (),
    ) -> StoredTask:
        placed = [(position, replace(each, item=task.item)) for position, each in enumerate(rejections)]
        with self._ledger.transaction():
            self._ledger.set_awaits(task, after.awaits, after.is_classification)
            self._ledger.add_instances(task, instances)
            self._reject(task.request, placed)
        return after

    def _reject(self, request: int, refused: Sequence[tuple[int, Rejection]]) -> None:
        self._ledger.add_rejections(request, refused)
        self.rejected.update((each.stage, each.reason) for _, each in refused)

    def _refusal(self, stage: Stage, reply: Reply) -> list[Rejection]:
        if reply.finish_reason != REFUSED:
            return []
        return [Rejection(stage, Reason.REFUSED_BY_PROVIDER, reply.text)]
