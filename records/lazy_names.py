"""Public names of a package that are imported when they are first asked for, so that importing the package costs little."""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazily(package: str, modules: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package that has these public names, each with the module in it that it lives in.

    >>> get, names = lazily("self_instruct.records", {"Task": "tasks"})
    >>> get("Task").__name__, "Task" in names()
    ('Task', True)
    """

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    return get, lambda: sorted({*modules, *vars(sys.modules[package])})
