"""Measure a report on a large run: time, memory, and the size of the page.

.venv/bin/python benchmarks/report.py [TASKS]

The run is made up: instructions of `instruction_stream` that the novelty filter keeps, with instances of the shipped seeds, the
refused ones as rejections, and a reply of typical length to every request. Making it takes a minute and is not counted.
"""

import resource
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path
from random import Random

from instruction_stream import InstructionStream

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, Progress, RequestId, StoredTask, TaskId
from self_instruct.records.replies import Reply, Usage
from self_instruct.records.tasks import Reason, Rejection, StageName
from self_instruct.reports import report_on, write_report
from self_instruct.retrievers import Kept, NoveltyIndex
from self_instruct.seeds.loading import shipped_seeds
from self_instruct.settings.layers import Layer

TASKS = 52_000
PER_REQUEST, ITEM = 8, 60  # candidates of a reply, and characters of each
REPLY = Reply("word " * 200, "stop", Usage(800, 250))
EVALUATION = 252


def make_run(directory: Path, tasks: int) -> None:
    """Write a finished run of so many tasks."""
    settings = {"model": "offline", "num_instructions": tasks}
    plan = RunPlan.new(Layer.said(settings, "benchmark"))
    stream, index, random = InstructionStream(), NoveltyIndex(), Random(0)
    instances = [seed.instances for seed in shipped_seeds()]
    kept = request = 0
    with Ledger.create(directory, plan.facts()) as ledger, ledger.transaction():
        while kept < tasks:
            ledger.store_reply(RequestId(StageName.INSTRUCTIONS, request), REPLY, prompt="prompt")
            refused = []
            for position, text in enumerate(islice(stream, PER_REQUEST)):
                task, decision = TaskId(request, position * ITEM), index.offer(text)
                if isinstance(decision, Kept):
                    kept += 1
                    ledger.add_task(StoredTask(task, text, random.random() < 0.2, None))
                    ledger.add_instances(task, random.choice(instances))
                    for stage in (StageName.CLASSIFICATION, StageName.INSTANCES):
                        ledger.store_reply(RequestId(stage, task.request, task.item), REPLY)
                else:
                    evidence = {"nearest": decision.neighbour.text, "score": decision.neighbour.score}
                    refused.append((position, Rejection(StageName.INSTRUCTIONS, Reason.TOO_SIMILAR, text, task.item, evidence)))
            ledger.add_rejections(request, refused)
            request += 1
        ledger.set_progress(Progress(request, 0, request - 1, 0))


def main() -> None:
    """Make a run, report on it, and print what that took."""
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else TASKS
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        make_run(run, tasks)
        wall, cpu = time.perf_counter(), time.process_time()
        write_report(report_on([run], InstructionStream(1).take(EVALUATION)), run / "report")
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        size = (run / "report" / "index.html").stat().st_size
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # with the making of the run
    print(f"{tasks:,} tasks: {wall:.1f} s ({cpu:.1f} s of processor), at most {peak:,.0f} MB; the page has {size:,} bytes")


if __name__ == "__main__":
    main()
