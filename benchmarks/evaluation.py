"""Measure what an evaluation costs beyond the model: CPU an instance, to ask and store it, and to score its answer.

    .venv/bin/python benchmarks/evaluation.py [--instances N] [--words N] [--json]

The model is a function that answers at once with a text of so many words; the references are some words of it, so that the
answers are long ones to compare. Asking goes through retries, budget and ledger as `evaluate` does; scoring has three readings.
"""

from __future__ import annotations

import argparse
import json
import random
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.answering import answer_all
from self_instruct.evaluation.evaluating import stored_result
from self_instruct.evaluation.metrics import rouge_l
from self_instruct.evaluation.plan import EvaluationPlan, said
from self_instruct.evaluation.task_sets import TaskInstance, TaskSet
from self_instruct.ledger import Ledger
from self_instruct.records.replies import Refusal, Reply, Usage

VOCABULARY = [f"{start}{middle}ing" for start in "bcdfghklmnprst" for middle in ("a", "ell", "ist", "oon", "umb", "y")]


@dataclass(frozen=True)
class Cost:
    """Milliseconds of CPU an instance; `start_ms`, to import the stemmer, and `summary_ms`, for all intervals, are once.

    `own_ms` has its share of the start, which is most of it.
    """

    instances: int
    words: int
    asking_ms: float
    scoring_ms: float
    own_ms: float
    start_ms: float
    summary_ms: float


class Instant:
    """Answers at once."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the text of that number."""
        return Reply(self._texts[question.id.request], "stop", Usage(100, 100))


def task_set(count: int, drawn: random.Random) -> TaskSet:
    """Return instances of a hundredth as many tasks, with two references each."""
    return tuple(
        TaskInstance(
            id=str(number),
            task=f"task{number % max(2, count // 100)}",
            instruction="Write what follows.",
            input=" ".join(drawn.choices(VOCABULARY, k=30)),
            references=tuple(" ".join(drawn.choices(VOCABULARY, k=20)) for _ in range(2)),
            category=f"kind {number % 7}",
        )
        for number in range(count)
    )


def cost(count: int, words: int) -> Cost:
    """Return what so many instances cost, with answers of so many words."""
    drawn = random.Random(0)
    tasks = task_set(count, drawn)
    texts = [" ".join(drawn.choices(VOCABULARY, k=words)) for _ in tasks]
    plan = EvaluationPlan.new(said(model="offline"), tasks, "made up")
    with tempfile.TemporaryDirectory() as folder, Ledger.create(Path(folder) / "run", plan.facts()) as ledger:
        started = time.process_time()
        rouge_l("the stemmer", ["is imported"])
        begun = time.process_time()
        answer_all(ledger, list(plan.questions()), Instant(texts), plan.settings)
        asked = time.process_time()
        result = stored_result(ledger, plan)
        scored = time.process_time()
        result.summary()
        summed_up = time.process_time()
    once_ms, asking_ms, scoring_ms, summary_ms = (
        each * 1e3 for each in (begun - started, (asked - begun) / count, (scored - asked) / count, summed_up - scored)
    )
    own_ms = asking_ms + scoring_ms + once_ms / count
    return Cost(count, words, asking_ms, scoring_ms, own_ms, once_ms, summary_ms)


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instances", type=int, default=1000)
    parser.add_argument("--words", type=int, default=100, help="of an answer")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = cost(options.instances, options.words)
    if options.json:
        print(json.dumps(asdict(found), indent=2))
        return
    print(f"{found.instances:,} instances, answers of {found.words} words, CPU")
    print(f"asking   {found.asking_ms:7.3f} ms an instance")
    print(f"scoring  {found.scoring_ms:7.3f} ms an instance")
    print(f"start    {found.start_ms:7.1f} ms in all, to import rouge-score's stemmer")
    print(f"own      {found.own_ms:7.3f} ms an instance, the start in it")
    print(f"summary  {found.summary_ms:7.1f} ms in all, 10,000 resamples of three readings")


if __name__ == "__main__":
    main()
