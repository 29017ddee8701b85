"""Measure `run.py dedup` on a file of 1,000,000 instructions (`instruction_stream`): time, memory, what it kept.

    .venv/bin/python benchmarks/dedup.py [LINES]

Beside it the time that it takes to read, once for each line, 16 bytes of memory for each that was kept before: what a search
that reads every code cannot beat. 10,000,000 lines take half an hour of one core to make and filter, and 3 GB on the disk.
"""

import json
import resource
import sys
import tempfile
from itertools import islice
from pathlib import Path

from instruction_stream import instructions
from main_job import measured
from novelty import scan_us

LINES = 1_000_000


def main() -> None:
    """Write the file, filter it, and print a line."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with tempfile.TemporaryDirectory() as folder:
        file, kept = Path(folder) / "instructions.jsonl", Path(folder) / "kept.jsonl"
        with file.open("w", encoding="utf-8") as rows:
            rows.writelines(json.dumps({"instruction": text}) + "\n" for text in islice(instructions(), lines))
        seconds, memory_mib, _ = measured("dedup", str(file), "--out", str(kept), "--refused", f"{folder}/refused.jsonl")
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        with kept.open("rb") as rows:
            count = sum(1 for _ in rows)
    scan_s = lines * scan_us(count // 2) / 1e6  # the pool grows from nothing to `count`
    took = f"{seconds:,.0f} s, {used.ru_utime + used.ru_stime:,.0f} of them CPU, {memory_mib:,.0f} MiB"
    print(f"{lines:,} lines, {count:,} kept: {took}; reading all codes for each: {scan_s:,.0f} s")


if __name__ == "__main__":
    main()
