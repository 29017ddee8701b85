"""A run on actors of a local Ray of two processes, one of them killed: the dataset is that of the run in one process.

Needs the extra `ray`; half a minute.
"""

import os
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.command import Command
from support.ray_processes import actor_processes

from self_instruct import SelfInstruct
from self_instruct.chains.models.ray_pool import RayPool
from self_instruct.chains.runs import askers
from self_instruct.chains.runs.outcome import Snapshot
from self_instruct.chains.runs.plan import RunPlan
from self_instruct.ledger import Ledger
from self_instruct.records.errors import SettingsError
from self_instruct.reports.exports.export import export

pytest.importorskip("ray.exceptions", reason="Ray is not installed: pip install -e '.[ray]'")
ROOT = Path(__file__).parent
MODEL = "support.late_model.LateModel"
TASKS = 60


@pytest.fixture(scope="module", autouse=True)
def local_ray() -> Iterator[None]:
    """A Ray that all tests here share, whose processes find the models that tests bring."""
    import ray

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))))
        ray.init(address="local", num_cpus=2, include_dashboard=False, object_store_memory=2**27, log_to_driver=False)
        yield
        ray.shutdown()


def dataset(run: Path, **settings: Any) -> bytes:
    killed: list[int] = []

    def kill_one(snapshot: Snapshot) -> None:
        found = actor_processes()
        if not killed and snapshot.kept >= TASKS // 3 and len(found) == 2:
            killed.append(random.choice(found))
            os.kill(killed[0], signal.SIGKILL)

    result = SelfInstruct(MODEL, num_instructions=TASKS, **settings).run(run, on_progress=kill_one)
    assert result.is_done, result.sentence
    assert len(killed) == bool(settings)
    with Ledger.open(run, read_only=True) as ledger:
        export(ledger, RunPlan.of(ledger), "alpaca", run / "alpaca.json")
    return (run / "alpaca.json").read_bytes()


def test_an_actor_killed_in_the_middle_changes_no_byte(tmp_path: Path) -> None:
    assert dataset(tmp_path / "ray", ray={"address": "local", "actors": 2}) == dataset(tmp_path / "alone")


def test_a_model_that_no_actor_can_load_ends_the_run_with_its_reason(tmp_path: Path) -> None:
    model = {"address": "local", "actors": 1}
    with pytest.raises(SettingsError, match="nobody"):
        SelfInstruct("nobody:x", ray=model).run(tmp_path / "run")


def test_judging_on_ray_says_what_judging_here_says(finished_run: Path, tmp_path: Path, command: Command) -> None:
    shutil.copytree(finished_run, tmp_path / "same")
    asked = ("--model", "offline", "--json")
    here, there = command("judge", finished_run, *asked), command("judge", tmp_path / "same", *asked, "--ray", "local")
    assert (there.code, there.out) == (here.code, here.out) == (0, here.out)


@pytest.fixture
def systems(tmp_path: Path) -> list[object]:
    """Return the flags that name the answers of two systems."""
    (tmp_path / "tasks.jsonl").write_text(
        "".join(f'{{"id": "{n}", "instruction": "Say {n}.", "output": "{n}"}}\n' for n in range(4))
    )
    for name, more in (("short", ""), ("long", " as you asked me to")):
        rows = (f'{{"id": "{n}", "prediction": "{n}{more}"}}\n' for n in range(4))
        (tmp_path / name).write_text("".join(rows))
    return ["--answers", tmp_path / "short", "--answers", tmp_path / "long", "--references", tmp_path / "tasks.jsonl"]


def test_measuring_on_ray_says_what_measuring_here_says(
    tmp_path: Path, command: Command, systems: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    pools: list[RayPool] = []
    monkeypatch.setattr(askers, "RayPool", lambda *about: pools.append(RayPool(*about)) or pools[-1])
    evaluated = ("evaluate", "offline", "--tasks", tmp_path / "tasks.jsonl", "--json", "--run")
    preferred = ("--model", "offline", "--json", *systems)
    for here, there in (
        (command(*evaluated, tmp_path / "a"), command(*evaluated, tmp_path / "b", "--ray", "local")),
        (command("prefer", tmp_path / "c", *preferred), command("prefer", tmp_path / "d", *preferred, "--ray", "local")),
    ):
        assert (there.code, there.out) == (here.code, here.out) == (0, here.out), there.err
    assert len(pools) == 2


def test_improving_on_ray_makes_the_run_that_improving_here_makes(finished_run: Path, tmp_path: Path, command: Command) -> None:
    asked = ("improve", finished_run, "--run")
    assert command(*asked, tmp_path / "here").code == command(*asked, tmp_path / "there", "--ray", "local").code == 0
    for run in ("here", "there"):
        assert command("export", tmp_path / run, "--format", "alpaca", "--out", tmp_path / f"{run}.json").code == 0
    assert (tmp_path / "there.json").read_bytes() == (tmp_path / "here.json").read_bytes()
