"""The section of the stage that asks where a task belongs in a taxonomy (docs/improving.md)."""

from __future__ import annotations

from pydantic import Field

from self_instruct.settings.sections import DECIDED, ModelSettings, Parameters


class TaggingSettings(ModelSettings):
    """Which kind of task an instruction is, by a model, where its words do not tell (by default the one that classifies)."""

    enabled: bool = False
    """Let a run that steers ask that of each task it keeps; false: a task that its words do not tell counts for no cell."""
    parameters: Parameters = Field(default_factory=lambda: DECIDED)
    """Passed to the model with every request; null leaves out one that the profile sets."""
