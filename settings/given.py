"""What somebody said about settings, by dotted keys (`novelty.threshold`), each with the place where it was said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from self_instruct.settings.secrets import HIDDEN, holds_secret, is_secret_name, without_secrets
from self_instruct.settings.settings import Settings

Flat = Mapping[str, Any]


_WHOLE = frozenset({"prices"})  # its keys are names of models, which have dots of their own


LONGEST_SHOWN = 80  # characters of a wrong value


_OPEN = ("parameters", "model_options")  # settings that take any key: a model's own


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
    return {key: HIDDEN if is_secret_name(key) or holds_secret(str(value)) else value for key, value in values.items()}


def known_keys(model: type[BaseModel] = Settings, prefix: str = "") -> Iterator[str]:
    """Yield every dotted key a setting may have; parameters and options of a model are open, and end in a dot here."""
    for name, info in model.model_fields.items():
        kind = info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from known_keys(kind, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}." if name.endswith(_OPEN) else f"{prefix}{name}"


def is_section(key: str) -> bool:
    """Return whether a key is that of a section, such as `novelty`."""
    return any(known.startswith(f"{key}.") for known in known_keys())


def is_open(key: str) -> bool:
    """Return whether a key is one that a model knows, not we: a parameter or an option."""
    return any(f"{name}." in key for name in _OPEN)


def short(text: str) -> str:
    """Return a text as a message quotes it: without secrets, and cut at `LONGEST_SHOWN` characters."""
    text = without_secrets(text)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."


def shown_value(value: object) -> str:
    """Return a value as a message quotes it."""
    return short(repr(value))
