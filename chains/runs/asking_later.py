"""The settings by which a run that is there is asked about later, by a judge, say: its own, but for those given."""

from __future__ import annotations

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.settings.dotted_keys import flatten
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import settle


def settings_for(plan: RunPlan, given: Layer, section: str) -> Settings:
    """Return a run's settings with the stage of a section on, as it was given; raises `SettingsError`."""
    ours = flatten(plan.settings.model_dump(mode="json"))
    if f"{section}.model" in given.values:  # which is reached otherwise
        reached_by = (f"{section}.base_url", f"{section}.model_options")
        ours = {key: value for key, value in ours.items() if not key.startswith(reached_by)}
    own = Layer({**ours, f"{section}.enabled": True}, {key: plan.origins.get(key, "default") for key in ours})
    return settle(given.over(own)).settings
