"""Records as plain dicts and back: for JSON, for a LangGraph state, for another program."""

import json
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from functools import cache
from typing import Any, Self


class Record:
    """What all records of tasks have in common; subclasses are frozen dataclasses of plain values and records."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the record as a dict of JSON values, records in it as dicts too."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Self:
        """Return the record that `to_dict` was called on.

        Raises `ValueError`, mostly pydantic's `ValidationError`, that names each field which is missing, unknown or of a wrong
        type. Nothing is turned into the right type: "yes" is no bool.
        """
        if not isinstance(given, Mapping):
            raise ValueError(f"expected the fields of a {cls.__name__}, got {type(given).__name__}")
        try:
            text = json.dumps(_plain(given))
        except TypeError as error:
            raise ValueError(f"the fields of a {cls.__name__} are JSON values: {error}") from None
        return _adapter(cls).validate_json(text)  # type: ignore[no-any-return, arg-type]


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_dict()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(name): _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value


@cache
def _adapter(kind: type) -> Any:
    from pydantic import ConfigDict, TypeAdapter, with_config

    return TypeAdapter(with_config(ConfigDict(extra="forbid", strict=True))(kind))
