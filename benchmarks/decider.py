"""Measure how many machines one decider can keep busy: candidates decided a second, questions handed out a second.

    .venv/bin/python benchmarks/decider.py [--sizes 52000,1000000] [--candidates N] [--tasks N]

Deciding: the pool is filled with made instructions (`instruction_stream`), then replies of eight further ones each are read,
screened, compared with the whole pool and stored, as a run does it. Handing out: a whole run by the offline model, of which
nothing is left but the run: the second time every question is answered at once with the first one's reply. All of it is the
CPU of one process; a run decides on one core. 10,000,000 take 4 GB and some minutes.
"""

import argparse
import asyncio
import resource
import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from instruction_stream import instructions

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.question import Question
from self_instruct.chains.runs.askers import retrying
from self_instruct.chains.runs.deciding import Decider
from self_instruct.chains.runs.instruction_requests import ReadReply
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.chains.runs.pool import Pool
from self_instruct.ledger import Ledger, RequestId, TaskId
from self_instruct.records.replies import Refusal, Reply
from self_instruct.records.tasks import StageName
from self_instruct.settings.layers import Layer

EACH = 8  # candidates of a reply


@dataclass(frozen=True, slots=True)
class Deciding:
    """What deciding costs beside a pool of `size`: seconds to fill it, candidates a second, microseconds each, memory."""

    size: int
    filled_s: float
    a_second: float
    kept: float
    peak_mib: float


def deciding(size: int, candidates: int) -> Deciding:
    """Return what it costs to decide so many candidates beside a pool of so many instructions."""
    plan = RunPlan.new(Layer.said({"model": "offline"}, "benchmark"))
    pool, stages = Pool(plan.seeds, plan.settings, plan.draw), plan.stages()
    made = instructions()
    begun = time.process_time()
    pool.restore((TaskId(number // EACH, number % EACH), text) for number, text in enumerate(islice(made, size)))
    filled_s, places = time.process_time() - begun, range(1, EACH + 1)
    replies = [Reply("".join(f"{place}. {next(made)}\n" for place in places)) for _ in range(candidates // EACH + 1)]
    with tempfile.TemporaryDirectory() as folder, Ledger.create(Path(folder) / "run", plan.facts()) as ledger:
        decider = Decider(ledger, pool, stages, plan.settings.judging)
        progress, begun = ledger.progress, time.process_time()
        for number, reply in enumerate(replies):
            if number == 1:  # with the first the pool is put into lists
                filled_s, begun = filled_s + time.process_time() - begun, time.process_time()
            request = RequestId(StageName.INSTRUCTIONS, progress.request)
            with ledger.transaction():
                step = stages.instructions.decide(request, (), reply)
                progress, _ = decider.instructions(ReadReply(step, StageName.INSTRUCTIONS, 1, 0), progress, None)
        seconds = time.process_time() - begun
    decided = EACH * (len(replies) - 1)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Deciding(size, filled_s, decided / seconds, (len(pool) - size) / (EACH * len(replies)), peak_mib)


class AnsweredBefore:
    """Answers each question at once, as it was answered in another run."""

    def __init__(self, ledger: Ledger) -> None:
        self._replies = {stored.request: stored.reply for stored in ledger.replies()}

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the reply; see `Asker`."""
        return self._replies[question.id]


def handing_out(tasks: int) -> tuple[int, float]:
    """Return how many questions a run of so many tasks asked, and how many it handed out and decided a second."""
    said = {"model": "offline", "num_instructions": tasks, "concurrency": 64, "novelty.threshold": "1"}
    plan = RunPlan.new(Layer.said(said, "benchmark"))
    with tempfile.TemporaryDirectory() as folder:
        with Ledger.create(Path(folder) / "first", plan.facts()) as first:
            asyncio.run(_run(first, plan, ModelAsker(plan.models())))
            answered = AnsweredBefore(first)
        with Ledger.create(Path(folder) / "second", plan.facts()) as second:
            begun = time.process_time()
            asyncio.run(_run(second, plan, answered))
            seconds = time.process_time() - begun
            asked = sum(spent.requests for spent in second.spending().values())
    return asked, asked / seconds


async def _run(ledger: Ledger, plan: RunPlan, asker: ModelAsker | AnsweredBefore) -> None:
    await Loop(ledger, plan, retrying(asker, plan.settings)).run()


def main() -> None:
    """Measure, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="52000,1000000", help="instructions in the pool, ascending")
    parser.add_argument("--candidates", type=int, default=4_000, help="decided beside each pool")
    parser.add_argument("--tasks", type=int, default=2_000, help="of the run that hands out questions")
    options = parser.parse_args()
    asked, a_second = handing_out(options.tasks)
    print(f"handed out, stored and decided: {asked:,} questions, {a_second:,.0f} a second", flush=True)
    for size in map(int, options.sizes.split(",")):
        one = deciding(size, options.candidates)
        print(
            f"{one.size:10,} in the pool: {one.a_second:7,.0f} candidates decided a second, {one.kept:.0%} kept;"
            f" filled in {one.filled_s:.0f} s; {one.peak_mib:,.0f} MiB",
            flush=True,
        )


if __name__ == "__main__":
    main()
