"""Settings from outside: a YAML file, and `--set key=value` on the command line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from self_instruct.records.errors import SettingsError
from self_instruct.settings.given import Given, flatten, is_section, short


class _Loader(yaml.SafeLoader):
    """Reads YAML as the safe loader does, but for dates: `api_version: 2024-10-21` is text, as JSON has it."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def from_assignments(assignments: Iterable[str]) -> Given:
    """Return what `--set key=value` options say; values are read as YAML: `0.5`, `true`, `[a, b]`."""
    given = Given()
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise SettingsError(f"--set {short(assignment)}: expected key=value, e.g. --set novelty.threshold=0.8.")
        try:
            values = flatten({key.strip(): yaml.load(text, _Loader)})  # noqa: S506  a SafeLoader
        except (yaml.YAMLError, ValueError, RecursionError):  # ValueError: a number of more than 4,300 digits
            raise SettingsError(f"--set {short(assignment)}: the value is not YAML; quote it.") from None
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
    said = {key: value for key, value in values.items() if not (value is None and is_section(key))}
    return Given(said, {key: f"{path}:{lines.get(key, 1)}" for key in said})


def _lines(node: yaml.Node | None, prefix: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield f"{prefix}{name.value}", name.start_mark.line + 1
            yield from _lines(value, f"{prefix}{name.value}.")
