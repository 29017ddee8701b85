"""The page on adding a stage, as a user follows it: a package of their own, and nothing of ours edited."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from self_instruct.ledger import Ledger

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "adding-a-stage.md").read_text(encoding="utf-8")
PACKAGE, RUN = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """A folder with the user's package."""
    package = tmp_path / "my_app"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "difficulty.py").write_text(PACKAGE, encoding="utf-8")
    return tmp_path


def python(app: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(app)}
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=app, env=environment, capture_output=True, text=True, check=False)


def test_the_stage_rates_every_instance_of_a_run_that_goes_on_and_asks_nothing_twice(app: Path) -> None:
    done = python(app, "-c", RUN)
    assert done.returncode == 0, done.stderr
    said = done.stdout.split("\n")[:-1]
    assert set(said) == {"difficulty easy", "difficulty hard", "difficulty medium"}
    with Ledger.open(app / "runs" / "rated", read_only=True) as ledger:
        assert len(said) == ledger.count_instances() == len(list(ledger.verdicts())) > 5
        assert all(task.awaits is None for task in ledger.tasks())
        asked = difficulty_requests(ledger)
        assert asked == len(said)

    done = python(app, "-c", RUN.replace("num_instructions=5", "num_instructions=8"))
    assert done.returncode == 0, done.stderr
    with Ledger.open(app / "runs" / "rated", read_only=True) as ledger:
        assert len(list(ledger.tasks())) == 8
        assert len(list(ledger.verdicts())) == ledger.count_instances() == difficulty_requests(ledger) > asked


def difficulty_requests(ledger: Ledger) -> int:
    return sum(spent.requests for (stage, *_), spent in ledger.spending().items() if stage == "difficulty")


def test_the_command_line_asks_it_too_and_replay_decides_it_again(app: Path) -> None:
    generate = ("-m", "self_instruct", "generate", "--run", "runs/cli", "--num-instructions", "3")
    stage = ("--set", "stages.difficulty.defined_in=my_app.difficulty")
    done = python(app, *generate, *stage)
    assert done.returncode == 0, done.stderr
    status = python(app, "-m", "self_instruct", "status", "runs/cli").stdout
    assert "difficulty" in status
    dry = python(app, *generate[:-3], "runs/dry", *stage, "--dry-run", "--prompts")
    assert "First prompt: difficulty" in dry.stdout
    again = python(app, "-m", "self_instruct", "replay", "runs/cli", "--run", "runs/again")
    assert again.returncode == 0, again.stderr
    with Ledger.open(app / "runs/cli", read_only=True) as one, Ledger.open(app / "runs/again", read_only=True) as two:
        rated = [[each for _, each in ledger.rejections() if each.stage == "difficulty"] for ledger in (one, two)]
        assert rated[0] == rated[1] != []
        assert list(one.verdicts()) == list(two.verdicts())


def test_a_stage_that_nobody_registered_is_named_with_what_to_do(app: Path) -> None:
    done = python(app, "-m", "self_instruct", "generate", "--run", "r", "--set", "stages.difficulty.defined_in=my_app.nowhere")
    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert "my_app.nowhere" in done.stderr
    done = python(app, "-m", "self_instruct", "generate", "--run", "r", "--set", "stages.difficulty.parameters.n=1")
    assert done.returncode == 2
    assert "no stage of that name is registered" in done.stderr
