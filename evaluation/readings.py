"""Three readings of one answer: as it came, cut where the task ends, and its first line.

A model that was never taught to stop goes on with tasks of its own, and the raw score then says how long it went on, not
whether it answered: vanilla GPT-3 gets 2.8 raw and 16.7 cut on the 252 user-oriented tasks. So all three stand side by side.
"""

from __future__ import annotations

import re
from enum import StrEnum

_NEXT_TASK = re.compile(r"\n[^\S\n]*\n|\n[^\S\n]*(?:Input|Output|Task):")


class Reading(StrEnum):
    """A reading of an answer. `RAW` is the official one."""

    RAW = "raw"
    CUT = "cut"
    FIRST_LINE = "first_line"


def read(answer: str, reading: Reading) -> str:
    r"""Return what a reading takes an answer to be; the white space around it is never part of it, but of the raw one.

    `CUT` ends at the first blank line, or line that begins with "Input:", "Output:" or "Task:".

    >>> [read(" Paris\nIt is big.\n\nInput: Rome\nOutput: Italy", each) for each in (Reading.CUT, Reading.FIRST_LINE)]
    ['Paris\nIt is big.', 'Paris']
    """
    if reading is Reading.RAW:
        return answer
    text = answer.strip()
    if reading is Reading.FIRST_LINE:
        return text.partition("\n")[0].rstrip()
    return _NEXT_TASK.split(text, maxsplit=1)[0].rstrip()
