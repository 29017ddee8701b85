"""What one source says about settings (the flags, a file, a profile), and how one such layer lies over another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Layer:
    """Settings by dotted keys, and the origin of each: where it was said ("--seed", "config.yaml:3").

    Flags lie over `--set`, that over a config file, the file over the profile.
    """

    values: Mapping[str, Any] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def said(cls, values: Mapping[str, Any], origin: str) -> Self:
        """Return a layer all of whose values were said at one place."""
        return cls(values, dict.fromkeys(values, origin))

    def over(self, lower: Layer) -> Layer:
        """Return both together; what is said here wins, and replaces all that was said below the same key."""
        kept = {key: value for key, value in lower.values.items() if not self._replaces(key, value)}
        return Layer({**kept, **self.values}, {**lower.origins, **self.origins})

    def _replaces(self, key: str, value: object) -> bool:
        is_section = isinstance(value, Mapping)
        return any(f"{key}.".startswith(f"{ours}.") or (ours.startswith(f"{key}.") and not is_section) for ours in self.values)

    def origin(self, key: str, words: str = "") -> str:
        """Return where the setting of this key was said, or the section that it is in, or what is in it.

        `words` are about it; of several that are in it, the one that they quote is meant.
        """
        if key in self.origins:
            return self.origins[key]
        above = [key[:end] for end in reversed(range(len(key))) if key[end] == "."]
        below = [one for one in reversed([*self.values]) if one.startswith(f"{key}.")]
        quoted = [one for one in below if f"'{one.removeprefix(f'{key}.').partition('.')[0]}'" in words]
        return next((self.origins[one] for one in (*above, *quoted, *below) if one in self.origins), "settings")
