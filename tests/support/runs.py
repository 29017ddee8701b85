"""Runs as tests open them, and what they have spent."""

from functools import reduce
from pathlib import Path

from self_instruct.chains.runs.plan import RunPlan, open_with_models
from self_instruct.ledger import Ledger, Spent
from self_instruct.settings.layers import Layer


def open_run(directory: Path, given: Layer) -> tuple[Ledger, RunPlan]:
    """Return the ledger and plan of the run in `directory`, begun there if there is none."""
    ledger, plan, _ = open_with_models(directory, given)
    return ledger, plan


def spent_in(ledger: Ledger) -> Spent:
    """Return what a run has spent in all."""
    return reduce(Spent.plus, ledger.spending().values(), Spent())
