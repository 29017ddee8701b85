"""Measure every export of a run of 52,000 tasks, and reading it: time and memory, each in a process of its own.

.venv/bin/python benchmarks/exports.py [TASKS] [FORMAT ...]
"""

import sys
import tempfile
from pathlib import Path
from random import Random

from main_job import measured

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger, StoredTask, TaskId
from self_instruct.records.tasks import Instance
from self_instruct.reports.exports.export import FORMATS
from self_instruct.settings.layers import Layer

TASKS = 52_000  # the paper's dataset has 52,445 instructions and 82,439 instances (section 3.1)
MOST_INSTANCES = 3
INSTRUCTION_WORDS, INPUT_WORDS, OUTPUT_WORDS = 16, 13, 19  # the mean lengths there


def write_run(directory: Path, tasks: int) -> None:
    """Write a run of so many finished tasks; every fourth is one of classification, every other instance has an input."""
    random = Random(0)
    words = [f"word{number}" for number in range(5_000)]

    def text(count: int) -> str:
        return " ".join(random.choices(words, k=count))

    with Ledger.create(directory, RunPlan.new(Layer()).facts()) as ledger, ledger.transaction():
        for number in range(tasks):
            task = TaskId(number // 8, number % 8 * 100)
            ledger.add_task(StoredTask(task, text(INSTRUCTION_WORDS), number % 4 == 0, None))
            each = range(1 + number % MOST_INSTANCES)
            ledger.add_instances(task, [Instance(text(INPUT_WORDS * (place % 2)), text(OUTPUT_WORDS)) for place in each])


def main() -> None:
    """Print a table, a row a command."""
    tasks = int(sys.argv[1]) if len(sys.argv) > 1 else TASKS
    formats = sys.argv[2:]
    print(f"{'export':44} {'seconds':>8} {'MiB':>6}")
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        write_run(run, tasks)
        split = ["huggingface", "--held-out", "0.1", "--subset", str(tasks // 2), "--max-instances", "2"]
        for words in [[form] for form in formats] or [*([form] for form in FORMATS), split]:
            similar = ["--no-similarities"] if words == ["self-instruct"] else []
            out = f"{folder}/{'-'.join(words[:2])}"
            seconds, memory_mib, _ = measured("export", str(run), "--format", *words, *similar, "--out", out)
            print(f"{' '.join(words + similar):44} {seconds:8.1f} {memory_mib:6.0f}", flush=True)


if __name__ == "__main__":
    main()
