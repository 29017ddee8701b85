"""The house: folders import downwards only, each has a public surface that is all there, and the command line starts light."""

import inspect
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

PYPROJECT = Path(__file__).parent.parent / "pyproject.toml"
PACKAGES = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["tool"]["setuptools"]["packages"][1:]
HEAVY = {
    "faiss", "langchain", "langchain_community", "langchain_core", "langchain_openai", "numpy", "openai", "pydantic", "rich",
    "rouge_score", "yaml",
}  # fmt: skip


def test_a_folder_imports_only_from_folders_below_it() -> None:
    # In a process of its own: in this one it closes the streams that pytest captures, once enough has been imported.
    code = f"import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports({str(PYPROJECT)!r}, no_cache=True))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_names_its_public_surface_once_and_in_order(package: str) -> None:
    names = getattr(import_module(package), "__all__", [])
    assert set(names) <= set(dir(import_module(package)))
    # The linter's order: constants, then classes, then functions.
    assert names == sorted(set(names), key=lambda name: (not name.isupper(), not name[0].isupper(), name))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_exists_and_says_what_it_is(package: str) -> None:
    module = import_module(package)
    public = {name: getattr(module, name) for name in getattr(module, "__all__", [])}
    named = {name: value for name, value in public.items() if inspect.isclass(value) or inspect.isroutine(value)}
    assert [name for name, value in named.items() if not own_docstring(name, value)] == []


def own_docstring(name: str, value: object) -> bool:
    """Whether somebody wrote one: a dataclass without one gets its signature."""
    written = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    return bool(written) and not written.startswith(f"{name}(")


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    code = "import sys, self_instruct.run; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "self_instruct" in loaded
    assert HEAVY & set(loaded) == set()
