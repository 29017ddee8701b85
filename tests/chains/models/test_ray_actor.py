"""What an actor of Ray does, asked without Ray; and what is refused before any actor is made."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.command import Command, assert_refused
from support.questions import question

from self_instruct import SelfInstruct
from self_instruct.chains.models.asking import ModelAsker
from self_instruct.chains.models.ray_actor import RayActor
from self_instruct.chains.models.ray_pool import connect
from self_instruct.chains.offline import OfflineModel
from self_instruct.records.errors import ModelUnavailableError, SettingsError
from self_instruct.records.replies import Reply
from self_instruct.settings.sections import ModelChoice, RaySettings


def actor(model: str, **options: Any) -> RayActor:
    return RayActor({"classification": ModelChoice(model, None, options)}, seed=3)


async def test_an_actor_answers_as_its_model_does_in_this_process() -> None:
    told = await actor("offline").answer(question(model="offline"))
    here = await ModelAsker({"classification": OfflineModel(seed=3)})(question(model="offline"))
    assert isinstance(told.answer, Reply)
    assert isinstance(here, Reply)
    assert (told.answer.text, told.answer.usage) == (here.text, here.usage)
    assert told.left_out == {}


async def test_an_actor_says_why_its_model_cannot_be_loaded() -> None:
    fault = await actor("nobody:x").ready()
    assert isinstance(fault, SettingsError)
    assert "nobody" in str(fault)
    assert await actor("offline").ready() is None


async def test_what_a_provider_fails_with_comes_as_a_value_and_a_fault_of_ours_is_raised() -> None:
    told = await actor("support.failing_models.Unreachable").answer(question())
    assert isinstance(told.answer, ModelUnavailableError)
    with pytest.raises(KeyError):
        await actor("support.failing_models.Faulty").answer(question())


async def test_a_parameter_that_the_model_refuses_is_told() -> None:
    told = await actor("support.failing_models.Choosy").answer(question(top_k=3))
    assert isinstance(told.answer, Reply)
    assert told.left_out == {"top_k": None}


@pytest.fixture
def measured(tmp_path: Path) -> dict[str, list[object]]:
    """Return the arguments of the commands that measure, each with a run of its own name."""
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text('{"id": "1", "instruction": "Say 1.", "output": "1"}\n')
    for name in ("one", "two"):
        (tmp_path / name).write_text('{"id": "1", "prediction": "1"}\n')
    both = ["--answers", tmp_path / "one", "--answers", tmp_path / "two", "--references", tasks]
    return {
        "evaluate": ["evaluate", "offline", "--tasks", tasks, "--run", tmp_path / "run"],
        "prefer": ["prefer", tmp_path / "run", "--model", "offline", *both],
        "generate": ["generate", "--run", tmp_path / "run"],
    }


@pytest.mark.parametrize("name", ["generate", "evaluate", "prefer"])
def test_without_ray_one_line_says_what_to_install(
    name: str, measured: dict[str, list[object]], command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    assert_refused(command(*measured[name], "--ray", "local"), "self-instruct-chains[ray]")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("name", "more"), [("evaluate", "--batch"), ("prefer", "--batch"), ("evaluate", "--likelihood")])
def test_what_actors_cannot_do_for_a_measurement_is_refused(
    name: str, more: str, measured: dict[str, list[object]], command: Command, tmp_path: Path
) -> None:
    assert_refused(command(*measured[name], "--ray", "local", more), "--ray", "leave", more)
    assert not (tmp_path / "run").exists()


def test_a_batch_and_a_model_that_is_an_object_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="`batch`"):
        SelfInstruct("openai:x", ray={"address": "local"}, batch={"enabled": True}).open(tmp_path / "run")
    with pytest.raises(SettingsError, match="object of this process"):
        SelfInstruct(OfflineModel(), ray={"address": "local"}).open(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_an_address_where_nobody_listens_is_told_at_once() -> None:
    unconnected = SimpleNamespace(is_initialized=lambda: False)
    with pytest.raises(SettingsError, match=r"no Ray is reached at '127\.0\.0\.1:9'"):
        connect(unconnected, RaySettings(address="127.0.0.1:9"))
