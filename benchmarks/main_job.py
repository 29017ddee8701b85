"""Measure the main job with the offline model: start-up, a small run, a large run; time and memory, one run each.

.venv/bin/python benchmarks/main_job.py            100 and 1,000 instructions
.venv/bin/python benchmarks/main_job.py --quick    100 and 500
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent


def measured(*arguments: str) -> tuple[float, float, str]:
    """Run the command line and return its seconds, its peak memory in MiB, and what it printed on stdout."""
    begun = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 (our own program)
        [sys.executable, str(ROOT / "run.py"), *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None  # noqa: S101 (it was asked for)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - begun
    if status:
        sys.exit(f"run.py {' '.join(arguments)} failed: exit {os.waitstatus_to_exitcode(status)}")
    return seconds, usage.ru_maxrss / 1024, said


def main() -> None:
    """Print a table, a row a command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    large = 500 if parser.parse_args().quick else 1_000
    measured("--help")  # the first start compiles
    print(f"{'command':52} {'seconds':>8} {'MiB':>6}")
    with tempfile.TemporaryDirectory() as folder:
        for arguments in (
            ["--help"],
            ["generate", "--num-instructions", "100", "--run", f"{folder}/small"],
            ["generate", "--num-instructions", str(large), "--run", f"{folder}/large"],
            ["status", f"{folder}/large", "--json"],
            ["export", f"{folder}/large", "--format", "alpaca", "--out", f"{folder}/alpaca.json"],
            ["export", f"{folder}/large", "--format", "prompt-completion", "--out", f"{folder}/rows.jsonl"],
            ["export", f"{folder}/large", "--format", "self-instruct", "--out", f"{folder}/original"],
            ["replay", f"{folder}/large", "--run", f"{folder}/paper", "--profile", "paper"],
        ):
            seconds, memory_mib, _ = measured(*arguments)
            print(f"{' '.join(arguments).replace(folder + '/', '')[:52]:52} {seconds:8.2f} {memory_mib:6.0f}")


if __name__ == "__main__":
    main()
