"""Measure what a line of a batch costs us: CPU and memory, from a question to its line, and from its answer to the ledger.

    .venv/bin/python benchmarks/batches.py [--lines 20000]

The questions are those of classification, with our prompts; the provider is a file. Nothing goes over a network.
"""

import argparse
import asyncio
import json
import os
import resource
import tempfile
import time
from collections.abc import AsyncIterator, Collection
from pathlib import Path

from self_instruct.chains.budgets.bounds import at_most
from self_instruct.chains.models.batches import LineAnswer, Look
from self_instruct.chains.models.json_lines import json_objects
from self_instruct.chains.models.loading import load_model
from self_instruct.chains.models.openai_batches import OpenAIBatches
from self_instruct.chains.runs.batching import Batching
from self_instruct.chains.runs.outcome import Ending, Outcome
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, RequestId, SentRequest, StoredBatch
from self_instruct.records.tasks import StageName, Task
from self_instruct.settings.layers import Layer

MODEL = "openai:gpt-4.1-mini"
PIECE = 2**16


class FileProvider:
    """Answers each line of a batch with the same word, in a file; put in the place of what goes over the network."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def make(self, door: OpenAIBatches, batch: StoredBatch, lines: Path) -> str:
        """Write the answers to a batch's lines."""
        message = {"role": "assistant", "content": "No"}
        about = {"id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": "gpt-4.1-mini-2025-04-14"}
        counted = {"prompt_tokens": 1300, "completion_tokens": 1, "total_tokens": 1301}
        body = {**about, "choices": [{"index": 0, "message": message, "finish_reason": "stop"}], "usage": counted}
        with lines.open("rb") as asked, (self._folder / batch.tag).open("w") as file:
            for line in asked:
                response = {"status_code": 200, "request_id": "r", "body": body}
                row = {"id": "b", "custom_id": json.loads(line)["custom_id"], "response": response, "error": None}
                file.write(json.dumps(row) + "\n")
        return batch.tag

    async def find(self, door: OpenAIBatches, batch: StoredBatch, known: Collection[str]) -> str | None:
        """Return None: no batch is ever lost here."""
        return None

    async def look(self, door: OpenAIBatches, batch_id: str) -> Look:
        """Return that the batch is done."""
        return Look("completed", is_ended=True, files=(batch_id,))

    async def answers(self, door: OpenAIBatches, batch_id: str, look: Look) -> AsyncIterator[LineAnswer]:
        """Yield the answers as the door reads them."""
        async for row in json_objects(self._pieces(batch_id)):
            yield door._answer(row)  # noqa: SLF001

    async def _pieces(self, batch_id: str) -> AsyncIterator[bytes]:
        with (self._folder / batch_id).open("rb") as file:
            while piece := file.read(PIECE):
                yield piece


def main() -> None:
    """Print CPU milliseconds a line, and the most memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=20_000)
    lines = parser.parse_args().lines
    os.environ.setdefault("OPENAI_API_KEY", "none")
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_measure(Path(folder), lines))


async def _measure(folder: Path, lines: int) -> None:
    provider = FileProvider(folder)
    for name in ("make", "find", "look", "answers"):
        way = getattr(provider, name)
        setattr(OpenAIBatches, name, lambda door, *asked, way=way: way(door, *asked))
    plan = RunPlan.new(Layer.said({"model": MODEL, "batch.enabled": True, "batch.look_every_s": 0.001}, "benchmark"))
    models = {StageName.CLASSIFICATION.value: load_model(MODEL)}
    before = _memory()
    with Ledger.create(folder / "run", plan.facts()) as ledger:
        choices = {stage: plan.settings.choice(stage) for stage in models}
        batching = Batching(ledger, plan.settings, models, choices=choices, stages=models, warn=print, say=lambda _: None)
        spans: list[float] = []

        async def one_pass() -> Outcome:
            spans.append(time.process_time())
            if len(spans) == 1:
                _gather(plan, batching, lines)
                spans.append(time.process_time())
                return Outcome(Ending.BATCHED, "")
            return Outcome(Ending.DONE, "")

        await batching.rounds(one_pass)
        begun, gathered, ended = spans
        stored = sum(1 for _ in ledger.replies())
    told = {
        "lines": lines, "stored": stored, "gathered_ms_a_line": 1000 * (gathered - begun) / lines,
        "settled_ms_a_line": 1000 * (ended - gathered) / lines, "peak_mib": _memory(), "before_mib": before,
    }  # fmt: skip
    print(json.dumps({name: round(value, 3) for name, value in told.items()}, indent=2))


def _gather(plan: RunPlan, batching: Batching, lines: int) -> None:
    stage = plan.stages()[StageName.CLASSIFICATION]
    for number in range(lines):
        about = Task(f"Write a short poem about the number {number}, without naming it.", None)
        question = stage.question(RequestId(StageName.CLASSIFICATION, number), about)
        batching.add(question, SentRequest(question.id, 1, question.model, at_most(question)), None)


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
