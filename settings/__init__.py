"""The settings of a run, the two profiles, and where each value came from.

    settings      what may be set, and its defaults          layers       what one source says, over another
    profiles      named sets of values: modern, paper        settling     all layers together, checked: the settings of a run
    config_file   a YAML file, and key=value                 dotted_keys  settings by names such as novelty.threshold
    secrets       what is never stored and never shown       frozen       mappings and lists that nobody can change

On the way from outside: config_file and flags give layers, which are settled over a profile.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from self_instruct.settings.profiles import PAPER, PROFILES
    from self_instruct.settings.settings import Settings

__all__ = ["PAPER", "PROFILES", "Settings"]


def __getattr__(name: str) -> object:
    """Load what is asked for when it is asked for: a key is hidden without pydantic, which takes half the time of `--help`."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{'settings' if name == 'Settings' else 'profiles'}"), name)
