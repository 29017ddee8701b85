"""What the README shows, done as printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from self_instruct.reports.export import FORMATS
from self_instruct.seeds.configuration import from_config, settle

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYTHON = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
YAML = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
COMMANDS = re.findall(r"^\.venv/bin/python run\.py (.*)$", README, re.MULTILINE)


@pytest.mark.parametrize("code", PYTHON)
def test_each_python_example_runs_as_printed(code: str, tmp_path: Path, finished_run: Path) -> None:
    (tmp_path / "runs").mkdir()
    finished_run.rename(tmp_path / "runs" / "default")  # as `make run` leaves one
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


@pytest.mark.parametrize("text", YAML)
def test_each_config_settles_as_printed(text: str, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text(text, encoding="utf-8")
    given = from_config(tmp_path / "config.yaml")
    assert given.values
    assert settle(given)


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_and_flag_exists(command: str) -> None:
    words = [word for word in command.split() if not word.startswith("--")]
    name = words[:2] if words[0] == "seeds" else words[:1]
    done = subprocess.run([sys.executable, str(ROOT / "run.py"), *name, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for flag in re.findall(r"--[a-z-]+", command):
        assert flag in done.stdout


def test_every_format_is_described() -> None:
    assert all(f"`{name}`" in README for name in FORMATS)
