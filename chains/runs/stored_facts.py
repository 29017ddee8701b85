"""What plans store of their settings in their ledgers, and how a fact of their own is read back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from self_instruct.ledger import Ledger
from self_instruct.records.errors import LedgerError
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import Settled

T = TypeVar("T")


def settings_facts(settled: Settled) -> dict[str, Any]:
    """Return settings, with where each came from, as the JSON values that a ledger stores."""
    return {"settings": settled.settings.model_dump(mode="json"), "origins": dict(settled.origins)}


def remember_settings(ledger: Ledger, settled: Settled) -> None:
    """Store the settings, of which those that pace may have changed."""
    with ledger.transaction():
        for name, value in settings_facts(settled).items():
            ledger.set_fact(name, value)


def stored_settings(facts: dict[str, Any]) -> Settled:
    """Return what `settings_facts` gave; raises as pydantic and a dictionary do where it is something else."""
    return Settled(Settings.model_validate(facts["settings"]), dict(facts["origins"]))


def settings_of(ledger: Ledger) -> Settled:
    """Return the settings that a ledger stores; raises as `stored_settings` does."""
    return stored_settings({name: ledger.fact(name) for name in ("settings", "origins")})


def read_fact(ledger: Ledger, name: str, missing: str, read: Callable[[Any], T]) -> T:
    """Return what `read` makes of a fact; raises `LedgerError` where there is none (`missing` says so), or it is damaged."""
    stored = ledger.fact(name)
    if stored is None:
        raise LedgerError(f"{ledger.path}: {missing}")
    try:
        return read(stored)
    except (ValueError, TypeError, LookupError) as error:
        raise LedgerError(f"{ledger.path}: is damaged ({error}); restore a copy, or choose another `run`.") from error
