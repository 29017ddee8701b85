"""Settle a run's settings: flag, else `--set key=value`, else config file, else the run's own, else profile, else default.

Settings are nested; here they are named by dotted keys (`novelty.threshold`). Each settled value carries its origin, which
`status` shows. For a run that exists, deciding settings may be repeated but not changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import ValidationError

from self_instruct.records.errors import SettingsError
from self_instruct.records.tasks import Stage
from self_instruct.settings.given import Flat, Given, Settled, flatten, is_open, known_keys, short, shown_value
from self_instruct.settings.profiles import PROFILES
from self_instruct.settings.secrets import holds_secret, is_secret_name
from self_instruct.settings.settings import PACING, Settings


def settle(given: Given) -> Settled:
    """Return the settings of a new run: what was given, over its profile, over the defaults.

    Raises `SettingsError` with the origin of what is unknown (naming the nearest key) or of the wrong type.
    """
    _refuse_secrets(given)
    profile = given.values.get("profile", "modern")
    if not isinstance(profile, str) or profile not in PROFILES:
        where = given.origins["profile"]
        raise SettingsError(f"{where}: profile is {shown_value(profile)}; expected one of {', '.join(PROFILES)}.")
    values = flatten(PROFILES[profile])
    return _settled(given.over(Given(values, dict.fromkeys(values, f"profile {profile}"))))


def _settled(given: Given) -> Settled:
    for key in given.values:
        _check_key(key, given.origins.get(key, "default"))  # a run of an earlier version knows no origin of a newer setting
    settings = _validated(given)
    _check_models(settings, given)
    return Settled(settings, {key: given.origins.get(key, "default") for key in flatten(settings.model_dump(mode="json"))})


def settle_again(given: Given, stored: Settled) -> Settled:
    """Return the settings of a run that goes on: its own, with the pacing settings that were given.

    Raises `SettingsError` showing each deciding setting that was given differently. A model may be named once for a stage
    that has none (those of an imported run).
    """
    _refuse_secrets(given)
    ours = stored.settings.model_dump(mode="json")
    settled = _settled(given.over(Given(flatten(ours), stored.origins)))
    theirs = settled.settings.model_dump(mode="json")
    open_keys = tuple(_keys_of_unnamed_models(stored.settings))
    may_change = {key for key in given.values if key in PACING or f"{key}.".startswith(open_keys)}
    different = [key for key in given.values if key not in may_change and _at(ours, key) != _at(theirs, key)]
    if different:
        said = ", ".join(f"{key} = {shown_value(_at(ours, key))}, not {shown_value(_at(theirs, key))}" for key in different)
        raise SettingsError(f"this run was started with {said}; leave that out, or start another run with --run.")
    return settled


def _keys_of_unnamed_models(settings: Settings) -> Iterator[str]:
    """Yield the keys, a dot behind each, under which a run's missing models may yet be named."""
    unnamed = [stage for stage in Stage if settings.choice(stage).model is None]
    for place in ("", *(f"{stage}." for stage in unnamed)) if unnamed else ():
        yield from (f"{place}model.", f"{place}model_options.")


def _nested(flat: Flat) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in sorted(flat.items(), key=lambda pair: pair[0].count(".")):  # a section before what is in it
        *folders, name = key.split(".")
        branch = tree
        for folder in folders:
            if not isinstance(branch.get(folder), dict):
                branch[folder] = {}
            branch = branch[folder]
        branch[name] = dict(value) if isinstance(value, Mapping) else value
    return tree


def _at(tree: object, key: str) -> object:
    """Return what a nested mapping holds under a dotted key, or None."""
    for name in key.split("."):
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


def _check_key(key: str, origin: str) -> None:
    known = list(known_keys())
    if key in known or any(one.endswith(".") and f"{key}.".startswith(one) for one in known):
        return
    names = [one.rstrip(".") for one in known]
    near = get_close_matches(key, names, n=1, cutoff=0.4) or [one for one in names if one.endswith(f".{key}")]
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise SettingsError(f"{origin}: there is no setting {shown_value(key)}{hint}")


def _refuse_secrets(given: Given) -> None:
    """Raise `SettingsError` where a setting, by its name or by its value, would bring a key into the run's ledger."""
    for key, value in given.values.items():
        for name, text in _leaves(key, value):
            is_address = name.endswith("base_url")  # which says of itself what is wrong
            if is_secret_name(name) or (not is_address and holds_secret(text)):
                raise SettingsError(
                    f"{given.origins.get(key, 'default')}: {short(name)} would be stored with the run;"
                    " put a secret into the environment, e.g. OPENAI_API_KEY."
                )


def _leaves(key: str, value: object) -> Iterator[tuple[str, str]]:
    """Yield each plain value as text, under its dotted key."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(f"{key}.{name}", inner)
    elif isinstance(value, list | tuple | set):
        for inner in value:
            yield from _leaves(key, inner)
    else:
        yield key, str(value)


def _check_models(settings: Settings, given: Given) -> None:
    """Raise `SettingsError` where a stage says how a model of its own is reached, and names none."""
    for stage in Stage:
        section = settings.section(stage)
        said = [key for key in given.values if f"{key}.".startswith((f"{stage}.base_url.", f"{stage}.model_options."))]
        if section.model is None and (section.base_url or section.model_options):
            key = next((key for key in said if given.values[key]), stage.value)
            raise SettingsError(
                f"{given.origins.get(key, 'default')}: {key} is given, but the stage names no model of its own;"
                f" set {stage}.model too, or {key.removeprefix(f'{stage}.')} for all stages."
            )


def _validated(given: Given) -> Settings:
    """Return the settings; a parameter or option given as null is left out, so that a file can drop one of the profile's."""
    flat = {key: value for key, value in given.values.items() if not (value is None and is_open(key))}
    try:
        return Settings.model_validate(_nested(flat))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        origin = next((given.origins[one] for one in given.origins if f"{key}.".startswith(f"{one}.")), "settings")
        # an address or an option that is refused may hold a password
        value = "" if key.endswith(("base_url", "model_options")) else f" is {shown_value(first['input'])};"
        raise SettingsError(f"{origin}: {key}{value} {first['msg'].removeprefix('Value error, ').lower()}.") from None
