"""Store what replies decide: tasks, instances, verdicts and rejections, in the ledger and the pool.

Between the stages, which say what a reply decides, and the ledger; no model is called here. Each decision is one transaction
with all that it changes. Instruction replies are decided in request order; what follows a task depends on that task alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from self_instruct.chains.runs.advice import Tally
from self_instruct.chains.runs.instruction_requests import ReadReply
from self_instruct.chains.runs.pool import Pool
from self_instruct.chains.runs.reading_ahead import Decide, decide_now
from self_instruct.chains.runs.unread_share import UnreadShare
from self_instruct.chains.stages.instructions import expected_yield
from self_instruct.chains.stages.proposing import ProposingStage
from self_instruct.chains.stages.registry import RunStages
from self_instruct.chains.stages.stage import Step
from self_instruct.chains.stages.tagging import entries_of
from self_instruct.ledger import Ledger, Progress, RequestId, StoredTask, TaskId
from self_instruct.prompts.reading.reply_parser import MOST_RECORDS
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import TAGGING, Candidate, Instance, Reason, Rejection, StageName, Task
from self_instruct.retrievers import TooSimilar
from self_instruct.settings.sections import JudgingSettings
from self_instruct.settings.settings import Settings

POSITIONS_EACH = MOST_RECORDS + 1
"""From one instance's to the next: the positions of what is refused of a reply about it."""
_WITHOUT_INSTANCES = frozenset({TAGGING, StageName.CLASSIFICATION, StageName.INSTANCES})
"""The stages at whose questions a task has no instances yet."""


