"""Settle a run's settings: flag, else `--set key=value`, else config file, else the run's own, else profile, else default.

Settings are nested; here they are named by dotted keys (`novelty.threshold`). Each settled value carries its origin, which
`status` shows. For a run that exists, deciding settings may be repeated but not changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from self_instruct.seeds.errors import SettingsError
from self_instruct.seeds.profiles import PACING, PROFILES, Settings

Flat = Mapping[str, Any]

_WHOLE = frozenset({"prices"})  # its keys are names of models, which have dots of their own
LONGEST_SHOWN = 80  # characters of a wrong value
_SECRET = re.compile(r"api.?key|authori[sz]ation|passw|secret|credential|cookie|(access|auth|bearer).?token", re.IGNORECASE)
HIDDEN = "(hidden)"
_SECRET_PARAMETER = re.compile(r"key$|token$|secret|passw|credential|authorization|cookie", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Given:
    """What somebody said about settings: dotted keys with values, and where each was said ("--seed", "config.yaml:3")."""

    values: Flat = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    def over(self, lower: Given) -> Given:
        """Return both together; what is said here wins, and replaces all that was said below the same key."""
        kept = {key: value for key, value in lower.values.items() if not self._replaces(key, value)}
        return Given({**kept, **self.values}, {**lower.origins, **self.origins})

    def _replaces(self, key: str, value: object) -> bool:
        is_section = isinstance(value, Mapping)
        return any(f"{key}.".startswith(f"{ours}.") or (ours.startswith(f"{key}.") and not is_section) for ours in self.values)


@dataclass(frozen=True, slots=True)
class Settled:
    """Checked settings, and the origin of every value by dotted key."""

    settings: Settings
    origins: Mapping[str, str]


def settle(given: Given) -> Settled:
    """Return the settings of a new run: what was given, over its profile, over the defaults.

    Raises `SettingsError` with the origin of what is unknown (naming the nearest key) or of the wrong type.
    """
    profile = given.values.get("profile", "modern")
    if not isinstance(profile, str) or profile not in PROFILES:
        where = given.origins["profile"]
        raise SettingsError(f"{where}: profile is {_shown(profile)}; expected one of {', '.join(PROFILES)}.")
    values = flatten(PROFILES[profile])
    return _settled(given.over(Given(values, dict.fromkeys(values, f"profile {profile}"))))


def _settled(given: Given) -> Settled:
    for key in given.values:
        _check_key(key, given.origins[key])
    settings = _validated(given)
    return Settled(settings, {key: given.origins.get(key, "default") for key in flatten(settings.model_dump(mode="json"))})


def settle_again(given: Given, stored: Settled) -> Settled:
    """Return the settings of a run that goes on: its own, with the pacing settings that were given.

    Raises `SettingsError` showing each deciding setting that was given differently. A model may be named once for a run
    that has none (an imported one).
    """
    ours = stored.settings.model_dump(mode="json")
    values = flatten(ours)
    origins = {
        **dict.fromkeys(values, "default"),
        **stored.origins,
    }  # a run that an older program began knows of fewer settings
    settled = _settled(given.over(Given(values, origins)))
    theirs = settled.settings.model_dump(mode="json")
    may_change = PACING | ({"model"} if ours["model"] is None else set())
    different = [key for key in given.values if key not in may_change and _at(ours, key) != _at(theirs, key)]
    if different:
        said = ", ".join(f"{key} = {_shown(_at(ours, key))}, not {_shown(_at(theirs, key))}" for key in different)
        raise SettingsError(f"this run was started with {said}; leave that out, or start another run with --run.")
    return settled


def _shown(value: object) -> str:
    return _short(repr(value))


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def from_assignments(assignments: Iterable[str]) -> Given:
    """Return what `--set key=value` options say; values are read as YAML: `0.5`, `true`, `[a, b]`."""
    given = Given()
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise SettingsError(f"--set {_short(assignment)}: expected key=value, e.g. --set novelty.threshold=0.8.")
        try:
            values = flatten({key.strip(): yaml.safe_load(text)})
        except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a date such as 2020-13-45
            raise SettingsError(f"--set {_short(assignment)}: the value is not YAML; quote it.") from None
        given = Given(values, dict.fromkeys(values, "--set")).over(given)
    return given


def from_config(path: Path) -> Given:
    """Return what a YAML config file says; each origin is `file:line`. An empty file says nothing."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = dict(_lines(yaml.compose(text, Loader=yaml.SafeLoader)))
        tree = yaml.safe_load(text)
        values = flatten(tree) if isinstance(tree, dict) else {}
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError(f"{path}:{line}: is not YAML ({error.problem}).") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date such as 2020-13-45
        raise SettingsError(f"{path}: is not YAML ({' '.join(str(error).split())}).") from None
    if tree is None:
        return Given()
    if not isinstance(tree, dict):
        raise SettingsError(f"{path}:1: holds a {type(tree).__name__}; expected settings as key: value.")
    said = {key: value for key, value in values.items() if not (value is None and _is_section(key))}
    return Given(said, {key: f"{path}:{lines.get(key, 1)}" for key in said})


def flatten(tree: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested mapping as dotted keys; an empty mapping stays a value, and so do prices.

    >>> flatten({"novelty": {"threshold": "0.7"}, "seed": 1})
    {'novelty.threshold': '0.7', 'seed': 1}
    """
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping) and value and f"{prefix}{name}" not in _WHOLE:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


def shown(settings: Settings) -> dict[str, Any]:
    """Return settings as JSON values by dotted key, to be shown or logged: secrets are hidden.

    The command line takes none; a plan made in Python could hold one among a model's parameters.
    """
    values = flatten(settings.model_dump(mode="json"))
    return {key: HIDDEN if _is_secret_parameter(key) else value for key, value in values.items()}


def _is_secret_parameter(key: str) -> bool:
    _, is_parameter, name = key.partition("parameters.")
    return bool(is_parameter) and _SECRET_PARAMETER.search(name) is not None


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


def _lines(node: yaml.Node | None, prefix: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield f"{prefix}{name.value}", name.start_mark.line + 1
            yield from _lines(value, f"{prefix}{name.value}.")


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Yield every dotted key a setting may have; the parameters of a model are open, and end in a dot here."""
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from known_keys(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}." if name.endswith("parameters") else f"{prefix}{name}"


def _is_section(key: str) -> bool:
    return any(known.startswith(f"{key}.") for known in known_keys())


def _check_key(key: str, origin: str) -> None:
    known = list(known_keys())
    if key in known or any(one.endswith(".") and f"{key}.".startswith(one) for one in known):
        if _SECRET.search(key):
            raise SettingsError(
                f"{origin}: {key} would be stored with the run; put a secret into the environment, e.g. OPENAI_API_KEY."
            )
        return
    names = [one.rstrip(".") for one in known]
    near = get_close_matches(key, names, n=1, cutoff=0.4) or [one for one in names if one.endswith(f".{key}")]
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise SettingsError(f"{origin}: there is no setting {_shown(key)}{hint}")


def _validated(given: Given) -> Settings:
    """Return the settings; a parameter given as null is left out, so that a config file can drop one of the profile's."""
    flat = {key: value for key, value in given.values.items() if not (value is None and "parameters." in key)}
    try:
        return Settings.model_validate(_nested(flat))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        origin = next((given.origins[one] for one in given.origins if f"{key}.".startswith(f"{one}.")), "settings")
        # an address that is refused may hold a password
        value = "" if key == "base_url" else f" is {_shown(first['input'])};"
        raise SettingsError(f"{origin}: {key}{value} {first['msg'].removeprefix('Value error, ').lower()}.") from None
