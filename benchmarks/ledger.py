"""Measure the ledger alone: CPU to store a reply and to decide from it, bytes a reply, and what going on reads.

.venv/bin/python benchmarks/ledger.py [REPLIES]

As a run does: each reply and each decision is a transaction; eight tasks a request, one instance a task.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from self_instruct.ledger import Ledger, Progress, RequestId, StoredTask, TaskId
from self_instruct.records.replies import Reply, Served, Usage
from self_instruct.records.tasks import Instance, Reason, Rejection, StageName
from self_instruct.settings.sections import Price

REPLIES, TASKS_EACH = 10_000, 8
LIST, PROMPT, INSTRUCTION, OUTPUT = "word " * 160, "word " * 200, "word " * 15, "word " * 60
PRICE = Price(input=Decimal("0.4"), output=Decimal("1.6"), cached_input=Decimal("0.1"))
SERVED = Served("gpt-4.1-mini-2025-04-14", "req_0123456789abcdef0123456789abcdef", 1764000000.123, 1.234)


class Costs:
    """Seconds of CPU by what they were spent on."""

    def __init__(self) -> None:
        self.seconds = Counter[str]()

    @contextmanager
    def of(self, what: str) -> Iterator[None]:
        """Count what a block takes."""
        start = time.process_time()
        yield
        self.seconds[what] += time.process_time() - start


def fill(ledger: Ledger, replies: int, costs: Costs) -> None:
    """Store so many replies, and decide from each."""

    def store(request: RequestId, text: str, prompt: str | None = None) -> None:
        reply = Reply(text, "stop", Usage(800, 250, 0, 0), "openai:gpt-4.1-mini", SERVED)
        with costs.of("store"):
            ledger.store_reply(request, reply, prompt=prompt, at_most=Usage(900, 1024), price=PRICE)

    for number in range(replies // (1 + 2 * TASKS_EACH)):
        store(RequestId(StageName.INSTRUCTIONS, number), LIST, PROMPT)
        asked = [RequestId(StageName.CLASSIFICATION, number, place * 60) for place in range(TASKS_EACH)]
        tasks = [StoredTask(request.task, INSTRUCTION, None, request) for request in asked]
        similar = Rejection(StageName.INSTRUCTIONS, Reason.TOO_SIMILAR, INSTRUCTION, 500, {"nearest": LIST[:70], "score": 0.75})
        with costs.of("decide"), ledger.transaction():
            for task in tasks:
                ledger.add_task(task)
            ledger.add_rejections(number, [(TASKS_EACH, similar)])
            ledger.set_progress(Progress(number + 1, 0, number, 0))
        for task, request in zip(tasks, asked, strict=True):
            store(request, " No")
            second = replace(task, is_classification=False, awaits=replace(request, stage=StageName.INSTANCES))
            with costs.of("decide"), ledger.transaction():
                ledger.update_task(second)
            store(replace(request, stage=StageName.INSTANCES), OUTPUT)
            with costs.of("decide"), ledger.transaction():
                ledger.update_task(replace(second, awaits=None))
                ledger.add_instances(TaskId(number, request.item), [Instance("", OUTPUT)])


def main() -> None:
    """Fill a ledger, go on with it, and print what that took."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else REPLIES
    costs = Costs()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        with Ledger.create(run, {}) as ledger:
            fill(ledger, wanted, costs)
        with costs.of("open"), Ledger.open(run) as ledger:
            pass
        with Ledger.open(run) as ledger:
            with costs.of("tasks"):
                tasks = sum(1 for _ in ledger.tasks())
            with costs.of("spending"):
                replies = sum(spent.requests for spent in ledger.spending().values())
            with costs.of("faults"):
                ledger.faults()
            size = ledger.path.stat().st_size
    each = {what: f"{costs.seconds[what] / replies * 1e6:.0f} µs a reply" for what in ("store", "decide")}
    read = {what: f"{costs.seconds[what] * 1000:.0f} ms" for what in ("open", "tasks", "spending", "faults")}
    print(f"{replies:,} replies, {tasks:,} tasks, {size / replies:.0f} bytes a reply:", {**each, **read})


if __name__ == "__main__":
    main()
