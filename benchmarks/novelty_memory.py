"""Print how many bytes of memory the index takes per instruction beyond its text: `novelty_memory.py ROWS`.

A process of its own, since only the growth of a fresh one's resident memory counts what FAISS and Python both hold.
"""

import os
import sys
from pathlib import Path

from instruction_stream import InstructionStream
from novelty_ways import RULES

from self_instruct.retrievers.novelty import NoveltyIndex


def resident_bytes() -> int:
    """Return the memory this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Fill an index and print the figure."""
    stream = InstructionStream()
    pool = stream.take(int(sys.argv[1]))
    index = NoveltyIndex(RULES)
    index.nearest_too_similar(pool[0])  # loads FAISS
    before = resident_bytes()
    index.add_all(pool)
    print((resident_bytes() - before) / len(pool))
    del stream  # not before: what it holds would be used again, and not be counted


if __name__ == "__main__":
    main()
