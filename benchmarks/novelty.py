"""Measure the novelty filter against the ways it replaces, at pools of 1,000 to 1,000,000 instructions, and the record.

    .venv/bin/python benchmarks/novelty.py            some ten minutes, 4 GiB
    .venv/bin/python benchmarks/novelty.py --quick    pools of 1,000 and 5,000, half a minute
    .venv/bin/python benchmarks/novelty.py --json     the same figures as JSON

Instructions come from `instruction_stream`. They are offered until 52,000 are kept; these, and beyond them the stream as it
comes, are the pools. All ways answer the same candidates, from text to decision, in this one run; slow ones answer few, and
what is too slow to be measured at a pool is extrapolated from the largest measured one, in proportion to its rows ("~").
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from instruction_stream import InstructionStream, described
from novelty_ways import RULES, EveryPair, FloatTopK, Ours, Seconds, Way, original, pretokenised, timed

from self_instruct.retrievers.novelty import Kept, NoveltyIndex
from self_instruct.retrievers.similarities import SimilarityPool

SIZES, QUICK_SIZES = (1_000, 10_000, 52_000, 200_000, 1_000_000), (1_000, 5_000)
KEPT = 52_000  # as many as the paper's dataset has
CANDIDATES = 2_000
OFFERED_AT_ONCE = 1_000
RECORDS = 64
BYTES_A_CODE = 16  # of a row of up to 32 tokens


@dataclass(frozen=True, slots=True)
class Rival:
    """A way to compare with: how it is made, how many candidates it answers, and up to which pool it is measured."""

    name: str
    make: Callable[[Sequence[str]], Way]
    candidates: int
    largest: int
    may_miss: bool = False


RIVALS = (
    Rival("original", original, candidates=3, largest=10_000),
    Rival("pre-tokenised", pretokenised, candidates=3, largest=10_000),
    Rival("rapidfuzz over all", EveryPair, candidates=200, largest=1_000_000),
    Rival("float FAISS top 10", FloatTopK, candidates=500, largest=1_000_000, may_miss=True),
)
_MAY_MISS = {rival.name for rival in RIVALS if rival.may_miss}


@dataclass(frozen=True, slots=True)
class Measured:
    """One way at one pool: microseconds per candidate, and how its answers compare with ours.

    `answered`: candidates; 0 where the times are extrapolated. `missed`: rejections that it did not see, of `refused` that we
    saw among those candidates. `mismatches`: other answers than ours, missed rejections not counted where the way may miss.
    """

    way: str
    cpu_us: float
    wall_us: float
    answered: int = 0
    refused: int = 0
    missed: int = 0
    mismatches: int = 0


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """All ways at one pool, ours first. `scan_us`: reading all codes once from memory, which no exhaustive search can beat."""

    pool: int
    refused_share: float
    rebuild_s: float
    scan_us: float
    ways: list[Measured]


@dataclass(frozen=True, slots=True)
class Growth:
    """The pool grown by offers, and the CPU seconds they took."""

    kept: int
    offers: int
    cpu_s: float


@dataclass(frozen=True, slots=True)
class RecordFigures:
    """The record of kept tasks: milliseconds of CPU each, by pool and on average up to the last."""

    cpu_ms: dict[int, float]
    average_ms: float


def grow(stream: InstructionStream, size: int) -> tuple[list[str], Growth]:
    """Offer the stream until `size` are kept."""
    index, kept, offers, cpu_s = NoveltyIndex(RULES), list[str](), 0, 0.0
    while len(kept) < size:
        texts = stream.take(OFFERED_AT_ONCE)
        begun = time.process_time()
        decisions = index.offer_all(texts)
        cpu_s += time.process_time() - begun
        kept += [text for text, decision in zip(texts, decisions, strict=True) if isinstance(decision, Kept)]
        offers += len(texts)
    return kept, Growth(len(kept), offers, cpu_s)


def measure_pools(pool: Sequence[str], candidates: Sequence[str], sizes: Sequence[int]) -> Iterator[PoolFigures]:
    """Measure all ways at each size of the pool."""
    largest: dict[str, tuple[int, Measured]] = {}
    for size in sizes:
        rows = pool[:size]
        begun = Seconds.now()
        ours = Ours(rows)
        rebuild_s = Seconds.now().since(begun).cpu
        runs = [timed(ours, candidates) for _ in range(3)]
        answers, seconds = min(runs, key=lambda run: run[1].cpu)
        ways = [compared("ours", answers, answers, seconds)]
        del ours
        for rival in RIVALS:
            if size <= rival.largest:
                theirs, took = timed(rival.make(rows), candidates[: rival.candidates])
                ways.append(compared(rival.name, answers, theirs, took, may_miss=rival.may_miss))
                largest[rival.name] = (size, ways[-1])
            else:
                ways.append(extrapolated(*largest[rival.name], size))
        refused = sum(answer is not None for answer in answers)
        yield PoolFigures(size, refused / len(answers), rebuild_s, scan_us(size), ways)


def compared(
    way: str, ours: Sequence[float | None], theirs: Sequence[float | None], took: Seconds, may_miss: bool = False
) -> Measured:
    """Return a way's figures, its answers compared with ours to the same candidates."""
    pairs = list(zip(ours, theirs, strict=False))
    different = sum(one != other for one, other in pairs)
    return Measured(
        way=way,
        cpu_us=took.cpu / len(theirs) * 1e6,
        wall_us=took.wall / len(theirs) * 1e6,
        answered=len(theirs),
        refused=sum(one is not None for one, _ in pairs),
        missed=sum(one is not None and other is None for one, other in pairs),
        mismatches=0 if may_miss else different,
    )


