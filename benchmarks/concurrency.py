"""Measure the loop: slot use, own CPU per request, stalls of the event loop, memory of a large run.

    .venv/bin/python benchmarks/concurrency.py [--quick] [--json]    under three minutes of one core; with --quick, half of one

Slots: the offline model's replies come after log-normal delays (median 1 s). Time leaps over what is only waited for, but the
CPU that we spend counts. CPU and stalls: a whole run through `ChatOpenAI` against a server in a process of its own on this
machine, and then the very same requests by bare `ChatOpenAI.ainvoke`, as many at once. Memory: a run of 10,000 tasks, as a
command.
"""

import argparse
import asyncio
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from typing import Any
from urllib.request import urlopen

from main_job import measured as command

from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.loading import load_model
from self_instruct.chains.models.question import Asker, Question
from self_instruct.chains.offline import OfflineModel
from self_instruct.chains.runs.askers import retrying
from self_instruct.chains.runs.loop import Loop
from self_instruct.chains.runs.plan import RunPlan, open_with_models
from self_instruct.ledger import Ledger
from self_instruct.records.replies import Refusal, Reply
from self_instruct.settings.layers import Layer

TICK_S = 0.005


# slots


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is the CPU spent plus the waits it leapt over."""

    def __init__(self) -> None:
        self._leapt_s = -time.process_time()
        super().__init__(_LeapingSelector(self))

    def time(self) -> float:
        """Return the seconds since the loop was made."""
        return self._leapt_s + time.process_time()

    def leap(self, seconds: float) -> None:
        """Let time pass."""
        self._leapt_s += seconds


class _LeapingSelector(selectors.SelectSelector):
    def __init__(self, loop: LeapingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self._loop.leap(timeout)
        return ready


class LateAsker:
    """Answers of another asker after log-normal delays; notes how many requests are under way, and when that changed."""

    def __init__(self, asker: Asker, sigma: float) -> None:
        self._asker = asker
        self._sigma = sigma
        self._random = Random(0)
        self.under_way: list[tuple[float, int]] = [(0, 0)]

    async def __call__(self, question: Question) -> Reply | Refusal:
        """Return the answer, late."""
        self._note(1)
        await asyncio.sleep(self._random.lognormvariate(0, self._sigma))
        reply = await self._asker(question)
        self._note(-1)
        return reply

    def _note(self, change: int) -> None:
        self.under_way.append((asyncio.get_running_loop().time(), self.under_way[-1][1] + change))

    def use(self, slots: int) -> tuple[float, float]:
        """Return the share of slots in use, from the first to the last moment when all were, and over the whole run."""
        full = [moment for moment, count in self.under_way if count == slots]
        return self._share(slots, full[0], full[-1]), self._share(slots, 0, self.under_way[-1][0])

    def _share(self, slots: int, start: float, end: float) -> float:
        pairs = zip(self.under_way, self.under_way[1:], strict=False)
        busy = sum((later - moment) * count for (moment, count), (later, _) in pairs if start <= moment < end)
        return busy / slots / (end - start)


@dataclass(frozen=True)
class SlotUse:
    """How well `concurrency` slots were used: while there was work for all of them, and over the whole run."""

    concurrency: int
    window: int
    sigma: float
    while_there_is_work: float
    whole_run: float
    run_s: float


def slot_use(folder: Path, tasks: int, concurrency: int, window: int, sigma: float) -> SlotUse:
    """Return the use of the slots in a run of so many tasks."""
    name = f"slots-{concurrency}-{window}-{sigma}"
    ledger, plan, _ = open_with_models(folder / name, settings(num_instructions=tasks, concurrency=concurrency, window=window))
    late = LateAsker(ModelAsker(plan.models()), sigma)
    with ledger, asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(Loop(ledger, plan, retrying(late, plan.settings)).run())
    return SlotUse(concurrency, window, sigma, *late.use(concurrency), run_s=late.under_way[-1][0])


def settings(**values: Any) -> Layer:
    """Return settings as if they were given on the command line."""
    return Layer.said(values, "benchmark")


# CPU and stalls


@dataclass(frozen=True)
class Cost:
    """What a request costs in CPU, the least of some repetitions.

    A stall is the CPU time from one round of the event loop to the next; 99 of 100 are shorter.
    """

    concurrency: int
    requests: int
    bare_ms: float
    run_ms: float
    own_ms: float
    bare_stall_ms: float
    run_stall_ms: float


def cost(folder: Path, tasks: int, concurrency: int, times: int = 3) -> Cost:
    """Return the CPU per request of a run over the wire, and of the same requests sent by nothing but `ChatOpenAI`."""
    runs, bares = [], []
    for number in range(times):
        with server() as base_url:
            options = settings(model="openai:x", base_url=base_url, num_instructions=tasks, concurrency=concurrency)
            ledger, plan, _ = open_with_models(folder / str(number), options)
            with ledger:
                runs.append(measured(_run(ledger, plan)))
            with urlopen(f"{base_url}/bodies") as answer:  # noqa: S310 (our own server)
                bodies = json.load(answer)
            bares.append(measured(_bare(base_url, bodies, concurrency)))
    (run_s, run_stall_s), (bare_s, bare_stall_s) = min(runs), min(bares)
    bare_ms, run_ms = (seconds / len(bodies) * 1e3 for seconds in (bare_s, run_s))
    return Cost(concurrency, len(bodies), bare_ms, run_ms, run_ms - bare_ms, bare_stall_s * 1e3, run_stall_s * 1e3)


def measured(work: Coroutine[Any, Any, None]) -> tuple[float, float]:
    """Return the CPU seconds of some asyncio work, and the 99th percentile of the event loop's stalls in it."""
    stalls: list[float] = []

    async def tick() -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(TICK_S)
            now = time.thread_time()
            stalls.append(now - before)
            before = now

    async def both() -> None:
        ticking = asyncio.ensure_future(tick())
        await work
        ticking.cancel()

    start = time.process_time()
    asyncio.run(both())
    return time.process_time() - start, sorted(stalls)[int(len(stalls) * 0.99)]


