"""Measure `run.py dedup` on a file of 1,000,000 instructions (`instruction_stream`): time, memory, what it kept.

.venv/bin/python benchmarks/dedup.py [LINES]
"""

import json
import sys
import tempfile
from pathlib import Path

from instruction_stream import InstructionStream
from main_job import measured

LINES = 1_000_000
SEED = 7


def main() -> None:
    """Write the file, filter it, and print a line."""
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with tempfile.TemporaryDirectory() as folder:
        file, kept = Path(folder) / "instructions.jsonl", Path(folder) / "kept.jsonl"
        stream = InstructionStream(SEED)
        with file.open("w", encoding="utf-8") as rows:
            rows.writelines(json.dumps({"instruction": next(stream)}) + "\n" for _ in range(lines))
        del stream
        seconds, memory_mib, _ = measured("dedup", str(file), "--out", str(kept), "--refused", f"{folder}/refused.jsonl")
        with kept.open("rb") as rows:
            count = sum(1 for _ in rows)
    print(f"{lines:,} lines, {count:,} kept: {seconds:.1f} s, {memory_mib:.0f} MiB")


if __name__ == "__main__":
    main()
