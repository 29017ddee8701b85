"""Bring a run's open batches to their end: make them, find what was made unheard, wait, and store the answers.

Whatever a batch leaves unanswered (expired, cancelled, failed lines) is no longer sent, and the next pass hands it over again.
A failure to ask is met at the next look, `retries` times in a row. Nothing here needs the process that made a batch: all it
knows is in the ledger.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from self_instruct.chains.models.batches import KEY_LENGTH, BatchDoor, LineAnswer, Look, NotToldYetError, line_of
from self_instruct.chains.models.provider_errors import explained
from self_instruct.chains.runs.batch_doors import Doors
from self_instruct.chains.runs.batch_files import lines_file, remove, stored_prompts
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.ledger import Ledger, RequestId, SentRequest, StoredBatch
from self_instruct.records.errors import ModelDeniedError, ModelRefusedError, ModelUnavailableError, SelfInstructError
from self_instruct.records.replies import Refusal, Reply
from self_instruct.settings.settings import Settings

STORED_AT_ONCE = 500  # answers in one transaction
SHOWN_STEPS = 10  # of a batch's progress
CANCELLED = "cancelled"
T = TypeVar("T")


class Settling:
    """The open batches of one run. `tried` counts the batches that have left a request unanswered since the start."""

    def __init__(
        self,
        ledger: Ledger,
        doors: Doors,
        settings: Settings,
        folder: Path,
        tried: Counter[RequestId],
        say: Callable[[str], None],
    ) -> None:
        self._ledger = ledger
        self._doors = doors
        self._settings = settings
        self._folder = folder
        self._tried = tried
        self._say = say
        self._fresh: set[str] = set()
        self._most_lines: dict[int, int] = {}  # by door, where the provider took no larger one
        self._shown: dict[str, tuple[str, int]] = {}
        self._left: Counter[str] = Counter()
        self._stopping = asyncio.Event()

    def most_lines(self, door: BatchDoor) -> int:
        """Return how many lines a batch may have, as far as the provider has shown."""
        return self._most_lines.get(id(door), door.most_lines)

    def expect(self, tag: str) -> None:
        """Take note of a batch that was just written down: none can have been made of it yet."""
        self._fresh.add(tag)

    def stop(self) -> None:
        """Let `run` return; batches that are made go on at the provider."""
        self._stopping.set()

    def left_unanswered(self, count: int) -> str:
        """Return a sentence on questions that were in as many batches as may be."""
        why = ", ".join(f"{kind} {number:,}" for kind, number in self._left.most_common(3))
        return f"{count:,} questions were left unanswered by their batches ({why}); `finish_online` asks them one by one"

    async def run(self) -> Outcome | None:
        """Return None once no batch is open; else why that is waited for no longer."""
        failures = 0
        while batches := self.open():
            failure = None if self._stopping.is_set() else await self._look_at(batches)
            failures = failures + 1 if failure else 0
            if self._stopping.is_set() and (left := self.open()):
                return Outcome(Ending.INTERRUPTED, f"interrupted; {self._going_on(left)}")
            if failure and failures > self._settings.retries:
                return Outcome(Ending.UNAVAILABLE, f"the provider could not be asked for a batch: {failure}")
            if self.open():
                await self._wait()
        return None

    def open(self) -> list[StoredBatch]:
        """Return the batches that have not ended, as far as is known."""
        return [batch for batch in self._ledger.batches() if not batch.is_ended]

    async def cancel(self) -> None:
        """Ask the provider to stop every open batch, and forget those that were never made."""
        for batch in self.open():
            door = self._doors.of_batch(batch)
            batch_id = batch.batch_id or await _told(door.find(batch, self._known()))
            if batch_id is None:
                self._end(batch, {}, "it was never made")
                continue
            self._store(replace(batch, batch_id=batch_id))
            await _told(door.cancel(batch_id))

    # one look

    async def _look_at(self, batches: list[StoredBatch]) -> ModelUnavailableError | None:
        """Take each batch one step on; return why one could not be, if that may be cured."""
        failure = None
        for batch in batches:
            try:
                await self._step(batch)
            except NotToldYetError as waits:
                self._show(batch, str(waits), 0)
            except ModelUnavailableError as error:
                self._say(f"batch {batch.batch_id or batch.tag}: {error}; the next look is in {self._look_s:g} s")
                failure = error
            if self._stopping.is_set():
                break
        return failure

    async def _step(self, batch: StoredBatch) -> None:
        door = self._doors.of_batch(batch)
        if batch.batch_id is None:
            if self._must_wait(batch, door):
                return
            made = await self._made(batch, door)
            if made is None:
                return
            batch = made
        look = await _told(door.look(batch.batch_id or ""))
        said = f"{look.words}, {look.done:,} of {batch.lines:,} questions"
        if said != batch.said:
            batch = replace(batch, said=said)
            self._store(batch)
        self._show(batch, look.words, look.done)
        if look.is_ended:
            await self._take(batch, door, look)

    def _must_wait(self, batch: StoredBatch, door: BatchDoor) -> bool:
        """Return whether another is to end first: where the account's quota has no room for two."""
        others = (each for each in self.open() if each.tag != batch.tag and each.batch_id is not None)
        return id(door) in self._most_lines and any(self._doors.of_batch(each) is door for each in others)

    async def _made(self, batch: StoredBatch, door: BatchDoor) -> StoredBatch | None:
        """Return a batch with the provider's id: one that was made unheard, or a new one; None where it could not be made."""
        is_fresh = batch.tag in self._fresh
        self._fresh.discard(batch.tag)
        batch_id = None if is_fresh else await _told(door.find(batch, self._known()))
        if batch_id is None:
            lines = lines_file(self._folder, batch)
            if lines is None:
                self._end(batch, {}, "its file of lines is gone")
                return None
            try:
                batch_id = await _told(door.make(batch, lines))
            except (ModelDeniedError, ModelRefusedError) as error:  # refused: none was made
                self._end(batch, {}, str(error))
                if isinstance(error, ModelDeniedError) or batch.lines == 1:
                    raise
                self._narrow(door, batch)
                return None
        batch = replace(batch, batch_id=batch_id)
        self._store(batch)
        return batch

    def _known(self) -> set[str]:
        return {batch.batch_id for batch in self._ledger.batches() if batch.batch_id}

    def _narrow(self, door: BatchDoor, batch: StoredBatch) -> None:
        """Make batches half as large from now on, and one at a time."""
        self._most_lines[id(door)] = max(1, batch.lines // 2)
        self._say(f"batch {batch.batch_id or batch.tag}: is too large for the provider now; half as many lines are next")

    # an end

    async def _take(self, batch: StoredBatch, door: BatchDoor, look: Look) -> None:
        """Store what a batch that has ended answered, and note that it has."""
        waiting = {sent.line: sent for sent in self._ledger.sent(batch.tag) if sent.line is not None}
        if look.fault:
            return self._take_fault(batch, door, look, waiting)
        failed: dict[int, SelfInstructError] = {}
        answered: list[tuple[SentRequest, Reply | Refusal]] = []
        prompts = stored_prompts(self._folder, batch)
        with explained():
            async for line in door.answers(batch.batch_id or "", look):
                self._sort(line, batch, waiting, answered, failed)
                if len(answered) >= STORED_AT_ONCE:
                    self._store_answers(batch, answered, prompts)
        with self._ledger.transaction():
            self._store_answers(batch, answered, prompts)
            self._end(batch, waiting, look.words, failed)
        denied = next((error for error in failed.values() if not isinstance(error, ModelUnavailableError)), None)
        if denied:
            raise denied
        return None

    def _take_fault(self, batch: StoredBatch, door: BatchDoor, look: Look, waiting: dict[int, SentRequest]) -> None:
        """End a batch of which no line was asked: in smaller ones where that helps, else as the denial it is."""
        is_quota = look.is_quota and batch.lines > 1
        self._end(batch, {} if is_quota else waiting, f"{look.words}: {look.fault}")
        if is_quota:
            return self._narrow(door, batch)
        if look.is_quota:
            raise ModelUnavailableError(f"the provider's quota has no room for a single line: {look.fault}", kind="quota")
        raise ModelDeniedError(f"the provider refused the batch {batch.batch_id}: {look.fault}")

    def _sort(
        self,
        line: LineAnswer,
        batch: StoredBatch,
        waiting: dict[int, SentRequest],
        answered: list[tuple[SentRequest, Reply | Refusal]],
        failed: dict[int, SelfInstructError],
    ) -> None:
        """Note what one line brought; what was stored before, comes twice or is none of ours is passed over."""
        number = line_of(line.custom_id, batch.tag)
        if number is None or number not in waiting:
            return
        if isinstance(line.answer, SelfInstructError):
            failed[number] = line.answer
        else:
            failed.pop(number, None)
            answered.append((waiting.pop(number), line.answer))

    def _store_answers(
        self, batch: StoredBatch, answered: list[tuple[SentRequest, Reply | Refusal]], prompts: dict[int, str]
    ) -> None:
        """Make answers durable, and their lines no longer sent; what was taken is taken off the list."""
        with self._ledger.transaction():
            for sent, answer in answered:
                served = replace(answer.served, asked_at=batch.written_at)
                reply = replace(answer, model=sent.model, served=served)
                prompt = prompts.get(sent.line or 0)
                self._ledger.store_reply(sent.request, reply, prompt=prompt, at_most=sent.at_most, price=sent.price)
                self._ledger.forget_sent(sent)
        answered.clear()

    def _end(
        self,
        batch: StoredBatch,
        unanswered: dict[int, SentRequest],
        words: str,
        failed: dict[int, SelfInstructError] | None = None,
    ) -> None:
        """Note that a batch has ended, and that what it left unanswered is sent no more; that counts as a try."""
        is_cancelled = words == CANCELLED
        with self._ledger.transaction():
            for sent in self._ledger.sent(batch.tag):
                self._ledger.forget_sent(sent)
            self._ledger.set_batch(replace(batch, said=words, is_ended=True))
        for line, sent in unanswered.items():
            self._tried[sent.request] += self._settings.batch.tries if is_cancelled else 1
            error = (failed or {}).get(line)
            self._left[error.kind if isinstance(error, ModelUnavailableError) else words] += 1
        left = f", {len(unanswered):,} not" if unanswered else ""
        self._say(f"batch {batch.batch_id or batch.tag}: {words}; {batch.lines - len(unanswered):,} questions answered{left}")
        remove(self._folder, batch.tag[:KEY_LENGTH])

    # saying and waiting

    def _store(self, batch: StoredBatch) -> None:
        self._ledger.set_batch(batch)

    def _show(self, batch: StoredBatch, words: str, done: int) -> None:
        """Say where a batch is, where that has changed by a tenth of it or in words."""
        step = (words, SHOWN_STEPS * done // max(1, batch.lines))
        if self._shown.get(batch.tag) != step:
            self._shown[batch.tag] = step
            self._say(f"batch {batch.batch_id or batch.tag}: {words}, {done:,} of {batch.lines:,} questions")

    def _going_on(self, left: list[StoredBatch]) -> str:
        made = [batch for batch in left if batch.batch_id]
        lines = sum(batch.lines for batch in made)
        names = ", ".join(str(batch.batch_id) for batch in made[:3]) + (", ..." if len(made) > 3 else "")
        return f"{len(made)} of {len(left)} open batches ({lines:,} questions) go on at the provider: {names or 'none yet'}"

    @property
    def _look_s(self) -> float:
        return self._settings.batch.look_every_s

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), self._look_s)


async def _told(asked: Awaitable[T]) -> T:
    """Return what the provider answers; what its client raises is raised as one of our errors."""
    with explained():
        return await asked
