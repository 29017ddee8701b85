"""Settle a run's settings: flag, else `--set key=value`, else config file, else the run's own, else profile, else default.

Settings are nested; here they are named by dotted keys (`novelty.threshold`). Each settled value carries its origin, which
`status` shows. For a run that exists, deciding settings may be repeated but not changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from self_instruct.seeds.errors import SettingsError
from self_instruct.seeds.profiles import PACING, PROFILES, Settings
from self_instruct.seeds.records import Stage
from self_instruct.seeds.secrets import holds_secret, is_secret_name, without_secrets

Flat = Mapping[str, Any]

LONGEST_SHOWN = 80  # characters of a wrong value
_OPEN = ("parameters", "model_options")  # settings that take any key: a model's own


class _Loader(yaml.SafeLoader):
    """Reads YAML as the safe loader does, but for dates: `api_version: 2024-10-21` is text, as JSON has it."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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
    _refuse_secrets(given)
    profile = given.values.get("profile", "modern")
    if not isinstance(profile, str) or profile not in PROFILES:
        where = given.origins["profile"]
        raise SettingsError(f"{where}: profile is {_shown(profile)}; expected one of {', '.join(PROFILES)}.")
    values = flatten(PROFILES[profile])
    return _settled(given.over(Given(values, dict.fromkeys(values, f"profile {profile}"))))


def _settled(given: Given) -> Settled:
    for key in given.values:
        _check_key(key, given.origins.get(key, "default"))
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
        said = ", ".join(f"{key} = {_shown(_at(ours, key))}, not {_shown(_at(theirs, key))}" for key in different)
        raise SettingsError(f"this run was started with {said}; leave that out, or start another run with --run.")
    return settled


def _keys_of_unnamed_models(settings: Settings) -> Iterator[str]:
    """Yield the keys, a dot behind each, under which a run's missing models may yet be named."""
    unnamed = [stage for stage in Stage if settings.choice(stage).model is None]
    for place in ("", *(f"{stage}." for stage in unnamed)) if unnamed else ():
        yield from (f"{place}model.", f"{place}model_options.")


def _shown(value: object) -> str:
    return _short(repr(value))


def _short(text: str) -> str:
    text = without_secrets(text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def from_assignments(assignments: Iterable[str]) -> Given:
    """Return what `--set key=value` options say; values are read as YAML: `0.5`, `true`, `[a, b]`."""
    given = Given()
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise SettingsError(f"--set {_short(assignment)}: expected key=value, e.g. --set novelty.threshold=0.8.")
        try:
            values = flatten({key.strip(): yaml.load(text, _Loader)})  # noqa: S506  a SafeLoader
        except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a number of more than 4,300 digits
            raise SettingsError(f"--set {_short(assignment)}: the value is not YAML; quote it.") from None
        given = Given(values, dict.fromkeys(values, "--set")).over(given)
    return given


def from_config(path: Path) -> Given:
    """Return what a YAML config file says; each origin is `file:line`. An empty file says nothing."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        lines = dict(_lines(yaml.compose(text, Loader=_Loader)))
        tree = yaml.load(text, _Loader)  # noqa: S506  a SafeLoader
        values = flatten(tree) if isinstance(tree, dict) else {}
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}).") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: is not UTF-8 text.") from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError(f"{path}:{line}: is not YAML ({error.problem}).") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a number of more than 4,300 digits
        raise SettingsError(f"{path}: is not YAML ({' '.join(str(error).split())}).") from None
    if tree is None:
        return Given()
    if not isinstance(tree, dict):
        raise SettingsError(f"{path}:1: holds a {type(tree).__name__}; expected settings as key: value.")
    said = {key: value for key, value in values.items() if not (value is None and _is_section(key))}
    return Given(said, {key: f"{path}:{lines.get(key, 1)}" for key in said})


def flatten(tree: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested mapping as dotted keys; an empty mapping stays a value.

    >>> flatten({"novelty": {"threshold": "0.7"}, "seed": 1})
    {'novelty.threshold': '0.7', 'seed': 1}
    """
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping) and value:
            flat |= flatten(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return flat


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
    """Yield every dotted key a setting may have; parameters and options of a model are open, and end in a dot here."""
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from known_keys(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}." if name.endswith(_OPEN) else f"{prefix}{name}"


def _is_open(key: str) -> bool:
    """Return whether a key is one that a model knows, not we: a parameter or an option."""
    return any(f"{name}." in key for name in _OPEN)


def _is_section(key: str) -> bool:
    return any(known.startswith(f"{key}.") for known in known_keys())


def _check_key(key: str, origin: str) -> None:
    known = list(known_keys())
    if key in known or any(one.endswith(".") and f"{key}.".startswith(one) for one in known):
        return
    names = [one.rstrip(".") for one in known]
    near = get_close_matches(key, names, n=1, cutoff=0.4) or [one for one in names if one.endswith(f".{key}")]
    hint = f"; did you mean {near[0]!r}?" if near else "."
    raise SettingsError(f"{origin}: there is no setting {_shown(key)}{hint}")


def _refuse_secrets(given: Given) -> None:
    """Raise `SettingsError` where a setting, by its name or by its value, would bring a key into the run's ledger."""
    for key, value in given.values.items():
        for name, text in _leaves(key, value):
            is_address = name.endswith("base_url")  # which says of itself what is wrong
            if is_secret_name(name) or (not is_address and holds_secret(text)):
                raise SettingsError(
                    f"{given.origins.get(key, 'default')}: {_short(name)} would be stored with the run;"
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
    flat = {key: value for key, value in given.values.items() if not (value is None and _is_open(key))}
    try:
        return Settings.model_validate(_nested(flat))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        origin = next((given.origins[one] for one in given.origins if f"{key}.".startswith(f"{one}.")), "settings")
        # an address or an option that is refused may hold a password
        value = "" if key.endswith(("base_url", "model_options")) else f" is {_shown(first['input'])};"
        raise SettingsError(f"{origin}: {key}{value} {first['msg'].removeprefix('Value error, ').lower()}.") from None
