"""Settings from outside: a YAML file, and `--set key=value` on the command line."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from self_instruct.records.errors import SettingsError
from self_instruct.records.user_files import user_text
from self_instruct.settings.dotted_keys import flatten, is_section
from self_instruct.settings.layers import Layer
from self_instruct.settings.secrets import cut

MOST_BYTES = 2**20  # of a config file
MOST_VALUES = 10_000  # in a config file, those that an alias repeats counted as often
_EXPECTED = "settings as key: value"
_NOT_YAML = (yaml.YAMLError, ValueError, RecursionError)  # ValueError: a number of more than 4,300 digits


class _Loader(yaml.SafeLoader):
    """Reads YAML as the safe loader does, but for dates: `api_version: 2024-10-21` is text, as JSON has it."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def from_assignments(assignments: Iterable[str]) -> Layer:
    """Return what `--set key=value` options say; values are read as YAML: `0.5`, `true`, `[a, b]`."""
    layer = Layer()
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        if not equals:
            raise SettingsError(f"--set {cut(assignment)}: expected key=value, e.g. --set novelty.threshold=0.8.")
        try:
            values = flatten({key.strip(): _read(text)[0]})
        except _NOT_YAML:
            raise SettingsError(f"--set {cut(assignment)}: the value is not YAML; quote it.") from None
        layer = Layer.said(values, "--set").over(layer)
    return layer


def from_config(path: Path) -> Layer:
    """Return what a YAML config file says; each origin is `file:line`. An empty file says nothing."""
    try:
        tree, lines = _read(user_text(path, _EXPECTED, SettingsError, MOST_BYTES))
        values = flatten(tree) if isinstance(tree, dict) else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SettingsError(f"{path}:{line}: is not YAML ({error.problem}).") from None
    except _NOT_YAML as error:
        raise SettingsError(f"{path}: is not YAML ({' '.join(str(error).split())}).") from None
    if tree is None:
        return Layer()
    if not isinstance(tree, dict):
        raise SettingsError(f"{path}:1: holds a {type(tree).__name__}; expected {_EXPECTED}.")
    said = {key: value for key, value in values.items() if not (value is None and is_section(key))}
    return Layer(said, {key: f"{path}:{lines.get(key, 1)}" for key in said})


def _read(text: str) -> tuple[Any, dict[str, int]]:
    """Return what a YAML text holds, and on which line each dotted key stands."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None, {}
        if _count(node, {}) > MOST_VALUES:
            raise yaml.YAMLError(f"it holds more than {MOST_VALUES:,} values, or itself")
        return loader.construct_document(node), dict(_lines(node))
    finally:
        loader.dispose()


def _count(node: yaml.Node, counts: dict[int, int]) -> int:
    """Return how many values a node holds, in time that grows with the text alone; too many for one that holds itself."""
    if id(node) not in counts:
        counts[id(node)] = MOST_VALUES + 1  # found by those inside that are aliases of it
        inside = node.value if isinstance(node, yaml.SequenceNode) else ()
        pairs = node.value if isinstance(node, yaml.MappingNode) else ()
        counts[id(node)] = 1 + sum(_count(each, counts) for each in (*inside, *(each for pair in pairs for each in pair)))
    return counts[id(node)]


def _lines(node: yaml.Node, prefix: str = "") -> Iterator[tuple[str, int]]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield f"{prefix}{name.value}", name.start_mark.line + 1
            yield from _lines(value, f"{prefix}{name.value}.")
