"""The settings of a run as they are shown: each with its value, less secrets, and where it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PureWindowsPath
from typing import Any

from self_instruct.chains.models.names import without_folder
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.settings.dotted_keys import shown
from self_instruct.settings.layers import Layer
from self_instruct.settings.settling import settle

_PLACES = ("seeds", "images", "templates", "taxonomy", "texts", "base_url")
_PATHS = ("path", "dir", "folder", "file")  # how the names of model options end that are places


@dataclass(frozen=True, slots=True)
class ShownSetting:
    """A setting by its dotted key, with its value as JSON has it, and where that came from. Secrets are hidden.

    `is_own` where the value is not the profile's.
    """

    key: str
    value: Any
    origin: str
    is_own: bool


def shown_settings(plan: RunPlan, left_out: Mapping[str, Any] | None = None) -> Iterator[ShownSetting]:
    """Yield every setting of a plan; `left_out` are the parameters that a model refuses, by model: they are marked."""
    usual = shown(settle(Layer.said({"profile": plan.settings.profile}, "profile")).settings.judging_fixed())
    for key, value in shown(plan.settings).items():
        origin = plan.origins.get(key, "default")
        is_own = key not in usual or usual[key] != value or (key, value) == ("profile", "paper")
        if _is_left_out(key, plan, left_out or {}):
            origin, is_own = f"{origin}; left out, since the model refuses it", True
        yield ShownSetting(key, value, origin, is_own)


def without_place(setting: ShownSetting) -> ShownSetting:
    """Return a setting that names no place on the maker's machine or network: of a path only its last part."""
    key, value = setting.key.rpartition(".")[2], setting.value
    if isinstance(value, str) and key == "model":
        value = without_folder(value)
    elif isinstance(value, str) and names_place(setting):
        value = "(an address)" if key == "base_url" else PureWindowsPath(value).name
    origin = PureWindowsPath(setting.origin).name if "/" in setting.origin else setting.origin
    return replace(setting, value=value, origin=origin)


def names_place(setting: ShownSetting) -> bool:
    """Return whether a setting names a place on the maker's machine or network."""
    key = setting.key.rpartition(".")[2]
    return key in _PLACES or (".model_options." in f".{setting.key}" and key.endswith(_PATHS))


def _is_left_out(key: str, plan: RunPlan, left_out: Mapping[str, Any]) -> bool:
    stage, _, rest = key.removeprefix("stages.").partition(".")
    kind, _, parameter = rest.partition(".")
    if not kind.endswith("parameters") or not parameter:
        return False
    return parameter.partition(".")[0] in left_out.get(plan.settings.model_of(stage) or "", {})