class Decider:
    """Stores what replies decide, and keeps the pool in step with the ledger.

    `rejected` counts what was refused, `kinds` the tasks by whether they are classification tasks, `copies` the candidates that
    repeat a demonstration of their prompt, where that is only counted.
    """

    def __init__(
        self, ledger: Ledger, pool: Pool, stages: RunStages, rules: JudgingSettings, decide: Decide = decide_now
    ) -> None:
        self._ledger = ledger
        self._pool = pool
        self._stages = stages
        self._decide = decide
        self.rejected = Counter(ledger.count_rejections())
        self.kinds: Counter[bool] = Counter()
        self._counts_copies = not stages.instructions.refuses_copies
        self.copies = count_copies(ledger) if self._counts_copies else 0
        self.unread = UnreadShare(rules, (verdict for _, verdict in ledger.verdicts()))

    def restore(self, tasks: Sequence[StoredTask]) -> None:
        """Add tasks that were kept earlier, in the order of the pool, with what was said of them."""
        self._pool.restore((task.id, task.instruction) for task in tasks)
        self.kinds.update(task.is_classification for task in tasks if task.is_classification is not None)
        for task in tasks if self._stages.tagging else ():
            self._tag(task)

    def instructions(self, reply: ReadReply, progress: Progress, target: int | None) -> tuple[Progress, list[StoredTask]]:
        """Decide an instruction reply from where `progress` stands, until its end or until `target` tasks are kept.

        Returns the progress after it and the tasks it brought.
        """
        request = progress.request
        read = [_moved(each, reply.begin) for each in reply.step.read if not isinstance(each, Instance)]
        position = _undecided_from(read, progress)
        kept: list[StoredTask] = []
        refused: list[tuple[int, Rejection]] = []
        while position < len(read) and (target is None or len(self._pool) < target):
            decided = self._offer(request, read[position], reply)
            if isinstance(decided, Rejection):
                refused.append((position, decided))
            else:
                kept.append(decided)
            position += 1
        is_done = position == len(read)
        after = Progress(
            request=request + 1 if is_done else request,
            offset=0 if is_done else read[position - 1].item + 1,
            last_kept=request if kept else progress.last_kept,
            granted_from=progress.granted_from,
        )
        with self._ledger.transaction():
            kept = [self._keep(task, reply.stage) for task in kept]
            for task in kept:
                self._tag(task)
            self._reject(request, refused)
            self._ledger.set_progress(after)
        return after, kept

    def follow_up(self, task: StoredTask, reply: Reply | Refusal) -> tuple[StoredTask, str | None]:
        """Decide the reply that a task awaited; return the task as it stands after it, and why it is asked about again."""
        if task.awaits is None:
            raise ValueError(f"task {task.id} is finished and awaits no reply")
        stage = self._stages[task.awaits.stage]
        step = self._decide(stage, task.awaits, self.about(task), reply)
        kind = task.is_classification if step.is_classification is None else step.is_classification
        self._count(task.is_classification, kind)
        if step.again is not None and step.wrong is not None:  # asked once more: of this reply nothing is kept
            after = replace(task, awaits=step.again)
            self._store(after, Step())
            return after, step.wrong
        about = Task(task.instruction, kind, step.instances)
        awaits = self._next(stage.name, task.id, about) if step.again is None and not step.is_last else step.again
        after = replace(task, is_classification=kind, awaits=awaits)
        self._store(after, step, task.awaits.instance)
        if stage is self._stages.tagging:
            self._tag(after)
        return after, None

    def refuse(self, task: StoredTask, reason: Reason, words: str) -> None:
        """End a task with a rejection at the stage that it awaits."""
        stage = task.awaits.stage if task.awaits else StageName.INSTANCES
        self._store(replace(task, awaits=None), Step((Rejection(stage, reason, words),)))
        self._pool.tag(task.id)

    def about(self, task: StoredTask) -> Task:
        """Return a task as stages see it; with its instances where the stage it awaits comes after theirs."""
        has_instances = task.awaits is not None and task.awaits.stage not in _WITHOUT_INSTANCES
        return Task(task.instruction, task.is_classification, self._ledger.instances_of(task.id) if has_instances else ())

    def wrong(self, task: StoredTask) -> str | None:
        """Return why a task's question is asked again, by the stored reply to the attempt before; None for a first one."""
        asked = task.awaits
        before = self._stages[asked.stage].before(asked) if asked else None
        if asked is None or before is None:
            return None
        return self._stages[asked.stage].decide(before, self.about(task), self._ledger.stored_reply(before)).wrong

    def _offer(self, request: int, read: Candidate | Rejection, reply: ReadReply) -> StoredTask | Rejection:
        if isinstance(read, Rejection):
            return read
        first = RequestId(StageName.CLASSIFICATION, request, read.item)
        decision = self._pool.offer(first.task, read.text)
        if isinstance(decision, TooSimilar):
            if self._counts_copies and decision.neighbour.score == 1:
                self.copies += decision.neighbour.text in (self._ledger.prompt(request, reply.attempt) or "")
            evidence: dict[str, str | float] = {"nearest": decision.neighbour.text, "score": decision.neighbour.score}
            return Rejection(reply.stage, Reason.TOO_SIMILAR, read.text, read.item, evidence)
        tagging = self._stages.tagging
        awaits = tagging and tagging.first(first.task, Task(read.text, None))
        return StoredTask(first.task, read.text, None, awaits or first, reply.attempt)

    def _tag(self, task: StoredTask) -> None:
        """Say in the pool what a model said of a task that its words do not tell, or that it is yet to be asked."""
        tagging = self._stages.tagging
        if tagging and task.awaits and task.awaits.stage == tagging.name:
            self._pool.await_tag(task.id)
        elif tagging and tagging.first(task.id, Task(task.instruction, None)):
            self._pool.tag(task.id, entries_of(tagging.tags(task.id, Task(task.instruction, None), self._ledger.reply)))

    def _keep(self, task: StoredTask, stage: str) -> StoredTask:
        """Store a kept task; one whose output is there already with that, as if it had been written for it."""
        self._ledger.add_task(task)
        proposer = self._stages[stage]
        lineage = self._ledger.lineage(task.id.request) if isinstance(proposer, ProposingStage) else None
        output = proposer.output(lineage) if isinstance(proposer, ProposingStage) and lineage else None
        if output is None:
            return task
        request = RequestId(StageName.INSTANCES, task.id.request, task.id.item)
        about = Task(task.instruction, False)
        step = self._stages[request.stage].conclude(about, [Instance("", output)], request)
        awaits = self._next(request.stage, task.id, replace(about, instances=step.instances))
        after = replace(task, is_classification=False, awaits=awaits)
        self.kinds[False] += 1
        self._store(after, step)
        return after

    def _next(self, stage: str, task: TaskId, about: Task) -> RequestId | None:
        """Return the first question of the next stage that has one; the instances in `about` are those being stored."""
        later = self._stages.after(stage)
        if later and not about.instances and stage not in _WITHOUT_INSTANCES:
            about = replace(about, instances=self._ledger.instances_of(task))
        return next((first for each in later if (first := each.first(task, about))), None)

    def _store(self, task: StoredTask, step: Step, instance: int = 0) -> None:
        first = instance * POSITIONS_EACH
        placed = [(position, replace(each, item=task.id.item)) for position, each in enumerate(step.rejections, first)]
        with self._ledger.transaction():
            self._ledger.update_task(task)
            if step.instances:
                self._ledger.add_instances(task.id, step.instances)
            if step.verdicts:
                self._ledger.add_verdicts(task.id, step.verdicts)
            if placed:
                self._reject(task.id.request, placed)
        self.unread.add(step.verdicts)

    def _count(self, before: bool | None, kind: bool | None) -> None:
        if kind is not before and kind is not None:
            self.kinds[kind] += 1
            if before is not None:
                self.kinds[before] -= 1

    def _reject(self, request: int, refused: Iterable[tuple[int, Rejection]]) -> None:
        refused = list(refused)
        self._ledger.add_rejections(request, refused)
        self.rejected.update((each.stage, each.reason) for _, each in refused)


def tally_of(ledger: Ledger, settings: Settings) -> Tally:
    """Return what a run has decided, for `advice`; read it within one `Ledger.snapshot`."""
    kinds = Counter(task.is_classification for task in ledger.tasks())
    return Tally(
        decided=ledger.progress.request,
        kept=kinds.total(),
        rejected=ledger.count_rejections(),
        kinds={kind: kinds[kind] for kind in (True, False)},
        copies=count_copies(ledger) if settings.instructions.copies == "count" else 0,
        expected=expected_yield(settings),
        is_classification_only=settings.instructions.classification_only,
    )


def count_copies(ledger: Ledger) -> int:
    """Return how many of the candidates refused as too similar repeat a demonstration of their own prompt."""
    same = ((place, one) for place, one in ledger.rejections() if one.evidence.get("score") == 1)
    return sum(str(one.evidence["nearest"]) in (ledger.prompt(place.request) or "") for place, one in same)


def _moved(read: Candidate | Rejection, begin: int) -> Candidate | Rejection:
    return replace(read, item=begin + read.item) if begin else read


def _undecided_from(read: Sequence[Candidate | Rejection], progress: Progress) -> int:
    """Return the position of the first record that is not decided yet."""
    if progress.position is not None:
        return progress.position
    return next((at for at, each in enumerate(read) if each.item >= progress.offset), len(read)) if progress.offset else 0
