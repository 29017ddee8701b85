"""Measure a run on actors of Ray beside the same run in one process: questions a second, and whether a byte differs.

    .venv/bin/python benchmarks/ray_actors.py [--tasks N] [--seconds S] [--slots N] [--kill-every S]

The model is the offline one that answers late. Three runs: in this process; on a Ray of two actors; the same, and every few
seconds the process of one of the two, drawn at random, is killed. Time runs from the first answer to the last.
"""

import argparse
import os
import random
import signal
import sys
import tempfile
import threading
import time
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from self_instruct import SelfInstruct
from self_instruct.chains.runs.outcome import Snapshot
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.exports.export import export

SUPPORT = Path(__file__).parent.parent / "tests"
MODEL = "support.late_model.LateModel"
sys.path.insert(0, str(SUPPORT))

from support.ray_processes import actor_processes  # noqa: E402  where Ray finds the model too


@dataclass
class Clock:
    """When the first and the last answer were seen, how many there were by then, and what CPU this process had taken."""

    first: tuple[float, int, float] | None = None
    last: tuple[float, int, float] = field(default=(0.0, 0, 0.0))

    def __call__(self, snapshot: Snapshot) -> None:
        """Take note."""
        self.last = (time.perf_counter(), snapshot.spent.requests, time.process_time())
        if self.first is None and snapshot.spent.requests:
            self.first = self.last

    @property
    def a_second(self) -> float:
        """Questions answered a second."""
        (begun, before, _), (ended, after, _) = self.first or self.last, self.last
        return (after - before) / (ended - begun)

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of this process's CPU for each."""
        (_, before, begun), (_, after, ended) = self.first or self.last, self.last
        return (ended - begun) / (after - before) * 1e3


class Killing(AbstractContextManager["Killing"]):
    """Kills one actor's process every so many seconds, while it is open; `count` says how many."""

    def __init__(self, every_s: float) -> None:
        self._every_s, self._over, self.count = every_s, threading.Event(), 0
        self._thread = threading.Thread(target=self._kill)

    def __enter__(self) -> "Killing":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _kill(self) -> None:
        while not self._over.wait(self._every_s):
            if found := actor_processes():
                os.kill(random.choice(found), signal.SIGKILL)
                self.count += 1


def measured(run: Path, settings: dict[str, Any], killing: AbstractContextManager[Any]) -> tuple[Clock, bytes]:
    """Return how a run went, and its dataset."""
    clock = Clock()
    with killing:
        result = SelfInstruct(MODEL, **settings).run(run, on_progress=clock)
    if not result.is_done:
        raise SystemExit(f"the run ended early: {result.sentence}")
    out = run / "alpaca.json"
    with Ledger.open(run, read_only=True) as ledger:
        export(ledger, RunPlan.of(ledger), "alpaca", out)
    return clock, out.read_bytes()


def main() -> None:
    """Run the three, and print what they gave."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=400, help="how many tasks a run keeps")
    parser.add_argument("--seconds", type=float, default=0.25, help="how long the model takes to answer")
    parser.add_argument("--slots", type=int, default=16, help="how many questions are under way")
    parser.add_argument("--kill-every", type=float, default=4.0, help="seconds between two kills")
    options = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(SUPPORT), os.environ.get("PYTHONPATH"))))
    same = {
        "model_options": {"seconds": options.seconds}, "num_instructions": options.tasks, "concurrency": options.slots,
        "retries": 30,
    }  # fmt: skip
    ray = {**same, "ray": {"address": "local", "actors": 2, "slots": options.slots}}
    killing = Killing(options.kill_every)
    with tempfile.TemporaryDirectory() as name:
        alone, dataset = measured(Path(name) / "alone", same, nullcontext())
        on_ray, same_dataset = measured(Path(name) / "ray", ray, nullcontext())
        killed, killed_dataset = measured(Path(name) / "killed", ray, killing)

    def line(what: str, clock: Clock) -> str:
        return f"{what:20} {clock.a_second:6.1f} questions a second, {clock.cpu_ms:.2f} ms of CPU here for each"

    print(line("in this process:", alone))
    print(
        line("two actors of Ray:", on_ray) + f"; {on_ray.a_second / alone.a_second:.1%}; same bytes: {same_dataset == dataset}"
    )
    print(line(f"{killing.count} of them killed:", killed) + f"; same bytes: {killed_dataset == dataset}")


if __name__ == "__main__":
    main()