async def _run(ledger: Ledger, plan: RunPlan) -> None:
    models = ModelAsker(plan.models())
    await Loop(ledger, plan, retrying(models, plan.settings)).run()


async def _bare(base_url: str, bodies: Sequence[dict[str, Any]], concurrency: int) -> None:
    model = load_model("openai:x", base_url=base_url)
    left = iter(bodies)

    async def work() -> None:
        for body in left:
            parameters = {key: value for key, value in body.items() if key not in ("model", "messages", "stream")}
            await model.ainvoke(body["messages"], **parameters)

    await asyncio.gather(*(work() for _ in range(concurrency)))


@contextmanager
def server() -> Iterator[str]:
    """Serve the offline model from a process of its own; gives the address."""
    process = subprocess.Popen([sys.executable, __file__, "--serve"], stdout=subprocess.PIPE, text=True)  # noqa: S603 (ourselves)
    try:
        assert process.stdout is not None  # noqa: S101 (it was asked for)
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


async def serve() -> None:
    """Answer chat requests, and `/bodies` with all that was asked, until killed."""
    model, bodies = OfflineModel(), list[dict[str, Any]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                asked = await reader.readexactly(length)
                if head.startswith(b"get"):
                    answer = json.dumps(bodies)
                else:
                    bodies.append(json.loads(asked))
                    answer = await _chat(model, bodies[-1])
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
                writer.write(b"Content-Length: %d\r\n\r\n%s" % (len(answer.encode()), answer.encode()))
                await writer.drain()
        writer.close()

    listening = await asyncio.start_server(connected, "127.0.0.1", 0, backlog=256)
    print(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1", flush=True)
    await listening.serve_forever()


async def _chat(model: OfflineModel, asked: dict[str, Any]) -> str:
    reply = await model.ainvoke(asked["messages"], stop=asked.get("stop"))
    choice = {"index": 0, "message": {"role": "assistant", "content": reply.text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    whole = {"id": "chat", "object": "chat.completion", "created": 0, "model": "served", "choices": [choice], "usage": usage}
    return json.dumps(whole)


# memory


@dataclass(frozen=True)
class Memory:
    """The peak memory of a run as a command."""

    tasks: int
    requests: int
    peak_mb: float
    seconds: float


def memory(folder: Path, tasks: int) -> Memory:
    """Return the peak memory of a run of so many tasks over the wire."""
    with server() as base_url:
        options = ["--model", "openai:x", "--base-url", base_url, "--num-instructions", str(tasks), "--concurrency", "64"]
        options += ["--set", "novelty.threshold=1"]  # the offline model has no 10,000 that are novel
        seconds, peak_mib, _ = command("generate", "--run", str(folder / "memory"), *options)
    ledger, *_ = open_with_models(folder / "memory", Layer())
    with ledger:
        return Memory(tasks, sum(spent.requests for spent in ledger.spending().values()), peak_mib * 2**20 / 1e6, seconds)


def report(slots: Sequence[SlotUse], costs: Sequence[Cost], peak: Memory) -> str:
    """Return the figures as tables to read."""
    lines = ["slots | window | sigma | in use while there is work | over the whole run"]
    lines += [
        f"{one.concurrency:5} | {one.window:6} | {one.sigma:5} | {one.while_there_is_work:25.1%} | {one.whole_run:17.1%}"
        for one in slots
    ]
    lines += ["", "requests | slots | bare ms | run ms | own ms | bare stall ms | run stall ms"]
    lines += [
        f"{one.requests:8,} | {one.concurrency:5} | {one.bare_ms:7.2f} | {one.run_ms:6.2f} | {one.own_ms:6.2f}"
        f" | {one.bare_stall_ms:13.1f} | {one.run_stall_ms:12.1f}"
        for one in costs
    ]
    lines += ["", f"memory: {peak.peak_mb:.0f} MB for {peak.tasks:,} tasks, {peak.requests:,} requests in {peak.seconds:.0f} s"]
    return "\n".join(lines)


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller runs, in half a minute")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve())
    os.environ.setdefault("OPENAI_API_KEY", "none-is-needed")
    tasks, asked, large = (300, 300, 500) if options.quick else (2_000, 700, 10_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shapes = [(16, 16), (64, 16), (64, 64)]
        slots = [slot_use(folder, tasks, *shape, sigma) for shape in shapes for sigma in (0.5, 1.0)]
        costs = [cost(folder / str(concurrency), asked, concurrency) for concurrency in (16, 64)]
        peak = memory(folder, large)
    if options.json:
        print(
            json.dumps({"slots": list(map(asdict, slots)), "costs": list(map(asdict, costs)), "memory": asdict(peak)}, indent=2)
        )
    else:
        print(report(slots, costs, peak))


if __name__ == "__main__":
    main()
