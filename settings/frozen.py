"""Mappings and lists that nobody can change: what settings hold is as frozen as the settings themselves.

They are a `dict` and a `list` to whoever reads them: equal to plain ones, sent as JSON, given to a model as they are. They can
be hashed where all that they hold can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn


def frozen(value: Any) -> Any:
    """Return a value whose mappings, lists and sets, however deep, are frozen copies; other objects are taken as they are.

    >>> frozen({"stop": ["a"]}) == {"stop": ["a"]}
    True
    """
    if isinstance(value, FrozenDict | FrozenList):
        return value
    if isinstance(value, Mapping):
        return FrozenDict({key: frozen(each) for key, each in value.items()})
    if isinstance(value, list):
        return FrozenList(map(frozen, value))
    if isinstance(value, tuple):
        return tuple(map(frozen, value))
    return frozenset(value) if isinstance(value, set) else value


def thawed(value: Any) -> Any:
    """Return a value whose mappings and lists, however deep, are plain copies, for code that may change what it is given."""
    if isinstance(value, dict):
        return {key: thawed(each) for key, each in value.items()}
    return [thawed(each) for each in value] if isinstance(value, list) else value


def _refuse(*_: Any, **__: Any) -> NoReturn:
    raise TypeError("settings are frozen; make others from them, e.g. {**parameters, 'temperature': 0}")


class FrozenDict(dict[Any, Any]):
    """A `dict` that cannot be changed."""

    __setitem__ = __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenDict, (dict(self),)

    def __deepcopy__(self, memo: object) -> FrozenDict:
        return self


class FrozenList(list[Any]):
    """A `list` that cannot be changed."""

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(tuple(self))

    def __reduce__(self) -> tuple[Any, ...]:
        return FrozenList, (list(self),)

    def __deepcopy__(self, memo: object) -> FrozenList:
        return self
