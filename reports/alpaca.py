"""The format `alpaca`: one JSON array of {"instruction", "input", "output"} objects, the machine-written instances of a run."""

from __future__ import annotations

import json
from pathlib import Path

from self_instruct.chains.runs import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.reports.dataset import instance_rows
from self_instruct.reports.writing import new_file


def write_alpaca(ledger: Ledger, plan: RunPlan, out: Path) -> int:
    """Write the dataset as one JSON array, a row a line, and return the number of rows."""
    count = 0
    with new_file(out) as file:
        file.write("[")
        for count, row in enumerate(instance_rows(ledger, plan), start=1):
            file.write("\n" if count == 1 else ",\n")
            file.write(json.dumps(row))
        file.write("\n]\n")
    return count
