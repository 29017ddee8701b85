"""A small run, written through the ledger as the loop would: every state a task can be in, and a rejection at each stage."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.scripted import plan

from self_instruct.ledger import Ledger, Progress, RequestId, StoredTask, TaskId
from self_instruct.records.replies import Refusal, Reply, Usage
from self_instruct.records.tasks import Instance, Reason, Rejection, StageName

LETTER = TaskId(0, 0)
SORT = TaskId(0, 31)
UNCLEAR = TaskId(0, 60)
UNWRITTEN = TaskId(1, 0)
UNASKED = TaskId(1, 44)
REFUSED = TaskId(2, 0)

INSTRUCTIONS = {
    LETTER: "Write a letter to a neighbour.",
    SORT: "Say whether the word is warm or cold.",
    UNCLEAR: "Consider the following thing.",
    UNWRITTEN: "Name the capital of the given country.",
    UNASKED: "列出三条流经多个国家的河流。",
    REFUSED: "Describe how a lock is opened without its key.",
}
LETTERS = [Instance("", "Dear neighbour, ..."), Instance("about the hedge", "Dear neighbour, your hedge ...")]
SORTED = [Instance(f"word {number}", "cold" if number == 6 else "warm") for number in range(7)]


@pytest.fixture
def make_run(tmp_path: Path) -> Iterator[Callable[..., Ledger]]:
    """Return a function that writes the small run with some settings into a folder of its own."""
    made: list[Ledger] = []

    def make(name: str = "run", **settings: Any) -> Ledger:
        ledger = Ledger.create(tmp_path / name, plan(**settings).facts())
        made.append(ledger)
        _write_replies(ledger)
        _write_decisions(ledger)
        return ledger

    yield make
    for ledger in made:
        ledger.close()


@pytest.fixture
def run(make_run: Callable[..., Ledger]) -> Ledger:
    return make_run()


def _write_replies(ledger: Ledger) -> None:
    for request in range(3):
        ledger.store_reply(
            RequestId(StageName.INSTRUCTIONS, request),
            Reply(f"list {request}", "stop", Usage(100, 50)),
            prompt=f"ask {request}",
        )
    answers = {LETTER: " No", SORT: "Yes.", UNWRITTEN: "no", REFUSED: "No"}
    for task, text in answers.items():
        ledger.store_reply(RequestId(StageName.CLASSIFICATION, task.request, task.item), Reply(text, "stop", Usage(20, 1)))
    for attempt, text in ((1, "Hm"), (2, "Hard to say")):
        ledger.store_reply(RequestId(StageName.CLASSIFICATION, UNCLEAR.request, UNCLEAR.item, attempt), Reply(text, "stop"))
    for task, reply in {
        LETTER: Reply("Output: Dear neighbour, ...", "stop", Usage(30, 9)),
        SORT: Reply("Class label: warm\nword 0", "length", Usage(30, 9)),
        REFUSED: Refusal("this was flagged by our filter"),
    }.items():
        ledger.store_reply(RequestId(StageName.INSTANCES, task.request, task.item), reply)


def _write_decisions(ledger: Ledger) -> None:
    with ledger.transaction():
        kinds = {LETTER: False, SORT: True, UNWRITTEN: False, REFUSED: False}
        awaits = {
            UNWRITTEN: RequestId(StageName.INSTANCES, UNWRITTEN.request, UNWRITTEN.item),
            UNASKED: RequestId(StageName.CLASSIFICATION, UNASKED.request, UNASKED.item),
        }
        for task, instruction in INSTRUCTIONS.items():
            ledger.add_task(StoredTask(task, instruction, kinds.get(task), awaits.get(task)))
        ledger.add_instances(LETTER, LETTERS)
        ledger.add_instances(SORT, SORTED)
        near: dict[str, str | float] = {"nearest": "Write a letter to a neighbour.", "score": 0.75}
        ledger.add_rejections(
            0, [(3, Rejection(StageName.INSTRUCTIONS, Reason.TOO_SIMILAR, "Write a letter to a friend.", 90, near))]
        )
        ledger.add_rejections(
            0, [(0, Rejection(StageName.CLASSIFICATION, Reason.NEITHER_YES_NOR_NO, "Hard to say", UNCLEAR.item))]
        )
        ledger.add_rejections(0, [(0, Rejection(StageName.INSTANCES, Reason.EMPTY_OUTPUT, "", SORT.item, {"input": "word 9"}))])
        ledger.add_rejections(2, [(0, Rejection(StageName.INSTANCES, Reason.REFUSED_BY_PROVIDER, "flagged", REFUSED.item))])
        ledger.set_progress(Progress(3, 0, 2, 0))
