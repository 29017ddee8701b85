"""Ask a run's questions in a provider's batches: gathered while a pass goes on, and asked between two passes.

Between the loop and the ledger. A pass (the loop, or a list of questions) hands over what is to be asked in batches instead of
sending it, and ends when nothing else is under way. What it handed over is written down, asked, waited for, and stored as
replies; the next pass then decides them as it decides any reply that is stored. So a batch is no other way to decide anything,
the dataset is that of the run that asks online, and a run that is killed goes on where its ledger says.

Order of what is written: the lines in a file; then, in one transaction, the batch by its tag and its lines as requests sent, so
that budgets count them; then the provider's id. Between the last two the provider may have made one that nobody heard of: it is
looked for by its tag before another is made.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from decimal import Decimal

from self_instruct.chains.models.batches import custom_id
from self_instruct.chains.models.question import Question
from self_instruct.chains.models.refused_parameters import LeftOut
from self_instruct.chains.models.replies import Model
from self_instruct.chains.runs.batch_doors import Doors
from self_instruct.chains.runs.batch_files import FOLDER, NewBatchFile, encoded, remove_all_but
from self_instruct.chains.runs.batch_settling import Settling
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.signals import stopped_by_signals
from self_instruct.ledger import Ledger, RequestId, SentRequest, StoredBatch
from self_instruct.settings.sections import ModelChoice
from self_instruct.settings.settings import Settings


class Batching:
    """The batches of one run; takes questions out of the flight, and asks them in `rounds`.

    `choices` say which model is asked, by the stages' names, and `models` are those; `stages` are the ones asked in batches.
    `say` is told a sentence when something changes, `clock` gives seconds since 1970.
    """

    def __init__(
        self,
        ledger: Ledger,
        settings: Settings,
        models: Mapping[str, Model],
        *,
        choices: Mapping[str, ModelChoice],
        stages: Collection[str],
        warn: Callable[[str], None],
        say: Callable[[str], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger = ledger
        self._settings = settings.batch
        self._stages = stages
        self._clock = clock
        self._folder = ledger.path.parent / FOLDER
        self._doors = Doors(settings, choices, models, LeftOut.of(ledger, warn))
        self._tried: Counter[RequestId] = Counter()
        self._settling = Settling(ledger, self._doors, settings, self._folder, self._tried, say)
        self._files: dict[str, NewBatchFile] = {}
        self._full: list[tuple[str, NewBatchFile]] = []
        self._given_up = 0

    @property
    def price_share(self) -> Decimal:
        """What a question in a batch costs, as a share of its price."""
        return self._settings.price

    def __len__(self) -> int:
        """Return how many questions wait, those that were tried too often among them."""
        files = [*self._files.values(), *(file for _, file in self._full)]
        return sum(len(file.sent) for file in files) + self._given_up

    def takes(self, question: Question) -> bool:
        """Return whether a question is asked in a batch: no more where one has left it, and it is to be finished online."""
        if question.id.stage not in self._stages:
            return False
        return not (self._settings.finish_online and self._tried[question.id])

    def add(self, question: Question, sent: SentRequest, prompt: str | None) -> None:
        """Write a question into the file of the next batch of its model; one that was tried too often is only counted."""
        if self._tried[question.id] >= self._settings.tries:
            self._given_up += 1
            return
        door = self._doors.of_stage(question.id.stage)
        first = next((stage for stage in self._files if self._doors.of_stage(stage) is door), question.id.stage)
        file = self._files.get(first) or NewBatchFile(self._folder)
        line = encoded(door.line(custom_id(file.key, len(file.sent)), question))
        if file.sent and file.size + len(line) > door.most_bytes:
            self._full.append((first, file))
            file = NewBatchFile(self._folder)
            line = encoded(door.line(custom_id(file.key, 0), question))
        file.add(line, sent, prompt)
        self._files[first] = file
        if len(file.sent) >= min(self._settings.lines, self._settling.most_lines(door)):
            self._full.append((first, self._files.pop(first)))

    async def rounds(self, one_pass: Callable[[], Awaitable[Outcome]]) -> Outcome:
        """Return how a run ended that goes in passes, with the batches that each leaves asked before the next."""
        remove_all_but(self._folder, [batch for batch in self._ledger.batches() if not batch.is_ended])
        try:
            while True:
                stopped = await self._settling.run()
                outcome = stopped or await one_pass()
                if outcome.ending is not Ending.BATCHED:
                    return outcome
                if len(self) == self._given_up:
                    return Outcome(Ending.UNAVAILABLE, self._settling.left_unanswered(self._given_up))
                self._write_down()
        finally:
            self._discard()

    async def cancelled(self) -> Outcome:
        """Return how it ended to cancel the open batches, and to wait until their provider has stopped them."""
        if not (batches := self._settling.open()):
            return Outcome(Ending.DONE, "no batch is open")
        with stopped_by_signals(lambda: None, self.stop):
            await self._settling.cancel()
            stopped = await self._settling.run()
        return stopped or Outcome(Ending.DONE, f"{len(batches)} batches are cancelled; generate asks what they left")

    def stop(self) -> None:
        """Wait for no batch any more; those that are made go on at the provider."""
        self._settling.stop()

    def _write_down(self) -> None:
        """Note what was gathered as batches that are to be made, with all their lines, in one transaction."""
        files = [*self._full, *self._files.items()]
        with self._ledger.transaction():
            for stage, file in files:
                tag, now = file.closed(), self._clock()
                self._ledger.set_batch(StoredBatch(tag, stage, self._doors.choice(stage), len(file.sent), now))
                for line, sent in enumerate(file.sent):
                    self._ledger.add_sent(replace(sent, batch=tag, line=line))
                self._settling.expect(tag)
        self._full.clear()
        self._files.clear()
        self._given_up = 0

    def _discard(self) -> None:
        for file in [*self._files.values(), *(file for _, file in self._full)]:
            file.discard()
        self._files.clear()
        self._full.clear()


async def in_rounds(batching: Batching | None, one_pass: Callable[[], Awaitable[Outcome]]) -> Outcome:
    """Return how a run ended, be it in one pass or, with batches, in several."""
    return await one_pass() if batching is None else await batching.rounds(one_pass)


def has_open_batch(ledger: Ledger) -> bool:
    """Return whether a batch of this run has not ended, as far as is known."""
    return any(not batch.is_ended for batch in ledger.batches())


def cancel_batches(ledger: Ledger, say: Callable[[str], None]) -> Outcome:
    """Return how it ended to stop the open batches of a run at their provider and to store what they had answered by then.

    Their models are loaded as they were when the batches were made. Signals stop the waiting, not the cancelling. Raises
    `InputError` of every kind that a provider brings.
    """
    settings = Settings.model_validate(ledger.fact("settings"))
    batching = Batching(ledger, settings, {}, choices={}, stages=(), warn=say, say=say)
    return asyncio.run(batching.cancelled())
