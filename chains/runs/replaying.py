"""Decide stored replies again under other rules, in a new run, without a model.

Prompts are not redrawn: a replay shows what *these* replies give under other rules, not what other rules would have made the
model write. Tasks that are kept anew have no replies to their follow-up questions; `generate --run NEW` asks for those alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from self_instruct.chains.runs.accepting import JUDGES
from self_instruct.chains.runs.generating import decide_stored
from self_instruct.chains.runs.image_runs import about_images
from self_instruct.chains.runs.judging import judge_again
from self_instruct.chains.runs.outcome import Outcome
from self_instruct.chains.runs.plan import IMPROVEMENT, RunPlan
from self_instruct.ledger import Ledger, Lineage, StoredReply
from self_instruct.records.errors import LedgerError, SettingsError
from self_instruct.records.tasks import StageName
from self_instruct.settings.dotted_keys import WHICH_MODEL, is_of
from self_instruct.settings.layers import Layer
from self_instruct.settings.settling import settle

INHERITED = (
    *WHICH_MODEL, *(f"{stage}.{name}" for stage in StageName for name in WHICH_MODEL), "stages", "judging",
    "proposers", "evolve", "back_translate", "magpie",
    "seeds", "images", "templates", "steer", "taxonomy", "tagging", "seed", "window", "batched",
    "instructions.classification_only",
)  # fmt: skip


def replay(before: Ledger, directory: Path, given: Layer) -> Ledger:
    """Return the ledger of a new run in `directory`, holding the replies of `before` decided under the settings given.

    Without a profile, the rules of `before` hold except where something else was given; with one, that profile's. The new run
    has no target: every reply is decided. Raises `SettingsError` or `LedgerError`.
    """
    if before.fact(IMPROVEMENT) is not None:
        raise LedgerError(f"{before.path}: was made by improving another run, which has the replies; replay that one.")
    plan = _plan(RunPlan.of(before), given)
    ledger, _ = begin_decided(directory, plan, before.replies(), before.lineages())
    if judges := before.fact(JUDGES):
        judge_again(ledger, plan, judges)
    return ledger


def begin_decided(
    directory: Path, plan: RunPlan, replies: Iterable[StoredReply], lineages: Iterable[Lineage] = ()
) -> tuple[Ledger, Outcome]:
    """Return the ledger of a new run that holds these replies, all decided, and how far they carried it; or leave nothing."""
    ledger = Ledger.create(directory, plan.facts(), replies, lineages)
    try:
        return ledger, decide_stored(ledger, plan)
    except BaseException:
        ledger.discard()
        raise


def _plan(source: RunPlan, given: Layer) -> RunPlan:
    inherited = source.layer(lambda key: "profile" not in given.values or is_of(key, INHERITED))
    settled = settle(given.over(inherited))
    if source.images and "profile" in given.values:
        settled = settle(about_images(given, settled).over(inherited))
    if settled.settings.shares != source.settings.shares:
        raise SettingsError("proposers: which replies are whose does not change when they are decided again; leave it out.")
    return replace(source, settings=settled.settings.without_target(), origins=settled.origins)
