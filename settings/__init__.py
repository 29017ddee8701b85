"""The settings of a run, the two profiles, and where each value came from.

    settings      what may be set, and its defaults          layers       what one source says, over another
    profiles      named sets of values: modern, paper        settling     all layers together, checked: the settings of a run
    config_file   a YAML file, and key=value                 dotted_keys  settings by names such as novelty.threshold
    secrets       what is never stored and never shown       frozen       mappings and lists that nobody can change

On the way from outside: config_file and flags give layers, which are settled over a profile.
"""

from typing import TYPE_CHECKING

from self_instruct.records.lazy_names import lazily

__all__ = ["PAPER", "PROFILES", "NoveltySettings", "Settings"]

if TYPE_CHECKING:
    from self_instruct.settings.profiles import PAPER, PROFILES
    from self_instruct.settings.sections import NoveltySettings
    from self_instruct.settings.settings import Settings
else:  # when they are asked for: a key is hidden without pydantic, which takes half the time of `--help`
    __getattr__, __dir__ = lazily(__name__, {
        "PAPER": "profiles", "PROFILES": "profiles", "NoveltySettings": "sections", "Settings": "settings",
    })  # fmt: skip
