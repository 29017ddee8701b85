"""One index under load from threads and tasks: no crash, no lost row, and decisions as in some order one after the other.

Two seconds; `SELF_INSTRUCT_LOAD_SECONDS=60` makes it a minute.
"""

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from random import Random

import pytest

from self_instruct.retrievers.novelty import Kept, Neighbour, NoveltyIndex, TooSimilar

LOAD_S = float(os.environ.get("SELF_INSTRUCT_LOAD_SECONDS", "2"))
WORDS = [f"w{number}" for number in range(60)]


@dataclass(frozen=True)
class Answer:
    """What the index said of a text, and how many rows it had before and after it was asked."""

    text: str
    answer: Kept | Neighbour | None
    before: int
    after: int


class Watched:
    """An index that writes down what it says. Lists may be appended to by several threads."""

    def __init__(self) -> None:
        self.index = NoveltyIndex()
        self.answers: list[Answer] = []

    def offer(self, text: str) -> None:
        before = len(self.index)
        self._write(text, self.index.offer(text), before)

    def offer_all(self, texts: list[str]) -> None:
        before = len(self.index)
        for text, decision in zip(texts, self.index.offer_all(texts), strict=True):
            self._write(text, decision, before)

    def ask(self, text: str) -> None:
        before = len(self.index)
        self._write(text, self.index.nearest_too_similar(text), before)

    def add(self, text: str) -> None:
        before = len(self.index)
        self._write(text, Kept(self.index.add(f"{text} {before}")), before, f"{text} {before}")

    def _write(self, text: str, decision: Kept | TooSimilar | Neighbour | None, before: int, added: str | None = None) -> None:
        answer = decision.neighbour if isinstance(decision, TooSimilar) else decision
        self.answers.append(Answer(added or text, answer, before, len(self.index)))


def some_texts(random: Random, count: int) -> list[str]:
    """Return texts of 4 to 12 words, of which every second differs from the one before in one word."""
    texts: list[str] = []
    for _ in range(count):
        own = texts[-1].split() if texts and random.random() < 0.5 else random.choices(WORDS, k=random.randint(4, 12))
        own[random.randrange(len(own))] = random.choice(WORDS)
        texts.append(" ".join(own))
    return texts


def work(watched: Watched, random: Random) -> None:
    """Do what one thread does: everything an index can do, in some order."""
    for text in some_texts(random, 60):
        what = random.random()
        if what < 0.6:
            watched.offer(text)
        elif what < 0.8:
            watched.ask(text)
        elif what < 0.9:
            watched.add(text)
        else:
            watched.offer_all(some_texts(random, 10))


async def work_in_tasks(watched: Watched, random: Random) -> None:
    """Do what 16 tasks of one event loop do: some call the index themselves, some leave that to a thread."""

    async def one(texts: list[str]) -> None:
        for text in texts:
            if random.random() < 0.5:
                watched.offer(text)
            else:
                await asyncio.to_thread(watched.offer, text)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(some_texts(random, 5)) for _ in range(16)))


def load(seed: int) -> Watched:
    """Return an index after three threads and an event loop have worked with it at the same time."""
    watched = Watched()
    jobs: list[Callable[[], object]] = [partial(work, watched, Random(f"{seed} {number}")) for number in range(3)]
    jobs.append(lambda: asyncio.run(work_in_tasks(watched, Random(f"{seed} tasks"))))
    with ThreadPoolExecutor(max_workers=len(jobs)) as threads:
        for done in [threads.submit(job) for job in jobs]:
            done.result()
    return watched


def replay(watched: Watched) -> None:
    """Add the rows again in their order, and put each question at the first moment at which its answer can have been given."""
    added = {answer.answer.row: answer for answer in watched.answers if isinstance(answer.answer, Kept)}
    assert sorted(added) == list(range(len(watched.index)))
    asked: dict[int, list[Answer]] = {}
    for answer in watched.answers:
        asked.setdefault(moment(answer), []).append(answer)
    again = NoveltyIndex()
    for row in range(len(added) + 1):
        for answer in asked.pop(row, []):
            assert answer.before <= row <= answer.after
            if not isinstance(answer.answer, Kept):
                assert again.nearest_too_similar(answer.text) == answer.answer
        if row < len(added):
            is_added_anyway = added[row].text.split()[-1].isdigit()
            assert (again.add(added[row].text) if is_added_anyway else again.offer(added[row].text)) in (row, Kept(row))
    assert not asked


def moment(answer: Answer) -> int:
    """Return the fewest rows with which the answer can have been given: what is nearest only ever gets nearer."""
    if isinstance(answer.answer, Kept):
        return answer.answer.row
    return max(answer.before, answer.answer.row + 1) if answer.answer else answer.before


@pytest.mark.usefixtures("hasty_threads")
def test_under_load_the_decisions_are_those_of_some_order_and_no_row_is_lost() -> None:
    end, rounds = time.monotonic() + LOAD_S, 0
    refused = kept = 0
    while rounds == 0 or time.monotonic() < end:
        watched = load(rounds)
        replay(watched)
        rounds += 1
        refused += sum(isinstance(answer.answer, Neighbour) for answer in watched.answers)
        kept += len(watched.index)
    assert min(refused, kept) >= 100 * rounds


def test_the_replay_notices_an_answer_that_no_order_gives() -> None:
    watched = Watched()
    watched.offer("w1 w2 w3 w4")
    watched.ask("w1 w2 w3 w5")
    replay(watched)
    watched.answers[-1] = Answer("w1 w2 w3 w5", None, 1, 1)
    with pytest.raises(AssertionError):
        replay(watched)
