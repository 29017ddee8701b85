"""Print how many bytes of memory the index takes per instruction beyond its text: `novelty_memory.py ROWS`.

What is counted is what is allocated, by Python and FAISS alike: with PYTHONMALLOC=malloc both ask the C library, which counts
(glibc 2.33 or later). The growth of a process's resident memory is no such measure: it depends on what was freed before.
"""

import ctypes
import os
import sys

from instruction_stream import InstructionStream
from novelty_ways import RULES

from self_instruct.retrievers.novelty import NoveltyIndex

WARMING = 30_000  # instructions, after which the words' cache, which does not grow with the pool, is full
PYTHONS_MEMORY = "PYTHONMALLOC"


class _Mallinfo(ctypes.Structure):
    """glibc's `struct mallinfo2`: what its allocator holds, in bytes."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            "arena", "ordblks", "smblks", "hblks", "hblkhd", "usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"
        )
    ]  # fmt: skip


_mallinfo2 = ctypes.CDLL(None).mallinfo2
_mallinfo2.restype = _Mallinfo


def allocated_bytes() -> int:
    """Return the memory that this process has allocated and not freed: small pieces, and those mapped one by one."""
    told = _mallinfo2()
    return int(told.uordblks + told.hblkhd)


def main() -> None:
    """Fill an index and print the figure."""
    if os.environ.get(PYTHONS_MEMORY) != "malloc":  # it is read when Python starts
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, PYTHONS_MEMORY: "malloc"})  # noqa: S606
    stream = InstructionStream()
    pool = stream.take(int(sys.argv[1]))
    NoveltyIndex(RULES).add_all(stream.take(WARMING))
    index = NoveltyIndex(RULES)
    before = allocated_bytes()
    index.add_all(pool)
    print((allocated_bytes() - before) / len(pool))


if __name__ == "__main__":
    main()