def extrapolated(measured_at: int, known: Measured, size: int) -> Measured:
    """Return what a way would take at a larger pool than it was measured at."""
    scale = size / measured_at
    return Measured(known.way, known.cpu_us * scale, known.wall_us * scale)


def scan_us(rows: int) -> float:
    """Return the microseconds it takes to read the codes of so many rows."""
    codes = np.ones(rows * BYTES_A_CODE // 8, dtype=np.uint64)
    times = []
    for _ in range(20):
        begun = time.perf_counter()
        np.bitwise_or.reduce(codes)
        times.append(time.perf_counter() - begun)
    return min(times) * 1e6


def bytes_per_row(rows: int) -> float:
    """Return what the index holds in memory per row beyond its text."""
    command = [sys.executable, str(Path(__file__).with_name("novelty_memory.py")), str(rows)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # noqa: S603 (our own program)


def measure_record(pool: Sequence[str], size: int) -> RecordFigures:
    """Measure the record of tasks kept at several sizes of the pool."""
    cpu_ms: dict[int, float] = {}
    for before in (size // 50, size // 4, size // 2, size * 3 // 4, size):
        records = SimilarityPool("ascii")
        records.add(pool[: before - RECORDS])
        begun = time.process_time()
        assert len(list(records.records(pool[before - RECORDS : before]))) == RECORDS  # noqa: S101
        cpu_ms[before] = (time.process_time() - begun) / RECORDS * 1e3
    points = [(0, 0.0), *cpu_ms.items()]
    area = sum((right - left) * (low + high) / 2 for (left, low), (right, high) in pairwise(points))
    return RecordFigures(cpu_ms, area / size)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything measured."""

    stream: str
    growth: Growth
    bytes_per_row: float
    pools: list[PoolFigures]
    record: RecordFigures

    @property
    def mismatches(self) -> int:
        """Decisions that differ from those of the slow ways."""
        return sum(way.mismatches for pool in self.pools for way in pool.ways)

    def __str__(self) -> str:
        """Return the figures as tables to read."""
        growth, record = self.growth, self.record
        decided = sum(way.answered for pool in self.pools for way in pool.ways[1:4])
        every = ", ".join(f"{ms:.2f} at {pool:,}" for pool, ms in record.cpu_ms.items())
        return "\n".join([
            self.stream,
            f"offered until {growth.kept:,} were kept: {growth.offers:,} offers, {1 - growth.kept / growth.offers:.0%} refused;"
            f" {growth.cpu_s:.1f} s of CPU",
            f"memory: {self.bytes_per_row:.0f} bytes an instruction beyond its text",
            "",
            "CPU per candidate, text in to decision out, and how many times ours (in brackets: on the clock)",
            *map(_table, self.pools),
            "~ extrapolated from the largest pool that was measured, in proportion to its rows",
            "scan: reading the codes once from memory",
            "",
            f"decisions compared with exact ways: {decided:,}; mismatches: {self.mismatches}",
            "",
            f"record of a kept task: {every} ms of CPU; {record.average_ms:.2f} ms on average up to the last",
        ])  # fmt: skip


def _table(figures: PoolFigures) -> str:
    ours = figures.ways[0]
    lines = [
        f"pool of {figures.pool:,}: {figures.refused_share:.0%} refused, filled in {figures.rebuild_s:.2f} s,"
        f" scan {figures.scan_us:,.0f} us"
    ]
    for way in figures.ways:
        about = " " if way.answered else "~"
        missed = f"   misses {way.missed} of {way.refused} rejections" if way.way in _MAY_MISS else ""
        lines.append(
            f"  {way.way:20} {about}{_time(way.cpu_us):>9} {way.cpu_us / ours.cpu_us:9,.0f}x   ({_time(way.wall_us)}){missed}"
        )
    return "\n".join([*lines, ""])


def _time(us: float) -> str:
    if us >= 1e6:
        return f"{us / 1e6:.2f} s"
    return f"{us / 1e3:.2f} ms" if us >= 1e3 else f"{us:.0f} us"


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description="Measure the novelty filter.")
    parser.add_argument("--quick", action="store_true", help="pools of 1,000 and 5,000, half a minute")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    sizes = QUICK_SIZES if options.quick else SIZES
    kept_size = min(KEPT, sizes[-1])

    stream = InstructionStream()
    kept, growth = grow(stream, kept_size)
    candidates = stream.take(CANDIDATES)
    pool = kept + stream.take(max(0, sizes[-1] - len(kept)))
    report = Report(
        stream=described(pool[:KEPT]),
        growth=growth,
        bytes_per_row=bytes_per_row(kept_size),
        pools=list(measure_pools(pool, candidates, sizes)),
        record=measure_record(kept, kept_size),
    )
    print(json.dumps(asdict(report), indent=2) if options.json else report)
    if report.mismatches:
        raise SystemExit("the decisions differ")


if __name__ == "__main__":
    main()
