"""The package as others get it: what the wheel holds, that it lives beside a host app, and what a bare interpreter says."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOT_FILES = {"__init__.py", "__main__.py", "py.typed", "run.py"}
NOT_SHIPPED = {"tests", "benchmarks", "docs", "examples", "runs", "build", "dist"}


def package_folders(root: Path) -> list[Path]:
    """The folders that hold Python files, hidden ones and those never shipped aside, relative to the root and sorted."""
    tops = [folder for folder in root.iterdir() if folder.is_dir() and folder.name[0] != "." and folder.name not in NOT_SHIPPED]
    return sorted({module.parent.relative_to(root) for top in tops for module in top.rglob("*.py")})


def shipped_files(root: Path) -> set[str]:
    """Every file of the package folders and the three at the root, as a wheel names them."""
    tops = {folder.parts[0] for folder in package_folders(root)}
    found = [path for top in tops for path in (root / top).rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {f"self_instruct/{path.relative_to(root).as_posix()}" for path in found} | {
        f"self_instruct/{name}" for name in ROOT_FILES
    }


def python(*arguments: str, cwd: Path, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run this interpreter, with `path` in front of its own packages."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    if path:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the working tree, so that a build leaves nothing behind in ours."""
    copy = tmp_path_factory.mktemp("checkout") / "self-instruct"
    made_by_tools = shutil.ignore_patterns(".git", ".venv", ".*_cache", ".hypothesis", "__pycache__", "*.egg-info")

    def unwanted(folder: str, names: list[str]) -> set[str]:
        at_the_top = {"runs", "build", "dist"} if Path(folder) == ROOT else set()
        return made_by_tools(folder, names) | (at_the_top & set(names))

    return shutil.copytree(ROOT, copy, symlinks=True, ignore=unwanted)


@pytest.fixture(scope="module")
def wheel(checkout: Path) -> Path:
    """The wheel of the copy."""
    built = python("-m", "build", "--wheel", "--no-isolation", "--outdir", "dist", cwd=checkout)
    assert built.returncode == 0, built.stdout + built.stderr
    [found] = (checkout / "dist").glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel installed in it."""
    target = tmp_path_factory.mktemp("installed")
    options = ("--no-deps", "--no-index", "--no-compile", "--quiet", "--disable-pip-version-check")
    done = python("-m", "pip", "install", *options, "--target", str(target), str(wheel), cwd=target)
    assert done.returncode == 0, done.stderr
    return target


@pytest.fixture(scope="module")
def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_folder_is_listed(pyproject: dict) -> None:
    listed = pyproject["tool"]["setuptools"]["packages"]
    assert listed == ["self_instruct", *(f"self_instruct.{'.'.join(folder.parts)}" for folder in package_folders(ROOT))]


def test_every_package_folder_has_an_init() -> None:
    assert [str(folder) for folder in package_folders(ROOT) if not (ROOT / folder / "__init__.py").is_file()] == []


def test_the_type_checker_sees_every_package_folder_through_a_link() -> None:
    tops = {folder.parts[0] for folder in package_folders(ROOT)}
    places = (ROOT / "tests/.namespace/self_instruct").iterdir()
    links = {link.name: link for link in places if link.name != "__pycache__"}  # of who imported us by this way
    assert set(links) == tops | ROOT_FILES
    assert {name: str(link.readlink()) for name, link in links.items()} == {name: f"../../../{name}" for name in links}


def test_the_wheel_holds_every_file_of_the_package_and_no_other(wheel: Path, checkout: Path) -> None:
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert names == shipped_files(checkout)


@pytest.mark.parametrize(
    "name",
    ["py.typed", "run.py", "seeds/data/seed_tasks.jsonl", "prompts/templates/instructions.jinja", "chains/offline/__init__.py"],
)
def test_the_wheel_holds(wheel: Path, name: str) -> None:
    assert f"self_instruct/{name}" in zipfile.ZipFile(wheel).namelist()


def test_the_wheel_carries_the_licence(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    [licence] = [name for name in archive.namelist() if name.endswith(".dist-info/licenses/LICENSE")]
    assert archive.read(licence) == (ROOT / "LICENSE").read_bytes()


def test_the_licence_names_no_copyright_holder() -> None:
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert re.findall(r"(?i)^.*copyright (?:\(c\)|©|\d|\[).*$", text, re.MULTILINE) == [
        "   Copyright [yyyy] [name of copyright owner]"
    ]


def test_a_host_app_imports_our_chains_beside_its_own(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "chains").mkdir()
    (tmp_path / "chains" / "__init__.py").write_text("OWNER = 'the host app'\n")
    (tmp_path / "app.py").write_text(
        "import chains\nimport self_instruct.chains\nprint(chains.OWNER, self_instruct.chains.__file__, sep='\\n')\n"
    )
    done = python("app.py", cwd=tmp_path, path=installed)
    assert done.stdout.splitlines() == ["the host app", str(installed / "self_instruct/chains/__init__.py")], done.stderr


def test_the_installed_command_line_shows_its_help(installed: Path, tmp_path: Path) -> None:
    done = python("-m", "self_instruct.run", "--help", cwd=tmp_path, path=installed)
    assert (done.returncode, done.stderr) == (0, "")
    assert "generate" in done.stdout


@pytest.mark.parametrize("present", [[], ["typer"]], ids=["nothing installed", "the package alone missing"])
def test_without_the_package_run_says_in_one_line_what_to_do(present: list[str], tmp_path: Path) -> None:
    for name in present:
        (tmp_path / f"{name}.py").touch()
    done = python("-S", str(ROOT / "run.py"), "generate", cwd=tmp_path, path=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "`make run`" in done.stderr
    assert done.stderr.count("\n") == 1


def test_constraints_are_plain_pins_that_satisfy_the_ranges(pyproject: dict) -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.!+]+", line)] == []
    pins = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    project = pyproject["project"]
    wanted = [Requirement(text) for text in (*project["dependencies"], *project["optional-dependencies"]["dev"])]
    assert [str(need) for need in wanted if not need.specifier.contains(pins.get(canonicalize_name(need.name), "0"))] == []
