"""The settings by which a run that is there is asked about later, by a judge, say: its own, but for those given."""

from __future__ import annotations

from self_instruct.chains.runs.plan import RunPlan
from self_instruct.settings.dotted_keys import is_of
from self_instruct.settings.layers import Layer
from self_instruct.settings.settings import Settings
from self_instruct.settings.settling import settle


def settings_for(plan: RunPlan, given: Layer, section: str) -> Settings:
    """Return a run's settings with the stage of a section on, as it was given; raises `SettingsError`."""
    is_reached_otherwise = f"{section}.model" in given.values
    reached = (f"{section}.base_url", f"{section}.model_options") if is_reached_otherwise else ()
    own = plan.layer(lambda key: not is_of(key, reached))
    return settle(given.over(Layer({**own.values, f"{section}.enabled": True}, own.origins))).settings
