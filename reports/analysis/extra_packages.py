"""The packages of the extra `report`: imported when first needed, with one line where they are missing."""

from importlib import import_module
from typing import Any

from self_instruct.records.errors import InputError, to_install


class MissingExtraError(InputError):
    """A package that the report needs and that an ordinary installation leaves out."""


def from_extra(module: str) -> Any:
    """Return a module of the extra `report`. Raises `MissingExtraError` where it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise MissingExtraError(f"{missing}; a report needs the extra 'report': {to_install('report')}.") from None


def check_extra() -> None:
    """Import what a report needs, before any work is done. Raises `MissingExtraError` where it is not installed."""
    for module in ("HanTa.HanoverTagger", "matplotlib.figure"):
        from_extra(module)
