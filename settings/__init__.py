"""The settings of a run, the two profiles, and where each value came from."""

from self_instruct.settings.profiles import PAPER, PROFILES
from self_instruct.settings.settings import Settings

__all__ = ["PAPER", "PROFILES", "Settings"]
