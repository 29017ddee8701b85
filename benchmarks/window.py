"""Measure what a wide window costs: how stale demonstrations change acceptance, diversity and requests.

    .venv/bin/python benchmarks/window.py [--tasks 2000] [--windows 1,16,64,256,1024] [--model offline] [--base-url URL]

Each window is a run of its own with the same seeds. Only its instruction requests are asked of the model; each task is then
finished by a fixed answer, so that the table is of the pool alone. A request shows the pool as it stood `window` requests
before, so that a batch or a cluster can be asked a whole window at once.
"""

import argparse
import asyncio
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.models.refused_parameters import LeftOut
from self_instruct.chains.runs.askers import retrying
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.plan import open_with_models
from self_instruct.ledger import Ledger
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import Reason, StageName
from self_instruct.retrievers import NoveltyIndex
from self_instruct.settings.layers import Layer
from self_instruct.settings.sections import NoveltySettings

ANSWERS = {StageName.CLASSIFICATION: "No", StageName.INSTANCES: "Input: one\nOutput: two"}


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: its requests, what became of its candidates, the share of tasks near one before them, its vocabulary."""

    window: int
    requests: int
    decided: int
    kept: int
    similar: int
    refused: int
    near: float
    words: int
    input_tokens: int
    output_tokens: int


class InstructionsAlone:
    """Asks a model for instructions, and answers everything else with the same words."""

    def __init__(self, asker: Asker) -> None:
        self._asker = asker

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the model's reply to an instruction request; see `Asker`."""
        fixed = ANSWERS.get(StageName(question.id.stage))
        return await self._asker(question) if fixed is None else Reply(fixed, "stop")


def measure(window: int, arguments: argparse.Namespace) -> Measured:
    """Return what a run with a window of this width brought."""
    with tempfile.TemporaryDirectory() as folder:
        said = {
            "model": arguments.model, "window": window, "num_instructions": arguments.tasks, "seed": arguments.seed,
            "concurrency": min(window, arguments.concurrency), "verifiers.repeats_input": "off",
        }  # fmt: skip
        if arguments.base_url:
            said["base_url"] = arguments.base_url
        ledger, plan, _ = open_with_models(Path(folder) / "run", Layer.said(said, "benchmark"))
        with ledger:
            asker = InstructionsAlone(ModelAsker(plan.models(), LeftOut.of(ledger, print)))
            asyncio.run(Loop(ledger, plan, retrying(asker, plan.settings)).run())
            return _measured(window, ledger)


def _measured(window: int, ledger: Ledger) -> Measured:
    texts = [task.instruction for task in ledger.tasks()]
    refused = Counter[str]()
    for (stage, reason), count in ledger.count_rejections().items():
        refused[reason] += count if stage == StageName.INSTRUCTIONS else 0
    spent = [each for (stage, _, _), each in ledger.spending().items() if stage == StageName.INSTRUCTIONS]
    return Measured(
        window=window,
        requests=sum(each.requests for each in spent),
        decided=ledger.progress.request,
        kept=len(texts),
        similar=refused[Reason.TOO_SIMILAR],
        refused=refused.total(),
        near=_share_near(texts),
        words=len({word for text in texts for word in text.lower().split()}),
        input_tokens=sum(each.usage.input_tokens or 0 for each in spent),
        output_tokens=sum(each.usage.output_tokens or 0 for each in spent),
    )


def _share_near(texts: list[str]) -> float:
    """Return the share of texts with a ROUGE-L of 0.5 or more with one before it."""
    index, near = NoveltyIndex(NoveltySettings(threshold="0.5")), 0
    for text in texts:
        near += index.nearest_too_similar(text) is not None
        index.add(text)
    return near / len(texts)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=2000)
    parser.add_argument("--windows", default="1,16,64,256,1024")
    parser.add_argument("--model", default="offline")
    parser.add_argument("--base-url")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--concurrency", type=int, default=64)
    arguments = parser.parse_args()
    print("| window | requests | kept a request | accepted | too similar | near (0.5) one before | words | tokens a task |")
    print("|---|---|---|---|---|---|---|---|")
    for window in map(int, arguments.windows.split(",")):
        one = measure(window, arguments)
        candidates = one.kept + one.refused
        tokens = (one.input_tokens + one.output_tokens) / max(1, one.kept)
        print(
            f"| {window:,} | {one.requests:,} | {one.kept / one.decided:.2f} | {one.kept / candidates:.1%} |"
            f" {one.similar / candidates:.1%} | {one.near:.1%} | {one.words:,} | {tokens:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
