"""Settings by dotted keys (`novelty.threshold`), as config files, `--set`, ledgers and `status` name them."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from self_instruct.settings.secrets import HIDDEN, holds_secret, is_secret_name
from self_instruct.settings.settings import Settings

_WHOLE = frozenset({"prices", "proposers"})  # the keys of the first are names of models, which have dots of their own
_OF_A_MODEL = ("parameters", "model_options")  # settings that take any key: a model's own
WHICH_MODEL = ("model", "model_options", "base_url")
"""The settings of a section that say which model is asked, and how it is reached."""
_OPEN = (*_OF_A_MODEL, "stages", "own")


def flatten(tree: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Return a nested mapping by dotted keys; an empty mapping stays a value, and so do prices.

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


def is_of(key: str, names: Iterable[str]) -> bool:
    """Return whether a key is one of these names, or in one of these sections.

    >>> is_of("judging.model", ["judging"]), is_of("judging.model", ["judging.mod"])
    (True, False)
    """
    return f"{key}.".startswith(tuple(f"{name}." for name in names))


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Return as a nested mapping what stands under dotted keys.

    >>> nested({"novelty.threshold": "0.7", "seed": 1})
    {'seed': 1, 'novelty': {'threshold': '0.7'}}
    """
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


def value_at(tree: object, key: str) -> object:
    """Return what a nested mapping holds under a dotted key, or None."""
    for name in key.split("."):
        tree = tree.get(name) if isinstance(tree, Mapping) else None
    return tree


@cache
def known_keys() -> tuple[str, ...]:
    """Return every dotted key that a setting may have; below one that ends in a dot, any key may stand."""
    return tuple(_keys(Settings, ""))


def _keys(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _keys(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}." if name.endswith(_OPEN) else f"{prefix}{name}"


def is_known(key: str) -> bool:
    """Return whether there is a setting of this dotted key."""
    return key in known_keys() or any(known.endswith(".") and f"{key}.".startswith(known) for known in known_keys())


def is_section(key: str) -> bool:
    """Return whether a key is that of a section, such as `novelty`."""
    return any(known.startswith(f"{key}.") for known in known_keys())


def is_of_a_model(key: str) -> bool:
    """Return whether a key is one that a model knows, not we: a parameter or an option."""
    return any(f"{name}." in key for name in _OF_A_MODEL)


def shown(settings: Settings) -> dict[str, Any]:
    """Return settings as JSON values by dotted key, to be shown or logged: secrets are hidden.

    The command line takes none; a plan made in Python could hold one among a model's parameters.
    """
    values = flatten(settings.model_dump(mode="json"))
    return {key: HIDDEN if is_secret_name(key) or holds_secret(str(value)) else value for key, value in values.items()}
